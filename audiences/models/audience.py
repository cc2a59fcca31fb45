"""What an operator registers, and its lists: one audience at one destination through one pipe."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from .pipe import Destination, Pipe
from .workspace import Segment


class Purpose(models.TextChoices):
    RETARGET = "retarget", "Retarget"
    SUPPRESS = "suppress", "Suppress"
    WINBACK = "winback", "Winback"
    CROSS_SELL = "cross_sell", "Cross-sell"
    LOOKALIKE = "lookalike", "Lookalike seed"
    MEASURE = "measure", "Measure"


class Lifecycle(models.TextChoices):
    DRAFT = "draft", "Draft"
    IN_PILOT = "in_pilot", "In pilot"
    PILOT_PASSED = "pilot_passed", "Pilot passed"
    LIVE = "live", "Live"
    PAUSED = "paused", "Paused"
    RETIRED = "retired", "Retired"


class Audience(models.Model):
    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=120, unique=True)
    segment = models.ForeignKey(Segment, on_delete=models.PROTECT, related_name="audiences")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="audiences_owned")
    drift_checker = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="audiences_checked"
    )
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    family = models.CharField(
        max_length=90,
        blank=True,
        default="",
        db_index=True,
        help_text="Audiences made together of which nobody is in two",
    )

    def __str__(self) -> str:
        return self.name


class Activation(models.Model):
    """One audience at one destination. Runs, ledger and health belong to it; pages call it a list."""

    class Kind(models.TextChoices):
        PRODUCTION = "production", "Production"
        PILOT = "pilot", "Pilot"

    audience = models.ForeignKey(Audience, on_delete=models.PROTECT, related_name="activations")
    destination = models.ForeignKey(Destination, on_delete=models.PROTECT, related_name="activations")
    pipe = models.ForeignKey(Pipe, null=True, blank=True, on_delete=models.PROTECT, related_name="activations")
    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.PRODUCTION)
    lifecycle = models.CharField(max_length=14, choices=Lifecycle.choices, default=Lifecycle.DRAFT)
    payload = models.CharField(max_length=20)
    list_name = models.CharField(
        max_length=200, blank=True, default="", help_text="What the list is called at the platform"
    )
    stopped_words = models.CharField(
        max_length=500, blank=True, default="", help_text="Why the engine paused this list by itself"
    )
    members = models.PositiveBigIntegerField(default=0, help_text="People in the ledger")
    duplicates = models.PositiveBigIntegerField(
        default=0, help_text="Of them, beyond one for each group who share identifiers, as the newest plan counted"
    )
    shards = models.PositiveIntegerField(default=1, help_text="Ledger shards, a power of two")
    generation = models.PositiveIntegerField(default=1, help_text="Moves when the ledger is re-sharded")
    epoch = models.PositiveIntegerField(default=1, help_text="Moves when the ledger can no longer be trusted")
    asserted_epoch = models.PositiveIntegerField(
        default=1, help_text="The epoch that a complete re-assert has confirmed"
    )
    ramp = models.PositiveSmallIntegerField(
        default=100, help_text="Percent of the people who are sent: 10 on the ramp step, else 100"
    )
    grown_at = models.DateTimeField(null=True, blank=True, help_text="When the ramp step was ended by an approver")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["audience", "destination", "kind"], name="one_list_per_destination"),
        ]

    def __str__(self) -> str:
        return f"{self.audience.name} at {self.destination.name}"

    @property
    def distinct_members(self) -> int:
        """Return how many people the ledger holds, those who share identifiers counted once."""
        return max(0, self.members - self.duplicates)

"""Event feeds: a journey event of Customer.io with an owner, a meaning, and a pipe that carries it on."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from muster.vault import EncryptedTextField

from .pipe import Destination, Pipe
from .workspace import Workspace


class Feed(models.Model):
    """One event, registered like an audience. Only what `properties` allows is kept and forwarded, as `track`.

    `properties`: [{"name": str, "type": "text" | "number" | "yes_no" | "time", "required": bool, "why": str}].
    `rejects_expected` is the share of events, in percent, that is usual not to be forwardable.
    """

    class Kind(models.TextChoices):
        ENTRY = "entry", "Journey entry"
        EXIT = "exit", "Journey exit"
        ASSIGNMENT = "assignment", "Assignment"
        EXPOSURE = "exposure", "Exposure"
        OTHER = "other", "Other"

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        LIVE = "live", "Live"
        PAUSED = "paused", "Paused"
        RETIRED = "retired", "Retired"

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="feeds")
    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=120, help_text="The event's name, as it arrives and as it is forwarded")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    state = models.CharField(max_length=8, choices=State.choices, default=State.DRAFT)
    meaning = models.CharField(max_length=300, help_text="What happened to a person when this event is sent")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="feeds_owned")
    drift_checker = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="feeds_checked"
    )
    pipe = models.ForeignKey(Pipe, null=True, blank=True, on_delete=models.PROTECT, related_name="feeds")
    destinations = models.ManyToManyField(Destination, blank=True, related_name="feeds")
    properties = models.JSONField(default=list, blank=True)
    rejects_expected = models.FloatField(default=0, help_text="percent of the events received")
    audience = models.ForeignKey(
        "audiences.Audience",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="feeds",
        help_text="The audience that an entry event of this feed may ring an early sync of",
    )
    stopped_words = models.CharField(
        max_length=500, blank=True, default="", help_text="Why forwarding paused by itself; events are kept and wait"
    )
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    edited_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When what is kept or forwarded was last changed; a second person switches it on",
    )
    live_at = models.DateTimeField(null=True, blank=True)
    live_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["workspace", "name"], condition=~models.Q(state="retired"), name="one_feed_per_event"
            )
        ]

    def __str__(self) -> str:
        return self.name


class SigningKey(models.Model):
    """A key with which Customer.io signs webhooks. While one is replaced, two are valid."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="signing_keys")
    secret = EncryptedTextField()
    last4 = models.CharField(max_length=4)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True, help_text="When a webhook was last signed with it")
    retired_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"signing key ending in {self.last4}"

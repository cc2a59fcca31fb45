"""Pauses: everything, one destination, or one audience; they live in the database and survive every restart."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from audiences.models import Activation, Audience, Destination


class PauseQuerySet(models.QuerySet["Pause"]):
    def open(self) -> "PauseQuerySet":
        return self.filter(ended_at__isnull=True)

    def over(self, activation: Activation) -> "PauseQuerySet":
        """Open pauses that reach this list, the widest first."""
        reach = Q(destination=None, audience=None) | Q(destination_id=activation.destination_id)
        return (
            self.open().filter(reach | Q(audience_id=activation.audience_id)).order_by("audience", "destination", "pk")
        )


class Pause(models.Model):
    """Without destination and audience it pauses everything. Opt-out removals still flow, unless `optouts_too`."""

    destination = models.ForeignKey(Destination, null=True, blank=True, on_delete=models.PROTECT, related_name="pauses")
    audience = models.ForeignKey(Audience, null=True, blank=True, on_delete=models.PROTECT, related_name="pauses")
    optouts_too = models.BooleanField(default=False)
    reason = models.CharField(max_length=300)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True, help_text="When it is meant to end; it does not end by itself")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = PauseQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(destination=None) | Q(audience=None), name="pause_has_one_reach"),
            models.UniqueConstraint(
                fields=["destination"],
                condition=Q(ended_at=None, destination__isnull=False),
                name="one_pause_per_destination",
            ),
            models.UniqueConstraint(
                fields=["audience"], condition=Q(ended_at=None, audience__isnull=False), name="one_pause_per_audience"
            ),
        ]

    def __str__(self) -> str:
        return f"pause of {self.destination or self.audience or 'everything'}"

    @property
    def is_total(self) -> bool:
        """Whether it pauses everything."""
        return self.destination_id is None and self.audience_id is None


class Beat(models.Model):
    """When a part of the machinery last gave a sign of life, as seen by tick: rows `tick`, `redis`, `workers`."""

    name = models.CharField(max_length=20, primary_key=True)
    at = models.DateTimeField()
    working = models.BooleanField(default=True)
    count = models.PositiveIntegerField(default=0)
    since = models.DateTimeField(null=True, blank=True, help_text="Since when `working` has been what it is")

    def __str__(self) -> str:
        return self.name

"""A pre-flight: a draft's segment is read and counted before anything is sent. Only counts are kept."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from audiences.models import Audience


class PreFlight(models.Model):
    """Counts: people = would_send + every count in left_out (codes as a run's); `coverage` by identifier; `duplicates`

    people who share an identifier; `overlaps` [[name of a list, people]]; `unusable` by reason; `events` and `match` as
    syncs/expectations.py makes them.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    audience = models.ForeignKey(Audience, on_delete=models.CASCADE, related_name="pre_flights")
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    number = models.PositiveIntegerField(help_text="Of the version that was counted")
    revision = models.PositiveIntegerField(help_text="Of that version, when it was counted")
    words = models.CharField(max_length=600, blank=True, default="", help_text="Why it failed, and what to do")
    counts = models.JSONField(default=dict, blank=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["audience", "-id"])]

    def __str__(self) -> str:
        return f"pre-flight of {self.audience_id}"

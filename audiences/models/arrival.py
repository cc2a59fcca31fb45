"""What a platform said last of a list: written by reconciliation, so that earlier pages can show it."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models

from muster.figures import number, percent, span

from .audience import Activation

STALE_AFTER = 3  # readings missed


class Readiness(models.TextChoices):
    """In the platform's own terms, translated (product F6)."""

    USABLE = "usable", "Usable"
    SETTLING = "settling", "Settling"
    TOO_SMALL = "too_small", "Too small"
    LOW_MATCH = "low_match", "Low match"
    BLOCKED = "blocked", "Blocked"
    STALE = "stale", "Stale"
    UNKNOWN = "unknown", "Unknown"


class Arrival(models.Model):
    """The newest look at one list, and how healthy it is.

    Sizes are people, rates percent of the people accepted then; None: not known, never 0.
    """

    activation = models.OneToOneField(Activation, on_delete=models.CASCADE, related_name="arrival")
    readiness = models.CharField(max_length=10, choices=Readiness.choices, default=Readiness.UNKNOWN)
    words = models.CharField(max_length=500, blank=True, default="", help_text="What is so, why, what to do next")
    accepted = models.PositiveBigIntegerField(null=True, blank=True)
    size_low = models.PositiveBigIntegerField(null=True, blank=True)
    size_high = models.PositiveBigIntegerField(null=True, blank=True)
    rate_low = models.FloatField(null=True, blank=True)
    rate_high = models.FloatField(null=True, blank=True)
    health = models.CharField(
        max_length=10, blank=True, default="", help_text="on_target, drifting, broken or unknown; empty: never judged"
    )
    health_words = models.CharField(max_length=500, blank=True, default="", help_text="Its reason in one sentence")
    health_since = models.DateField(null=True, blank=True, help_text="Monday of the first week that it is so")
    judged_at = models.DateTimeField(null=True, blank=True)
    as_of = models.DateTimeField(
        null=True, blank=True, help_text="When the platform computed it, as far as it says; empty: never read"
    )
    read_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.activation_id}: {self.readiness}"

    def is_stale(self, now: datetime) -> bool:
        """Whether so many readings were missed since that it says nothing of now."""
        return self.read_at is None or now - self.read_at > timedelta(seconds=STALE_AFTER * settings.MEASURE_SECONDS)

    @property
    def size_told(self) -> str:
        """Return the platform's size, "8,700–9,300" or "not known"."""
        return span(self.size_low, self.size_high)

    @property
    def told(self) -> str:
        """Return the size against the people accepted, and the match rate where one can be said."""
        if self.size_low is None or self.accepted is None:
            return ""
        told = f"{self.size_told} of {number(self.accepted)} accepted"
        if self.rate_low is None or self.rate_high is None:
            return told
        low, high = percent(self.rate_low), percent(self.rate_high)
        return f"{told}, match {low if low == high else f'{number(self.rate_low)}–{high}'}"

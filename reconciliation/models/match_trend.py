"""A list's match rate by week, kept beside its readings so that pages need not go through all of them."""

from django.db import models

from audiences.models import Activation


class MatchTrend(models.Model):
    """Worked out of readings and never more than they are: it can be made anew at any time (match_trend.py).

    weeks: {"2026-W47": {"low": 54.2, "high": 57.9, "as_of": ISO time, "basis": str, "own": bool, "accepted": int or None,
        "size": [low, high] or None, "behind": hours} or {"gap": why there is none}}, of at most 26 weeks.
    expected: [low, high] in percent of what is expected now, or null
    """

    activation = models.OneToOneField(Activation, on_delete=models.CASCADE, related_name="match_trend")
    weeks = models.JSONField(default=dict, blank=True)
    expected = models.JSONField(null=True, blank=True)
    read_until = models.DateTimeField(help_text="Up to which reading it is worked out")

    def __str__(self) -> str:
        return f"match of {self.activation_id} by week"

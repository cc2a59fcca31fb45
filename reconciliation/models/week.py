"""Weeks of lists as drift is judged by them, and what people answered to it."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from audiences.models import Activation

VERDICTS = [
    ("on_target", "On target"),
    ("drifting", "Drifting"),
    ("broken", "Broken"),
    ("unknown", "Unknown"),
    ("learning", "Learning"),
]


class ListWeek(models.Model):
    """One list in one ISO week, as reconciliation/drift.py judged it. Rewritten until its report is frozen, never after.

    Bands are people and percent, None where unknown. `off`: percent against the middle expected. `cause` is the kind that a
    report names first (definition, identity, delivery, removal, match, lag, expiry, unexplained), `cause_code` the finding,
    and `incident` what alarms that share a cause have in common. `ladder` is the ladder as it stood (reconciliation/ladder.py).
    """

    activation = models.ForeignKey(Activation, on_delete=models.PROTECT, related_name="drift_weeks")
    monday = models.DateField()
    verdict = models.CharField(max_length=10, choices=VERDICTS)
    rule = models.CharField(max_length=12, blank=True, default="")
    since = models.DateField(null=True, blank=True, help_text="Monday of the first week outside")
    in_segment = models.PositiveBigIntegerField(null=True, blank=True)
    accepted = models.PositiveBigIntegerField(null=True, blank=True)
    size_low = models.PositiveBigIntegerField(null=True, blank=True)
    size_high = models.PositiveBigIntegerField(null=True, blank=True)
    share_low = models.FloatField(null=True, blank=True)
    share_high = models.FloatField(null=True, blank=True)
    expected_low = models.PositiveBigIntegerField(null=True, blank=True)
    expected_high = models.PositiveBigIntegerField(null=True, blank=True)
    off = models.FloatField(null=True, blank=True)
    missing_low = models.PositiveBigIntegerField(default=0)
    missing_high = models.PositiveBigIntegerField(default=0)
    not_removed_low = models.PositiveBigIntegerField(default=0)
    not_removed_high = models.PositiveBigIntegerField(default=0)
    tolerance = models.CharField(max_length=120, blank=True, default="")
    learned = models.PositiveSmallIntegerField(default=0)
    reason = models.CharField(max_length=500, blank=True, default="", help_text="One sentence: what is so and why")
    cause = models.CharField(max_length=12, blank=True, default="")
    cause_code = models.CharField(max_length=60, blank=True, default="")
    cause_words = models.CharField(max_length=500, blank=True, default="")
    next_step = models.CharField(max_length=500, blank=True, default="")
    incident = models.CharField(max_length=120, blank=True, default="")
    ladder = models.JSONField(default=dict, blank=True)
    as_of = models.DateTimeField(null=True, blank=True, help_text="Of the reading it was judged by")
    judged_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["activation", "monday"], name="list_week_once")]
        indexes: ClassVar = [models.Index(fields=["monday", "verdict"], name="list_week_of")]

    def __str__(self) -> str:
        return f"{self.activation_id} in {self.monday:%G-W%V}: {self.verdict}"


class Answer(models.Model):
    """What the owner, checker or deputy answered to the drift of a list that began in the week of `since`."""

    class Kind(models.TextChoices):
        EXPECTED = "expected", "Expected"
        FIXING = "fixing", "Fixing by"
        ACCEPT = "accept", "Accept as new level"
        RETIRE = "retire", "Retire"

    activation = models.ForeignKey(Activation, on_delete=models.PROTECT, related_name="answers")
    since = models.DateField(help_text="Monday of the first week outside")
    monday = models.DateField(help_text="Monday of the week that was answered")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    fix_by = models.DateField(null=True, blank=True)
    note = models.CharField(max_length=500)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["activation", "-at"], name="answer_of_list")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.activation_id}"

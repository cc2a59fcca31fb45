"""Who an ad can still reach although the policy says not: counts, never people."""

from typing import ClassVar

from django.db import models

from audiences.models import RequiredSuppression

from .append_only import AppendOnlyModel, AppendOnlyQuerySet


class ExposureQuerySet(AppendOnlyQuerySet["Exposure"]):
    """Exposures, in business words."""


class Exposure(AppendOnlyModel):
    """One count: `missing` of the `people` in the source are not on the list that RudderStack accepted.

    `leaked` of them are inside at least one targeting list at that account; `leaks` says how many in each, by the
    list's key as text. None in `missing`: not known, with `words` saying why; it is never 0 then. A count like the one
    before is a row again only after an hour: ExposureTurn.counted_at says until when the newest row holds.
    """

    required = models.ForeignKey(RequiredSuppression, on_delete=models.PROTECT, related_name="exposures")
    at = models.DateTimeField()
    as_of = models.DateTimeField(null=True, blank=True, help_text="When the reading of the source began")
    people = models.PositiveBigIntegerField(null=True, blank=True)
    missing = models.PositiveBigIntegerField(null=True, blank=True)
    leaked = models.PositiveBigIntegerField(null=True, blank=True)
    leaks = models.JSONField(default=dict, blank=True)
    cause = models.CharField(max_length=40, blank=True, default="")
    words = models.CharField(max_length=500, blank=True, default="")

    objects = ExposureQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["required", "-at"], name="exposure_of_required")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(missing=None) | models.Q(people__gte=models.F("missing")), name="missing_of_people"
            ),
            models.CheckConstraint(
                condition=models.Q(leaked=None) | models.Q(missing__gte=models.F("leaked")), name="leaked_of_missing"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.missing} of {self.people} missing"


class ExposureTurn(models.Model):
    """When a required suppression is counted next, and when it was counted last, also where nothing had changed."""

    required = models.OneToOneField(RequiredSuppression, on_delete=models.CASCADE, related_name="exposure_turn")
    next_at = models.DateTimeField(null=True, blank=True, help_text="Empty: at the next tick")
    began_at = models.DateTimeField(
        null=True, blank=True, help_text="When the newest count was asked for, then when it began"
    )
    counted_at = models.DateTimeField(null=True, blank=True)
    as_of = models.DateTimeField(null=True, blank=True, help_text="When the reading behind that count began")

    def __str__(self) -> str:
        return f"turn of {self.required_id}"

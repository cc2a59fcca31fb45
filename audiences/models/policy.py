"""The suppression policy: which people each ad account must keep away from its ads, how fresh, and on what basis."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from audiences.cohorts import COHORTS

from .audience import Audience
from .definition import Definition
from .pipe import Destination


class RequiredSuppression(models.Model):
    """One line of the policy: these people must be excluded at this ad account.

    `cohort` is a key of audiences/cohorts.py, or empty for a suppression that only `label` names. `audience` is the
    one that fulfils it; None: nobody has registered one ("Not set"). A line that is taken off the policy keeps its row.
    """

    destination = models.ForeignKey(Destination, on_delete=models.PROTECT, related_name="required_suppressions")
    label = models.CharField(max_length=120, help_text='As people say it: "Purchased in last 7 days"')
    cohort = models.CharField(
        max_length=40, blank=True, default="", choices=[(key, one.label) for key, one in COHORTS.items()]
    )
    audience = models.ForeignKey(
        Audience, null=True, blank=True, on_delete=models.PROTECT, related_name="fulfils_suppressions"
    )
    target_minutes = models.PositiveIntegerField(help_text="How old the newest person on the list may be")
    basis = models.CharField(max_length=300, help_text="Why these people may be sent to the platform to be left out")
    first_spend = models.DateField(
        null=True, blank=True, help_text="From when the account spends; before it, a missing list exposes nobody"
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["destination", "label"], condition=models.Q(ended_at=None), name="required_once_an_account"
            )
        ]

    def __str__(self) -> str:
        return f"{self.label} at {self.destination.name}"


class GateOverride(models.Model):
    """A manager's word that a version may go live at an account although suppressions are not in place there.

    It holds for the lines of the policy in `lines` and no others; `lacked` says in sentences what was so then.
    """

    definition = models.ForeignKey(Definition, on_delete=models.PROTECT, related_name="gate_overrides")
    destination = models.ForeignKey(Destination, on_delete=models.PROTECT, related_name="gate_overrides")
    lines = models.JSONField(default=list, help_text="Keys of the lines that were not in place")
    lacked = models.JSONField(default=list)
    reason = models.CharField(max_length=300)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.definition} at {self.destination.name}"

"""One immutable version of an audience's definition of done."""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from audiences.switch import DAYS, Switch

from .audience import Audience, Purpose

if TYPE_CHECKING:
    from .approval import ApprovalRequest


class Locked(Exception):
    """A locked definition was about to be changed; make a new version instead."""


class Definition(models.Model):
    """Clauses of the definition of done. JSON shapes:

    identifiers: ["email", "phone"] in order of preference (also "external_id")
    traits: [{"name": str, "reason": str}]
    exclusions: [{"segment": <Segment.number>, "reason": str}]
    acknowledged: {"<name of what is blocked>": {"about", "by", "at", "reason"}}, a manager's word (audiences/cadence.py)
    left_out: {"<key of an expected exclusion>": reason why it is not excluded} (see audiences/expected.py)
    consent: {"*": rule} or {"<destination id>": rule}; rule = {"require_true": [attribute], "not_true": [attribute],
        "not_unsubscribed": bool, "basis": str}
    destinations: [destination id]
    routes: {"<destination id>": {"pipe": <Pipe id> or None, "list_name": str}}: what its lists become when it is promoted

    A draft is edited; approved by a second person it is locked for good; promoted it is the one that runs use.
    `revision` moves with every saved edit of a draft: who saves must have seen the newest.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        APPROVED = "approved", "Approved"
        CURRENT = "current", "Current"
        PAST = "past", "Past"

    audience = models.ForeignKey(Audience, on_delete=models.PROTECT, related_name="definitions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.DRAFT)
    reason = models.CharField(
        max_length=300, blank=True, default="", help_text="Why this version differs from the one before"
    )

    use_case = models.CharField(
        max_length=40, blank=True, default="", help_text="Key in use_cases.CASES; empty: started empty"
    )
    purpose = models.CharField(max_length=12, choices=Purpose.choices)
    outcome = models.CharField(max_length=300, blank=True, default="", help_text="What it is for")
    campaign = models.CharField(max_length=200, blank=True, default="")
    outcome_measure = models.CharField(
        max_length=200, blank=True, default="", help_text="Which number shows that it worked"
    )
    logic = models.TextField(
        blank=True, default="", help_text="The segment's logic in sentences, from its conditions or typed"
    )
    conditions = models.JSONField(null=True, blank=True)
    fingerprint = models.CharField(max_length=64, blank=True, default="")
    entry_rule = models.CharField(max_length=300, blank=True, default="")
    exit_rule = models.CharField(max_length=300, blank=True, default="")
    cadence = models.CharField(max_length=100, blank=True, default="", help_text='Like "every 30 minutes" or "by hand"')
    freshness_minutes = models.PositiveIntegerField(null=True, blank=True, help_text="Target age of the newest person")
    window_hours = models.PositiveIntegerField(
        null=True, blank=True, help_text="Rolling window of the segment, where it has one"
    )
    threshold = models.CharField(
        max_length=60, blank=True, default="", help_text='Value above which people are in: "$80"'
    )
    identifiers = models.JSONField(default=list, blank=True)
    switch_on = models.DateField(
        null=True, blank=True, help_text="From when other identifiers than those of the version before are sent"
    )
    switch_days = models.PositiveSmallIntegerField(
        default=DAYS, help_text="How long the old identifiers are sent besides (suppressions), and can be gone back to"
    )
    switch_from = models.JSONField(
        default=list, blank=True, help_text="The identifiers that were sent when this version was put into use"
    )
    switched_back_at = models.DateTimeField(null=True, blank=True)
    phone_country = models.CharField(
        max_length=2, blank=True, default="", help_text="ISO 3166 code for numbers without a country"
    )
    traits = models.JSONField(default=list, blank=True)
    exclusions = models.JSONField(default=list, blank=True)
    left_out = models.JSONField(default=dict, blank=True)
    acknowledged = models.JSONField(default=dict, blank=True)
    exclusions_reason = models.CharField(
        max_length=300, blank=True, default="", help_text="Why there is no exclusion, where there is none"
    )
    holdout_attribute = models.CharField(
        max_length=120, blank=True, default="", help_text="The attribute that says in which arm somebody is"
    )
    holdout_arm = models.CharField(
        max_length=60, blank=True, default="", help_text='The value of it that means held out: "control"'
    )
    holdout_targets = models.BooleanField(default=False, help_text="Held-out people are targeted all the same")
    holdout_reason = models.CharField(max_length=300, blank=True, default="", help_text="Why they are")
    consent = models.JSONField(default=dict, blank=True)
    destinations = models.JSONField(default=list, blank=True)
    routes = models.JSONField(default=dict, blank=True)
    size_low = models.PositiveBigIntegerField(null=True, blank=True)
    size_high = models.PositiveBigIntegerField(null=True, blank=True)
    match_low = models.FloatField(null=True, blank=True, help_text="percent")
    match_high = models.FloatField(null=True, blank=True, help_text="percent")
    tolerance = models.FloatField(null=True, blank=True, help_text="percent of the expected size, either way")
    review_date = models.DateField(null=True, blank=True)
    check_every = models.CharField(max_length=40, blank=True, default="")

    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    edited_at = models.DateTimeField(default=timezone.now)
    revision = models.PositiveIntegerField(default=1)
    lacking = models.JSONField(
        default=list, blank=True, help_text="Labels of the clauses that lacked something when the draft was last saved"
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    approved_at = models.DateTimeField(null=True, blank=True)

    promoted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    promoted_at = models.DateTimeField(null=True, blank=True)

    evidence = models.JSONField(
        default=list, blank=True, help_text="What whoever put it into use signed: sentences about its pilot"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["audience", "number"], name="definition_number_once"),
            models.UniqueConstraint(
                fields=["audience"], condition=models.Q(state="current"), name="one_current_definition"
            ),
            models.UniqueConstraint(
                fields=["audience"], condition=models.Q(state="draft"), name="one_draft_definition"
            ),
            models.UniqueConstraint(
                fields=["audience"], condition=models.Q(state="approved"), name="one_approved_definition"
            ),
            models.CheckConstraint(
                condition=models.Q(state="draft", approved_at__isnull=True)
                | (~models.Q(state="draft") & models.Q(approved_at__isnull=False)),
                name="approved_when_not_draft",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["draft", "approved"], promoted_at__isnull=True)
                | models.Q(state="current", promoted_at__isnull=False)
                | models.Q(state="past"),
                name="promoted_when_current",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.audience.name} v{self.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save a draft. Raises Locked for a version that is locked; only its state may still move, by promoting."""
        if self.pk and Definition.objects.filter(pk=self.pk).exclude(state=self.State.DRAFT).exists():
            raise Locked(f"v{self.number} is locked and cannot be changed; edit makes v{self.number + 1}")
        super().save(*args, **kwargs)

    @property
    def is_locked(self) -> bool:
        return self.state != self.State.DRAFT

    @property
    def open_requests(self) -> "list[ApprovalRequest]":
        """Return the request that waits for this draft, where there is one."""
        return [one for one in self.approval_requests.all() if one.state == "waiting"]

    @property
    def suppresses(self) -> bool:
        return self.purpose == Purpose.SUPPRESS

    def switch(self, before: Sequence[str]) -> Switch | None:
        """Return the switch from other identifiers, None where they are the same in the same order."""
        if not before or list(before) == list(self.identifiers):
            return None
        return Switch(
            before=tuple(before),
            after=tuple(self.identifiers),
            on=self.switch_on,
            days=self.switch_days,
            suppresses=self.suppresses,
            in_use_since=timezone.localdate(self.promoted_at) if self.promoted_at else None,
            gone_back=self.switched_back_at is not None,
        )

    def identifiers_on(self, day: date) -> list[str]:
        """Return the identifiers that are sent on a day, in order of preference."""
        switch = self.switch(self.switch_from)
        return list(switch.used(day)) if switch else list(self.identifiers)

    def consent_for(self, destination_id: int) -> dict[str, Any]:
        """Return the consent rule of one destination, falling back to the rule of all."""
        rule: dict[str, Any] = self.consent.get(str(destination_id)) or self.consent.get("*") or {}
        return rule

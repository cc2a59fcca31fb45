"""Where the platform is told to use a list, and lists in the account that Muster does not manage."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from audiences.models import Activation, Destination

from .append_only import AppendOnlyModel, AppendOnlyQuerySet


class AttachmentQuerySet(AppendOnlyQuerySet["Attachment"]):
    """Looks at where lists are used."""


class Attachment(AppendOnlyModel):
    """One look at where a list is used, among what was active then; or what a person saw and signed, for 30 days.

    `included`, `excluded` and `lacking` are names with kind ("ad set Prospecting DE"); `lacking` are active ones that do
    not exclude it. `active` is None where somebody signed without counting.
    """

    activation = models.ForeignKey(Activation, on_delete=models.PROTECT, related_name="attachments")
    at = models.DateTimeField()
    source = models.CharField(max_length=20, help_text='A platform\'s kind, or "signed"')
    active = models.PositiveIntegerField(null=True, blank=True)
    included = models.JSONField(default=list, blank=True)
    excluded = models.JSONField(default=list, blank=True)
    lacking = models.JSONField(default=list, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    note = models.CharField(max_length=500, blank=True, default="")
    expires_at = models.DateTimeField(null=True, blank=True, help_text="Until when a signed check counts")

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["activation", "-at"], name="attachment_of_list")]

    def __str__(self) -> str:
        return f"use of {self.activation_id} as of {self.at:%Y-%m-%d %H:%M}"


class UnknownList(models.Model):
    """A customer list in the account that no activation of Muster fills (product A9)."""

    destination = models.ForeignKey(Destination, on_delete=models.CASCADE, related_name="unknown_lists")
    external_id = models.CharField(max_length=120)
    name = models.CharField(max_length=300, blank=True, default="")
    low = models.BigIntegerField(null=True, blank=True)
    high = models.BigIntegerField(null=True, blank=True)
    used_in = models.JSONField(default=list, blank=True, help_text="Active ad sets or campaigns that name it")
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    known_reason = models.CharField(
        max_length=300, blank=True, default="", help_text="Why it may stay, if somebody said"
    )
    known_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    known_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["destination", "external_id"], name="unknown_list_once")
        ]

    def __str__(self) -> str:
        return self.name or self.external_id

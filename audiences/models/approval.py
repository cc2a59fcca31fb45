"""That somebody was asked to approve a draft, word for word as it was then."""

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models

from .definition import Definition


class ApprovalRequestQuerySet(models.QuerySet["ApprovalRequest"]):
    def waiting(self, at: datetime) -> "ApprovalRequestQuerySet":
        return self.filter(state=ApprovalRequest.State.WAITING, until__gt=at)


class ApprovalRequest(models.Model):
    """One request. It is about the content with `content_hash` and no other, and lives until `until`.

    `decided_for` is the approver for whom a deputy decided.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        APPROVED = "approved", "Approved"
        DECLINED = "declined", "Declined"
        WITHDRAWN = "withdrawn", "Withdrawn"
        VOID = "void", "Void, the draft was edited"
        LAPSED = "lapsed", "Lapsed"

    definition = models.ForeignKey(Definition, on_delete=models.CASCADE, related_name="approval_requests")
    content_hash = models.CharField(max_length=64)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_of = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    until = models.DateTimeField()
    words = models.CharField(max_length=300, blank=True, default="", help_text="What the approver should know")
    state = models.CharField(max_length=9, choices=State.choices, default=State.WAITING)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_for = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_words = models.CharField(max_length=300, blank=True, default="")

    objects = ApprovalRequestQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["definition"], condition=models.Q(state="waiting"), name="one_waiting_request"
            ),
        ]

    def __str__(self) -> str:
        return f"request to approve {self.definition}"

    def is_waiting(self, at: datetime) -> bool:
        return self.state == self.State.WAITING and at < self.until

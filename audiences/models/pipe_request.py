"""A request for a pipe: an administrator makes the RudderStack source by hand, and somebody waits for it."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from .audience import Audience
from .pipe import Destination, Pipe


class PipeRequest(models.Model):
    """Open until it is answered with a pipe or withdrawn; one open request a list."""

    audience = models.ForeignKey(Audience, on_delete=models.CASCADE, related_name="pipe_requests")
    destination = models.ForeignKey(Destination, on_delete=models.PROTECT, related_name="pipe_requests")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    assignee = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="pipe_requests")
    reminded_at = models.DateTimeField(null=True, blank=True)
    pipe = models.ForeignKey(Pipe, null=True, blank=True, on_delete=models.PROTECT, related_name="requests")
    closed_at = models.DateTimeField(null=True, blank=True, help_text="Answered, or withdrawn where there is no pipe")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["audience", "destination"], condition=Q(closed_at=None), name="one_open_pipe_request"
            ),
            models.CheckConstraint(condition=Q(pipe=None) | Q(closed_at__isnull=False), name="answered_is_closed"),
        ]

    def __str__(self) -> str:
        return f"pipe of {self.audience} to {self.destination}"

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

"""Who forwards the events of a pipe, and when that goes on."""

from django.db import models

from audiences.models import Pipe


class Forwarding(models.Model):
    """One row a pipe: the right to forward (syncs/lease.py) and the wait after a failure. The events are the truth."""

    pipe = models.OneToOneField(Pipe, on_delete=models.PROTECT, related_name="forwarding")
    state = models.CharField(max_length=7, default="waiting", help_text="waiting until it first worked, then running")
    fence = models.PositiveIntegerField(default=0)
    holder = models.CharField(max_length=120, blank=True, default="")
    lease_until = models.DateTimeField(null=True, blank=True)
    wake_at = models.DateTimeField(null=True, blank=True, help_text="Nothing is sent before")
    rang_at = models.DateTimeField(null=True, blank=True)
    failures_in_row = models.PositiveIntegerField(default=0)
    words = models.CharField(max_length=500, blank=True, default="", help_text="Why it waits")

    def __str__(self) -> str:
        return f"forwarding of {self.pipe_id}"

"""A Customer.io workspace and the segments in it."""

from typing import ClassVar

from django.db import models

from muster.vault import EncryptedTextField


class CheckState(models.TextChoices):
    """How the last connection test ended (design: Working, Refused, Cannot read)."""

    UNKNOWN = "unknown", "Not tested"
    WORKING = "working", "Working"
    REFUSED = "refused", "Refused"
    UNREADABLE = "unreadable", "Cannot read"


class Workspace(models.Model):
    class Region(models.TextChoices):
        US = "us", "United States"
        EU = "eu", "European Union"

    name = models.CharField(max_length=120, unique=True)
    region = models.CharField(max_length=2, choices=Region.choices)
    api_key = EncryptedTextField(blank=True, default="")
    api_key_last4 = models.CharField(max_length=4, blank=True, default="")
    ids_with_at_reason = models.CharField(
        max_length=300,
        blank=True,
        default="",
        help_text='Why Customer.io ids that contain "@" may be sent as userId. Empty: they are left out.',
    )
    do_not_share = models.CharField(
        max_length=120,
        blank=True,
        default="",
        help_text="The attribute that says: do not share this person. It is part of every consent rule.",
    )
    lag_minutes = models.PositiveIntegerField(
        null=True, blank=True, help_text="How late Customer.io's segments are, as people declare it; never measured"
    )
    people = models.PositiveBigIntegerField(null=True, blank=True)
    data_out = models.JSONField(
        default=list, blank=True, help_text="Customer.io's own RudderStack Data Out, as last read."
    )
    data_out_read_at = models.DateTimeField(null=True, blank=True)
    check_state = models.CharField(max_length=12, choices=CheckState.choices, default=CheckState.UNKNOWN)
    check_words = models.CharField(max_length=500, blank=True, default="")
    checked_at = models.DateTimeField(null=True, blank=True)
    segments_read_at = models.DateTimeField(null=True, blank=True)
    watched_at = models.DateTimeField(
        null=True, blank=True, help_text="When Muster last tried by itself to read the list of segments"
    )
    watch_words = models.CharField(
        max_length=500, blank=True, default="", help_text="Why that did not work; empty when it did"
    )
    archived_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class Segment(models.Model):
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="segments")
    number = models.PositiveBigIntegerField(help_text="Customer.io's own id")
    name = models.CharField(max_length=300)
    description = models.TextField(blank=True, default="")
    kind = models.CharField(max_length=20, help_text="dynamic or manual, as Customer.io says")
    state = models.CharField(max_length=20)
    progress = models.PositiveSmallIntegerField(null=True, blank=True)
    size = models.PositiveBigIntegerField(null=True, blank=True)
    size_at = models.DateTimeField(null=True, blank=True)
    conditions = models.JSONField(null=True, blank=True)
    fingerprint = models.CharField(
        max_length=64, blank=True, default="", help_text="of the conditions without inner ids"
    )
    raw_fingerprint = models.CharField(max_length=64, blank=True, default="")
    tags = models.JSONField(default=list, blank=True)
    edited_at = models.DateTimeField(null=True, blank=True, help_text="Customer.io's updated_at")
    seen_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["workspace", "number"], name="segment_once")]

    def __str__(self) -> str:
        return f"{self.name} ({self.number})"


class RequestSlot(models.Model):
    """When the next request to a workspace may leave: one row shared by every process (Customer.io allows 10 a second)."""

    workspace = models.OneToOneField(Workspace, on_delete=models.CASCADE, primary_key=True)
    next_at = models.FloatField(default=0, help_text="seconds since 1970")

    def __str__(self) -> str:
        return f"next request of {self.workspace_id}"

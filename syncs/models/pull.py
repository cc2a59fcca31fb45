"""One complete reading of a segment, shared by runs, and the encrypted shards it was staged in."""

from typing import ClassVar

from django.db import models

from audiences.models import Segment
from syncs.states import PullState


class Pull(models.Model):
    """`columns` is what was asked for: {"email", "phone": bool, "forms": [normal form], "country": str, "flags", "traits",
    "arms": [attribute]}; where no form is named, each of its identifiers' (syncs/people.py).

    `counts` holds what was found: people, email, phone, external_id (people with a usable one), and by reason what was
    unusable, e.g. {"email_invalid": 3, "phone_hashed": 1}. Staged shards of an older fence are garbage.
    """

    segment = models.ForeignKey(Segment, on_delete=models.PROTECT, related_name="pulls")
    columns = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=PullState.choices, default=PullState.WAITING)
    fence = models.PositiveIntegerField(default=0)
    holder = models.CharField(max_length=120, blank=True, default="")
    lease_until = models.DateTimeField(null=True, blank=True)
    deaths = models.PositiveIntegerField(default=0)
    fingerprint = models.CharField(
        max_length=64, blank=True, default="", help_text="Segment's, the same before and after"
    )
    conditions = models.JSONField(null=True, blank=True)
    via = models.CharField(max_length=12, blank=True, default="", help_text="membership or export")
    export_id = models.PositiveBigIntegerField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(
        default=0, help_text="Complete readings tried; a second one follows a miscount"
    )
    count_before = models.PositiveBigIntegerField(null=True, blank=True)
    count_after = models.PositiveBigIntegerField(null=True, blank=True)
    rows = models.PositiveBigIntegerField(default=0, help_text="Rows read so far, then in all")
    counts = models.JSONField(default=dict, blank=True)
    shards = models.PositiveIntegerField(default=0, help_text="Staged shards, a power of two; 0 until complete")
    reason = models.CharField(max_length=40, blank=True, default="", help_text="Code of the failure")
    words = models.CharField(
        max_length=500, blank=True, default="", help_text="What happened, its effect, what to do next"
    )
    created_at = models.DateTimeField()
    began_at = models.DateTimeField(null=True, blank=True, help_text="When the newest reading began")
    finished_at = models.DateTimeField(null=True, blank=True)
    kept_until = models.DateTimeField(null=True, blank=True, help_text="A count goes by it: not dropped before")
    dropped_at = models.DateTimeField(null=True, blank=True, help_text="When the staged shards were deleted")

    class Meta:
        indexes: ClassVar = [models.Index(fields=["segment", "state", "-began_at"])]

    def __str__(self) -> str:
        return f"reading {self.pk} of {self.segment_id}"


class StagedShard(models.Model):
    """People of one key prefix, sorted by key: `head` and `rest` are sealed columns (see syncs/people.py)."""

    pull = models.ForeignKey(Pull, on_delete=models.CASCADE, related_name="staged")
    fence = models.PositiveIntegerField()
    number = models.PositiveIntegerField()
    people = models.PositiveIntegerField()
    head = models.BinaryField()
    rest = models.BinaryField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["pull", "fence", "number"], name="staged_shard_once")]

    def __str__(self) -> str:
        return f"shard {self.number} of reading {self.pull_id}"

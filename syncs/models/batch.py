"""The outbox: one request to RudderStack, and the rows that it refused by themselves."""

from typing import ClassVar

from django.db import models

from audiences.models import Activation
from syncs.states import BatchState

from .run import Run


class Batch(models.Model):
    """The keys [key_from, key_to) within a pass; `key_to` empty: to the end. Immutable after its first send.

    `before` and `after` are digests over the touched ledger shards around the commit: {shard: [digest, members]}.
    A batch without events is a release: nothing is sent, and it is accepted at once.
    """

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="batches")
    activation = models.ForeignKey(Activation, on_delete=models.PROTECT, related_name="batches")
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")
    pass_name = models.CharField(max_length=10)
    key_from = models.BinaryField(max_length=16)
    key_to = models.BinaryField(max_length=16)
    state = models.CharField(max_length=12, choices=BatchState.choices, default=BatchState.SENDING)
    fence = models.PositiveIntegerField(help_text="The run's, at the newest send")
    body_hash = models.CharField(max_length=64, blank=True, default="")
    body_bytes = models.PositiveIntegerField(default=0)
    events = models.PositiveIntegerField(default=0)
    people = models.PositiveIntegerField(default=0)
    adds = models.PositiveIntegerField(default=0, help_text="Rows that the commit added to the ledger")
    removes = models.PositiveIntegerField(default=0, help_text="Rows that the commit took from the ledger")
    attempts = models.PositiveIntegerField(default=0)
    was_unknown = models.BooleanField(
        default=False, help_text="Sent without a recorded answer: re-assert its members once"
    )
    reasserted = models.BooleanField(default=False)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    words = models.CharField(max_length=400, blank=True, default="")
    created_at = models.DateTimeField()
    first_sent_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    before = models.JSONField(default=dict, blank=True)
    after = models.JSONField(default=dict, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["activation", "state"]),
            models.Index(fields=["run", "id"]),
        ]

    def __str__(self) -> str:
        return f"batch {self.pk} of run {self.run_id}"


class RejectedRow(models.Model):
    """A person whose row RudderStack refused by itself; only the keyed key is kept, for 30 days."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="rejected_rows")
    key = models.BinaryField(max_length=16)
    pass_name = models.CharField(max_length=10)
    words = models.CharField(max_length=300)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["run", "key", "pass_name"], name="rejected_row_once")]

    def __str__(self) -> str:
        return f"rejected row of run {self.run_id}"

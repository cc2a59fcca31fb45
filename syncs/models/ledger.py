"""What each activation holds, built only from acknowledged batches; and who must never be added again."""

from typing import ClassVar

from django.db import models

from audiences.models import Activation, Workspace


class LedgerShard(models.Model):
    """Members of one key prefix: a whole, and in `patch` what has changed since; sealed columns (see syncs/members.py).

    `digest` is a keyed digest over the clear columns: the chain that `manage.py verify` follows.
    """

    activation = models.ForeignKey(Activation, on_delete=models.PROTECT, related_name="ledger_shards")
    number = models.PositiveIntegerField()
    generation = models.PositiveIntegerField(default=1)
    version = models.PositiveIntegerField(default=0)
    members = models.PositiveIntegerField(default=0)
    digest = models.CharField(max_length=32, blank=True, default="")
    whole_version = models.PositiveIntegerField(default=0, help_text="The version that the whole was written as")
    whole_bytes = models.PositiveIntegerField(default=0)
    patch = models.BinaryField(default=b"", blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["activation", "generation", "number"], name="ledger_shard_once")
        ]

    def __str__(self) -> str:
        return f"ledger {self.number} of list {self.activation_id}"


class LedgerWhole(models.Model):
    """All members of a shard as they were at its `whole_version`; apart from the row, which changes far more often."""

    shard = models.OneToOneField(LedgerShard, on_delete=models.CASCADE, primary_key=True, related_name="whole")
    blob = models.BinaryField()

    def __str__(self) -> str:
        return f"whole of {self.shard_id}"


class SharedIdentifiers(models.Model):
    """What the newest plan of a list leaves for the next one to count people who share an identifier; sealed columns.

    prints   u8 for each ledger shard: 64 bits over the keys and digests of the people who were wanted
    shared   u8 tokens that several of them carry, sorted (syncs/tokens.py)
    """

    activation = models.OneToOneField(Activation, on_delete=models.PROTECT, primary_key=True, related_name="+")
    blob = models.BinaryField()

    def __str__(self) -> str:
        return f"identifiers shared on list {self.activation_id}"


class Tombstone(models.Model):
    """A person who was erased: out of every list, for good.

    `value` is a keyed hash: of the Customer.io id (kind `key`), or of the SHA-256 of one normal form of an identifier
    (kind `identifier`).
    """

    class Kind(models.TextChoices):
        KEY = "key", "key"
        IDENTIFIER = "identifier", "identifier"

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="tombstones")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    value = models.BinaryField(max_length=16)
    hint = models.PositiveIntegerField(default=0, help_text="Of an identifier: the first 16 bits of its SHA-256")
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["workspace", "kind", "value"], name="tombstone_once")]

    def __str__(self) -> str:
        return f"tombstone {self.pk}"

"""What an activation holds, in sealed shards: read, and changed by an acknowledged batch.

A shard is a row, a whole and a patch. Few change of many, so most batches write the patch only; when that has grown, the
whole is written anew. See docs/decisions/shards-as-columns.md.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, TypeVar

from django.db import IntegrityError

from audiences.models import Activation
from muster import kept_change
from muster.columns import Array, Columns, pack, unpack
from muster.vault import pepper, seal, unseal

from .lease import LeaseLost
from .members import Change, fingerprint, merged, nobody, patch_of, those_of, touched
from .members import combined as combined_patches
from .models import LedgerShard, LedgerWhole

LOADED_AT_ONCE: Final = 8  # wholes, of up to a megabyte each
ROWS_AT_ONCE: Final = 32
ROWS_KEPT: Final = 64
LANES: Final = 1 << 64
WHOLES_AT_ONCE: Final = 8
CHANGING: Final = ("version", "members", "digest", "whole_version", "whole_bytes", "patch")

Kept = TypeVar("Kept")


@dataclass(frozen=True)
class Held:
    """A shard as it is stored: the row, None where nobody is in it, its patch opened, its whole once it is asked for."""

    row: LedgerShard | None
    patch: Columns | None
    opens: Callable[[], Columns]

    @property
    def whole(self) -> Columns:
        return self.opens()

    @property
    def columns(self) -> Columns:
        """The members."""
        return self.whole if self.patch is None else merged(self.whole, self.patch)

    @property
    def members(self) -> int:
        return self.row.members if self.row else 0


@dataclass
class Prepared:
    """A shard as it will be once its batch is accepted: `whole` or `patch` is what is to be written, sealed.

    `after` is the same opened. `row` is there once it is stored.
    """

    number: int
    old: LedgerShard | None
    version: int
    members_before: int
    members: int
    digest_before: str
    digest: str
    whole: bytes
    patch: bytes
    after: Columns
    row: LedgerShard = field(default_factory=LedgerShard)

    @property
    def gained(self) -> int:
        return self.members - self.members_before


class Ledger:
    """The shards of one activation in one generation; the newest few are kept in memory, without their wholes some more."""

    def __init__(self, activation: Activation, *, texts_too: bool, most_cached: int = 12) -> None:
        self.activation_id = activation.pk
        self.generation = activation.generation
        self.shards = activation.shards
        self._nobody = partial(nobody, texts_too=texts_too)
        self._most = most_cached
        self._known: dict[int, Held] = {}
        self._wholes: dict[int, Columns] = {}

    def row(self, number: int) -> LedgerShard | None:
        """Return the stored shard, None where nobody is in it."""
        return self._held(number).row

    def columns(self, number: int) -> Columns:
        """Return the members of a prefix. Raises WrongKey and Tampered."""
        return self._held(number).columns

    def those_of(self, number: int, keys: Array) -> Columns:
        """Return the members of a prefix who have these sorted keys. Raises WrongKey and Tampered."""
        held = self._held(number)
        return those_of(keys, held.whole, held.patch)

    def _held(self, number: int) -> Held:
        if number not in self._known:
            numbers = range(number, max(number + 1, min(self.shards, number + ROWS_AT_ONCE)))
            found = self._loaded(numbers)
            # The one that is asked for comes last, so that it is not the first to go.
            for place in sorted(set(numbers) - self._known.keys(), reverse=True):
                self._remember(place, found.get(place) or Held(None, None, self._nobody))
        return self._known[number]

    def _loaded(self, numbers: range) -> dict[int, Held]:
        shards = LedgerShard.objects.filter(activation_id=self.activation_id, generation=self.generation)
        rows = shards.filter(number__gte=numbers.start, number__lt=numbers.stop)
        return {row.number: self._opened(row) for row in rows if row.number not in self._known}

    def _opened(self, row: LedgerShard) -> Held:
        aad = self._aad(row.number, row.version, "patch")
        patch = unpack(unseal(bytes(row.patch), aad=aad)) if row.patch else None
        return Held(row, patch, partial(self._whole, row))

    def _whole(self, row: LedgerShard) -> Columns:
        """Return the whole of a stored shard, and read those of the next few along with it."""
        if row.number not in self._wholes:
            numbers = range(row.number + 1, row.number + min(LOADED_AT_ONCE, self._most))
            others = [self._known[place].row for place in numbers if place in self._known and place not in self._wholes]
            rows = {one.pk: one for one in (row, *others) if one is not None}
            blobs = dict(LedgerWhole.objects.filter(shard__in=rows).values_list("shard_id", "blob"))
            # The one that is asked for comes last, so that it is not the first to go.
            for one in sorted(rows.values(), key=lambda one: one.number, reverse=True):
                whole = unpack(unseal(bytes(blobs[one.pk]), aad=self._aad(one.number, one.whole_version, "whole")))
                self._keep(self._wholes, self._most, one.number, whole)
        return self._wholes[row.number]

    def _aad(self, number: int, version: int, part: str) -> bytes:
        return f"ledger:{self.activation_id}:{self.generation}:{number}:{version}:{part}".encode()

    def _remember(self, number: int, held: Held) -> None:
        self._keep(self._known, max(ROWS_KEPT, self._most), number, held)

    @staticmethod
    def _keep(cache: dict[int, Kept], most: int, number: int, value: Kept) -> None:
        cache.pop(number, None)
        while len(cache) >= most:
            del cache[next(iter(cache))]
        cache[number] = value

    def forget(self) -> None:
        """Let go of the shards in memory now: each knows its ledger, so they would wait for the garbage collector."""
        self._known.clear()
        self._wholes.clear()

    def prepared(self, number: int, change: Change, before: Columns | None = None) -> Prepared:
        """Return the shard after a change, sealed, to be stored inside of the transaction that settles the batch.

        `before` are the members whom the change touches, where the plan tells them: then the shard is not read for them.
        """
        held = self._held(number)
        row, version = held.row, (held.row.version if held.row else 0) + 1
        keys = touched(change)
        old = those_of(keys, held.whole, held.patch) if before is None else before
        patch = patch_of(keys, old, change)
        members = held.members - len(old["key"]) + len(patch["key"])
        digest_before = row.digest if row else ""
        both = patch if held.patch is None else combined_patches(held.patch, patch)
        packed = pack(both)
        rewrites = row is None or len(packed) > most_patched(row)
        after = merged(held.columns, patch) if rewrites else both
        return Prepared(
            number=number,
            old=row,
            version=version,
            members_before=held.members,
            members=members,
            digest_before=digest_before,
            digest=moved(digest_before, old, patch),
            whole=seal(pack(after), aad=self._aad(number, version, "whole")) if rewrites else b"",
            patch=b"" if rewrites else seal(packed, aad=self._aad(number, version, "patch")),
            after=after,
        )

    def put(self, number: int, columns: Columns) -> None:
        """Store a shard that has no row yet, as a re-cut ledger does. Raises IntegrityError where there is one."""
        whole = seal(pack(columns), aad=self._aad(number, 1, "whole"))
        row = self._row(number, version=1, members=len(columns["key"]), digest=digest(columns))
        row.whole_version, row.whole_bytes = 1, len(whole)
        row.save(force_insert=True)
        LedgerWhole.objects.create(shard=row, blob=whole)

    def _row(self, number: int, **fields: Any) -> LedgerShard:
        return LedgerShard(activation_id=self.activation_id, generation=self.generation, number=number, **fields)

    def store(self, ready: Sequence[Prepared]) -> None:
        """Write prepared shards, within a transaction, if each still is what it was made from. Raises LeaseLost otherwise."""
        known = [one.old.pk for one in ready if one.old]
        rows = LedgerShard.objects.select_for_update().filter(pk__in=known)
        versions = dict(rows.values_list("pk", "version")) if known else {}
        for one in ready:
            if one.old and versions.get(one.old.pk) != one.old.version:
                raise LeaseLost(f"ledger shard {one.number} was written by somebody else")
            one.row = self._after(one)
        fresh = [one.row for one in ready if one.old is None]
        try:
            if len(fresh) == 1:
                kept_change.insert(fresh[0])
            else:
                LedgerShard.objects.bulk_create(fresh)
        except IntegrityError as error:
            raise LeaseLost("a ledger shard was written by somebody else") from error
        changed = [one.row for one in ready if one.old]
        kept_change.put(changed, unique=("activation", "generation", "number"), changing=CHANGING)
        wholes = [
            LedgerWhole(shard_id=one.old.pk if one.old else one.row.pk, blob=one.whole) for one in ready if one.whole
        ]
        kept_change.put(wholes, unique=("shard",), changing=("blob",), at_once=WHOLES_AT_ONCE)

    def _after(self, one: Prepared) -> LedgerShard:
        old = one.old
        row = self._row(one.number, version=one.version, members=one.members, digest=one.digest, patch=one.patch)
        row.whole_version = one.version if one.whole or old is None else old.whole_version
        row.whole_bytes = len(one.whole) if one.whole or old is None else old.whole_bytes
        return row

    def committed(self, ready: Sequence[Prepared]) -> None:
        """Keep what was stored, after the transaction is committed."""
        for one in ready:
            if one.old:
                one.row.pk = one.old.pk
            if one.whole:
                self._wholes.pop(one.number, None)
                after = one.after
                self._remember(one.number, Held(one.row, None, partial(_given, after)))
            else:
                self._remember(one.number, Held(one.row, one.after, partial(self._whole, one.row)))


def _given(columns: Columns) -> Columns:
    return columns


def most_patched(row: LedgerShard) -> int:
    """Return how many bytes a patch may have: some part of the whole, another for each shard so that not all fill up at once."""
    return row.whole_bytes * (4 + row.number % 8) // 64


def digest(columns: Columns) -> str:
    """Return the keyed digest over a shard's clear columns."""
    return moved("", nobody(), columns)


def moved(before: str, old: Columns, new: Columns) -> str:
    """Return the digest of a shard of which `old` members became `new` ones."""
    secret = int.from_bytes(pepper("ledger digest")[:8], "little")
    lanes = zip(lanes_of(before), fingerprint(old, secret), fingerprint(new, secret), strict=True)
    return "".join(f"{(lane - less + more) % LANES:016x}" for lane, less, more in lanes)


def lanes_of(digest: str) -> tuple[int, int]:
    """Return a digest's two numbers; those of no digest are 0."""
    return (int(digest[:16], 16), int(digest[16:], 16)) if digest else (0, 0)

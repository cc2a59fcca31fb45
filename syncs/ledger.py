"""What an activation holds, in sealed shards: read, changed by an acknowledged batch, cut anew when it has grown.

Columns of a shard: key S16, digest u8 (of what was last sent), id.ends u4 (cumulative identifiers a member), id.field u1,
id.raw V32 (SHA-256); for lists whose userId is in clear also text.ends, text.data, one text an identifier.
"""

import hashlib
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from django.db import IntegrityError

from audiences.models import Activation
from muster.columns import DIGEST, KEY, Array, Columns, pack, text_list, texts, unpack
from muster.vault import pepper, seal, unseal

from .lease import LeaseLost
from .models import LedgerShard
from .plan import flat_rows, lengths_of, owners_of
from .tokens import Tokens, keys_among

AIM = 4096
MOST, LEAST = 8000, 500


def nobody(*, texts_too: bool = False) -> Columns:
    """Return the columns of an empty shard."""
    columns: Columns = {
        "key": np.zeros(0, KEY),
        "digest": np.zeros(0, np.uint64),
        "id.ends": np.zeros(0, np.uint32),
        "id.field": np.zeros(0, np.uint8),
        "id.raw": np.zeros(0, DIGEST),
    }
    return columns | ({"text.ends": np.zeros(0, np.uint32), "text.data": np.zeros(0, np.uint8)} if texts_too else {})


@dataclass
class People:
    """Members with identifiers, as a batch adds them: sorted by key, identifiers flat in the same order."""

    key: Array
    digest: Tokens
    ends: Array
    field: Array
    raw: Array
    texts: list[bytes] | None = None


@dataclass
class Change:
    """What one batch does to one shard. `drop_take` marks, for the members in `drop_key`, the identifiers that go."""

    add: People | None = None
    remove_key: Array = field(default_factory=lambda: np.zeros(0, KEY))
    drop_key: Array = field(default_factory=lambda: np.zeros(0, KEY))
    drop_take: Array = field(default_factory=lambda: np.zeros(0, np.uint8))


def selected(ledger: Columns, members: Array, flat_kept: Array | None = None) -> Columns:
    """Return the shard with the members at these places only, and of their identifiers those marked in `flat_kept`."""
    rows, ends = flat_rows(ledger["id.ends"], members)
    if flat_kept is not None:
        kept = flat_kept[rows]
        ends = np.cumsum(np.bincount(owners_of(ends)[kept], minlength=len(members))).astype(np.uint32)
        rows = rows[kept]
    columns: Columns = {
        "key": ledger["key"][members],
        "digest": ledger["digest"][members],
        "id.ends": ends,
        "id.field": ledger["id.field"][rows],
        "id.raw": ledger["id.raw"][rows],
    }
    if "text.ends" in ledger:
        known = text_list(ledger["text.ends"], ledger["text.data"])
        columns["text.ends"], columns["text.data"] = texts([known[row] for row in rows])
    return columns


def changed(ledger: Columns, change: Change) -> Columns:
    """Return the shard after a batch: who was removed is out, who was added is in with the union of identifiers."""
    if len(change.drop_key):
        ledger = _without_dropped(ledger, change)
    if len(change.remove_key):
        ledger = selected(ledger, np.flatnonzero(~keys_among(ledger["key"], np.sort(change.remove_key))))
    return ledger if change.add is None else _with(ledger, change.add)


def _without_dropped(ledger: Columns, change: Change) -> Columns:
    kept = np.ones(len(ledger["id.field"]), np.bool_)
    places = np.searchsorted(ledger["key"], change.drop_key)
    rows, _ = flat_rows(ledger["id.ends"], places)
    kept[rows] = change.drop_take == 0
    return selected(ledger, np.arange(len(ledger["key"])), kept)


def _with(ledger: Columns, added: People) -> Columns:
    """Merge new people in; a member known already gains identifiers and takes the new digest."""
    if not len(ledger["key"]):
        return _fresh(added)
    key = np.union1d(ledger["key"], added.key)
    digest = np.zeros(len(key), np.uint64)
    digest[np.searchsorted(key, ledger["key"])] = ledger["digest"]
    digest[np.searchsorted(key, added.key)] = added.digest
    old_owner = np.searchsorted(key, ledger["key"])[owners_of(ledger["id.ends"])]
    new_owner = np.searchsorted(key, added.key)[owners_of(added.ends)]
    owner = np.concatenate([old_owner, new_owner])
    fields = np.concatenate([ledger["id.field"], added.field])
    raw = np.concatenate([ledger["id.raw"], added.raw])
    order = np.argsort(owner, kind="stable")
    if len(key) < len(ledger["key"]) + len(added.key):
        order = _distinct(order, owner, fields, raw)
    columns: Columns = {
        "key": key,
        "digest": digest,
        "id.ends": np.cumsum(np.bincount(owner[order], minlength=len(key))).astype(np.uint32),
        "id.field": fields[order],
        "id.raw": raw[order],
    }
    if added.texts is not None:
        known = text_list(ledger["text.ends"], ledger["text.data"]) if "text.ends" in ledger else []
        both = known + added.texts
        columns["text.ends"], columns["text.data"] = texts([both[place] for place in order])
    return columns


def _fresh(added: People) -> Columns:
    columns: Columns = {
        "key": added.key,
        "digest": added.digest,
        "id.ends": added.ends,
        "id.field": added.field,
        "id.raw": added.raw,
    }
    if added.texts is not None:
        columns["text.ends"], columns["text.data"] = texts(added.texts)
    return columns


def _distinct(order: Array, owner: Array, fields: Array, raw: Array) -> Array:
    """Return the order without the second of two equal identifiers of one member."""
    first_words = np.ascontiguousarray(raw).view(np.uint64).reshape(-1, 4)[:, 0]
    seen = np.rec.fromarrays([owner[order], fields[order], first_words[order]])
    _, first = np.unique(seen, return_index=True)
    return np.asarray(order[np.sort(first)])


def digest(columns: Columns) -> str:
    """Return the keyed digest over a shard's clear columns."""
    return digest_of_packed(pack(columns))


def digest_of_packed(packed: bytes) -> str:
    """Return the keyed digest over packed columns."""
    return hashlib.blake2b(packed, key=pepper("ledger digest"), digest_size=16).hexdigest()


class Ledger:
    """The shards of one activation in one generation; the newest few are kept in memory."""

    def __init__(self, activation: Activation, *, texts_too: bool, most_cached: int = 24) -> None:
        self.activation_id = activation.pk
        self.generation = activation.generation
        self.shards = activation.shards
        self._nobody = partial(nobody, texts_too=texts_too)
        self._most = most_cached
        self._known: dict[int, tuple[LedgerShard | None, Columns]] = {}

    def _aad(self, number: int, version: int) -> bytes:
        return f"ledger:{self.activation_id}:{self.generation}:{number}:{version}".encode()

    def row(self, number: int) -> LedgerShard | None:
        """Return the stored shard, None where nobody is in it."""
        return self._load(number)[0]

    def columns(self, number: int) -> Columns:
        """Return the members of a prefix. Raises WrongKey and Tampered."""
        return self._load(number)[1]

    def _load(self, number: int) -> tuple[LedgerShard | None, Columns]:
        if number not in self._known:
            rows = LedgerShard.objects.filter(activation_id=self.activation_id, generation=self.generation)
            row = rows.filter(number=number).first()
            self._remember(number, row, self._opened(row) if row else self._nobody())
        return self._known[number]

    def _opened(self, row: LedgerShard) -> Columns:
        return unpack(unseal(bytes(row.blob), aad=self._aad(row.number, row.version)))

    def _remember(self, number: int, row: LedgerShard | None, columns: Columns) -> None:
        self._known.pop(number, None)
        while len(self._known) >= self._most:
            del self._known[next(iter(self._known))]
        self._known[number] = (row, columns)

    def prepared(self, number: int, change: Change) -> "Prepared":
        """Return the shard after a change, sealed, to be stored inside of the transaction that settles the batch."""
        row, before = self._load(number)
        after = changed(before, change)
        packed = pack(after)
        version = (row.version if row else 0) + 1
        return Prepared(
            number=number,
            old=row,
            version=version,
            columns=after,
            members_before=len(before["key"]),
            digest_before=row.digest if row else "",
            digest=digest_of_packed(packed),
            blob=seal(packed, aad=self._aad(number, version)),
        )

    def put(self, number: int, columns: Columns) -> None:
        """Store a shard that has no row yet, as a re-cut ledger does. Raises IntegrityError where there is one."""
        LedgerShard.objects.create(
            activation_id=self.activation_id,
            generation=self.generation,
            number=number,
            version=1,
            members=len(columns["key"]),
            digest=digest(columns),
            blob=seal(pack(columns), aad=self._aad(number, 1)),
        )

    def store(self, prepared: "Prepared", *, asserted: object = None) -> LedgerShard:
        """Write a prepared shard if its version is still the one it was made from. Raises LeaseLost otherwise."""
        fields = {
            "version": prepared.version,
            "members": len(prepared.columns["key"]),
            "digest": prepared.digest,
            "blob": prepared.blob,
            **({"asserted_at": asserted} if asserted is not None else {}),
        }
        if prepared.old is None:
            try:
                return LedgerShard.objects.create(
                    activation_id=self.activation_id, generation=self.generation, number=prepared.number, **fields
                )
            except IntegrityError as error:
                raise LeaseLost(f"ledger shard {prepared.number} was written by somebody else") from error
        here = LedgerShard.objects.filter(pk=prepared.old.pk, version=prepared.old.version)
        if not here.update(**fields):
            raise LeaseLost(f"ledger shard {prepared.number} was written by somebody else")
        for name, value in fields.items():
            setattr(prepared.old, name, value)
        return prepared.old

    def committed(self, prepared: "Prepared", row: LedgerShard) -> None:
        """Keep what was stored, after the transaction is committed."""
        self._remember(prepared.number, row, prepared.columns)


@dataclass
class Prepared:
    """A shard as it will be once its batch is accepted."""

    number: int
    old: LedgerShard | None
    version: int
    columns: Columns
    members_before: int
    digest_before: str
    digest: str
    blob: bytes

    @property
    def gained(self) -> int:
        return len(self.columns["key"]) - self.members_before


def shard_count(people: int) -> int:
    """Return the power of two that gives shards of about 4,096 people."""
    return 1 << max(0, (max(1, people) - 1) // AIM).bit_length()


def fits(people: int, shards: int) -> bool:
    """Whether shards are neither so large that a small change rewrites much, nor so small that there are too many."""
    return people <= shards * MOST and (shards == 1 or people >= shards * LEAST)


def recut(parts: list[Columns], number: int, old_count: int, new_count: int) -> Columns:
    """Return shard `number` of `new_count` from the old shards that hold it: joined, or one of them cut."""
    if new_count <= old_count:
        return joined(parts)
    key = parts[0]["key"]
    prefix = np.frombuffer(key.tobytes(), np.dtype(">u4")).reshape(-1, 4)[:, 0] if len(key) else np.zeros(0, np.uint32)
    bits = (new_count - 1).bit_length()
    return selected(parts[0], np.flatnonzero(prefix >> np.uint32(32 - bits) == number))


def joined(parts: list[Columns]) -> Columns:
    """Return neighbouring shards, in order, as one."""
    if len(parts) == 1:
        return parts[0]
    columns = {name: np.concatenate([part[name] for part in parts]) for name in ("key", "digest", "id.field", "id.raw")}
    columns["id.ends"] = np.cumsum(np.concatenate([lengths_of(part["id.ends"]) for part in parts])).astype(np.uint32)
    if "text.ends" in parts[0]:
        known = [one for part in parts for one in text_list(part["text.ends"], part["text.data"])]
        columns["text.ends"], columns["text.data"] = texts(known)
    return columns

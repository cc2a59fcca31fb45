"""Shards for tests, made from plain people: what the pull stages, what the ledger holds, and both as dictionaries again."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import numpy as np

from muster.columns import DIGEST, KEY, Array, Columns, text_list, texts
from syncs.eligibility import Identifiers
from syncs.members import People, nobody
from syncs.tokens import FIELD_CODES, Tokens, digest_of

NOTHING = bytes(32)
BOTH = Identifiers.of({"email": "email", "phone": "phone_digits"})
TURNED = Identifiers.of({"phone": "phone_digits", "email": "email"})
COLUMNS = {"email": ("email", "email_google"), "phone": ("phone_digits", "phone_e164")}

Held = tuple[int, bytes]


def sha(text: str) -> bytes:
    return sha256(text.encode()).digest()


def key_of(number: int) -> bytes:
    """Return a key that looks like any other, the same for a number each time."""
    return sha256(b"key of %d" % number).digest()[:16]


@dataclass
class Someone:
    """A person as the pull leaves them: `email` and `phone` are texts that stand for themselves, `flags` attributes."""

    key: bytes
    email: str = ""
    phone: str = ""
    id: str = ""
    flags: Mapping[str, int] = field(default_factory=dict)
    traits: Mapping[str, str] = field(default_factory=dict)

    @property
    def held(self) -> set[Held]:
        """Return (identifier code, SHA-256) of everything they carry."""
        carried = (("email", self.email), ("phone", self.phone))
        return {(FIELD_CODES[name], sha(text)) for name, text in carried if text}


def keys(raw: Sequence[bytes]) -> Array:
    return np.frombuffer(b"".join(raw), KEY)


def digests(raw: Sequence[bytes]) -> Array:
    return np.frombuffer(b"".join(raw), DIGEST)


def staged(people: Sequence[Someone], flags: Iterable[str] = ()) -> Columns:
    """Return the people as a staged shard, sorted by key; `flags` were asked for, whether anybody has them or not."""
    rows = sorted(people, key=lambda one: one.key)
    columns: Columns = {"key": keys([one.key for one in rows])}
    for name, places in COLUMNS.items():
        values = digests([sha(text) if (text := getattr(one, name)) else NOTHING for one in rows])
        columns |= dict.fromkeys(places, values)
    columns["external_id"] = digests([sha(one.id) if one.id else NOTHING for one in rows])
    columns["ext.ends"], columns["ext.data"] = texts([one.id.encode() for one in rows])
    columns["ext_at"] = np.array(["@" in one.id for one in rows], np.uint8)
    for flag in sorted({*flags, *(name for one in rows for name in one.flags)}):
        columns[f"flag:{flag}"] = np.array([one.flags.get(flag, 2) for one in rows], np.uint8)
    for trait in sorted({name for one in rows for name in one.traits}):
        told = texts([one.traits.get(trait, "").encode() for one in rows])
        columns[f"trait:{trait}.ends"], columns[f"trait:{trait}.data"] = told
    return columns


def content_digests(people: Columns, identifiers: Identifiers, version: int = 1) -> Tokens:
    """Return the digests that a run computes of what it would send of each person."""
    found = identifiers.tokens(people)
    return digest_of([found[code] for code, _ in sorted(identifiers.fields)], 7, version, len(people["key"]))


def members(held: Mapping[bytes, tuple[int, Sequence[Held]]], known: Mapping[Held, str] | None = None) -> People:
    """Return people as a batch adds them: key -> (digest, identifiers in order); `known` gives userIds in clear."""
    order = sorted(held)
    flat = [one for key in order for one in held[key][1]]
    return People(
        key=keys(order),
        digest=np.array([held[key][0] for key in order], np.uint64),
        ends=np.cumsum([len(held[key][1]) for key in order]).astype(np.uint32),
        field=np.array([code for code, _ in flat], np.uint8),
        raw=digests([raw for _, raw in flat]),
        texts=None if known is None else [known[one].encode() for one in flat],
    )


def ledger(held: Mapping[bytes, tuple[int, Sequence[Held]]]) -> Columns:
    """Return a ledger shard with these members."""
    made = members(held)
    return {
        **nobody(),
        "key": made.key,
        "digest": made.digest,
        "id.ends": made.ends,
        "id.field": made.field,
        "id.raw": made.raw,
    }


def as_dict(columns: Columns) -> dict[bytes, tuple[int, list[Held]]]:
    """Return a ledger shard as key -> (digest, identifiers in order)."""
    found = {}
    start = 0
    for place, end in enumerate(columns["id.ends"].tolist()):
        flat = [(int(columns["id.field"][row]), columns["id.raw"][row].tobytes()) for row in range(start, end)]
        found[columns["key"][place : place + 1].tobytes()] = (int(columns["digest"][place]), flat)
        start = end
    return found


def texts_of(columns: Columns) -> list[str]:
    """Return the userIds in clear of a ledger shard, one an identifier."""
    return [raw.decode() for raw in text_list(columns["text.ends"], columns["text.data"])]


def equal(one: Columns, other: Columns) -> bool:
    """Whether two sets of columns hold the same bytes under the same names."""
    return one.keys() == other.keys() and all(one[name].tobytes() == other[name].tobytes() for name in one)


def by_key(columns: Columns, values: Any) -> dict[bytes, int]:
    """Return a column's values by the shard's keys."""
    return {columns["key"][place : place + 1].tobytes(): int(value) for place, value in enumerate(values)}

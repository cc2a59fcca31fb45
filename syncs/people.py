"""People as columns: what is kept of each person read from Customer.io. Raw emails and phones end here. Pure.

  key            S16  AES-CMAC of the cio_id under the workspace's key: the same person has the same key in every list
  cio.*               the cio_id, in clear: nobody is told from it
  email, email_google, phone_digits, phone_e164   V32  SHA-256 of a normal form; 32 zero bytes: absent. Those asked for
  unusable       u1   audiences.identity's bits: which identifier was there but could not be used, and why
  ext.*               the external id, empty: absent
  ext_at         u1   1: the external id contains "@"
  flag:<name>    u1   ABSENT, TRUE or OTHER
  arm:<name>     u8   the arm of a holdout (syncs/arms.py)
  trait:<name>.*      the raw value, empty: absent

Texts of varying length are two columns: `.ends` and `.data` (muster.columns.texts).

A head is what comparing needs of people, a quarter of the bytes: key, ext_at, flags, arms, and instead of each digest
  token:<name>   u8   its token (syncs/tokens.py)
The rest has of each digest what its token does not tell
  tail:<name>    V24  its last 24 bytes
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np

from audiences.cells import Cells
from audiences.identity import UNUSABLE, email_digests, phone_digests
from muster.cmac import Cmac, cmac
from muster.columns import DIGEST, KEY, Array, Columns

from . import arms
from .tokens import FIELD_CODES, digests, tails, tokens

ABSENT, TRUE, OTHER = 0, 1, 2
UNSUBSCRIBED: Final = "unsubscribed"
TRUTHY: Final = frozenset({"true", "1", "yes"})
TEXTS: Final = ".ends"
TOKENS: Final = "token:"
TAILS: Final = "tail:"
HEAD: Final = frozenset({"key", "ext_at"})
IN_HEAD: Final = ("flag:", arms.COLUMN)
DIGESTS: Final = {"email": "email", "email_google": "email", "phone_digits": "phone", "phone_e164": "phone"}


@dataclass(frozen=True)
class Asked:
    """What a reading asks for besides the ids (Pull.columns)."""

    email: bool
    phone: bool
    country: str
    flags: tuple[str, ...]
    traits: tuple[str, ...]
    arms: tuple[str, ...] = ()
    forms: frozenset[str] = frozenset(DIGESTS)

    @classmethod
    def of(cls, columns: Mapping[str, Any]) -> "Asked":
        return cls(
            email=bool(columns.get("email")),
            phone=bool(columns.get("phone")),
            country=str(columns.get("country") or ""),
            flags=tuple(sorted(columns.get("flags") or ())),
            traits=tuple(sorted(columns.get("traits") or ())),
            arms=tuple(sorted(columns.get("arms") or ())),
            forms=forms_asked(columns),
        )

    @property
    def attributes(self) -> list[str]:
        """Return the attributes to ask Customer.io for, and no other, in a fixed order."""
        identifiers = [name for name, asked in (("email", self.email), ("phone", self.phone)) if asked]
        return list(dict.fromkeys([*identifiers, *self.flags, *self.traits, *self.arms]))


class Columnist:
    """Makes columns of raw values. `secret` keys the people's keys; `workspace_id` keeps workspaces apart."""

    def __init__(self, asked: Asked, *, workspace_id: int, secret: bytes) -> None:
        self.asked = asked
        self.namers = [arms.Namer(name) for name in asked.arms]
        self._codes = Cmac(key_of_workspace(workspace_id, secret))

    def columns(self, raw: Mapping[str, Sequence[str]]) -> Columns:
        """Return the columns of some people, from the values of "cio_id", "id" and the attributes asked for, each a list.

        Raises TooManyArms.
        """
        cio_ids, external = raw["cio_id"], raw["id"]
        ids = texts_of(cio_ids)
        found: Columns = {"key": self._codes.of(*ids).view(KEY).reshape(-1), "cio.ends": ids[0], "cio.data": ids[1]}
        unusable = np.zeros(len(cio_ids), np.uint8)
        if self.asked.email:
            self._fill(found, unusable, *email_digests(raw["email"], self.asked.forms))
        if self.asked.phone:
            self._fill(found, unusable, *phone_digests(raw["phone"], self.asked.country, self.asked.forms))
        found["unusable"] = unusable
        found["ext.ends"], found["ext.data"] = texts_of(external)
        found["ext_at"] = np.zeros(len(external), np.uint8)
        if (found["ext.data"] == ord("@")).any():
            found["ext_at"][:] = ["@" in one for one in external]
        for name in self.asked.flags:
            found[f"flag:{name}"] = flags_of(raw[name])
        for name in self.asked.traits:
            found[f"trait:{name}.ends"], found[f"trait:{name}.data"] = texts_of(raw[name])
        for namer in self.namers:
            found[arms.COLUMN + namer.attribute] = namer.column(raw[namer.attribute])
        return found

    @staticmethod
    def _fill(
        found: Columns, unusable: Array, digests: Mapping[str, list[bytes]], reasons: Iterable[tuple[int, int]]
    ) -> None:
        for name, column in digests.items():
            found[name] = np.frombuffer(b"".join(column), DIGEST)
        for place, reason in reasons:
            unusable[place] |= reason


def forms_asked(columns: Mapping[str, Any]) -> frozenset[str]:
    """Return the normal forms that a reading is to hold (Pull.columns): where none is named, each of its identifiers'."""
    known = {form for form, identifier in DIGESTS.items() if columns.get(identifier)}
    return frozenset(known if columns.get("forms") is None else known.intersection(columns["forms"]))


def flags_of(values: Sequence[str]) -> Array:
    """Return TRUE for what Customer.io stores as true, ABSENT for a missing value, OTHER for anything else."""
    known: dict[str, int] = {}
    for value in set(values):
        text = value.strip().lower()
        known[value] = TRUE if text in TRUTHY else OTHER if text else ABSENT
    return np.fromiter(map(known.__getitem__, values), np.uint8, len(values))


def texts_of(values: Sequence[str]) -> tuple[Array, Array]:
    """Return the end offsets and the bytes of texts, as muster.columns.texts does for bytes."""
    if isinstance(values, Cells):
        return values.texts
    joined = "".join(values)
    lengths: Iterable[int] = map(len, values) if joined.isascii() else (len(value.encode()) for value in values)
    ends = np.cumsum(np.fromiter(lengths, np.uint32, len(values)), dtype=np.uint32)
    return ends, np.frombuffer(joined.encode(), np.uint8)


def taken(columns: Columns, order: Array) -> Columns:
    """Return the people at these places, in this order."""
    found: Columns = {}
    for name, column in columns.items():
        if name.endswith(TEXTS):
            data = name.removesuffix(TEXTS) + ".data"
            found[name], found[data] = taken_texts(column, columns[data], order)
        elif not name.endswith(".data"):
            found[name] = np.take(column, order)
    return found


def taken_texts(ends: Array, data: Array, order: Array) -> tuple[Array, Array]:
    """Return the texts at these places, in this order."""
    lengths: Array = np.diff(ends.astype(np.int64), prepend=np.int64(0))
    if len(ends) and (lengths == lengths[0]).all():
        rows = np.take(data.reshape(len(ends), -1), order, axis=0)
        return ends[: len(order)], rows.reshape(-1)
    chosen = np.take(lengths, order)
    new_ends = np.cumsum(chosen)
    shifts = np.take(ends.astype(np.int64), order) - new_ends
    return new_ends.astype(np.uint32), np.take(data, np.repeat(shifts, chosen) + np.arange(chosen.sum()))


def between(columns: Columns, start: int, stop: int) -> Columns:
    """Return the people at the places [start, stop)."""
    found: Columns = {}
    for name, column in columns.items():
        if name.endswith(".data"):
            continue
        found[name] = column[start:stop]
        if name.endswith(TEXTS):
            first = int(column[start - 1]) if start else 0
            data = name.removesuffix(TEXTS) + ".data"
            last = int(column[stop - 1]) if stop > start else first
            found[name] = column[start:stop] - np.uint32(first)
            found[data] = columns[data][first:last]
    return found


def parted(columns: Columns) -> tuple[Columns, Columns]:
    """Return people's heads and the rest of them; `whole` makes of both what it was, and the tokens besides."""
    head = {name: column for name, column in columns.items() if name in HEAD or name.startswith(IN_HEAD)}
    known = {name: FIELD_CODES[field] for name, field in DIGESTS.items() if name in columns}
    rest = {name: column for name, column in columns.items() if name not in head and name not in known}
    head |= {TOKENS + name: tokens(columns[name], code) for name, code in known.items()}
    return head, rest | {TAILS + name: tails(columns[name]) for name in known}


def whole(head: Columns, rest: Columns) -> Columns:
    """Return people of whom `parted` made this head and this rest."""
    known = {name: FIELD_CODES[field] for name, field in DIGESTS.items() if TAILS + name in rest}
    found = head | {name: column for name, column in rest.items() if not name.startswith(TAILS)}
    return found | {name: digests(head[TOKENS + name], rest[TAILS + name], code) for name, code in known.items()}


def joined(parts: Sequence[Columns]) -> Columns:
    """Return several sets of people as one, in order. At least one part is needed."""
    if len(parts) == 1:
        return parts[0]
    found: Columns = {}
    for name in parts[0]:
        columns = [part[name] for part in parts]
        if name.endswith(TEXTS):
            data = name.removesuffix(TEXTS) + ".data"
            found[name], found[data] = joined_texts(columns, [part[data] for part in parts])
        elif not name.endswith(".data"):
            found[name] = np.concatenate(columns)
    return found


def joined_texts(ends: Sequence[Array], data: Sequence[Array]) -> tuple[Array, Array]:
    """Return several sets of texts as one, in order."""
    shifts = np.cumsum([0, *map(len, data[:-1])])
    moved = [column + np.uint32(shift) for column, shift in zip(ends, shifts, strict=True)]
    return np.concatenate(moved), np.concatenate(data)


def prefixes(keys: Array, count: int) -> Array:
    """Return for each key the number that its first bits name among `count` prefixes, a power of two."""
    words = np.ascontiguousarray(keys).view(">u4").reshape(-1, 4)[:, 0].astype(np.uint32)
    bits = count.bit_length() - 1
    return words >> np.uint32(32 - bits) if bits else np.zeros(len(words), np.uint32)


def in_order(columns: Columns) -> tuple[Columns, int]:
    """Return the people sorted by key, each once, and how many rows were too many: the same key again."""
    words = np.ascontiguousarray(columns["key"]).view(">u8").reshape(-1, 2).astype(np.uint64)
    order = np.argsort(words[:, 0], kind="stable")
    ordered = np.take(words, order, axis=0)
    # Different keys that share their first half are rarer than anything, but then the order must still be right.
    ties = ordered[1:, 0] == ordered[:-1, 0]
    if ties.any() and (ordered[1:, 1] < ordered[:-1, 1])[ties].any():
        order = np.lexsort((words[:, 1], words[:, 0]))
        ordered = np.take(words, order, axis=0)
    again = np.all(ordered[1:] == ordered[:-1], axis=1)
    if again.any():
        order = order[np.concatenate([[True], ~again])]
    return taken(columns, order), int(again.sum())


def tally(columns: Columns) -> dict[str, int]:
    """Return how many people have a usable identifier of each kind, how many an unusable one, by reason, and each arm."""
    found = {"people": len(columns["key"]), **arms.tally(columns)}
    # Who has one form of an identifier has each, so that any of them will do.
    for column, identifier in DIGESTS.items():
        if column in columns and identifier not in found:
            words = np.ascontiguousarray(columns[column]).view(np.uint64).reshape(-1, 4)
            found[identifier] = int(words.any(axis=1).sum())
    found["external_id"] = int((np.diff(columns["ext.ends"].astype(np.int64), prepend=np.int64(0)) > 0).sum())
    found["id_has_at"] = int(columns["ext_at"].sum())
    for bit, reason in UNUSABLE.items():
        found[reason] = int((columns["unusable"] & np.uint8(bit) > 0).sum())
    return found


def key_of(workspace_id: int, cio_id: str, secret: bytes) -> bytes:
    """Return the key of one person."""
    return cmac(key_of_workspace(workspace_id, secret), cio_id.encode())


@cache
def key_of_workspace(workspace_id: int, secret: bytes) -> bytes:
    """Return the 32 bytes under which a workspace's people have their keys: of another one they have others."""
    return hashlib.blake2b(f"{workspace_id}".encode(), digest_size=32, key=secret).digest()

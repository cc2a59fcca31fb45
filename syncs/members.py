"""Members of a list as columns: what an accepted batch makes of them, cut anew when they have become more. Pure.

Columns of a shard: key S16, digest u8 (of what was last sent), id.ends u4 (cumulative identifiers a member), id.field u1,
id.raw V32 (SHA-256); for lists whose userId is in clear also text.ends, text.data, one text an identifier. Where
somebody was told to be in an arm of a holdout also arm u8, which (syncs/arms.py); 0 for the others.

A patch is the columns of the members that differ from a shard's, and in gone.key the keys of those who are no longer there.
"""

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from muster.columns import DIGEST, KEY, Array, Columns, text_list, texts

from .people import joined_texts, taken_texts
from .plan import flat_rows, lengths_of, owners_of
from .tokens import ODD, Tokens, halves, keys_among, located, mixed

MOST, LEAST = 12_500, 500
GONE: Final = "gone.key"
WAS: Final = "was."
ARM: Final = "arm"
BY_PLAN: Final = ("key", "id.ends")  # a plan has them as gone.key and gone.ends
FEW: Final = 16


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
    arm: Tokens | None = None


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
        "key": np.take(ledger["key"], members),
        "digest": np.take(ledger["digest"], members),
        "id.ends": ends,
        "id.field": np.take(ledger["id.field"], rows),
        "id.raw": np.take(ledger["id.raw"], rows),
    }
    if "text.ends" in ledger:
        columns["text.ends"], columns["text.data"] = taken_texts(ledger["text.ends"], ledger["text.data"], rows)
    if ARM in ledger:
        columns[ARM] = np.take(ledger[ARM], members)
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
    if added.arm is not None or ARM in ledger:
        arm = np.zeros(len(key), np.uint64)
        arm[np.searchsorted(key, ledger["key"])] = arms_of(ledger)
        arm[np.searchsorted(key, added.key)] = 0 if added.arm is None else added.arm
        columns[ARM] = arm
    return columns


def arms_of(ledger: Columns) -> Tokens:
    """Return the arm that each member was told to be in."""
    return ledger[ARM] if ARM in ledger else np.zeros(len(ledger["key"]), np.uint64)


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
    if added.arm is not None:
        columns[ARM] = added.arm
    return columns


def _distinct(order: Array, owner: Array, fields: Array, raw: Array) -> Array:
    """Return the order without the second of two equal identifiers of one member."""
    first_words = np.ascontiguousarray(raw).view(np.uint64).reshape(-1, 4)[:, 0]
    seen = np.rec.fromarrays([owner[order], fields[order], first_words[order]])
    _, first = np.unique(seen, return_index=True)
    return np.asarray(order[np.sort(first)])


def touched(change: Change) -> Array:
    """Return the keys of the members whom a change is about, sorted."""
    parts = [part for part in (change.remove_key, change.drop_key) if len(part)]
    if change.add is not None:
        parts.append(change.add.key)
    return parts[0] if len(parts) == 1 else np.unique(np.concatenate(parts)) if parts else change.remove_key


def patch_of(keys: Array, before: Columns, change: Change) -> Columns:
    """Return the patch that a change of members with these keys is; `before` are those of them who are there."""
    after = changed(before, change)
    return {**after, GONE: keys[~keys_among(keys, after["key"])]}


def those_of(keys: Array, whole: Columns, patch: Columns | None) -> Columns:
    """Return the members with these sorted keys of a shard, without making all of it."""
    if patch is None:
        return _some(keys, whole)
    newer = _some(keys, patch)
    older = keys[~keys_among(keys, patch["key"]) & ~keys_among(keys, patch[GONE])]
    return merged(_some(older, whole), {**newer, GONE: keys[:0]})


def told_members(keys: Array, ledger: Columns) -> Columns | None:
    """Return the members with these keys where they are few of a shard: then a plan tells of them, else the ledger does."""
    return _some(keys, ledger) if 0 < len(keys) * FEW <= len(ledger["key"]) else None


def with_members(keys: Array, held: Columns | None) -> Columns:
    """Return the columns by which a plan tells how the ledger holds the people with these keys."""
    if held is None or not len(keys):
        return {}
    return {f"{WAS}{name}": column for name, column in _some(keys, held).items() if name not in BY_PLAN}


def members_told(plan: Columns) -> Columns | None:
    """Return the ledger's columns of everybody who is gone by a plan, None where it does not tell them."""
    told = {name.removeprefix(WAS): column for name, column in plan.items() if name.startswith(WAS)}
    return {"key": plan["gone.key"], "id.ends": plan["gone.ends"], **told} if told else None


def _some(keys: Array, members: Columns) -> Columns:
    places, found = located(keys, members["key"])
    return selected(members, places[found])


def merged(before: Columns, patch: Columns) -> Columns:
    """Return the columns of a shard, or of a patch, with a later patch applied."""
    new = {name: column for name, column in patch.items() if name != GONE}
    if not len(before["key"]):
        return new
    kept = np.ones(len(before["key"]), np.bool_)
    for keys in (new["key"], patch[GONE]):
        places, found = located(keys, before["key"])
        kept[places[found]] = False
    staying = np.flatnonzero(kept)
    at = np.searchsorted(before["key"][staying], new["key"])
    order = np.insert(staying, at, len(kept) + np.arange(len(new["key"])))
    return selected(joined([before, new]), order)


def combined(first: Columns, then: Columns) -> Columns:
    """Return two patches of a shard as one."""
    after = merged({name: column for name, column in first.items() if name != GONE}, then)
    gone = np.unique(np.concatenate([first[GONE], then[GONE]]))
    return {**after, GONE: gone[~keys_among(gone, after["key"])]}


def fingerprint(columns: Columns, secret: int) -> tuple[int, int]:
    """Return 128 keyed bits over a shard's members. Those of two shards without a common member add up to those of both.

    Meant against accidents: whoever means harm is kept out by the seal.
    """
    first = halves(columns["key"])
    second = np.ascontiguousarray(columns["key"]).view(np.uint64).reshape(-1, 2)[:, 1]
    member = mixed(mixed(mixed(first ^ np.uint64(secret)) * ODD + second) * ODD + columns["digest"])
    ends, lengths = columns["id.ends"].astype(np.int64), lengths_of(columns["id.ends"])
    place = (np.arange(len(columns["id.field"])) - np.repeat(ends - lengths, lengths)).astype(np.uint64)
    raw = np.ascontiguousarray(columns["id.raw"]).view(np.uint64).reshape(-1, 4)
    named = columns["id.field"] + (place << np.uint64(8))
    carried = mixed((np.repeat(member, lengths) ^ np.bitwise_xor.reduce(raw, axis=1)) * ODD + named)
    each: Tokens = np.concatenate([member, carried])
    return int(each.sum(dtype=np.uint64)), int(mixed(each ^ np.uint64(secret)).sum(dtype=np.uint64))


def shard_count(people: int) -> int:
    """Return the power of two that gives shards of 6,250 to 12,500 people: as many as one request carries.

    So a first sync writes each shard once, and what a shard costs besides its people is shared by many.
    """
    return 1 << max(0, (max(1, people) - 1) // MOST).bit_length()


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
        columns["text.ends"], columns["text.data"] = joined_texts(
            [part["text.ends"] for part in parts], [part["text.data"] for part in parts]
        )
    if any(ARM in part for part in parts):
        columns[ARM] = np.concatenate([arms_of(part) for part in parts])
    return columns

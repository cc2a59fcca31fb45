"""Staged shards: the people of one complete reading, by key prefix, sealed in the database for as long as runs need them.

A shard's columns, in its head and in the rest, are told in syncs/people.py. Shard n of N holds the keys whose first bits
are n, sorted by key.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

import numpy as np
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from muster.columns import Array, Columns, pack, unpack
from muster.light_commits import light_here
from muster.vault import seal, unseal

from .ahead import Ahead, beforehand
from .arms import names_of
from .as_shown import wanted_readings
from .lease import Lease
from .models import Batch, Pull, Run, StagedShard
from .people import between, forms_asked, joined, parted, prefixes, taken, tally, whole
from .spool import Spool
from .states import LIVE, BatchState, PullState

MOST_PEOPLE: Final = 12_500
LEAST_PEOPLE: Final = 512
SHARD_BYTES: Final = 3_000_000
AT_ONCE_BYTES: Final = 8_000_000
KEPT: Final = timedelta(minutes=15)
LONGEST: Final = timedelta(hours=24)
ROWS_AT_ONCE: Final = 32
HEADS_AT_ONCE: Final = 16
RESTS_AT_ONCE: Final = 4


class NotStaged(LookupError):
    """The people of a reading are not there any more, or never were: read the segment again."""


def covers(have: Mapping[str, Any], want: Mapping[str, Any]) -> bool:
    """Whether a reading with the columns `have` holds all of `want` (Pull.columns)."""
    return (
        bool(have.get("email")) >= bool(want.get("email"))
        and bool(have.get("phone")) >= bool(want.get("phone"))
        and forms_asked(have) >= forms_asked(want)
        and (not want.get("phone") or have.get("country") == want.get("country"))
        and set(have.get("flags") or ()) >= set(want.get("flags") or ())
        and set(have.get("traits") or ()) >= set(want.get("traits") or ())
        and set(have.get("arms") or ()) >= set(want.get("arms") or ())
    )


class Staged:
    """The people of a complete reading, for one thread that goes through their prefixes in order, more than once."""

    def __init__(self, pull: Pull) -> None:
        if pull.state != PullState.COMPLETE or not pull.shards or pull.dropped_at:
            raise NotStaged(f"{pull} has no staged people")
        self.pull_id, self.fence, self.shards = pull.pk, pull.fence, pull.shards
        self.people = int(pull.counts.get("people", 0))
        self._counts = pull.counts
        self._heads = Ahead(partial(self._loaded, "head"), pull.shards, HEADS_AT_ONCE)
        self._rests = Ahead(partial(self._loaded, "rest"), pull.shards, RESTS_AT_ONCE)

    def arms(self, attribute: str) -> dict[int, str]:
        """Return the arms that somebody is in, by token."""
        return names_of(self._counts, attribute)

    def heads(self, number: int, of: int) -> Columns:
        """Return the heads of the people of prefix `number` among `of` (a power of two), by key. Raises NotStaged."""
        return self._prefix(number, of, self._heads.__getitem__)

    def columns(self, number: int, of: int) -> Columns:
        """Return the whole of the people of prefix `number` among `of`, sorted by key. Raises NotStaged."""
        return self._prefix(number, of, lambda place: whole(self._heads[place], self._rests[place]))

    def some(self, number: int, of: int, places: Array) -> Columns:
        """Return the whole of the people at these places, in order, of prefix `number` among `of`. Raises NotStaged."""
        head = self.heads(number, of)
        if len(places) == len(head["key"]):
            return self.columns(number, of)
        if of > self.shards:
            return taken(self.columns(number, of), places)
        rest = self._prefix(number, of, self._rests.__getitem__)
        return whole(taken(head, places), taken(rest, places))

    def _prefix(self, number: int, of: int, shard: Callable[[int], Columns]) -> Columns:
        if of <= self.shards:
            size = self.shards // of
            return joined([shard(place) for place in range(number * size, (number + 1) * size)])
        found = shard(number * self.shards // of)
        start, stop = np.searchsorted(prefixes(found["key"], of), [number, number + 1]).tolist()
        return between(found, start, stop)

    def _loaded(self, part: str, first: int, stop: int) -> list[Columns]:
        rows = StagedShard.objects.filter(pull=self.pull_id, fence=self.fence, number__gte=first, number__lt=stop)
        found = list(rows.order_by("number").values_list("number", part))
        if len(found) != stop - first:
            raise NotStaged(f"shards {first} to {stop - 1} of reading {self.pull_id} are not all there")
        return [unpack(unseal(bytes(blob), aad=aad(self.pull_id, self.fence, number, part))) for number, blob in found]


def aad(pull_id: int, fence: int, number: int, part: str) -> bytes:
    """Return what a part of a staged shard, `head` or `rest`, is bound to."""
    return f"pull:{pull_id}:{fence}:{number}:{part}".encode()


def shard_count(people: int, width: float) -> int:
    """Return how many shards, a power of two, hold up to 12,500 people each, or fewer of `width` bytes where they are wide."""
    most = min(MOST_PEOPLE, max(LEAST_PEOPLE, int(SHARD_BYTES / max(width, 1.0))))
    return 1 << (max(1, -(-people // most)) - 1).bit_length()


def store(lease: Lease, spool: Spool, empty: Columns, beat: Callable[[], None]) -> tuple[int, dict[str, int]]:
    """Write a spool's people as staged shards of the lease's fence; return the number of shards and Pull.counts.

    `empty` is a shard of nobody. Raises LeaseLost, and what `beat` raises, between bounded transactions.
    """
    width = spool.bytes / spool.rows if spool.rows else 1.0
    shards = max(spool.buckets, shard_count(spool.rows, width))
    counts: Counter[str] = Counter(duplicates=0)
    people = _cut(spool, empty, shards // spool.buckets, counts)
    # The database waits for the disk; what it gets next is made meanwhile. Nobody reads a shard before its reading is
    # complete, and that commit waits until all of them are on the disk.
    with light_here():
        for some in beforehand(_sealed(lease, people)):
            _insert(lease, some)
            beat()
    return shards, dict(counts)


def _sealed(lease: Lease, shards: Iterator[tuple[int, Columns]]) -> Iterator[list[StagedShard]]:
    """Yield rows of staged shards, some megabytes at a time. Asks the database nothing."""
    waiting: list[StagedShard] = []
    size = 0
    for number, people in shards:
        shard = StagedShard(pull=lease.row, fence=lease.fence, number=number, people=len(people["key"]))
        for part, columns in zip(("head", "rest"), parted(people), strict=True):
            setattr(shard, part, seal(pack(columns), aad=aad(lease.row.pk, lease.fence, number, part)))
        waiting.append(shard)
        size += len(shard.head) + len(shard.rest)
        if size >= AT_ONCE_BYTES:
            yield waiting
            waiting, size = [], 0
    yield waiting


def _cut(spool: Spool, empty: Columns, parts: int, counts: Counter[str]) -> Iterator[tuple[int, Columns]]:
    for bucket, (people, duplicates) in enumerate(spool.by_prefix(empty)):
        counts["duplicates"] += duplicates
        counts.update(tally(people))
        places = prefixes(people["key"], spool.buckets * parts)
        first = bucket * parts
        stops = np.searchsorted(places, np.arange(first, first + parts + 1)).tolist()
        for part in range(parts):
            yield first + part, between(people, stops[part], stops[part + 1])


def _insert(lease: Lease, shards: list[StagedShard]) -> None:
    with transaction.atomic():
        # Writing anything of the row proves the fence, and keeps others from taking over until the shards are in.
        lease.write(shards=0)
        StagedShard.objects.bulk_create(shards)


def forget(lease: Lease) -> None:
    """Delete what the lease's fence staged; whoever took over keeps what is theirs."""
    _delete(Q(pull=lease.row.pk, fence=lease.fence))


def drop_unused(at: datetime) -> int:
    """Delete staged shards that nobody needs, and return of how many complete readings.

    Those are: of older fences and of readings that did not become complete; and of complete readings that ended 15
    minutes ago and that no live run and no count uses, or 24 hours ago. What a request without a recorded answer was made
    from stays, and what a release may still be sent from.
    """
    Pull.objects.filter(
        state__in=(PullState.WAITING, PullState.RUNNING), lease_until=None, created_at__lt=at - LONGEST
    ).update(
        state=PullState.FAILED,
        reason="abandoned",
        words="Nobody needed this reading any more, so it was given up. Nothing was changed. Nothing to do.",
        finished_at=at,
        fence=F("fence") + 1,
    )
    live = Run.objects.filter(state__in=LIVE)
    owed = Batch.objects.filter(run__pull=OuterRef("pk"), state=BatchState.SENDING)
    used: Q = Q(Exists(live.filter(pull=OuterRef("pk")))) | Q(Exists(live.filter(exclusion_pulls=OuterRef("pk"))))
    old = Pull.objects.filter(state=PullState.COMPLETE, dropped_at=None, finished_at__lt=at - KEPT)
    used |= Q(pk__in=wanted_readings(at)) | Q(kept_until__gt=at)
    unused = old.filter(~used | Q(finished_at__lt=at - LONGEST)).filter(~Exists(owed))
    dropped = unused.update(dropped_at=at)
    staged = set(StagedShard.objects.order_by().values_list("pull_id", "fence").distinct())
    pulls = Pull.objects.in_bulk({pull_id for pull_id, _ in staged})
    for pull_id, fence in staged:
        if _is_garbage(pulls[pull_id], fence):
            _delete(Q(pull=pull_id, fence=fence))
    return dropped


def _is_garbage(pull: Pull, fence: int) -> bool:
    kept = pull.state in (PullState.RUNNING, PullState.COMPLETE) and pull.dropped_at is None
    return fence != pull.fence or not kept


def _delete(which: Q) -> None:
    """Delete in small transactions: a shard is half a megabyte, and others want to write meanwhile."""
    while numbers := list(StagedShard.objects.filter(which).values_list("pk", flat=True)[:ROWS_AT_ONCE]):
        StagedShard.objects.filter(pk__in=numbers).delete()

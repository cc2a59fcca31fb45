"""Who is in a segment: a window on a keyed ring of people, minus some, plus some. Pure arithmetic, any size, exact."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from math import gcd


@dataclass(frozen=True)
class Ring:
    """People [start, start + length) in a keyed order; the members are `size` consecutive places from `offset` on.

    Moving `offset` by n lets exactly n people leave and n others enter.
    """

    start: int
    length: int
    size: int
    offset: int
    multiplier: int

    @classmethod
    def keyed(cls, key: int, start: int, stop: int, share: float, offset: int) -> Ring:
        """The ring of a segment: its key decides the order."""
        length = max(0, stop - start)
        if not length:
            return cls(start, 0, 0, 0, 1)
        digest = blake2b(f"ring:{key}".encode(), digest_size=8).digest()
        multiplier = int.from_bytes(digest, "little") % length or 1
        while gcd(multiplier, length) != 1:
            multiplier += 1
        return cls(start, length, min(length, round(length * share)), offset % length, multiplier)

    def rank(self, number: int) -> int | None:
        """The place of a member within the window, or None."""
        if not self.start <= number < self.start + self.length:
            return None
        rank = ((number - self.start) * self._inverse - self.offset) % self.length
        return rank if rank < self.size else None

    def numbers(self, first: int) -> Iterator[int]:
        """Members from rank `first` on, to the end of the window."""
        place = (self.offset + first) * self.multiplier % self.length if self.length else 0
        for _ in range(first, self.size):
            yield self.start + place
            place = (place + self.multiplier) % self.length

    @cached_property
    def _inverse(self) -> int:
        return pow(self.multiplier, -1, self.length) if self.length > 1 else 0


@dataclass(frozen=True)
class Roster:
    """A segment's members in a stable order: the ring's, without the ranks in `gone`, then `extra`, the first `limit`."""

    ring: Ring
    gone: Sequence[int] = ()
    extra: Sequence[int] = ()
    limit: int | None = None
    _gone: frozenset[int] = field(init=False, repr=False)
    _extra: frozenset[int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_gone", frozenset(self.gone))
        object.__setattr__(self, "_extra", frozenset(self.extra))

    def full_size(self) -> int:
        """The number of members, whatever the limit."""
        return self.ring.size - len(self.gone) + len(self.extra)

    def __len__(self) -> int:
        return self.full_size() if self.limit is None else min(self.limit, self.full_size())

    def __contains__(self, number: int) -> bool:
        if number in self._extra:
            return True
        rank = self.ring.rank(number)
        return rank is not None and rank not in self._gone

    def numbers(self, start: int = 0, stop: int | None = None) -> Iterator[int]:
        """Members at the positions [start, stop)."""
        left = min(len(self), len(self) if stop is None else stop) - start
        from_ring = self.ring.size - len(self.gone)
        if start < from_ring:
            first = self._nth_rank(start)
            for rank, number in enumerate(self.ring.numbers(first), first):
                if left <= 0:
                    return
                if rank not in self._gone:
                    left -= 1
                    yield number
        position = max(0, start - from_ring)
        yield from self.extra[position : position + max(0, left)]

    def _nth_rank(self, position: int) -> int:
        """The rank of the member at `position`, counting without the gone ones (which are sorted)."""
        low, high = position, position + len(self.gone)
        while low < high:
            middle = (low + high) // 2
            if middle + 1 - bisect_right(self.gone, middle) > position:
                high = middle
            else:
                low = middle + 1
        return low

"""Counts people who share an identifier: who else carries it, and in how many groups they are. Keeps nobody.

The identifiers of millions are sorted in parts; what is too much for memory goes encrypted to a nameless file, as in
syncs/buckets.py. Where nothing repeats, that is all. Where a count went before, only who changed since is looked for.
"""

from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import numpy as np

from muster.columns import Array

from .buckets import Buckets
from .eligibility import Out
from .plan import ADD, CHANGE, Sides
from .tokens import ABSENT, ODD, Tokens, TokenSet, halves, mixed

IN_MEMORY: Final = 4_000_000  # tokens of 8 bytes
AT_ONCE: Final = 1_000_000
WIDTH: Final = 64  # bits
FEW: Final = 8  # who changed, as a share of everybody: one in so many
MOST_SOUGHT: Final = 4_000_000
MOST_KEPT: Final = 1_000_000


@dataclass(frozen=True)
class Known:
    """What a count leaves for the next one: a print of the people counted, by ledger shard, and the tokens they share, sorted."""

    prints: Tokens
    shared: Tokens


class Sharing:
    """Counts the people wanted of a plan who share an identifier, exactly, in looks at everybody, prefix by prefix.

    Whoever was counted before, and is on the list as they were counted, shares with others of these what was shared then
    and nothing else. So the second look is for what the others carry and for what was shared before, if that is little;
    else for everything. `expected` is how many tokens there will be.
    """

    def __init__(self, before: Known | None, shards: int, expected: int, folder: Path) -> None:
        fits = before is not None and len(before.prints) == shards
        self._before = before if fits else None
        self._most = min(expected // FEW, MOST_SOUGHT) if fits else -1
        self._prints: Tokens = np.zeros(shards, np.uint64)
        self._new: list[Tokens] = []
        self._count = 0
        self._expected, self._folder = expected, folder
        self._closing = ExitStack()
        self._repeats: Repeats | None = None
        self._owners: list[Array] = []
        self._carried: list[Tokens] = []
        self._shared: Tokens = np.zeros(0, np.uint64)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.close()

    def compared(self, number: int, sides: Sides, op: Array) -> None:
        """Take a prefix as it was compared with the ledger: the first look."""
        wanted = sides.out == Out.IN
        self._prints[number] = print_of(sides.people["key"], sides.digests, wanted)
        if self._before is None or self._count > self._most:
            return
        if self._before.prints[number] == print_of(sides.ledger["key"], sides.ledger["digest"]):
            wanted &= (op == ADD) | (op == CHANGE)
        new = [mine[wanted] for mine in sides.identifiers.tokens(sides.people).values()]
        self._new += new
        self._count += sum(map(len, new))
        if self._count > self._most:
            self._new.clear()

    def left_out(self, number: int, keys: Array, digests: Tokens) -> None:
        """Take back people of a prefix who turned out not to be wanted."""
        self._prints[number : number + 1] -= print_of(keys, digests)

    def sought(self) -> TokenSet | None:
        """Return the tokens to look for among everybody, after the first look; None: everything is to be added."""
        if self._before is not None and self._count <= self._most:
            return TokenSet.of([*self._new, self._before.shared])
        self._repeats = self._closing.enter_context(Repeats(self._expected, self._folder))
        return None

    def add(self, tokens: Iterable[Tokens]) -> None:
        """Take everything that wanted people carry."""
        assert self._repeats is not None, "everything is looked for"
        for mine in tokens:
            self._repeats.add(mine)

    def repeated(self) -> TokenSet:
        """Return the tokens to look for among everybody, of everything that was added."""
        return TokenSet(self._repeats.found() if self._repeats else np.zeros(0, np.uint64))

    def look(self, people: Array, tokens: Iterable[Tokens], sought: TokenSet) -> None:
        """Look for tokens at wanted people, whose numbers are the same at every look."""
        for mine in tokens:
            places = np.flatnonzero(sought.holds(mine))
            self._owners.append(people[places])
            self._carried.append(mine[places])

    def people(self) -> int:
        """Return how many people there are beyond one for each group who share identifiers, once all looks are done."""
        tokens = _joined(self._carried)
        self._shared = _repeated([tokens])
        if not len(self._shared):
            return 0
        places = np.flatnonzero(TokenSet(self._shared).holds(tokens))
        return beyond_first(np.concatenate(self._owners)[places], tokens[places])

    @property
    def known(self) -> Known | None:
        """What the next count may go by; None where that would be too much."""
        return Known(self._prints, self._shared) if len(self._shared) <= MOST_KEPT else None


def print_of(keys: Array, digests: Tokens, which: Array | slice = slice(None)) -> np.uint64:
    """Return 64 bits over people and what would be sent of them; those of two sets without a common person add up.

    Keys and digests are keyed, so nobody can choose them.
    """
    return np.uint64(mixed(halves(keys) * ODD + digests)[which].sum(dtype=np.uint64))


class Repeats:
    """Finds the tokens that come more than once. `expected` is how many will come; more than that would cost memory."""

    def __init__(self, expected: int, folder: Path) -> None:
        self._bits = 0 if expected <= IN_MEMORY else (-(-expected // AT_ONCE) - 1).bit_length()
        self._waiting: list[Tokens] = []
        self._held = 0
        self._closing = ExitStack()
        if self._bits:
            self._sealed = self._closing.enter_context(Buckets(1 << self._bits, folder))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._waiting.clear()
        self._closing.close()

    def add(self, tokens: Tokens) -> None:
        """Take some more tokens. One person has none of them twice."""
        self._waiting.append(tokens[tokens != ABSENT])
        self._held += len(self._waiting[-1])
        if self._bits and self._held >= AT_ONCE:
            self._write_out()

    def found(self) -> Tokens:
        """Return, sorted and each once, the tokens that came more than once."""
        if not self._bits:
            return _repeated(self._waiting)
        if self._waiting:
            self._write_out()
        return _joined([_repeated(self._parts(bucket)) for bucket in range(1 << self._bits)])

    def _write_out(self) -> None:
        tokens = np.sort(_joined(self._waiting))
        self._waiting, self._held = [], 0
        numbers = np.arange(1, 1 << self._bits, dtype=np.uint64) << np.uint64(WIDTH - self._bits)
        starts = [0, *np.searchsorted(tokens, numbers).tolist(), len(tokens)]
        for bucket, (start, stop) in enumerate(pairwise(starts)):
            if stop > start:
                self._sealed.put(bucket, tokens[start:stop].tobytes())

    def _parts(self, bucket: int) -> list[Tokens]:
        return [np.frombuffer(part, np.uint64) for part in self._sealed.parts(bucket)]


def _joined(parts: Iterable[Tokens]) -> Tokens:
    return np.concatenate([np.zeros(0, np.uint64), *parts])


def _repeated(parts: Iterable[Tokens]) -> Tokens:
    values = _joined(parts)
    values.sort()
    return np.unique(values[1:][values[1:] == values[:-1]])


def beyond_first(owners: Array, tokens: Tokens) -> int:
    """Return how many people there are beyond one for each group of people who share identifiers.

    `owners` (numbers of people) and `tokens` are pairs; two people are in one group who share a token, or share one each
    with a third.
    """
    if not len(owners):
        return 0
    people, whose = np.unique(owners, return_inverse=True)
    names, which = np.unique(tokens, return_inverse=True)
    groups = np.arange(len(people))
    while True:
        least = np.full(len(names), len(people))
        np.minimum.at(least, which, groups[whose])
        after = groups.copy()
        np.minimum.at(after, whose, least[which])
        after = after[after]  # whoever is in the group of somebody is in the group that they are in
        if (after == groups).all():
            return len(people) - len(np.unique(groups))
        groups = after

"""Keeps the people of one reading apart by key prefix, with bounded memory: what is too much goes to a file."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import numpy as np

from muster.columns import Columns, pack, unpack

from .buckets import Buckets
from .people import between, in_order, joined, prefixes, taken

IN_MEMORY: Final = 200_000
AT_ONCE: Final = 100_000
BUCKET: Final = 40_000


class Spool:
    """People by prefix. `expected` is how many will come; more than that would cost memory."""

    def __init__(self, expected: int, folder: Path) -> None:
        buckets = 1 if expected <= IN_MEMORY else 1 << (max(1, expected // BUCKET) - 1).bit_length()
        self.buckets: Final = buckets
        self.rows = 0
        self.bytes = 0
        self._waiting: list[Columns] = []
        self._held = 0
        self._closing = ExitStack()
        if buckets > 1:
            self._sealed = self._closing.enter_context(Buckets(buckets, folder))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._waiting.clear()
        self._closing.close()

    def add(self, people: Columns) -> None:
        """Take some more people."""
        self._waiting.append(people)
        self._held += len(people["key"])
        self.rows += len(people["key"])
        self.bytes += sum(column.nbytes for column in people.values())
        if self.buckets > 1 and self._held >= AT_ONCE:
            self._write_out()

    def by_prefix(self, empty: Columns) -> Iterator[tuple[Columns, int]]:
        """Yield for each prefix in order its people, sorted by key and each once, and how many rows were too many.

        `empty` is what a prefix without people gives.
        """
        if self.buckets > 1 and self._waiting:
            self._write_out()
        for bucket in range(self.buckets):
            parts = [unpack(part) for part in self._sealed.parts(bucket)] if self.buckets > 1 else self._waiting
            yield in_order(joined(parts)) if parts else (empty, 0)

    def _write_out(self) -> None:
        people = joined(self._waiting)
        self._waiting, self._held = [], 0
        numbers = prefixes(people["key"], self.buckets).astype(np.uint16)
        people = taken(people, np.argsort(numbers, kind="stable"))
        stops: Sequence[int] = np.cumsum(np.bincount(numbers, minlength=self.buckets)).tolist()
        start = 0
        for bucket, stop in enumerate(stops):
            if stop > start:
                self._sealed.put(bucket, pack(between(people, start, stop)))
            start = stop

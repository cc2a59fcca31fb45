"""Loads numbered things some at a time, for whoever goes through them in order: a question for each costs more than it brings."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

Thing = TypeVar("Thing")


class Ahead(Generic[Thing]):
    """Things numbered from 0 to `count`. `load` returns those of [first, stop); at most `at_once` are held."""

    def __init__(self, load: Callable[[int, int], Sequence[Thing]], count: int, at_once: int) -> None:
        self._load, self._count, self._at_once = load, count, at_once
        self._first = 0
        self._held: Sequence[Thing] = ()

    def __getitem__(self, number: int) -> Thing:
        if not self._first <= number < self._first + len(self._held):
            self._held = ()
            self._first, self._held = number, self._load(number, min(self._count, number + self._at_once))
        return self._held[number - self._first]


def beforehand(things: Iterator[Thing]) -> Iterator[Thing]:
    """Yield the things, each made in a thread while whoever takes them works on the one before."""
    end = object()
    with ThreadPoolExecutor(1) as thread:
        made = thread.submit(next, things, end)
        while (thing := made.result()) is not end:
            made = thread.submit(next, things, end)
            yield thing  # type: ignore[misc]

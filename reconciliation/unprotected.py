"""How long a suppression was past twice its freshness target: people who bought since were not kept away. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

BREACH: Final = 2  # times the target

Span = tuple[datetime, datetime]


def past_target(arrived: Iterable[Span], target: timedelta, start: datetime, end: datetime) -> list[Span] | None:
    """Return the spans between start and end in which a list was past twice its target; None if it never arrived before.

    `arrived`: of each run that arrived, when its reading of the segment began and when the run ended. Before the first
    one the list protected nobody by intention, and is not counted.
    """
    runs = sorted((ended, began) for began, ended in arrived if ended < end)
    if not runs:
        return None
    found: list[Span] = []
    newest = runs[0][1]
    for place, (ended, began) in enumerate(runs):
        newest = max(newest, began)
        until = runs[place + 1][0] if place + 1 < len(runs) else end
        low, high = max(start, ended, newest + BREACH * target), min(until, end)
        if low < high:
            found.append((low, high))
    return found


def missing_until(arrived: Iterable[Span], start: datetime, end: datetime) -> list[Span]:
    """Return the span in which a list that is required had never arrived; none where it had before."""
    first = min((ended for _, ended in arrived), default=end)
    return [(start, min(first, end))] if start < min(first, end) else []


def together(spans: Iterable[Span]) -> timedelta:
    """Return the time covered by at least one of the spans."""
    covered, reached = timedelta(), None
    for low, high in sorted(spans):
        start = low if reached is None else max(low, reached)
        if high > start:
            covered += high - start
            reached = high
    return covered


def of_account(lists: Sequence[list[Span] | None]) -> timedelta | None:
    """Return how long some list of an account was out; None if nothing can be counted."""
    known = [one for one in lists if one is not None]
    return together(span for own in known for span in own) if known else None

"""How many people a known event explains at the destination: estimates, as bands, for the ladder and for causes. Pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from syncs.forecast import PUBLISHED

from .bands import NOBODY, Band, exactly
from .steps import Explained

WEEK: Final = timedelta(days=7)
Share = tuple[float, float]  # percent of those sent who are usually there, from and to


def expired(sent: Iterable[tuple[datetime, int]], life: timedelta | None, at: datetime, share: Share) -> Explained:
    """Return who expired at the platform: sent last longer ago than a member lives there.

    `sent`: people by when they were last sent (added or sent again). Platforms expire in daily steps of their own: who is
    a day before or after the end may or may not be there.
    """
    if life is None:
        return Explained("expired", NOBODY, estimated=True)
    known = list(sent)
    day = timedelta(days=1)
    surely = sum(people for when, people in known if at - when > life + day)
    maybe = sum(people for when, people in known if at - when > life - day)
    return Explained("expired", Band(surely, maybe).share(*share), estimated=True)


def forecast(sent: Iterable[tuple[datetime, int]], life: timedelta, at: datetime, weeks: int) -> list[int]:
    """Return how many of the people sent expire in each of the next weeks, unless they are sent again."""
    found = [0] * weeks
    for when, people in sent:
        week = (when + life - at) // WEEK
        if 0 <= week < weeks:
            found[week] += people
    return found


def lag(additions: int, removals: int, share: Share) -> tuple[Explained, Explained]:
    """Return who is not there yet, and who is still there, since the platform counted before they were sent."""
    return (
        Explained("lag", exactly(additions).share(*share), estimated=True),
        Explained("leaving", exactly(removals).share(*share), estimated=True),
    )


def skewed(people: int) -> tuple[Explained, Explained]:
    """Return who may be missing or too many since the segment moved between two counts (reconciliation/evidence.py)."""
    moved = Explained("skew", Band(0, people), estimated=True)
    return moved, moved


def not_removed(removals: int, share: Share) -> Explained:
    """Return who may still be there of the people whose removal was accepted while the size did not fall."""
    return Explained("not_removed", exactly(removals).share(*share), estimated=True)


def coverage_fell(people: int, points: float, uplift: Share) -> Explained:
    """Return who is not matched any more since the coverage of an identifier fell by so many percentage points.

    `uplift`: by how many percent of those who carry it the identifier raises the match.
    """
    lost = round(people * points / 100)
    return Explained("coverage", exactly(lost).share(*uplift), estimated=True)


def uplift(platform: str, identifier: str, own: Share | None = None) -> Share | None:
    """Return by how many percent an identifier raises the match of those who carry it, None where nothing is known.

    `own`: as measured when the list began to send it. Else by published ranges: of a phone beside an email, what it adds;
    of an email, everything that is matched by it.
    """
    if own is not None:
        return own
    if platform not in PUBLISHED:
        return None
    email, both = PUBLISHED[platform]
    return (both[0] - email[0], both[1] - email[1]) if identifier == "phone" else email

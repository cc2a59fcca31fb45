"""Coverage: which share of an audience's people has each identifier, by day, and where it fell. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from muster.figures import number

POINTS: Final = 5.0  # a larger fall is told
LOOKS_BACK: Final = timedelta(days=7)
IDENTIFIERS: Final = {"email": "Email", "phone": "Phone", "external_id": "External id"}


@dataclass(frozen=True)
class Day:
    """A day on which the segment was read: people in it, and by identifier the share in percent; what was not asked
    for is missing, not 0.
    """

    on: date
    people: int
    shares: Mapping[str, float]


@dataclass(frozen=True)
class Fall:
    """An identifier's coverage fell by more than 5 points within a week."""

    identifier: str
    on: date
    was: float
    now: float

    @property
    def points(self) -> float:
        return self.was - self.now

    @property
    def sentence(self) -> str:
        """Return "Phone coverage fell 13 points, 71.4 → 58.3%"; the day stands beside it."""
        ends = f"{number(self.was, 1)} → {number(self.now, 1)}%"
        return f"{IDENTIFIERS[self.identifier]} coverage fell {number(self.points)} points, {ends}"


def day_of(on: date, counts: Mapping[str, Any]) -> Day | None:
    """Return the coverage that a complete reading counted, None where the segment was empty."""
    people = int(counts.get("people") or 0)
    if people <= 0:
        return None
    shares = {
        name: min(100.0, 100 * int(counts[name]) / people) for name in IDENTIFIERS if counts.get(name) is not None
    }
    return Day(on, people, shares)


def shown(days: Iterable[Day]) -> list[str]:
    """Return the identifiers that were ever counted, in their order."""
    counted = {name for day in days for name in day.shares}
    return [name for name in IDENTIFIERS if name in counted]


def falls(days: Sequence[Day]) -> list[Fall]:
    """Return the falls of more than 5 points against the best of the week before or the reading before, newest first."""
    found = [fall for name in IDENTIFIERS for fall in _falls_of(name, days)]
    return sorted(found, key=lambda one: one.on, reverse=True)


def _falls_of(name: str, days: Sequence[Day]) -> list[Fall]:
    found: list[Fall] = []
    window: list[tuple[date, float]] = []
    for day in days:
        share = day.shares.get(name)
        if share is None:
            continue
        # Of a segment that is read seldom, the reading before counts, however old.
        window = [one for one in window if day.on - one[0] <= LOOKS_BACK] or window[-1:]
        best = max((value for _, value in window), default=share)
        if found and window and window[-1][0] == found[-1].on and share < found[-1].now:
            found[-1] = Fall(name, day.on, found[-1].was, share)  # it goes on falling
            window = [(day.on, share)]
        elif best - share > POINTS:
            found.append(Fall(name, day.on, best, share))
            window = [(day.on, share)]
        else:
            window.append((day.on, share))
    return found

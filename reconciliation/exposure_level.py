"""What is usual for the people an ad can still reach, from its own past counts, and how it moves. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Final

DAYS: Final = 7
ENOUGH: Final = 24  # hours with a count
APART: Final = 3.5  # spreads from the middle: farther off it was no usual hour
MAD_TO_SIGMA: Final = 1.4826
LEAST: Final = 5.0  # people: a level that never moved may still move a little
HOUR: Final = timedelta(hours=1)

Point = tuple[datetime, int | None]


@dataclass(frozen=True)
class Level:
    """From how many people to how many are usual."""

    low: int
    high: int

    def is_above(self, people: int | None) -> bool:
        """Whether so many are more than usual. What is not known is not."""
        return people is not None and people > self.high


def level(points: Sequence[Point], now: datetime) -> Level | None:
    """Return what was usual in the last seven days before this hour; None before 24 hours were counted.

    Each hour counts once, by its last count, however often it was counted. Hours far from the middle do not count, so that a
    night without a key does not become usual; between runs people come in, so the rest is told from its least to its most.
    """
    begun = now - now.replace(minute=0, second=0, microsecond=0)
    known = [people for at, people in hourly(points, now) if people is not None and at < now - begun]
    if len(known) < ENOUGH:
        return None
    middle = median(known)
    spread = max(MAD_TO_SIGMA * median(abs(one - middle) for one in known), LEAST)
    near = [one for one in known if abs(one - middle) <= APART * spread]
    return Level(min(near), max(near))


def hourly(points: Sequence[Point], now: datetime) -> list[Point]:
    """Return the last count of each of the last 168 hours that has one, oldest first: what a trend is drawn from."""
    found: dict[int, Point] = {}
    for at, people in sorted(points, key=lambda one: one[0]):
        if now - timedelta(days=DAYS) < at <= now:
            found[int(at.timestamp() // HOUR.total_seconds())] = (at, people)
    return list(found.values())

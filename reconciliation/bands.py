"""Bands of people: what a count is when a system rounds it, gives a range, or the count is worked out from a rate. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor

from muster.figures import span


@dataclass(frozen=True)
class Band:
    """From `low` to `high` people, both included; `low` == `high` where it was counted. A difference may be below 0."""

    low: int
    high: int

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError(f"A band from {self.low} to {self.high} is upside down.")

    def __str__(self) -> str:
        return span(self.low, self.high)

    def __add__(self, other: Band) -> Band:
        return Band(self.low + other.low, self.high + other.high)

    @property
    def is_nobody(self) -> bool:
        """Whether it is nobody for sure. A band is never false by itself: none of them is not the same as no count."""
        return self.low == self.high == 0

    @property
    def is_exact(self) -> bool:
        return self.low == self.high

    @property
    def mid(self) -> float:
        """Return the middle. Only for comparing weeks: pages show both ends."""
        return (self.low + self.high) / 2

    def less(self, part: Band) -> Band:
        """Return what a part leaves of this band, low end with low end and high with high."""
        return band_of(self.low - part.low, self.high - part.high)

    def above(self, other: Band) -> Band:
        """Return by how much this exceeds another band that was found independently: at least and at most."""
        return Band(self.low - other.high, self.high - other.low)

    def meets(self, other: Band) -> bool:
        """Whether both bands have a number in common."""
        return self.low <= other.high and other.low <= self.high

    def share(self, low: float, high: float) -> Band:
        """Return from `low` to `high` percent of it, rounded outwards: whoever may be meant is in the band."""
        return Band(floor(self.low * low / 100), ceil(self.high * high / 100))


NOBODY = Band(0, 0)


def exactly(people: int) -> Band:
    """Return the band of a number that was counted."""
    return Band(people, people)


def band_of(one: int, other: int) -> Band:
    """Return the band between two ends, whichever of them is the lower."""
    return Band(min(one, other), max(one, other))


def known(low: int | None, high: int | None) -> Band | None:
    """Return the band of a figure whose ends are both known, else None: not reported is never 0."""
    return None if low is None or high is None else Band(low, high)

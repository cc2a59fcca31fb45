"""One week of one list as drift is judged by it: what its destination showed, of how many people. Pure."""

from dataclasses import dataclass
from datetime import date
from math import ceil, sqrt
from typing import Final

from .bands import Band
from .match_rate import Gap
from .weeks import Week, key

DAY: Final = 24  # hours
TWO_DIGITS: Final = 100
# {place} is the destination's platform: "Meta".
GAPS: Final[dict[Gap, str]] = {
    Gap.NOT_READ: "{place} was not read in this week.",
    Gap.NOT_REPORTED: "{place} gives neither a size nor a rate of this list.",
    Gap.SETTLING: "{place} was still taking in people in this week; it is judged when that is over.",
    Gap.NOBODY: "Nobody has been accepted for this list yet.",
}


@dataclass(frozen=True)
class Evidence:
    """`size`: people at the destination; `accepted`: distinct people whom RudderStack had accepted by then.

    `rate`: the platform's own match rate in percent, where it gives one; it goes before the size. `skew`: by how many
    people both counts may differ because the segment moved between them. `why_none` is a sentence where there is no
    settled figure. `usable`: whether ads could use the list, None where that is not said. `set_aside`: somebody answered
    that this week was to be expected; `accepted_level`: somebody accepted the level from this week on.
    """

    monday: date
    size: Band | None = None
    accepted: int | None = None
    rate: tuple[float, float] | None = None
    skew: int = 0
    why_none: str = ""
    usable: bool | None = None
    set_aside: bool = False
    accepted_level: bool = False

    @property
    def name(self) -> str:
        return f"W{self.monday.isocalendar().week}"

    @property
    def key(self) -> str:
        return key(self.monday)

    @property
    def share(self) -> tuple[float, float] | None:
        """Return the percent of the people accepted who are there, as read; more than 100 where more are there."""
        if self.why_none or not self.accepted:
            return None
        if self.rate is not None:
            return self.rate
        return (100 * self.size.low / self.accepted, 100 * self.size.high / self.accepted) if self.size else None

    @property
    def mid(self) -> float | None:
        return sum(self.share) / 2 if self.share else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Return the share with everything that may blur it: rounding or range, chance, and people who came between."""
        if self.share is None or not self.accepted:
            return None
        low, high = self.share
        middle, half = (low + high) / 2, (high - low) / 2
        within = min(max(middle / 100, 0.0), 1.0)
        blur = sqrt(half**2 + (100 * sqrt(within * (1 - within) / self.accepted)) ** 2)
        between = 0 if self.rate is not None else min(self.skew, self.accepted - 1)
        scale = self.accepted / (self.accepted + between), self.accepted / (self.accepted - between)
        return max(0.0, middle - blur) * scale[0], (middle + blur) * scale[1]

    @property
    def there(self) -> Band | None:
        """Return the people who are there, with the people who came or went between both counts."""
        if self.interval is None or not self.accepted:
            return None
        if self.rate is None and self.size is not None:
            moved = ceil(self.skew * self.interval[1] / 100)
            return Band(max(0, self.size.low - moved), self.size.high + moved)
        return Band(self.accepted, self.accepted).share(*self.rate) if self.rate else None


def evidence(
    week: Week,
    place: str,
    *,
    skew: int = 0,
    usable: bool | None = None,
    set_aside: bool = False,
    accepted_level: bool = False,
) -> Evidence:
    """Return a week of the match-rate history as evidence. What the history does not know is said by the caller."""
    point = week.point
    gap = GAPS[week.gap or Gap.NOT_REPORTED] if point is None else ""
    match = point.match if point else None
    return Evidence(
        week.monday,
        size=Band(*point.size) if point and point.size else None,
        accepted=match.accepted if match else None,
        rate=(match.low, match.high) if match and (match.own or not (point and point.size)) else None,
        skew=skew,
        why_none=gap.replace("{place}", place),
        usable=usable,
        set_aside=set_aside,
        accepted_level=accepted_level,
    )


def skew(change_a_day: float, hours: float) -> int:
    """Return by how many people two counts may differ that were taken so many hours apart."""
    return ceil(abs(change_a_day) * abs(hours) / DAY)


def two_digits(people: int) -> Band:
    """Return what a number rounded to its first two digits may stand for: 7,400 is 7,350 to 7,450."""
    if people < TWO_DIGITS:
        return Band(people, people)
    half = 10 ** (len(str(people)) - 2) // 2
    return Band(people - half, people + half)

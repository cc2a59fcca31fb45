"""Simulated years of one list's weekly readings at an ad platform, seeded: what really happened is known.

A match rate of 55 % on the logit scale with a weekly spread and some memory, read as the size of a list of about 16,000
people, rounded as platforms do it. Half a year of history comes before the year that counts.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from math import log
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from reconciliation.bands import Band
from reconciliation.evidence import Evidence, skew, two_digits

HISTORY: Final = 26
YEAR: Final = 52
WEEKS: Final = HISTORY + YEAR
CHANGE: Final = HISTORY + 26  # the week in which a planted change begins
RATE: Final = 0.55
PEOPLE: Final = 16_000
BAD: Final = 0.6  # of the matched people are lost in a bad week
FIRST: Final = date(2025, 1, 6)

Floats = NDArray[Any]


@dataclass(frozen=True)
class Kind:
    """A kind of year. `spread`: of the match rate, on the logit scale. `drop`: the part of the matched people who go
    missing for good, at once or over `weeks`. `bad`: how many weeks before the change one single bad week was, None: never.
    `memory`: how much of a week's mood the next one keeps. `wide`: sizes are given as ranges.
    """

    name: str
    spread: float = 0.05
    drop: float = 0.0
    weeks: int = 1
    bad: int | None = None
    wide: bool = False
    memory: float = 0.3


KINDS: Final = (
    Kind("quiet"),
    Kind("noisy", spread=0.10),
    Kind("noisy, moods that last for weeks", spread=0.10, memory=0.7),
    Kind("quiet, sizes given as ranges", wide=True),
    Kind("one bad week half a year ago", bad=24),
    Kind("step: 10 % missing", drop=0.10),
    Kind("step: 20 % missing", drop=0.20),
    Kind("step: 10 % missing, a bad week four weeks before", drop=0.10, bad=4),
    Kind("noisy, step: 20 % missing, a bad week four weeks before", spread=0.10, drop=0.20, bad=4),
    Kind("slow creep: 1 % a week for 15 weeks", drop=0.15, weeks=15),
    Kind("step: 20 % missing, sizes given as ranges", drop=0.20, wide=True),
)


@dataclass(frozen=True)
class Years:
    """Readings of many simulated years: arrays of (years, weeks); sizes at the destination and people accepted."""

    kind: Kind
    low: Floats
    high: Floats
    accepted: Floats

    @property
    def mids(self) -> Floats:
        return (self.low + self.high) / 2 / self.accepted

    def evidence(self, year: int) -> list[Evidence]:
        """Return one year as the product gets it."""
        rows = zip(self.low[year].tolist(), self.high[year].tolist(), self.accepted[year].tolist(), strict=True)
        moved = skew(PEOPLE * 0.01, 1)
        return [
            Evidence(FIRST + timedelta(weeks=week), Band(low, high), accepted, skew=moved)
            for week, (low, high, accepted) in enumerate(rows)
        ]


def simulated(kind: Kind, years: int, seed: int) -> Years:
    """Return so many years of a kind. The same seed makes the same years."""
    random = np.random.default_rng(seed)
    noise = random.normal(0, kind.spread * (1 - kind.memory**2) ** 0.5, (years, WEEKS))
    level = np.empty((years, WEEKS))
    level[:, 0] = random.normal(0, kind.spread, years)
    for week in range(1, WEEKS):
        level[:, week] = kind.memory * level[:, week - 1] + noise[:, week]
    share = 1 / (1 + np.exp(-(log(RATE / (1 - RATE)) + level)))
    share *= 1 - planted(kind)
    accepted = (PEOPLE * np.exp(np.cumsum(random.normal(0, 0.02, (years, WEEKS)), axis=1))).astype(int)
    people = random.binomial(accepted, share)
    low, high = ranges(people) if kind.wide else rounded(people)
    return Years(kind, low, high, accepted)


def planted(kind: Kind) -> Floats:
    """Return for each week which part of the matched people is missing."""
    lost = np.zeros(WEEKS)
    grown = np.minimum(1.0, (np.arange(WEEKS) - CHANGE + 1) / kind.weeks)
    lost[CHANGE:] = kind.drop * grown[CHANGE:]
    if kind.bad is not None:
        lost[CHANGE - kind.bad] = BAD
    return lost


def rounded(people: Floats) -> tuple[Floats, Floats]:
    """Return the ends of what two digits tell."""
    step = 10 ** (np.floor(np.log10(people)).astype(int) - 1)
    shown = np.round(people / step).astype(int) * step
    bands = {one: two_digits(one) for one in np.unique(shown).tolist()}
    low, high = (np.vectorize(lambda one, end=end: getattr(bands[one], end))(shown) for end in ("low", "high"))
    return low, high


def ranges(people: Floats) -> tuple[Floats, Floats]:
    """Return the ends of a range as Meta gives it: about 3 % either way, in hundreds, the same range for near numbers."""
    step = 600
    low = people // step * step
    return low, low + step

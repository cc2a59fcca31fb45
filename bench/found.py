"""How good a rule is on simulated years: false alarms a year, and how soon it finds what was planted."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from bench.rules import Flags, Rule
from bench.years import CHANGE, HISTORY, YEAR, Kind, simulated

SOON: Final = 4
LATE: Final = 13


@dataclass(frozen=True)
class Found:
    """`false_alarms` a year, counted as episodes outside of planted weeks, and the weeks a year in them.

    Shares of years in which the change was found in its first week, within 4 and within 13 weeks; `median`: weeks until
    then, None where most years miss it.
    """

    false_alarms: float
    false_weeks: float
    first: float | None = None
    soon: float | None = None
    late: float | None = None
    median: int | None = None


def judged(kind: Kind, rule: Rule, years: int, seed: int) -> Found:
    """Return how a rule does in so many years of a kind."""
    flags = rule(simulated(kind, years, seed))
    until = CHANGE if kind.drop else flags.shape[1]
    begins = flags.copy()
    begins[:, 1:] &= ~flags[:, :-1]
    alarms, weeks = (a_year(counted, kind, until) for counted in (begins, flags))
    if not kind.drop:
        return Found(alarms, weeks)
    after = flags[:, CHANGE : CHANGE + LATE + kind.weeks]
    found = np.where(after.any(axis=1), after.argmax(axis=1) + 1, after.shape[1] + 1)
    first, soon, late = (float((found <= within).mean()) for within in (1, SOON, LATE))
    median = int(np.median(found))
    return Found(alarms, weeks, first, soon, late, median if median <= after.shape[1] else None)


def a_year(flags: Flags, kind: Kind, until: int) -> float:
    """Return how many of these flags a year has, from its beginning to that week, without those of the bad week."""
    counted: Any = flags[:, HISTORY:until]
    weeks = counted.shape[1]
    if kind.bad is not None:
        bad = CHANGE - kind.bad - HISTORY
        # Falling into a bad week and coming back from it are one event, and it was planted.
        counted = np.delete(counted, [week for week in (bad, bad + 1) if 0 <= week < weeks], axis=1)
    found: float = counted.sum(axis=1).mean() / weeks * YEAR
    return found

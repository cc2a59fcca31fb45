"""Rules that say in which weeks a list is off: Muster's own, and the two that are common elsewhere. In: years, out: flags."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from bench.years import WEEKS, Years
from reconciliation.drift import Terms, drifts

Flags = NDArray[np.bool_]
Rule = Callable[[Years], Flags]
FIXED: Final = 0.10
LATELY: Final = 12  # weeks
SPREADS: Final = 3.0


def muster(years: Years) -> Flags:
    """Muster's rule with the tolerance that a definition starts with, ±5 %: weeks outside."""
    return _muster(years, Terms(tolerance=5.0))


def muster_by_history(years: Years) -> Flags:
    """Muster's rule where the definition names no tolerance."""
    return _muster(years, Terms())


def fixed(years: Years) -> Flags:
    """±10 % against the week before."""
    mids = years.mids
    found = np.zeros(mids.shape, np.bool_)
    found[:, 1:] = np.abs(mids[:, 1:] / mids[:, :-1] - 1) > FIXED
    return found


def mean_and_deviation(years: Years) -> Flags:
    """Mean ± 3 standard deviations of the twelve weeks before."""
    mids = years.mids
    found = np.zeros(mids.shape, np.bool_)
    for week in range(LATELY, WEEKS):
        before = mids[:, week - LATELY : week]
        away = np.abs(mids[:, week] - before.mean(axis=1))
        found[:, week] = away > SPREADS * before.std(axis=1, ddof=1)
    return found


def _muster(years: Years, terms: Terms) -> Flags:
    rows: list[list[Any]] = [
        [one.is_outside for one in drifts(years.evidence(year), terms)] for year in range(len(years.accepted))
    ]
    return np.array(rows, np.bool_)


RULES: Final[dict[str, Rule]] = {
    "Muster, ±5 %": muster,
    "Muster, no tolerance": muster_by_history,
    "fixed ±10 %": fixed,
    "mean ± 3 sd": mean_and_deviation,
}

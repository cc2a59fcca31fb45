"""The targets, and whether what was measured meets them. Pure.

A target is judged by the median of its rounds. A ratio of two things that were measured in the same round is made round by round.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

AT_LEAST, AT_MOST = "≥", "≤"
MISSED, MET, BEYOND, UNMEASURED = "missed", "met", "met, and the aim", "not measured"


@dataclass(frozen=True)
class Target:
    """`must` and `aim` are values of the measure; either may be None where there is no such limit."""

    name: str
    what: str
    sense: str
    must: float | None
    aim: float | None
    form: str

    def says(self, value: float) -> str:
        """Return a value as it is written."""
        return self.form.format(value)

    def limit(self, value: float | None) -> str:
        """Return a limit as it is written."""
        return "" if value is None else f"{self.sense} {self.says(value)}"

    def holds(self, value: float, limit: float | None) -> bool:
        """Whether a value is within a limit; where there is none, it is."""
        if limit is None:
            return True
        return value >= limit if self.sense == AT_LEAST else value <= limit

    def verdict(self, values: Sequence[float]) -> str:
        """Return MISSED, MET, BEYOND when the median reaches the aim too, or UNMEASURED."""
        if not values:
            return UNMEASURED
        middle = median(values)
        if not self.holds(middle, self.must):
            return MISSED
        if self.must is None:
            return BEYOND if self.holds(middle, self.aim) else "aim missed"
        return BEYOND if self.aim is not None and self.holds(middle, self.aim) else MET


@dataclass(frozen=True)
class Spread:
    """The rounds of one measure."""

    low: float
    middle: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        return cls(min(values), median(values), max(values))


def ratios(upper: Sequence[float], lower: Sequence[float]) -> list[float]:
    """Return the ratio of each round. Raises ValueError for different numbers of rounds."""
    return [one / other for one, other in zip(upper, lower, strict=True)]


def over_median(upper: Sequence[float], lower: Sequence[float]) -> list[float]:
    """Return each round of one measure over the median of another, whose rounds are others."""
    middle = median(lower)
    return [one / middle for one in upper]


def targets(small: str, large: str) -> list[Target]:
    """Return the targets; `small` and `large` say how many people the two sizes are."""
    times = "{:.1f}×"
    return [
        Target("P1", f"first sync of {small} ÷ rudder-sdk-python, loopback", AT_LEAST, 8, 14, times),
        Target("P2", f"first sync of {small} ÷ rudder-sdk-python, 50 ms a request", AT_LEAST, 100, 300, "{:.0f}×"),
        Target("P3", f"first sync of {small} ÷ physical limit", AT_LEAST, 0.25, 0.50, "{:.2f}"),
        Target("P4", f"first sync: time of {large} ÷ time of {small}", AT_MOST, 12, 10, "{:.1f}"),
        Target("P5", f"peak memory of a first sync: {large} ÷ {small}", AT_MOST, 1.5, 1.2, "{:.2f}"),
        Target("P5 b", f"peak memory of a first sync of {large}", AT_MOST, 800, 450, "{:.0f} MB"),
        Target("P6", f"time: resync with 1 % churn ÷ first sync, {large}", AT_MOST, 0.40, 0.25, "{:.2f}"),
        Target("P7", f"bytes sent: resync with 1 % churn ÷ first sync, {large}", AT_MOST, 0.0125, 0.0105, "{:.4f}"),
        Target("P8", f"requests of a resync without a change, {large}", AT_MOST, 0, 0, "{:.0f}"),
        Target("P8 b", "ledger shards written by it", AT_MOST, 0, 0, "{:.0f}"),
        Target("P8 c", "its time ÷ first sync", AT_MOST, None, 0.30, "{:.2f}"),
        Target("P9", f"compare and apply 1 % churn: SQL anti-join ÷ ours, {large}", AT_LEAST, 4, 8, times),
        Target("P10", f"the job engine's share of a first sync of {small}", AT_MOST, 5, 2, "{:.2f} %"),
        Target("P11", "ledger, bytes a member (two identifiers)", AT_MOST, 160, 120, "{:.1f}"),
        Target("P12", "audience list, 50 of 500: database queries", AT_MOST, 4, 4, "{:.0f}"),
        Target("P12 b", "audience list, 50 of 500: 95th percentile", AT_MOST, 40, 10, "{:.1f} ms"),
        Target(
            "P13", "export to staged shards, two identifiers: people a second, one core", AT_LEAST, 150, 300, "{:.0f} k"
        ),
    ]

"""How long it takes until a person who enters the segment is on the list: each part, typical and at worst. Pure.

Two parts are declared by people and never measured: how late Customer.io's segment is, and how late the platform is.
The wait for the slot follows from the cadence. The rest is measured on runs that arrived.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from .states import Stage

NONE: Final = timedelta(0)
SENDING: Final = (Stage.OPTOUTS, Stage.REMOVALS, Stage.ADDITIONS)
TYPICAL, WORST = 50, 95  # percentiles
PARTS: Final = {"queue": "Queue", "read": "Read", "compare": "Compare", "send": "Send"}


@dataclass(frozen=True)
class Times:
    """Where one run's time went. `read` holds the age that a shared reading had when the run was made."""

    queue: timedelta
    read: timedelta
    compare: timedelta
    send: timedelta

    @property
    def total(self) -> timedelta:
        return self.queue + self.read + self.compare + self.send


@dataclass(frozen=True)
class Spread:
    """One part over many runs."""

    label: str
    typical: timedelta
    worst: timedelta


@dataclass(frozen=True)
class Measured:
    """What so many runs took: part by part, and in all. The worst of all is less than the sum of the worst parts."""

    runs: int
    parts: tuple[Spread, ...]
    total: Spread


def times(
    *,
    created: datetime,
    started: datetime | None,
    finished: datetime | None,
    timings: dict[str, Any],
    read_from: datetime | None,
) -> Times | None:
    """Return where a run's time went; None for one that never began or has not ended.

    `timings`: stage -> [began, ended] as ISO 8601, as runs keep them; `read_from`: when its reading began.
    """
    if started is None or finished is None:
        return None
    shared = max(NONE, created - read_from) if read_from else NONE
    return Times(
        queue=max(NONE, started - created),
        read=shared + _length(timings, Stage.READING, finished),
        compare=_length(timings, Stage.COMPARING, finished),
        send=sum((_length(timings, stage, finished) for stage in SENDING), NONE),
    )


def _length(timings: dict[str, Any], stage: str, finished: datetime) -> timedelta:
    found = [datetime.fromisoformat(text) if text else None for text in timings.get(stage, [])]
    began, ended = [*found, None, None][:2]
    return max(NONE, (ended or finished) - began) if began else NONE


def measured(found: Iterable[Times]) -> Measured | None:
    """Return the typical and the worst of these runs; None when there is none."""
    runs = list(found)
    if not runs:
        return None
    parts = tuple(_spread(label, [getattr(one, name) for one in runs]) for name, label in PARTS.items())
    return Measured(len(runs), parts, _spread("In all", [one.total for one in runs]))


def _spread(label: str, lengths: Sequence[timedelta]) -> Spread:
    return Spread(label, percentile(lengths, TYPICAL), percentile(lengths, WORST))


def percentile(lengths: Sequence[timedelta], percent: int) -> timedelta:
    """Return the length that so many percent of them do not pass: one of them, the nearest rank."""
    ordered = sorted(lengths)
    rank = -(-len(ordered) * percent // 100)
    return ordered[max(0, rank - 1)]


@dataclass(frozen=True)
class Budget:
    """All parts together. None means: not known (`measured`), not declared (lags), no promise (`period`), no limit."""

    period: timedelta | None
    target: timedelta | None = None
    dwell: timedelta | None = None
    segment_lag: timedelta | None = None
    platform_lag: timedelta | None = None
    measured: Measured | None = None

    @property
    def declared(self) -> timedelta:
        return (self.segment_lag or NONE) + (self.platform_lag or NONE)

    @property
    def average(self) -> timedelta | None:
        """How old the newest people are typically when the list has them; half a period is waited for the slot."""
        if self.period is None:
            return None
        return self.declared + self.period / 2 + (self.measured.total.typical if self.measured else NONE)

    @property
    def worst(self) -> timedelta | None:
        """How old they are when they just missed a slot and the run is one of the slow ones."""
        if self.period is None:
            return None
        return self.declared + self.period + (self.measured.total.worst if self.measured else NONE)

    @property
    def left(self) -> timedelta | None:
        """How much of the dwell is left on average when ads can start; nothing is left, never less than nothing."""
        if self.dwell is None or self.average is None:
            return None
        return max(NONE, self.dwell - self.average)

    @property
    def serves(self) -> bool | None:
        """Whether everybody is on the list within the target, and before they leave; None where nobody can tell."""
        if self.worst is None or (self.target is None and self.dwell is None):
            return None
        in_time = self.target is None or self.worst <= self.target
        return in_time and (self.dwell is None or self.worst < self.dwell)


@dataclass(frozen=True)
class Piece:
    """A piece of the bar, in minutes from its left end; `look` is a class, `words` stand in the legend."""

    look: str
    x: float
    width: float
    words: str


def pieces(budget: Budget, told: dict[str, str]) -> list[Piece]:
    """Return the average age as pieces that follow each other. `told`: what the legend says, by class."""
    lengths = {
        "h1": budget.segment_lag or NONE,
        "h2": (budget.period or NONE) / 2,
        "h3": budget.measured.parts[0].typical if budget.measured else NONE,
        "h4": budget.measured.total.typical - budget.measured.parts[0].typical if budget.measured else NONE,
        "h5": budget.platform_lag or NONE,
    }
    found, at = [], 0.0
    for look, length in lengths.items():
        width = max(0.0, length.total_seconds() / 60)
        found.append(Piece(look, round(at, 2), round(width, 2), told[look]))
        at += width
    return past_target(found, budget.target, told)


def past_target(found: list[Piece], target: timedelta | None, told: dict[str, str]) -> list[Piece]:
    """Return the pieces with the wait for the slot cut where the target is passed while it lasts."""
    wait = found[1]
    allowed = target.total_seconds() / 60 if target else wait.x + wait.width
    if allowed >= wait.x + wait.width:
        return found
    kept = max(0.0, round(allowed - wait.x, 2))
    over = Piece("over", round(wait.x + kept, 2), round(wait.width - kept, 2), told["over"])
    return [found[0], Piece(wait.look, wait.x, kept, wait.words), over, *found[2:]]

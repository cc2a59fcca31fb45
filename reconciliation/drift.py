"""Whether a list drifts: every week against what was usual for the list before it. Pure.

The weeks are judged one after the other, so that a judgement made again from the same weeks is the same. While a list
drifts, its weeks do not become what is usual: it returns, or somebody answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from math import sqrt
from typing import Final

from .bands import NOBODY, Band, exactly
from .evidence import Evidence
from .tolerance import Tolerance
from .usual import ENOUGH, FLOOR, SPREADS, Usual, logit, usual

MEMORY: Final = 0.3  # the newest week's weight in the moving average that finds creep
CLIPPED: Final = 3.0
CREEP: Final = SPREADS * sqrt(MEMORY / (2 - MEMORY))
BACK: Final = 1.5  # spreads: a list this near to its usual middle has returned
HALF: Final = 0.5
ALL: Final = 100.0


class Verdict(StrEnum):
    ON_TARGET = "on_target"
    DRIFTING = "drifting"
    BROKEN = "broken"
    UNKNOWN = "unknown"
    LEARNING = "learning"


class Rule(StrEnum):
    """What a list drifts or breaks by. The last four always hold, also while Muster is learning."""

    JUMP = "jump"
    CREEP = "creep"
    NOBODY = "nobody"
    HALVED = "halved"
    NOT_USABLE = "not_usable"
    BEYOND = "beyond"


BREAKS: Final = frozenset({Rule.NOBODY, Rule.HALVED, Rule.NOT_USABLE})


@dataclass(frozen=True)
class Terms:
    """`tolerance`: percent of what is expected, by the definition; None: only the list's own history counts.

    `everybody`: the destination knows everybody who is sent (a warehouse), so that nothing has to be learned first.
    """

    tolerance: float | None = None
    everybody: bool = False


@dataclass(frozen=True)
class Drift:
    """The judgement of one week. `missing` and `not_removed` are people, never netted; none while the list is on target.

    `expected` in people, `usual` in percent; both None while they are not known. `off`: the middle of what is there
    against the middle expected, in percent. `learned`: weeks known before this one. `since`: the first week of it.
    """

    monday: date
    verdict: Verdict
    rule: Rule | None = None
    since: date | None = None
    there: Band | None = None
    share: tuple[float, float] | None = None
    expected: Band | None = None
    usual: tuple[float, float] | None = None
    off: float | None = None
    missing: Band = NOBODY
    not_removed: Band = NOBODY
    tolerance: Tolerance = field(default_factory=Tolerance)
    learned: int = 0
    why_none: str = ""

    @property
    def is_outside(self) -> bool:
        return self.verdict in {Verdict.DRIFTING, Verdict.BROKEN}

    @property
    def is_below(self) -> bool:
        return self.off is not None and self.off < 0


def drift(weeks: Sequence[Evidence], terms: Terms) -> Drift:
    """Return the judgement of the newest week. Oldest first, at least one."""
    return drifts(weeks, terms)[-1]


def drifts(weeks: Sequence[Evidence], terms: Terms) -> list[Drift]:
    """Return the judgement of each week, oldest first."""
    judge = _Judge(terms)
    return [judge.of(week) for week in weeks]


class _Judge:
    """Goes through the weeks. `before`: the middles of the weeks that make what is usual, oldest first."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.before: list[float] = []
        self.average = 0.0
        self.since: date | None = None
        self.rule: Rule | None = None
        self.held: Usual | None = None
        self.was_usable = False

    def of(self, week: Evidence) -> Drift:
        if week.accepted_level:
            self._restart()
        before, normal = len(self.before), self._usual()
        if week.interval is None or week.mid is None:
            return self._without_figure(week, before, normal)
        rule = None if week.set_aside else self._hard(week, normal) or self._soft(week, normal)
        self._note(week, rule, normal)
        return self._told(week, before, normal)

    def _restart(self) -> None:
        self.before, self.average, self.since, self.rule, self.held = [], 0.0, None, None, None
        self.was_usable = False

    def _usual(self) -> Usual | None:
        if self.held is not None:
            return self.held
        if len(self.before) >= ENOUGH:
            return usual(self.before)
        return Usual(logit(ALL), FLOOR) if self.terms.everybody else None

    def _without_figure(self, week: Evidence, before: int, normal: Usual | None) -> Drift:
        """Return that nothing is known; a list that ads cannot use any more is broken also without a size."""
        fell = self._fell(week)
        if fell:
            self._note(week, fell, normal)
        return Drift(
            week.monday,
            Verdict.BROKEN if fell else Verdict.UNKNOWN,
            rule=fell or self.rule,
            since=self.since,
            usual=normal.percent if normal else None,
            tolerance=Tolerance.of(self.terms.tolerance, normal),
            learned=before,
            why_none=week.why_none,
        )

    def _fell(self, week: Evidence) -> Rule | None:
        if week.usable is not None and week.usable:
            self.was_usable = True
        return Rule.NOT_USABLE if week.usable is False and self.was_usable else None

    def _hard(self, week: Evidence, normal: Usual | None) -> Rule | None:
        """Return the rule that holds whatever is known of the list before."""
        assert week.interval is not None
        known = normal.expected if normal else self.before[-1] if self.before else None
        if known and week.share and week.share[1] <= 0:
            return Rule.NOBODY
        if known and week.interval[1] < HALF * known:
            return Rule.HALVED
        if fell := self._fell(week):
            return fell
        return Rule.BEYOND if week.interval[0] > ALL + (self.terms.tolerance or 0.0) else None

    def _soft(self, week: Evidence, normal: Usual | None) -> Rule | None:
        """Return the rule by which the list's own history tells, none while it is being learned."""
        if normal is None or week.interval is None:
            return None
        off = normal.off(*week.interval)
        beyond = self._is_beyond(week, normal)
        if self.rule in {Rule.JUMP, Rule.CREEP} and abs(off) > BACK and beyond:
            return self.rule
        self.average = (1 - MEMORY) * self.average + MEMORY * min(max(off, -CLIPPED), CLIPPED)
        if abs(off) > SPREADS and beyond:
            return Rule.JUMP
        same_side = off * self.average > 0
        return Rule.CREEP if abs(self.average) > CREEP and same_side and beyond else None

    def _is_beyond(self, week: Evidence, normal: Usual) -> bool:
        """Whether even the nearest end of the reading is farther off than the definition tolerates."""
        assert week.interval is not None
        if self.terms.tolerance is None:
            return True
        low, high = week.interval
        room = normal.expected * self.terms.tolerance / 100
        return high < normal.expected - room or low > normal.expected + room

    def _note(self, week: Evidence, rule: Rule | None, normal: Usual | None) -> None:
        """Remember the week: as one of what is usual, or as one of a list that drifts."""
        if rule is None:
            self.since, self.rule, self.held = None, None, None
            if week.mid is not None and not week.set_aside:
                self.before.append(week.mid)
            return
        if self.rule is None:
            self.since, self.average = week.monday, 0.0
            self.held = normal if len(self.before) >= ENOUGH else None
        self.rule = rule

    def _told(self, week: Evidence, before: int, normal: Usual | None) -> Drift:
        expected = exactly(week.accepted or 0).share(*normal.percent) if normal else None
        verdict = self._verdict(normal)
        outside = verdict in {Verdict.DRIFTING, Verdict.BROKEN}
        wanted = expected or (exactly(week.accepted or 0) if self.rule == Rule.BEYOND else None)
        missing, too_many = apart(wanted, week.there) if outside else (NOBODY, NOBODY)
        return Drift(
            week.monday,
            verdict,
            rule=self.rule,
            since=self.since,
            there=week.there,
            share=week.share,
            expected=expected,
            usual=normal.percent if normal else None,
            off=100 * (week.mid / normal.expected - 1) if normal and week.mid is not None else None,
            missing=missing,
            not_removed=too_many,
            tolerance=Tolerance.of(self.terms.tolerance, normal),
            learned=before,
        )

    def _verdict(self, normal: Usual | None) -> Verdict:
        if self.rule is not None:
            return Verdict.BROKEN if self.rule in BREAKS else Verdict.DRIFTING
        return Verdict.ON_TARGET if normal else Verdict.LEARNING


def apart(expected: Band | None, there: Band | None) -> tuple[Band, Band]:
    """Return who is missing and who is too many: at least and at most, none where both meet in their middles."""
    if expected is None or there is None:
        return NOBODY, NOBODY
    below, above = expected.above(there), there.above(expected)
    if there.mid <= expected.mid:
        return Band(max(0, below.low), max(0, below.high)), NOBODY
    return NOBODY, Band(max(0, above.low), max(0, above.high))

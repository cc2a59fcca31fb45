"""Whether a plan looks like this audience, or like an accident: each pass is judged against expected turnover. Pure."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any, Final

FLOOR: Final = 50
TIMES: Final = 3
REMOVED_SHARE: Final = {False: 0.20, True: 0.05}  # targeting, suppression
ADDED_SHARE: Final = 0.50
HISTORY: Final = 8  # turns
TOLD: Final = 700  # Done runs that are looked at: a week of one every 15 minutes
DAY, WEEK = 24.0, 168.0  # hours

Turn = tuple[float, int, int]


@dataclass(frozen=True)
class Facts:
    """What is known of a list. `past` are (hours since the Done run before, people removed, people added), newest first."""

    members: int
    suppresses: bool
    hours: float | None = None
    window_hours: float | None = None
    past: tuple[Turn, ...] = ()
    is_first: bool = False


@dataclass(frozen=True)
class Released:
    """Figures that a second person allowed."""

    max_removes: int
    max_adds: int
    may_empty: bool = False


@dataclass(frozen=True)
class Figures:
    """What a plan would do: `removes` without the opt-outs, which are never parked; `adds` are people new to the list."""

    wanted: int
    removes: int
    adds: int


Done = tuple[datetime, int, int]


def hours_between(later: datetime, earlier: datetime) -> float:
    """Return the hours from one moment to a later one."""
    return (later - earlier).total_seconds() / 3600


def turns(done: Sequence[Done]) -> tuple[Turn, ...]:
    """Return how a list turned over between its Done runs, newest first: (ended, people removed, people added)."""
    pairs = itertools.pairwise(done)
    return tuple((hours_between(ended, before), removes, adds) for (ended, removes, adds), (before, *_) in pairs)


def expected(facts: Facts, side: int) -> float:
    """Return the people expected to leave (side 1) or enter (side 2) since the last Done run."""
    if facts.hours is None:
        return 0.0
    if facts.window_hours:
        share = facts.members * facts.hours / facts.window_hours
        return max(share, _entered_a_window_ago(facts, facts.window_hours)) if side == 1 else share
    # Eight hourly runs know a night or an afternoon only; what is due after an outage is told by whole days.
    return max(_rate(facts.past[:HISTORY], side), _rate(_days(facts.past), side)) * facts.hours


def _entered_a_window_ago(facts: Facts, window: float) -> float:
    """Return who leaves because the window closes behind them: who was added in the same hours one window ago."""
    opens, leaving = facts.hours or 0.0, 0.0
    since, until = window, window + opens  # hours ago
    for hours, _, added in facts.past:
        closes = opens + hours
        if closes > since and hours > 0:
            leaving += added * max(0.0, min(closes, until) - max(opens, since)) / hours
        if closes >= until:
            break
        opens = closes
    return leaving


def _rate(past: Sequence[Turn], side: int) -> float:
    rates = [turn[side] / turn[0] for turn in past if turn[0] > 0]
    return median(rates) if rates else 0.0


def _days(past: Sequence[Turn]) -> list[Turn]:
    """Return the turns of the last week put together to stretches of a day or more; what is left over is no day."""
    days: list[Turn] = []
    hours, removed, added, told = 0.0, 0, 0, 0.0
    for turn in past:
        hours, removed, added = hours + turn[0], removed + turn[1], added + turn[2]
        if hours >= DAY:
            days.append((hours, removed, added))
            told += hours
            hours, removed, added = 0.0, 0, 0
        if told >= WEEK:
            break
    return days


def limits(facts: Facts) -> tuple[int, int]:
    """Return (most removals, most additions) that pass without a person."""
    return _limits(facts, expected(facts, 1), expected(facts, 2))


def _limits(facts: Facts, leaving: float, entering: float) -> tuple[int, int]:
    removes = max(FLOOR, TIMES * leaving, REMOVED_SHARE[facts.suppresses] * facts.members)
    adds = max(FLOOR, TIMES * entering, ADDED_SHARE * facts.members)
    return int(removes), int(adds)


def judge(figures: Figures, facts: Facts, released: Released | None = None) -> dict[str, Any]:
    """Return what the guards say of each pass, as `Run.verdict` holds it.

    An empty audience always holds; a first sync is not judged for growth; figures within a release pass.
    """
    leaving, entering = expected(facts, 1), expected(facts, 2)
    most_removes, most_adds = _limits(facts, leaving, entering)
    empties = figures.wanted == 0 and figures.removes > 0
    removes_over = empties or figures.removes > most_removes
    adds_over = not facts.is_first and figures.adds > most_adds
    removes_free = (
        released is not None and figures.removes <= released.max_removes and (released.may_empty or not empties)
    )
    adds_free = released is not None and figures.adds <= released.max_adds
    return {
        "removes": {
            "figure": figures.removes,
            "limit": most_removes,
            "expected": round(leaving, 1),
            **_told(facts, most_removes, REMOVED_SHARE[facts.suppresses]),
            "held": removes_over and not removes_free,
            "released": removes_over and removes_free,
            "why": "empty" if empties else "guard" if removes_over else "",
        },
        "adds": {
            "figure": figures.adds,
            "limit": most_adds,
            "expected": round(entering, 1),
            **_told(facts, most_adds, ADDED_SHARE),
            "held": adds_over and not adds_free,
            "released": adds_over and adds_free,
            "why": "guard" if adds_over else "",
            "first": facts.is_first,
        },
    }


def _told(facts: Facts, limit: int, share: float) -> dict[str, Any]:
    """Return by what a limit was set, for whoever decides: hours, the window's hours, members, and the share of them."""
    by = "floor" if limit <= FLOOR else "share" if limit == int(share * facts.members) else "turnover"
    hours = None if facts.hours is None else round(facts.hours, 3)
    return {"by": by, "hours": hours, "window": facts.window_hours, "members": facts.members, "share": share}


def passed(verdict: dict[str, Any]) -> dict[str, Any]:
    """Return the verdict with nothing held: for lists that no history judges."""
    return {name: {**said, "held": False, "released": False, "why": ""} for name, said in verdict.items()}


def named(verdict: dict[str, Any], why: str) -> dict[str, Any]:
    """Return the verdict with another name for why something is over its limit."""
    return {name: {**said, "why": why if said["why"] else ""} for name, said in verdict.items()}


def parked(verdict: dict[str, Any], why: str, *, removes: bool, adds: bool) -> dict[str, Any]:
    """Return the verdict with passes parked for a reason that no figure releases."""
    changed = {name: dict(said) for name, said in verdict.items()}
    for name, wanted in (("removes", removes), ("adds", adds)):
        if wanted and changed[name]["figure"]:
            changed[name] |= {"held": True, "why": why, "released": False}
    return changed

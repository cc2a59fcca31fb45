"""Whether a plan looks like this audience, or like an accident: each pass is judged against expected turnover. Pure."""

from dataclasses import dataclass
from statistics import median
from typing import Any, Final

FLOOR: Final = 50
TIMES: Final = 3
REMOVED_SHARE: Final = {False: 0.20, True: 0.05}  # targeting, suppression
ADDED_SHARE: Final = 0.50
HISTORY: Final = 8


@dataclass(frozen=True)
class Facts:
    """What is known of a list. `past` are (hours since the Done run before, people removed, people added), newest first."""

    members: int
    suppresses: bool
    hours: float | None = None
    window_hours: float | None = None
    past: tuple[tuple[float, int, int], ...] = ()
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


def expected(facts: Facts, side: int) -> float:
    """Return the people expected to leave (side 1) or enter (side 2) since the last Done run."""
    if facts.hours is None:
        return 0.0
    if facts.window_hours:
        return facts.members * facts.hours / facts.window_hours
    rates = [turn[side] / turn[0] for turn in facts.past[:HISTORY] if turn[0] > 0]
    return median(rates) * facts.hours if rates else 0.0


def limits(facts: Facts) -> tuple[int, int]:
    """Return (most removals, most additions) that pass without a person."""
    share = REMOVED_SHARE[facts.suppresses]
    removes = max(FLOOR, TIMES * expected(facts, 1), share * facts.members)
    adds = max(FLOOR, TIMES * expected(facts, 2), ADDED_SHARE * facts.members)
    return int(removes), int(adds)


def judge(figures: Figures, facts: Facts, released: Released | None = None) -> dict[str, Any]:
    """Return what the guards say of each pass, as `Run.verdict` holds it.

    An empty audience always holds; a first sync is not judged for growth; figures within a release pass.
    """
    most_removes, most_adds = limits(facts)
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
            "expected": round(expected(facts, 1), 1),
            "held": removes_over and not removes_free,
            "released": removes_over and removes_free,
            "why": "empty" if empties else "guard" if removes_over else "",
        },
        "adds": {
            "figure": figures.adds,
            "limit": most_adds,
            "expected": round(expected(facts, 2), 1),
            "held": adds_over and not adds_free,
            "released": adds_over and adds_free,
            "why": "guard" if adds_over else "",
            "first": facts.is_first,
        },
    }


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

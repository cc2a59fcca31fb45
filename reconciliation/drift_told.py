"""A judgement in one sentence: what the destination shows, against what, and since when. Pure."""

from collections.abc import Callable
from datetime import date
from typing import Final

from muster.figures import percent, signed, span

from .drift import Drift, Rule, Verdict
from .usual import ENOUGH


def reason(drift: Drift, place: str) -> str:
    """Return the sentence that stands beside the mark. `place` is the platform: "Meta"."""
    return _SENTENCES[drift.verdict](drift, place)


def off_target(drift: Drift) -> str:
    """Return "−12.0% of ±5%", empty where nothing can be compared."""
    if drift.off is None:
        return ""
    return f"{signed(drift.off, 1)}% of {drift.tolerance.words}"


def learning(drift: Drift) -> str:
    """Return "learning 3 of 8"."""
    return f"learning {min(drift.learned, ENOUGH)} of {ENOUGH}"


def _on_target(drift: Drift, place: str) -> str:
    allowed = f"; this list allows {drift.tolerance.words}" if drift.tolerance.words else ""
    return f"{_shows(drift, place)}, as expected{allowed}."


def _learning(drift: Drift, place: str) -> str:
    word = learning(drift).capitalize()
    return f"{word} weeks: {_shows(drift, place)}, and what is usual for this list is not known yet."


def _unknown(drift: Drift, place: str) -> str:
    why = drift.why_none or f"{place} shows no figure of this list."
    return f"{why} It was outside since {_week(drift.since)}." if drift.since else why


def _drifting(drift: Drift, place: str) -> str:
    if drift.rule == Rule.BEYOND:
        return f"{place} has {_people(drift)} more than were sent{_since(drift)}."
    if drift.rule == Rule.CREEP:
        return f"{_shows(drift, place)}, {_off(drift)}: little by little{_since(drift)}, more than chance explains."
    return f"{_shows(drift, place)}, {_off(drift)}: {_people(drift)} {_which(drift)}{_since(drift)}."


def _broken(drift: Drift, place: str) -> str:
    if drift.rule == Rule.NOT_USABLE:
        return f"Ads could use this list and cannot any more{_since(drift)}."
    if drift.rule == Rule.NOBODY:
        return f"{place} shows nobody on this list{_since(drift)}: everybody who was sent is missing."
    return f"{_shows(drift, place)}, less than half of what was there before{_since(drift)}."


_SENTENCES: Final[dict[Verdict, Callable[[Drift, str], str]]] = {
    Verdict.ON_TARGET: _on_target,
    Verdict.LEARNING: _learning,
    Verdict.UNKNOWN: _unknown,
    Verdict.DRIFTING: _drifting,
    Verdict.BROKEN: _broken,
}


def _shows(drift: Drift, place: str) -> str:
    share = f" ({span(*drift.share)}%)" if drift.share else ""
    return f"{place} shows {drift.there} people{share}"


def _off(drift: Drift) -> str:
    usual = f"{span(*drift.usual)}% are usual" if drift.usual else "what is usual is not known"
    off = percent(abs(drift.off), 1) if drift.off is not None else ""
    return f"{off} {'fewer' if drift.is_below else 'more'} than expected ({usual})"


def _people(drift: Drift) -> str:
    return str(drift.missing if drift.missing.high else drift.not_removed)


def _which(drift: Drift) -> str:
    return "are missing" if drift.missing.high else "should not be there"


def _since(drift: Drift) -> str:
    return f" since {_week(drift.since)}" if drift.since and drift.since != drift.monday else ""


def _week(monday: date | None) -> str:
    return f"W{monday.isocalendar().week}" if monday else ""

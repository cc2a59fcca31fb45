"""Tells what a pre-flight expects of each list, in sentences. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from muster.figures import number, share

from .forecast import PUBLISHER

BASES = {
    "window": "if everybody comes and goes once in the segment's window",
    "runs": "going by this list's own runs of the last 30 days",
}


@dataclass(frozen=True)
class Sentence:
    """One list's figure; `worries`: more than there is room for."""

    list: str
    words: str
    worries: bool = False


def events(one: Mapping[str, Any], cadence: str) -> Sentence:
    """Return what a list's events come to, against its pipe's budget where that is known."""
    first = f"{number(one['first'])} {'event' if one['first'] == 1 else 'events'} for the first send"
    if one["month"] is None:
        return Sentence(
            one["list"],
            f"{first}; a month is unknown: the segment has no rolling window, and this list has no week of runs yet. "
            "State the window in the definition, or look again then.",
        )
    often = "" if cadence in ("", "by hand") else f", synced {cadence}"
    month = f"{first}, about {number(one['month'])} a month{often}, {BASES[one['basis']]}"
    if not one["pipe"]:
        return Sentence(one["list"], f"{month}. No pipe is chosen yet, so there is no budget to hold it against.")
    budget, others = one["budget"], one["others"]
    if budget is None:
        return Sentence(one["list"], f"{month}. Nobody stated how many events the pipe {one['pipe']} may take.")
    beside = f", beside {number(others)} for other lists in the last 30 days" if others else ""
    told = (
        f"{month}: {share(one['month'], budget)} of the {number(budget)} that the pipe {one['pipe']} may take{beside}."
    )
    over = one["month"] + others > budget
    more = " That is more than there is: choose audiencelist, a slower cadence, or a larger plan." if over else ""
    return Sentence(one["list"], told + more, over)


def match(one: Mapping[str, Any], would_send: int) -> Sentence:
    """Return what is expected of a list's match, and from where. It is never a measurement."""
    parts = ["Unknown: the list has no reading from the platform yet."]
    if one["stated"]:
        low, high = one["stated"]
        people = f"{number(round(would_send * low / 100))} to {number(round(would_send * high / 100))}"
        parts.append(f"The definition expects {_percent(low, high)}, which would be {people} people.")
    if one["published"]:
        parts.append(f"Published range: {_percent(*one['published'])} ({PUBLISHER}; how it was measured is not said).")
    return Sentence(one["list"], " ".join(parts))


def _percent(low: float, high: float) -> str:
    return f"{low:g}–{high:g}%"

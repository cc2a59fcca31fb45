"""The choices about a held run, each with its figures and what follows from it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from audiences.platforms import Family
from muster.figures import HOUR, age, number, percent, share

from .reasons import RUN, named
from .telling import parked_of, people, sides

if TYPE_CHECKING:
    from .models import Run

EMPTYING = {"empty", "clear"}
NAMES = {"removes": "removals", "adds": "additions"}


@dataclass(frozen=True)
class Fact:
    """One figure that the guards judged by."""

    name: str
    value: str
    note: str


@dataclass(frozen=True)
class Bar:
    """The list as a bar: people who stay, then parked additions, then parked removals from `leave_at` on."""

    whole: int
    stay: int
    leave_at: int
    words: str


@dataclass(frozen=True)
class Parked:
    """What is parked and what each choice means: lists of sentences, the safe choice first."""

    removes: int
    adds: int
    now: int
    after: int
    bar: Bar
    facts: list[Fact]
    may_empty: bool
    title: str
    figures: str
    keep: list[str]
    release: list[str]
    drop: list[str]


def choices(run: Run, members: int, as_shown: str = "") -> Parked:
    """Return the choices of a held run. `members` is how many people are on the list now; `as_shown` says what is read."""
    held = list(sides(run))
    empties, clears = run.held.get("removes", {}).get("why") in EMPTYING, is_clear(run)
    figures = " and ".join(_count(parked_of(run, side), side) for side in held)
    removes, adds = parked_of(run, "removes"), parked_of(run, "adds")
    return Parked(
        removes=removes,
        adds=adds,
        now=members,
        after=max(0, members - removes + adds),
        bar=_bar(members, removes, adds),
        facts=[fact for side in held for fact in _facts(run, side)],
        may_empty=empties,
        title=f"Decide on the {figures}" if figures else "Nothing to decide",
        figures=figures,
        keep=[
            f"{people(members)} stay on the list" if members != 1 else "1 person stays on the list",
            *(_kept(run, side) for side in held),
            "The list stays retired: nothing is sent to it, and whoever opts out is not taken off it either"
            if clears
            else "The next run plans afresh and replaces this one; if nothing changed, it holds again",
        ],
        release=[
            *(_released(run, side) for side in held),
            *(["This empties the list: nobody is left on it afterwards"] if empties else []),
            as_shown or "A new run plans afresh; whoever came back in the meantime is not removed",
            f"The release covers up to {figures} on this list for 24 h, not more",
        ],
        drop=[
            f"The {figures} of this run are thrown away; {_sent(run)}",
            "The run ends as Cancelled, and nobody is reminded of it again",
            "Everybody stays on the list until somebody has the removal prepared again"
            if clears
            else "The next run plans afresh and holds again if nothing changed",
        ],
    )


def is_clear(run: Run) -> bool:
    """Whether a run removes everybody."""
    return run.kind == run.Kind.CLEAR


def _bar(members: int, removes: int, adds: int) -> Bar:
    stay = max(0, members - removes)
    parts = [f"Stay {stay:,}"]
    parts += [f"parked removals {removes:,} ({share(removes, members)} of {members:,})"] if removes else []
    parts += [f"parked additions {adds:,}"] if adds else []
    return Bar(stay + adds + removes, stay, stay + adds, ", ".join(parts))


def _facts(run: Run, side: str) -> list[Fact]:
    said, name = run.held[side], NAMES[side].capitalize()
    if said.get("why") != "guard":
        return [Fact(f"{name} parked", number(said["figure"]), f"{named(RUN, str(said.get('why'))).label}")]
    usual, limit = _usual(said), _limit(said)
    return [
        Fact(f"{name} expected", number(said.get("expected")), usual),
        Fact("Limit of this pass", number(said["limit"]), limit),
    ]


def _usual(said: Mapping[str, Any]) -> str:
    """Return how many would be usual, with the figures it was told by; runs of before kept none."""
    if "by" not in said:
        return "From the hours since the last Done run, and the segment's window or the last week's runs"
    if said["hours"] is None:
        return "No run is Done yet, so nothing tells what is usual"
    since = f"{age(said['hours'] * HOUR)} since the last Done run"
    if said["window"]:
        return f"{since} ÷ {age(said['window'] * HOUR)} of the segment's window, of {people(said['members'])}"
    return f"{since}, at the pace of the runs and days before it"


def _limit(said: Mapping[str, Any]) -> str:
    """Return which of the three set the limit."""
    if "by" not in said:
        return "The largest of 50, three times the expected, and a share of the list. It grows with the hours"
    of_list = f"{percent(100 * said['share'])} of {people(said['members'])}"
    return {
        "floor": f"The least that passes. Three times the expected and {of_list} are no more",
        "share": f"{of_list}: more than 50 and than three times the expected",
        "turnover": f"Three times the expected, more than 50 and than {of_list}. It grows with the hours",
    }[said["by"]]


def _count(number: int, side: str) -> str:
    name = NAMES[side]
    return f"{number:,} {name[:-1] if number == 1 else name}"


def _sent(run: Run) -> str:
    sent = run.accepted_adds + run.accepted_removes
    return f"the {sent:,} changes that were accepted stay" if sent else "nothing of it was sent"


def _kept(run: Run, side: str) -> str:
    figure, who = f"{parked_of(run, side):,}", people(parked_of(run, side))
    if is_clear(run):
        return "They see no ads as long as they are on it" if run.definition.suppresses else "They can still be reached"
    if run.definition.suppresses:
        return {
            "removes": f"{figure} of them may no longer belong there; they see no ads until somebody decides",
            "adds": f"{who} are not yet excluded: ads can still reach them",
        }[side]
    ads = run.activation.destination.spec.family == Family.ADS
    return {
        "removes": f"{figure} of them no longer meet the definition{', and ads can still reach them' if ads else ''}",
        "adds": f"{who} who now meet the definition stay off it",
    }[side]


def _released(run: Run, side: str) -> str:
    who, place = people(parked_of(run, side)), run.activation.destination
    if run.definition.suppresses:
        return {
            "removes": f"Up to {who} can be shown ads again; {place.spec.arrival}",
            "adds": f"Up to {who} more are excluded from ads at {place.name}",
        }[side]
    return {
        "removes": f"Up to {who} leave the list at {place.name}; {place.spec.arrival}",
        "adds": f"Up to {who} who are not on the list now are added at {place.name}",
    }[side]

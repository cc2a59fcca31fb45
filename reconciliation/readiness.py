"""Whether a list can be used at its platform, told in one word and in sentences: what is so, why, what to do next. Pure."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from muster.figures import age, number, span

from .expected_match import Expected
from .habits import HABITS, NO_HABITS, Habits
from .look import Look
from .match_rate import Match
from .readers.meaning import Kind, Meaning
from .readers.meanings import is_told, meaning_of
from .readers.seen import OLDEST, State

LOOKS_MISSED: Final = 3  # times the time between two looks, from which on what was read is old
BY_HAND_LASTS: Final = timedelta(days=14)


class Word(StrEnum):
    USABLE = "usable"
    SETTLING = "settling"
    TOO_SMALL = "too_small"
    LOW_MATCH = "low_match"
    BLOCKED = "blocked"
    STALE = "stale"
    UNKNOWN = "unknown"

    @property
    def label(self) -> str:
        return self.value.replace("_", " ").capitalize()


@dataclass(frozen=True)
class Facts:
    """What is known of one list. `moved_at`: when it was last filled; `every`: the time between two looks.

    `match` is None where there is no rate or none to judge yet.
    """

    platform: str
    label: str
    now: datetime
    every: timedelta
    look: Look | None = None
    moved_at: datetime | None = None
    match: Match | None = None
    expected: Expected | None = None

    @property
    def habits(self) -> Habits:
        return HABITS.get(self.platform, NO_HABITS)


@dataclass(frozen=True)
class Readiness:
    """`what`, `why` and `do` are sentences; `said` are the platform's own codes. `until`: when it is to be over, if known."""

    word: Word
    what: str
    why: str = ""
    do: str = ""
    until: datetime | None = None
    as_of: datetime | None = None
    said: tuple[State, ...] = ()


def readiness(facts: Facts) -> Readiness:
    """Return the readiness of a list: the first rule that speaks decides."""
    if facts.look is None:
        do = "The first look follows by itself once reading access and the list's id are there."
        return Readiness(Word.UNKNOWN, f"Nothing was read back from {facts.label} yet.", do=do)
    found = next(said for rule in _RULES if (said := rule(facts, facts.look)))
    return replace(found, as_of=facts.look.as_of, said=tuple(one for one in facts.look.states if one.axis != OLDEST))


def is_settling(platform: str, look: Look, moved_at: datetime | None) -> bool:
    """Whether the figures of a look must not be judged yet: the platform was still taking people in."""
    return settling_until(platform, moved_at, look.at) is not None or any(
        meaning is not None and meaning.kind == Kind.SETTLING for _, meaning in _meanings(platform, look)
    )


def settling_until(platform: str, moved_at: datetime | None, at: datetime) -> datetime | None:
    """Return the end of the usual settling window, None where it is over or was none."""
    until = moved_at + HABITS.get(platform, NO_HABITS).settles if moved_at else None
    return until if until and until > at else None


def _within_hard(facts: Facts, look: Look) -> datetime | None:
    """Return until when a size of nothing may still be one that has not been worked out."""
    until = facts.moved_at + facts.habits.hard if facts.moved_at else None
    return until if until and until > look.at else None


def _meanings(platform: str, look: Look) -> list[tuple[State, Meaning | None]]:
    return [(state, meaning_of(platform, state)) for state in look.states if is_told(platform, state)]


def _kinds(platform: str, look: Look) -> set[Kind]:
    return {meaning.kind for _, meaning in _meanings(platform, look) if meaning}


def _gone(facts: Facts, look: Look) -> Readiness | None:
    if not look.is_gone:
        return None
    return Readiness(
        Word.BLOCKED,
        f"{facts.label} does not know this list.",
        "It was deleted there, or the id that Muster was given is another list's.",
        "Give the list's id anew. If it was deleted, create it again and have everybody sent again.",
    )


def _stale(facts: Facts, look: Look) -> Readiness | None:
    old = facts.now - look.at
    if old <= (BY_HAND_LASTS if look.by_hand else LOOKS_MISSED * facts.every):
        return None
    if look.by_hand:
        said, why, do = "entered", "Figures entered by hand count for 14 days.", "Enter what the platform shows today."
    else:
        said, why = "read", f"{LOOKS_MISSED} looks in a row did not happen or were refused."
        do = "See the reading access of this destination; the next look is tried by itself."
    return Readiness(Word.STALE, f"This was last {said} {age(old.total_seconds())} ago.", why, do)


def _blocked(facts: Facts, look: Look) -> Readiness | None:
    return _by_code(facts, look, Kind.BLOCKED)


def _by_code(facts: Facts, look: Look, kind: Kind) -> Readiness | None:
    """Return what the first state of this kind says, in Muster's words or else in the platform's."""
    found = ((state, meaning) for state, meaning in _meanings(facts.platform, look) if meaning and meaning.kind == kind)
    state, meaning = next(found, (None, None))
    if state is None or meaning is None:
        return None
    words = meaning.words or state.words or f"{facts.label} says {state.axis} {state.code}."
    return Readiness(Word(kind.value), words, do=meaning.do)


def _unknown_there(facts: Facts, look: Look) -> Readiness | None:
    return _by_code(facts, look, Kind.UNKNOWN)


def _code_unknown(facts: Facts, look: Look) -> Readiness | None:
    state = next((one for one, meaning in _meanings(facts.platform, look) if meaning is None), None)
    if state is None:
        return None
    return Readiness(
        Word.UNKNOWN,
        f"{facts.label} answers {state.axis} {state.code}, which Muster does not know.",
        f"In its own words: “{state.words}”" if state.words else f"{facts.label} says no more about it.",
        f"Look at the list at {facts.label} before you rely on it.",
    )


def _nobody(_facts: Facts, look: Look) -> Readiness | None:
    if look.accepted != 0:
        return None
    return Readiness(Word.UNKNOWN, "Nobody has been sent to this list yet.", do="Its first sync comes before this.")


def _settling(facts: Facts, look: Look) -> Readiness | None:
    hard = _within_hard(facts, look)
    if by_code := _by_code(facts, look, Kind.SETTLING):
        over = facts.moved_at and not hard and facts.habits.hard
        late = f"That is longer than the {_hours(facts.habits.hard)} it usually takes at most." if over else ""
        do = f"Look at the list at {facts.label}." if late else by_code.do
        return replace(by_code, why=late, do=do, until=hard)
    until = settling_until(facts.platform, facts.moved_at, facts.now)
    if until is None and hard and hard > facts.now and not any(one.high for one in look.sizes):
        until = hard
    if until is None:
        return None
    return Readiness(
        Word.SETTLING,
        f"{facts.label} is still taking in the people sent last.",
        f"It usually takes up to {_hours(facts.habits.settles)}, at most {_hours(facts.habits.hard)}.",
        "Nothing to do: size and match are judged after that.",
        until,
    )


def _hours(span_of_time: timedelta) -> str:
    return f"{number(span_of_time / timedelta(hours=1))} h"


def _too_small(facts: Facts, look: Look) -> Readiness | None:
    size, least = look.size, facts.habits.minimum
    by_code = _by_code(facts, look, Kind.TOO_SMALL)
    below = size is not None and size.high is not None and least is not None and size.high < least
    if not by_code and (not below or _platform_allows(facts, look)):
        return None
    if size is None or not below:
        return by_code
    return Readiness(
        Word.TOO_SMALL,
        f"{facts.label} counts {_people(size.low, size.high)}, fewer than the {number(least)} it needs.",
        "Ads cannot use it until it has grown." if not by_code else by_code.what,
        "Widen the segment, or look at who is left out before sending and how many are matched.",
    )


def _platform_allows(facts: Facts, look: Look) -> bool:
    """Whether the platform itself says that the list may be used, whatever its size."""
    return Kind.ALLOWED in _kinds(facts.platform, look)


def _people(low: int | None, high: int | None) -> str:
    return f"{span(low, high)} {'person' if high == 1 else 'people'}"


def _not_allowed(facts: Facts, look: Look) -> Readiness | None:
    kinds, size = _kinds(facts.platform, look), look.size
    if Kind.NOT_ALLOWED not in kinds or Kind.ALLOWED in kinds or size is None:
        return None
    return Readiness(
        Word.BLOCKED,
        f"{facts.label} does not let ads use this list.",
        f"It counts {_people(size.low, size.high)}, so its size is not why.",
        f"Look at the list at {facts.label}: its policy and its sharing decide.",
    )


def _size_unknown(facts: Facts, look: Look) -> Readiness | None:
    if look.size is not None:
        return None
    return Readiness(
        Word.UNKNOWN,
        f"{facts.label} gives no size for this list.",
        "It withholds the size of lists that are very small or not worked out yet; that is not the same as nobody.",
        f"If it stays so, look at the list at {facts.label}.",
    )


def _low_match(facts: Facts, look: Look) -> Readiness | None:
    match, expected = facts.match, facts.expected
    if match is None or expected is None or match.high >= expected.low:
        return _by_code(facts, look, Kind.LOW_MATCH)
    return Readiness(
        Word.LOW_MATCH,
        f"Match is {span(match.low, match.high)}%, below the {span(expected.low, expected.high)}% expected "
        f"{'from a ' if expected.source == 'published' else ''}{expected.words}.",
        "The identifiers that were sent are known to fewer people there.",
        "Compare with the coverage of identifiers and with what changed on the chart.",
    )


def _stale_there(facts: Facts, look: Look) -> Readiness | None:
    return _by_code(facts, look, Kind.STALE)


def _usable(facts: Facts, look: Look) -> Readiness:
    size = look.size
    assert size is not None, "a list without a size is unknown"
    least = facts.habits.minimum
    near = least is not None and size.low is not None and size.low < least
    return Readiness(
        Word.USABLE,
        f"{facts.label} counts {_people(size.low, size.high)}.",
        f"It needs {number(least)}, so it is near the least it uses." if near else "",
    )


_RULES: Final[tuple[Callable[[Facts, Look], Readiness | None], ...]] = (
    _gone,
    _stale,
    _blocked,
    _code_unknown,
    _nobody,
    _settling,
    _unknown_there,
    _too_small,
    _not_allowed,
    _size_unknown,
    _low_match,
    _stale_there,
    _usable,
)

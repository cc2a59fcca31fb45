"""What the suppression board says of each ad account in one sentence, with what to do. Pure.

"Protected" is said only where every required list is fresh, read back, and excluded everywhere.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from muster.figures import age, in_words, number

from .board_cell import RANK, Cell, before, marked, things, worst
from .protection import Mark, Tone

PARTS: Final = 2  # of what is wrong with an account, in its sentence

EXCLUDE: Final = "Exclude it in the account now."


@dataclass(frozen=True)
class Told:
    """One account in a sentence: what is so, and what to do."""

    place: str
    tone: Tone
    words: str
    do: str = ""


def account(place: str, cells: Sequence[Cell]) -> Told:
    """Return the sentence of an account. `cells` are all that it requires."""
    if not cells:
        return Told(place, Tone.NONE, "requires nothing yet, so nobody can say.", "Have a manager write its policy.")
    found = [(*said, do) for say, do in _PARTS if (said := say(cells))]
    if not found:
        held = {1: "its list is", 2: "both lists are"}.get(len(cells), f"all {in_words(len(cells))} lists are")
        return Told(place, Tone.OK, f"protected: {held} fresh and excluded everywhere.")
    words = "; ".join(part for _, part, _ in found[:PARTS])
    tone = min((tone for tone, _, _ in found), key=RANK.__getitem__)
    return Told(place, tone, f"{words}.", _do(found[0][2], cells))


def _do(first: str, cells: Sequence[Cell]) -> str:
    """Return what to do. A list that is old or broken protects nobody by being mended alone where ads do not exclude it."""
    loose = [one for one in marked(cells, Mark.STALE, Mark.BROKEN) if one.loose]
    if not loose or first == EXCLUDE:
        return first
    which = (
        f"“{loose[0].label}” {loose[0].where}"
        if len(loose) == 1
        else f"{in_words(len(loose))} lists where ads miss them"
    )
    return f"{first} Also exclude {which}."


Part = tuple[Tone, str]


def _stale_long(cells: Sequence[Cell]) -> Part | None:
    old = marked(cells, Mark.STALE, tone=Tone.BAD)
    if not old:
        return None
    longest = max(one.protection.age.total_seconds() for one in old if one.protection.age)
    known = [one for one in old if one.missing is not None]
    missing = max((one.missing or 0 for one in known), default=0)
    whom = max(known, key=lambda one: one.missing or 0).whom if known else ""
    exposed = f"; {number(missing)} {whom} not excluded" if missing else ""
    return Tone.BAD, f"not protected for {age(longest)}{exposed}"


def _broken(cells: Sequence[Cell]) -> Part | None:
    found = marked(cells, Mark.BROKEN)
    return (Tone.BAD, _named(found, "is broken", "are broken")) if found else None


def _nowhere(cells: Sequence[Cell]) -> Part | None:
    found = [one for one in marked(cells, Mark.NOT_ATTACHED, Mark.STALE, Mark.BROKEN) if one.nowhere]
    return (Tone.BAD, _named(found, "is not excluded there", "are not excluded there")) if found else None


def _missing(cells: Sequence[Cell]) -> Part | None:
    found = marked(cells, Mark.NOT_SET)
    if not found:
        return None
    which = "its list is" if len(cells) == 1 else f"{in_words(len(found))} of {in_words(len(cells))} lists"
    return worst(found), f"{which} missing{before(found)}"


def _stale_short(cells: Sequence[Cell]) -> Part | None:
    found = marked(cells, Mark.STALE, tone=Tone.WARN)
    return (Tone.WARN, _named(found, "is past its target", "are past their targets")) if found else None


def _partly(cells: Sequence[Cell]) -> Part | None:
    found = [one for one in marked(cells, Mark.PROTECTING, Mark.STALE, Mark.BROKEN) if one.lacking and not one.nowhere]
    if not found:
        return None
    fresh = "fresh, but " if all(one.mark == Mark.PROTECTING for one in found) else ""
    names = {name for one in found for name in one.lacking}
    which = "one list" if len(found) == 1 else f"some of {in_words(len(found))} lists"
    return Tone.WARN, f"{fresh}{things(found[0], len(names))} {'misses' if len(names) == 1 else 'miss'} {which}"


def _held_up(cells: Sequence[Cell]) -> Part | None:
    found = [one for one in cells if one.held_up]
    return (Tone.WARN, _named(found, "is still fresh, but held up", "are still fresh, but held up")) if found else None


def _unknown(cells: Sequence[Cell]) -> Part | None:
    found = marked(cells, Mark.UNKNOWN)
    if not found:
        return None
    which = "its list" if len(cells) == 1 else f"{in_words(len(found))} of {in_words(len(cells))} lists"
    return Tone.NONE, f"nobody knows whether {which} protect{'s' if len(found) == 1 else ''}"


def _settling(cells: Sequence[Cell]) -> Part | None:
    found = marked(cells, Mark.SETTLING)
    return (Tone.NONE, _named(found, "still settles", "still settle")) if found else None


def _small(cells: Sequence[Cell]) -> Part | None:
    found = marked(cells, Mark.TOO_SMALL)
    return (Tone.NONE, _named(found, "is too small to be used", "are too small to be used")) if found else None


_PARTS: Final[tuple[tuple[Callable[[Sequence[Cell]], Part | None], str], ...]] = (
    (_stale_long, "Pause or cap its ads until the list is fresh."),
    (_broken, "Pause or cap its ads until it is mended."),
    (_nowhere, EXCLUDE),
    (_missing, "Have what is missing registered."),
    (_stale_short, "The next sync mends it."),
    (_partly, "Exclude it there too."),
    (_held_up, "See why below."),
    (_unknown, "Have the account read, or sign what you see in it."),
    (_settling, "Nothing to do: the platform is still taking people in."),
    (_small, "Nothing to do: it is no fault."),
)


def _named(cells: Sequence[Cell], one: str, several: str) -> str:
    return f"“{cells[0].label}” {one}" if len(cells) == 1 else f"{in_words(len(cells))} lists {several}"

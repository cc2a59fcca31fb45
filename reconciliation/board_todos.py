"""What can be done now about the suppression board: what is worst and exposes most people first. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from muster.figures import in_words, number

from .attachment import nouns, shortened
from .board_cell import RANK, Cell, before, marked, worst
from .protection import Mark, Tone

NOBODY: Final = "nobody"
ATTACHABLE: Final = (Mark.NOT_ATTACHED, Mark.PROTECTING, Mark.STALE, Mark.BROKEN, Mark.SETTLING, Mark.UNKNOWN)


class Kind(StrEnum):
    REFRESH = "refresh"
    MEND = "mend"
    ATTACH = "attach"
    REGISTER = "register"
    FIND_OUT = "find_out"


@dataclass(frozen=True)
class Todo:
    """One thing that can be done now. `big`: how much, in a word or two; `people` exposed, None while nobody counted."""

    kind: Kind
    tone: Tone
    big: str
    heading: str
    detail: str
    cells: tuple[Cell, ...]
    people: int | None = None


def todos(cells: Iterable[Cell]) -> list[Todo]:
    """Return what can be done now, what is worst and exposes most people first."""
    there = list(cells)
    found = [made for one in there for make in (_refresh, _mend, _attach) if (made := make(one))]
    places = dict.fromkeys(one.place for one in there)
    found += [made for place in places if (made := _register(place, there))]
    found += [made for place in places if (made := _find_out(place, there))]
    return sorted(found, key=lambda one: (RANK[one.tone], -(one.people if one.people is not None else -1)))


def _refresh(cell: Cell) -> Todo | None:
    if cell.mark != Mark.STALE:
        return None
    until = f"is fresh and excluded {cell.where}" if cell.loose else "is fresh"
    heading = f"Pause or cap ads at {cell.place} until “{cell.label}” {until}, or accept {_how_many(cell)}."
    return Todo(Kind.REFRESH, cell.tone, _big(cell), heading, _exposure(cell), (cell,), cell.missing)


def _mend(cell: Cell) -> Todo | None:
    if cell.mark != Mark.BROKEN and not cell.held_up:
        return None
    heading = f"Have “{cell.label}” at {cell.place} mended{' before it gets stale' if cell.held_up else ''}."
    return Todo(
        Kind.MEND, cell.tone, _big(cell), heading, f"{cell.protection.why} {_exposure(cell)}", (cell,), cell.missing
    )


def _attach(cell: Cell) -> Todo | None:
    use = cell.facts.use
    if use is None or cell.mark not in ATTACHABLE or not cell.loose:
        return None
    names = use.included or use.lacking
    count = len(names)
    heading = f"Exclude “{cell.list_name or cell.label}” {cell.where} at {cell.place}."
    reach = f"any of the {number(cell.people)} {cell.whom}" if cell.people else f"the {cell.whom} on it"
    noun = nouns(cell.platform)[0 if count == 1 else 1].split(" and ")[0].split(" or ")[0]
    detail = f"{_capital(shortened(names))} can reach {reach}."
    return Todo(Kind.ATTACH, cell.tone, f"{number(count)} {noun}", heading, detail, (cell,), cell.people)


def _register(place: str, cells: Sequence[Cell]) -> Todo | None:
    found = [one for one in marked(cells, Mark.NOT_SET) if one.place == place]
    if not found:
        return None
    tone = worst(found)
    several = len(found) > 1
    heading = (
        f"{_capital(in_words(len(found)))} {'lists are' if several else 'list is'} missing at {place}{before(found)}."
    )
    detail = " ".join(f"“{one.label}”: {_small_first(one.protection.why)}" for one in found)
    known = [one.people for one in found if one.people is not None and one.tone == Tone.BAD]
    big = f"{number(len(found))} list{'s' if several else ''}"
    return Todo(Kind.REGISTER, tone, big, heading, detail, tuple(found), max(known, default=None))


def _find_out(place: str, cells: Sequence[Cell]) -> Todo | None:
    found = [one for one in marked(cells, Mark.UNKNOWN) if one.place == place]
    if not found:
        return None
    which = f"“{found[0].label}” protects" if len(found) == 1 else f"{in_words(len(found))} lists protect"
    heading = f"Find out whether {which} at {place}."
    detail = " ".join(dict.fromkeys(one.protection.why for one in found))
    big = f"{number(len(found))} list{'s' if len(found) > 1 else ''}"
    return Todo(Kind.FIND_OUT, Tone.NONE, big, heading, detail, tuple(found))


def _big(cell: Cell) -> str:
    return "not counted" if cell.missing is None else number(cell.missing) if cell.missing else NOBODY


def _how_many(cell: Cell) -> str:
    if cell.missing is None:
        return f"{cell.whom} who are not excluded"
    return f"{number(cell.missing)} {cell.whom} who are not excluded"


def _exposure(cell: Cell) -> str:
    """Return who can be reached by what, as far as it was counted, and why."""
    if cell.missing is None:
        said = "How many can be reached was not counted yet."
    elif not cell.missing:
        said = "Everybody who can be is on the list that RudderStack accepted."
    else:
        said = f"{number(cell.missing)} {cell.whom} are not on the list that RudderStack accepted"
        inside = f"; {number(cell.leaked)} of them are also inside a targeting list" if cell.leaked else ""
        said = f"{said}{inside}."
    return f"{said} {cell.protection.why}" if cell.mark == Mark.STALE else said


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def _small_first(text: str) -> str:
    return f"{text[:1].lower()}{text[1:]}" if text.startswith("No ") else text

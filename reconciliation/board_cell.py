"""One cell of the suppression board as plain values, and how its parts are named in sentences. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from muster.figures import in_words, number
from muster.plotted import day_and_month

from .attachment import nouns
from .protection import Facts, Mark, Protection, Tone

BUYERS: Final = "recent_buyers"
RANK: Final = {Tone.BAD: 0, Tone.WARN: 1, Tone.NONE: 2, Tone.OK: 3}


@dataclass(frozen=True)
class Cell:
    """One required suppression at one account. `people` are in its segment; `missing` of them are not on the accepted list
    and `leaked` of those inside a targeting list there, None while nobody counted. `list_name` is what the platform calls it.
    """

    key: int
    label: str
    place: str
    platform: str
    facts: Facts
    protection: Protection
    cohort: str = ""
    people: int | None = None
    missing: int | None = None
    leaked: int | None = None
    list_name: str = ""
    list_id: str = ""
    first_spend: date | None = None

    @property
    def mark(self) -> Mark:
        return self.protection.mark

    @property
    def tone(self) -> Tone:
        return self.protection.tone

    @property
    def whom(self) -> str:
        return "buyers" if self.cohort == BUYERS else "people"

    @property
    def rank(self) -> int:
        """Return how bad it is, the worst first."""
        return RANK[self.tone]

    @property
    def held_up(self) -> bool:
        """Whether it protects for now, and something keeps it from being brought up to date."""
        return self.mark == Mark.PROTECTING and self.tone == Tone.WARN and not self.lacking

    @property
    def attached(self) -> str:
        """Return where ads exclude the list: "excluded in 14 of 17 active ad sets"."""
        use, (one, several) = self.facts.use, nouns(self.platform)
        if use is None or use.active is None:
            return self.facts.unused or "nobody has looked where ads use it"
        if not use.active:
            return f"no active {several} to exclude from"
        there = use.active - len(use.lacking)
        said = f"excluded in {number(there)} of {number(use.active)} active {one if use.active == 1 else several}"
        aimed = use.included and self.mark != Mark.NOT_ATTACHED  # which says so itself
        return f"{said}, included in {number(len(use.included))}" if aimed else said

    @property
    def loose(self) -> bool:
        """Whether ads are known that can reach the people on it, however fresh it may be."""
        return bool(self.facts.use and (self.facts.use.lacking or self.facts.use.included))

    @property
    def nowhere(self) -> bool:
        """Whether no ad is known to exclude it, or one is aimed at it."""
        use = self.facts.use
        return bool(use and (use.included or (use.active and len(use.lacking) >= use.active)))

    @property
    def where(self) -> str:
        """Return where ads still have to exclude it: "in three ad sets"."""
        use = self.facts.use
        if use and use.included:
            return f"in {things(self, len(use.included))} that {'includes' if len(use.included) == 1 else 'include'} it"
        return f"in {things(self, len(self.lacking))}"

    @property
    def lacking(self) -> tuple[str, ...]:
        return self.facts.use.lacking if self.facts.use else ()


def marked(cells: Sequence[Cell], *marks: Mark, tone: Tone | None = None) -> list[Cell]:
    """Return the cells with one of these marks."""
    return [one for one in cells if one.mark in marks and tone in {None, one.tone}]


def before(cells: Sequence[Cell]) -> str:
    """Return before which day they must be there, where the account does not spend yet."""
    days = [one.first_spend for one in cells if one.first_spend and not one.facts.spends]
    return f" before the first spend on {day_and_month(min(days))}" if days and len(days) == len(cells) else ""


def things(cell: Cell, count: int) -> str:
    """Return "three ad sets"."""
    one, several = nouns(cell.platform)
    return f"{in_words(count)} {one if count == 1 else several}"


def worst(cells: Sequence[Cell]) -> Tone:
    """Return the worst tone among cells."""
    return min((one.tone for one in cells), key=RANK.__getitem__)

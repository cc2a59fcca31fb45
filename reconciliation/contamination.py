"""Held-out people found in lists that ads use: how many, since when, and what to do about it. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from audiences.terms import joined
from muster.figures import number

SHOWN: Final = 8


@dataclass(frozen=True)
class Counted:
    """How many held-out people were in a list when a run of it ended."""

    at: datetime
    people: int


@dataclass(frozen=True)
class InList:
    """One list. `counted` oldest first; `own`: it is a list of the audience whose holdout it is."""

    name: str
    counted: Sequence[Counted]
    own: bool = True
    run_id: int | None = None

    @property
    def people(self) -> int:
        return self.counted[-1].people

    @property
    def at(self) -> datetime:
        return self.counted[-1].at

    @property
    def since(self) -> datetime | None:
        """Return when a run first found somebody, of those that have found somebody ever since; None where nobody is."""
        first = None
        for one in reversed(self.counted):
            if not one.people:
                break
            first = one.at
        return first

    @property
    def trend(self) -> str:
        """Return the newest counts, oldest first: "0, 0, 12"."""
        return ", ".join(number(one.people) for one in self.counted[-SHOWN:])

    @property
    def what_to_do(self) -> str:
        """Return the next step, empty where nobody is in."""
        if not self.people:
            return ""
        if self.own:
            return "The next sync takes them off; if its removals are held or the list is paused, decide on that first."
        return "Its definition does not know this holdout: name the same attribute and arm there in a new version."


def sentence(lists: Sequence[InList], when: Callable[[datetime], str]) -> str:
    """Return what is true of all lists in one sentence. `when` writes a moment as the reader has it."""
    if not lists:
        return "Not counted yet: held-out people are looked for when a run of a list ends."
    found = sorted((one for one in lists if one.people), key=lambda one: -one.people)
    if not found:
        newest = max(one.at for one in lists)
        return f"0 held-out people found in any live list, as of {when(newest)}."
    parts = [f"{number(one.people)} in {one.name} since {when(one.since or one.at)}" for one in found]
    return f"Held-out people are in live lists: {joined(parts)}. What is measured there counts people who saw the ads."

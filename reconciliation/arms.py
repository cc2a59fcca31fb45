"""The arms of a holdout at one list: Customer.io beside what was sent and what landed. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from audiences.arms import NO_ARM, NOT_AN_ARM
from audiences.terms import joined
from muster.figures import number, percent

ANY_TOLERANCE: Final = 2.0  # percent, where the definition says none


class State(StrEnum):
    SAME = "same"
    SETTLING = "settling"
    OFF = "off"
    NOT_READ = "not_read"


@dataclass(frozen=True)
class Sent:
    """What the newest finished run of a list wanted: people by arm, and by arm who was read of the segment for it."""

    at: datetime
    read_at: datetime
    in_segment: Mapping[str, int]
    wanted: Mapping[str, int]
    held_out: int = 0


@dataclass(frozen=True)
class Landed:
    """People by arm as the place tells them, and when it was asked; `settles_at`: not judged before that."""

    as_of: datetime
    people: Mapping[str, int]
    settles_at: datetime | None = None


@dataclass(frozen=True)
class Row:
    """One arm. None: not counted or not read, which is never 0."""

    arm: str
    in_segment: int
    sent: int
    landed: int | None

    @property
    def label(self) -> str:
        return {NO_ARM: "No arm", NOT_AN_ARM: "No name of an arm"}.get(self.arm, self.arm)

    @property
    def difference(self) -> int | None:
        return None if self.landed is None else self.landed - self.sent

    def is_off(self, tolerance: float) -> bool:
        """Whether more people are missing, or too many, than `tolerance` percent of those sent; one person never is."""
        return self.difference is not None and abs(self.difference) > max(1.0, self.sent * tolerance / 100)


@dataclass(frozen=True)
class Arms:
    """The table of one list, and in `sentence` what is true of it and what to do."""

    rows: tuple[Row, ...]
    state: State
    sentence: str
    sent: Sent
    landed: Landed | None = None
    off: tuple[Row, ...] = ()


def arms(sent: Sent, landed: Landed | None, *, place: str, tolerance: float | None, unread: str) -> Arms:
    """Return the arms of one list; `unread` says why nothing is known of what landed."""
    allowed = ANY_TOLERANCE if tolerance is None else tolerance
    rows = tuple(_rows(sent, landed))
    if landed is None:
        return Arms(rows, State.NOT_READ, unread, sent)
    if landed.settles_at:
        words = f"{place} was read while the newest sync was still landing, so nothing is judged yet."
        return Arms(rows, State.SETTLING, words, sent, landed)
    off = tuple(row for row in rows if row.is_off(allowed))
    if not off:
        words = f"Every arm has as many people at {place} as were sent, within ±{percent(allowed, _digits(allowed))}."
        return Arms(rows, State.SAME, words, sent, landed)
    return Arms(rows, State.OFF, f"{'; '.join(map(_off, off))}. {_what_to_do(off)}", sent, landed, off)


def _rows(sent: Sent, landed: Landed | None) -> list[Row]:
    there = landed.people if landed else {}
    names = {*sent.in_segment, *sent.wanted, *there}
    return [
        Row(name, sent.in_segment.get(name, 0), sent.wanted.get(name, 0), there.get(name, 0) if landed else None)
        for name in sorted(names, key=lambda name: (name in (NO_ARM, NOT_AN_ARM), name))
    ]


def _off(row: Row) -> str:
    difference = row.difference or 0
    more = "more" if difference > 0 else "fewer"
    return f"{row.label}: {number(abs(difference))} {more} than the {number(row.sent)} that were sent"


def _what_to_do(off: Sequence[Row]) -> str:
    moved = {row.difference is not None and row.difference > 0 for row in off} == {True, False}
    if moved:
        return (
            "People landed in another arm than they were sent with: see whether something else writes this trait there, then "
            "have everybody sent again."
        )
    if any((row.difference or 0) < 0 for row in off):
        return "See whether RudderStack has events that failed for the warehouse, then have everybody sent again."
    return "More people are in than should be: see whether something else writes this trait, or removals did not land."


def told(by_arm: Mapping[str, int]) -> str:
    """Return people by arm in words."""
    named = [f"{number(people)} in {arm}" for arm, people in sorted(by_arm.items()) if arm not in (NO_ARM, NOT_AN_ARM)]
    none = sum(by_arm.get(name, 0) for name in (NO_ARM, NOT_AN_ARM))
    return joined([*named, *([f"{number(none)} in no arm"] if none else [])]) or "nobody"


def _digits(value: float) -> int:
    return 0 if value == round(value) else 1

"""One look at one list: the figures and states that were read together, beside how many people Muster held then. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from .quantities import Basis, Quantity
from .readers.seen import Figure, State

SIZES: Final = (Quantity.MEMBERS, Quantity.DISPLAY, Quantity.SEARCH)
BY_HAND: Final = frozenset({"manual", "csv"})
GONE: Final = ("list", "gone")
CHANGED: Final = "changed_at"
MOVED: Final = 0.2  # of the larger number of people: from there on a list is filled anew, not kept up


@dataclass(frozen=True)
class Row:
    """A reading as plain values."""

    fetched_at: datetime
    as_of: datetime
    source: str
    quantity: str
    axis: str
    low: int | None
    high: int | None
    basis: str
    code: str
    words: str


@dataclass(frozen=True)
class Look:
    """`at`: when it was read, or entered; `as_of`: when the platform computed it. `accepted`: distinct people in the
    ledger at that moment, None where nobody noted it. `source` is a platform's kind, "manual" or "csv".
    """

    at: datetime
    as_of: datetime
    source: str
    figures: tuple[Figure, ...] = ()
    states: tuple[State, ...] = ()
    accepted: int | None = None

    def figure(self, quantity: Quantity) -> Figure | None:
        """Return the figure of that quantity, one that is known before one that is not."""
        found = [one for one in self.figures if one.quantity == quantity]
        return next((one for one in found if one.low is not None), found[0] if found else None)

    @property
    def sizes(self) -> list[Figure]:
        """Return the sizes that are known; a platform may give one for each of its networks."""
        found = (self.figure(quantity) for quantity in SIZES)
        return [one for one in found if one is not None and one.low is not None]

    @property
    def size(self) -> Figure | None:
        """Return the size that a platform gives of the list, the largest of its networks' where it gives no other."""
        known = self.sizes
        own = next((one for one in known if one.quantity == Quantity.MEMBERS), None)
        return own or max(known, key=lambda one: one.high or 0, default=None)

    @property
    def is_gone(self) -> bool:
        return any((one.axis, one.code) == GONE for one in self.states)

    @property
    def changed_at(self) -> datetime | None:
        """Return when the platform last changed the people of the list, by its own word; None where it does not say."""
        return next((datetime.fromisoformat(one.code) for one in self.states if one.axis == CHANGED), None)

    @property
    def by_hand(self) -> bool:
        return self.source in BY_HAND


@dataclass(frozen=True)
class Uploads:
    """Rows that a platform received in upload sessions, and how many of them it could not read."""

    received: int = 0
    invalid: int = 0


def moved_at(accepted: Sequence[tuple[datetime, int]], began_at: datetime | None, by: datetime) -> datetime | None:
    """Return when the list was last filled: by a fifth or more of its people at once, else when its first sync arrived.

    `accepted` are the people Muster held, oldest first; what came after `by` is not known yet. None: never, as far as known.
    """
    known = [(at, people) for at, people in accepted if at <= by]
    for (_, before), (at, after) in zip(reversed(known[:-1]), reversed(known[1:]), strict=True):
        if abs(after - before) >= MOVED * max(after, before, 1):
            return at
    return began_at if began_at and began_at <= by else None


def looks(rows: Iterable[Row]) -> list[Look]:
    """Return the looks that these rows of readings make, oldest first: rows of one look share `fetched_at`."""
    together: dict[datetime, list[Row]] = {}
    for row in rows:
        together.setdefault(row.fetched_at, []).append(row)
    return [_look(at, found) for at, found in sorted(together.items())]


def _look(at: datetime, rows: list[Row]) -> Look:
    theirs = [row for row in rows if row.quantity != Quantity.ACCEPTED]
    figures = tuple(
        Figure(Quantity(row.quantity), row.low, row.high, Basis(row.basis), row.axis)
        for row in theirs
        if row.quantity != Quantity.STATE
    )
    states = tuple(State(row.axis, row.code, row.words) for row in theirs if row.quantity == Quantity.STATE)
    accepted = next((row.low for row in rows if row.quantity == Quantity.ACCEPTED), None)
    newest = max((row.as_of for row in theirs), default=at)
    return Look(at, newest, theirs[0].source if theirs else "", figures, states, accepted)

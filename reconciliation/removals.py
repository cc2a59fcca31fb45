"""Loads what decides whether the removals of a list show at its platform, and tells it in a sentence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeGuard

from muster.figures import number, span

from . import looking, moves
from .arrived import Arrived
from .bands import Band
from .habits import HABITS, NO_HABITS
from .look import Look
from .moves import Moves
from .removals_seen import Seen, Sizes, seen
from .weighing import lag_of

WEEK: Final = timedelta(days=7)
OLDEST: Final = timedelta(days=21)
DO: Final = "See whether the destination in RudderStack passes removals on; then send all current members again."


@dataclass(frozen=True)
class Removals:
    """`seen` is None while the platform may still take its time. `words` is a sentence, `do` what to do next."""

    seen: Seen | None
    words: str
    do: str = ""

    @property
    def are_missing(self) -> bool:
        return self.seen == Seen.NOT_SEEN


@dataclass(frozen=True)
class _Around:
    """The looks before and after some removals. `until`: what was accepted up to then must show in the look after."""

    before: Look
    after: Look
    until: datetime


def removals_of(lists: Sequence[Arrived]) -> Mapping[int, Removals]:
    """Return by list whether its removals of a week show; nothing where nobody was removed. At most six queries."""
    around = _around(lists)
    due = moves.between({pk: (one.before.as_of, one.until) for pk, one in around.items()})
    late = moves.between({pk: (one.until, one.after.as_of) for pk, one in around.items()})
    made = {one.activation.pk: one for one in lists}
    none = Moves()
    return {
        pk: _told(made[pk], one, due.get(pk, none), late.get(pk, none))
        for pk, one in around.items()
        if due.get(pk, none).removals or late.get(pk, none).removals
    }


def settles(one: Arrived) -> timedelta:
    """Return how long the platform takes until a removal shows: as it usually does, or as was declared if that is longer."""
    return max(HABITS.get(one.activation.destination.platform, NO_HABITS).settles, lag_of(one.activation))


def _around(lists: Sequence[Arrived]) -> dict[int, _Around]:
    """Return the looks to compare: the newest one, and one of a week before, which tells more than one of a day before."""
    newest = {one.activation.pk: one.look for one in lists if one.look and one.look.size and not one.look.is_gone}
    until = {
        one.activation.pk: newest[one.activation.pk].as_of - settles(one)
        for one in lists
        if one.activation.pk in newest
    }
    if not until:
        return {}
    first = min(until.values())
    before = looking.newest(list(until), first - WEEK)
    if lacking := [pk for pk in until if not _tells(before.get(pk), newest[pk])]:
        before |= looking.newest(lacking, first)
    return {pk: _Around(look, newest[pk], by) for pk, by in until.items() if _tells(look := before.get(pk), newest[pk])}


def _tells(look: Look | None, after: Look) -> TypeGuard[Look]:
    return bool(look and look.size and look.accepted and after.as_of - OLDEST < look.as_of < after.as_of)


def _told(one: Arrived, around: _Around, due: Moves, late: Moves) -> Removals:
    place = one.activation.destination.spec.label
    if not due.removals:
        hours = number(settles(one) / timedelta(hours=1))
        words = f"{_accepted(late.removals)}; {place} usually shows it within {hours} h."
        return Removals(None, words, "Nothing to do: it is judged after that.")
    sizes = _sizes(around, due, late)
    if sizes is None:
        return Removals(Seen.UNKNOWN, f"{_accepted(due.removals)}; the sizes that {place} gives do not tell more.")
    return _judged(sizes, place)


def _judged(sizes: Sizes, place: str) -> Removals:
    found, accepted = seen(sizes), _accepted(sizes.removals)
    there = span(sizes.after.low, sizes.after.high)
    expected = span(sizes.expected.low, sizes.expected.high)
    if found == Seen.SEEN:
        return Removals(found, f"{accepted}, and {place} shows it: {there} are there.")
    if found == Seen.NOT_SEEN:
        words = f"Removals are not visible at {place}: {accepted}, {expected} should be there now, and {there} are."
        return Removals(found, words, DO)
    return Removals(found, f"{accepted}: too few to be told in sizes that {place} rounds.")


def _accepted(people: int) -> str:
    return f"{number(people)} {'removal was' if people == 1 else 'removals were'} accepted"


def _sizes(around: _Around, due: Moves, late: Moves) -> Sizes | None:
    """Return what is known; the list's own share before the removals is what the people who left are recognised by."""
    before, after = _band(around.before), _band(around.after)
    accepted = around.before.accepted
    if before is None or after is None or not accepted:
        return None
    share = (100 * before.low / accepted, min(100.0, 100 * before.high / accepted))
    return Sizes(before, after, due.removals, due.additions, share, (late.additions, late.removals))


def _band(look: Look) -> Band | None:
    size = look.size
    return Band(size.low, size.high) if size and size.low is not None and size.high is not None else None

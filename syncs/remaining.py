"""Who is still on the lists of an audience that is retired, or about to be, and what becomes of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Prefetch, Q

from audiences.models import Activation, Audience, Definition, Lifecycle
from audiences.platforms import Family

from .models import Batch, Run
from .rows import Row, row_of
from .states import ARRIVED, BatchState, RunState
from .telling import people


@dataclass(frozen=True)
class Remaining:
    """One list. `row` is its newest removal of everybody; `words` say who remains, `stays` what leaving them there means."""

    list: Activation
    row: Row | None
    words: str
    stays: str

    @property
    def run(self) -> Run | None:
        return self.row.run if self.row else None

    @property
    def live(self) -> bool:
        return bool(self.run and self.run.is_live)

    @property
    def asks(self) -> bool:
        """Whether a second person has to decide about its removal."""
        return bool(self.run and self.run.state == RunState.HELD and self.list.members)

    @property
    def holds(self) -> bool:
        """Whether somebody is on it, or may be: a request without a recorded answer may have arrived."""
        return bool(self.list.members) or self.list.owes  # type: ignore[attr-defined]


def remaining(audience: Audience, now: datetime) -> Sequence[Remaining]:
    """Return the production lists that hold people or ever had a run, by destination. Three queries."""
    later = Run.objects.of_lists().exclude(kind=Run.Kind.CLEAR)
    later = later.filter(activation=OuterRef("activation"), pk__gt=OuterRef("pk"))
    # A sync after it, as of a list that was taken back, makes a removal a thing of the past.
    removals = Run.objects.filter(~Exists(later), kind=Run.Kind.CLEAR)
    removals = removals.select_related("activation__destination", "definition")
    owed = Batch.objects.filter(activation=OuterRef("pk"), state=BatchState.SENDING)
    sent = Run.objects.of_lists().filter(activation=OuterRef("pk"))
    found = Activation.objects.filter(audience=audience, kind=Activation.Kind.PRODUCTION)
    found = found.annotate(owes=Exists(owed)).filter(Q(members__gt=0) | Exists(sent) | Exists(owed))
    removed = Prefetch("runs", removals.order_by("-pk"), to_attr="removals")
    lists = found.select_related("destination", "pipe").defer("pipe__write_key").prefetch_related(removed)
    current = Definition.objects.filter(audience=audience, state=Definition.State.CURRENT).first()
    suppresses = bool(current and current.suppresses)
    return [_of(one, now, suppresses=suppresses) for one in lists.order_by("destination__name")]


def _of(one: Activation, now: datetime, *, suppresses: bool) -> Remaining:
    removals: list[Run] = one.removals  # type: ignore[attr-defined]
    newest = removals[0] if removals else None
    row = row_of(newest, now) if newest else None
    return Remaining(one, row, _words(one, newest), stays(one, suppresses=suppresses) if one.members else "")


def _words(one: Activation, removal: Run | None) -> str:
    if one.lifecycle != Lifecycle.RETIRED or removal is None:
        return f"{_are(one.members)} on it"
    if removal.is_live:
        taken = f"{removal.accepted_removes:,} removed so far, " if removal.accepted_removes else ""
        return f"{taken}{one.members:,} remain"
    if removal.state == RunState.HELD and one.members:
        return f"{one.members:,} remain; their removal waits for a second person"
    if removal.state in ARRIVED and not one.members:
        return f"Nobody remains; {people(removal.accepted_removes)} removed"
    return f"{one.members:,} remain" if one.members else "Nobody remains"


def _are(members: int) -> str:
    return f"{people(members)} {'is' if members == 1 else 'are'}" if members else "Nobody is"


def stays(one: Activation, *, suppresses: bool) -> str:
    """Return what it means to leave the people of a list where they are."""
    place, who = one.destination, people(one.members)
    if suppresses:
        return f"{who} stay excluded from ads at {place.name}, for good; nobody new is excluded from now on."
    reached = "ads can still reach them" if place.spec.family == Family.ADS else "they stay known there"
    return f"{who} stay on it and {reached}; whoever opts out from now on is not taken off it any more."

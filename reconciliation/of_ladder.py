"""Loads the count ladders of an audience's lists as they stand now, with the names of what left people out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from audiences.models import Activation, Arrival, Audience, Definition, Segment

from . import judging
from .judging import Judged
from .ladder import Ladder
from .ladder_shown import LadderShown, Names, shown
from .weeks import monday_of


@dataclass(frozen=True)
class Branch:
    """One list: its ladder, its judgement of the running week, and what is kept of its health."""

    judged: Judged
    ladder: LadderShown
    arrival: Arrival | None

    @property
    def list(self) -> Activation:
        return self.judged.span.list

    @property
    def look(self) -> str:
        """Return the class that gives a platform its colour."""
        return {"meta": "meta", "google_ads": "google"}.get(self.list.destination.platform, "")


@dataclass(frozen=True)
class Ladders:
    """`trunk` is what all lists have in common above their branches; where they differ, each branch has its own."""

    branches: Sequence[Branch]

    @property
    def is_shared(self) -> bool:
        return len({one.ladder.counted for one in self.branches}) == 1


def ladders(audience: Audience, at: datetime) -> Ladders:
    """Return the ladders of an audience's lists in use. About 40 queries, however many lists."""
    monday = monday_of(timezone.localdate(at, timezone=judging.zone()))
    lists = list(audience.activations.values_list("pk", flat=True))
    found = judging.look(lists, monday, at=at)
    known = {one.activation_id: one for one in Arrival.objects.filter(activation__in=lists)}
    segments, why = names_of(audience)
    made = []
    for one in found:
        names = Names(one.span.list.destination.spec.label, segments, why)
        made.append(Branch(one, shown(one.ladder, names, one.drift.expected), known.get(one.span.list.pk)))
    return Ladders(sorted(made, key=lambda one: one.list.destination.name))


def names_of(audience: Audience) -> tuple[dict[int, str], dict[int, str]]:
    """Return the excluded segments of the version in use by number: their names, and why they are excluded. Two queries."""
    used = audience.definitions.filter(state=Definition.State.CURRENT).only("exclusions").first()
    why = {int(one["segment"]): str(one.get("reason", "")) for one in used.exclusions} if used else {}
    found = Segment.objects.filter(workspace=audience.segment.workspace_id, number__in=why)
    return dict(found.values_list("number", "name")), why


def of_stored(ladder: Ladder, place: str) -> LadderShown:
    """Return a stored ladder as it is shown, where excluded segments have no names any more."""
    return shown(ladder, Names(place, {}, {}))

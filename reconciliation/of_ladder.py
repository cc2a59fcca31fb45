"""Loads the count ladders of an audience's lists as they stand now, with the names of what left people out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from audiences.models import Activation, Arrival, Audience

from . import judging
from .excluded import Excluded
from .judging import Judged
from .ladder_shown import LadderShown, Names, shown
from .ladder_stored import restored, segments_of
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
    made = []
    for one in found:
        names = _names(one.span.list.destination.spec.label, one.excluded)
        made.append(Branch(one, shown(one.ladder, names, one.drift.expected), known.get(one.span.list.pk)))
    return Ladders(sorted(made, key=lambda one: one.list.destination.name))


def _names(place: str, segments: Excluded) -> Names:
    return Names(
        place, {one: name for one, (name, _) in segments.items()}, {one: why for one, (_, why) in segments.items()}
    )


def of_stored(kept: Mapping[str, Any], place: str) -> LadderShown | None:
    """Return a stored ladder as it is shown, with the names that excluded segments had then; None where none was stored."""
    ladder = restored(kept)
    return shown(ladder, _names(place, segments_of(kept))) if ladder.rungs else None

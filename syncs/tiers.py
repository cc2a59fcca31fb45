"""What the page of a tier shows: at each place who came from other tiers, who went to them, and who is in both."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from audiences.models import Activation, Audience, Lifecycle

from .models import Overlap, Run

Kind = Overlap.Kind
HAND_OVERS: Final = (Kind.MOVED_IN, Kind.MOVED_OUT)


@dataclass(frozen=True)
class HandOver:
    """Between this list and another tier's at the same place. None: not known. `both` are in both lists."""

    other: Activation
    came: int | None
    went: int | None
    both: int | None


@dataclass(frozen=True)
class Place:
    """One list of the tier. `run` is the one that was counted, None before the first."""

    list: Activation
    run: Run | None = None
    at: datetime | None = None
    others: Sequence[HandOver] = ()

    @property
    def overlaps(self) -> int:
        """Return how many people are in two lists, counted once for each of the other lists."""
        return sum(one.both or 0 for one in self.others)


def tiers_of(audience: Audience) -> list[Place]:
    """Return each list of a tier with its hand-overs, in order of the places. Four queries a list."""
    lists = audience.activations.filter(kind=Activation.Kind.PRODUCTION)
    used = lists.exclude(lifecycle__in=[Lifecycle.RETIRED, Lifecycle.DRAFT]).select_related("destination")
    return [_place(one) for one in used.order_by("destination__name")]


def _place(one: Activation) -> Place:
    counted = Run.objects.filter(activation=one, overlaps__kind=Kind.TIER).distinct().order_by("-pk")[:2]
    runs = list(counted)
    if not runs:
        return Place(one)
    since = runs[1].finished_at if len(runs) > 1 else None
    mine = list(Overlap.objects.filter(run=runs[0], other__isnull=False).select_related("other__audience"))
    theirs = Overlap.objects.filter(other=one, kind__in=[Kind.TIER, *HAND_OVERS]).select_related("run")
    recent = list(theirs.filter(at__gt=since)) if since else list(theirs.filter(at__gt=runs[0].created_at))
    others = {row.other_id: row.other for row in mine if row.other}
    at = max(row.at for row in mine)
    made = [_hand_over(other, mine, recent) for other in others.values()]
    return Place(one, runs[0], at, sorted(made, key=lambda row: row.other.audience.name))


def _hand_over(other: Activation, mine: Iterable[Overlap], theirs: Iterable[Overlap]) -> HandOver:
    """Add up both sides: somebody who moved is counted by whichever of the two lists was synced later."""
    own = {row.kind: row for row in mine if row.other_id == other.pk}
    back = [row for row in theirs if row.run.activation_id == other.pk]
    newest = max([own[Kind.TIER], *(row for row in back if row.kind == Kind.TIER)], key=lambda row: row.at)
    return HandOver(
        other,
        came=_sum(own.get(Kind.MOVED_IN), back, Kind.MOVED_OUT),
        went=_sum(own.get(Kind.MOVED_OUT), back, Kind.MOVED_IN),
        both=newest.people,
    )


def _sum(own: Overlap | None, back: Iterable[Overlap], kind: str) -> int | None:
    """Return this list's own count and what the other one's runs counted since; None where the own one is not known."""
    return None if own is None else own.people + sum(row.people for row in back if row.kind == kind)

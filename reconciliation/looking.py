"""Loads looks at lists out of their readings."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Min, OuterRef, Q, QuerySet, Subquery

from audiences.models import Activation
from syncs.models import Run
from syncs.states import ARRIVED

from .look import BY_HAND, Look, Row, looks
from .models import Reading
from .quantities import Quantity

FIELDS: Final = ("fetched_at", "as_of", "source", "quantity", "axis", "low", "high", "basis", "code", "words")
OWN: Final = "muster"
HELD_FOR: Final = timedelta(days=1)  # people held so long before or after are those a figure without them is of
MOVES: Final = timedelta(days=5)  # longer than any platform settles


def newest(lists: Collection[int], by: datetime | None = None) -> dict[int, Look]:
    """Return the newest look at each of these lists that has one, of those that speak of times before `by`. Two queries.

    What was entered by hand counts by the time it speaks of: an import of the past is not news.
    """
    made = Reading.objects.filter(activation=OuterRef("pk"))
    if by is not None:
        made = made.filter(as_of__lt=by)
    read = made.exclude(source__in=[OWN, *BY_HAND]).order_by("-fetched_at")
    entered = made.filter(source__in=BY_HAND).order_by("-as_of", "-fetched_at")
    told = Activation.objects.filter(pk__in=lists).annotate(
        read=Subquery(read.values("fetched_at")[:1]), entered=Subquery(entered.values("fetched_at")[:1])
    )
    wanted = Q(pk=None)
    for pk, *times in told.values_list("pk", "read", "entered"):
        if known := [at for at in times if at]:
            wanted |= Q(activation=pk, fetched_at__in=known)
    found: dict[int, Look] = {}
    for pk, seen in _by_list(Reading.objects.filter(wanted)).items():
        found[pk] = max(seen, key=lambda one: (one.as_of if one.by_hand else one.at, one.at))
    return found


def since(activation_id: int, at: datetime) -> list[Look]:
    """Return the looks at a list that speak of times from `at` on, oldest first; of entries the corrected ones."""
    rows = Reading.objects.filter(activation=activation_id, as_of__gte=at)
    found = _by_list(rows).get(activation_id, [])
    corrected = {(one.as_of if one.by_hand else one.at): one for one in found}
    return list(corrected.values())


def held(lists: Collection[int], at: datetime) -> dict[int, list[tuple[datetime, int]]]:
    """Return by list the people that Muster held at each look from `at` on, oldest first. One query."""
    rows = Reading.objects.filter(activation__in=lists, quantity=Quantity.ACCEPTED, as_of__gte=at, low__isnull=False)
    found: dict[int, list[tuple[datetime, int]]] = {}
    for pk, when, people in rows.order_by("as_of", "pk").values_list("activation", "as_of", "low"):
        if people is not None:
            found.setdefault(pk, []).append((when, people))
    return found


def began(lists: Collection[int]) -> dict[int, datetime]:
    """Return when the first sync of each list arrived. One query."""
    runs = Run.objects.filter(activation__in=lists, state__in=ARRIVED).exclude(kind=Run.Kind.DRY_RUN)
    rows = runs.order_by().values("activation").annotate(first=Min("finished_at"))
    return {row["activation"]: row["first"] for row in rows if row["first"]}


def held_then(known: Iterable[tuple[datetime, int]], at: datetime) -> int | None:
    """Return how many people were held nearest to a time, None where nothing is known within a day of it."""
    near = min(known, key=lambda one: abs(one[0] - at), default=None)
    return near[1] if near and abs(near[0] - at) <= HELD_FOR else None


def _by_list(rows: QuerySet[Reading]) -> dict[int, list[Look]]:
    found: dict[int, list[Row]] = {}
    told: Iterable[tuple[Any, ...]] = rows.order_by("pk").values_list("activation", *FIELDS)
    for pk, *values in told:
        found.setdefault(pk, []).append(Row(*values))
    return {pk: made for pk, some in found.items() if (made := [one for one in looks(some) if one.source])}

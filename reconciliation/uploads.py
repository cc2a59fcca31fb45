"""Counts what a platform's upload sessions took in between two looks at a list, where both looks tell that."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.db.models import Max, Q

from .look import Uploads
from .models import Reading
from .quantities import Quantity
from .readers.seen import OLDEST

SUMS: Final = (Quantity.RECEIVED, Quantity.INVALID)

Span = tuple[datetime, datetime]


def between(spans: Mapping[int, Span]) -> dict[int, Uploads]:
    """Return by list what came in from the look at the first time to the look at the second. One query.

    A list is missing where one of the looks tells no sessions, or where the oldest session is another one: then some have
    dropped out of what the platform lists, and the sums cannot be compared.
    """
    if not spans:
        return {}
    wanted = Q(pk=None)
    for pk, times in spans.items():
        wanted |= Q(activation=pk, fetched_at__in=times)
    rows = Reading.objects.filter(wanted, Q(quantity__in=SUMS) | Q(quantity=Quantity.STATE, axis=OLDEST))
    told: dict[tuple[int, datetime], dict[str, Any]] = {}
    for pk, at, quantity, low, code in rows.values_list("activation", "fetched_at", "quantity", "low", "code"):
        told.setdefault((pk, at), {})[quantity] = code if quantity == Quantity.STATE else low
    found = {}
    for pk, (start, stop) in spans.items():
        if made := _grown(told.get((pk, start), {}), told.get((pk, stop), {})):
            found[pk] = made
    return found


def _grown(before: Mapping[str, Any], now: Mapping[str, Any]) -> Uploads | None:
    oldest = now.get(Quantity.STATE)
    if not oldest or before.get(Quantity.STATE) != oldest:
        return None
    grown = []
    for one in SUMS:
        was, after = before.get(one), now.get(one)
        if was is None or after is None:
            return None
        grown.append(max(0, int(after) - int(was)))
    return Uploads(*grown)


def looks_before(times: Mapping[int, datetime]) -> dict[int, datetime]:
    """Return by list when its sessions were last read before a time. One query."""
    if not times:
        return {}
    wanted = Q(pk=None)
    for pk, at in times.items():
        wanted |= Q(activation=pk, fetched_at__lt=at)
    rows = Reading.objects.filter(wanted, quantity=Quantity.RECEIVED).order_by().values("activation")
    return {row["activation"]: row["newest"] for row in rows.annotate(newest=Max("fetched_at"))}

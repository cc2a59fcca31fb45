"""Counts what batches added to lists and took off them between two times of each list."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Max, Min, Q, Sum

from syncs.models import Batch
from syncs.states import BatchState

AT_ONCE: Final = 200  # lists in one query: SQLite takes only so many conditions


@dataclass(frozen=True)
class Moves:
    """People accepted, and when the first and the newest of these batches were."""

    additions: int = 0
    removals: int = 0
    first: datetime | None = None
    newest: datetime | None = None


def between(spans: Mapping[int, tuple[datetime, datetime]]) -> dict[int, Moves]:
    """Return what was accepted of each list after the first and up to the second time. One query for 200 lists."""
    found: dict[int, Moves] = {}
    every = list(spans.items())
    for begin in range(0, len(every), AT_ONCE):
        wanted = Q(pk=None)
        for pk, (start, stop) in every[begin : begin + AT_ONCE]:
            wanted |= Q(activation=pk, settled_at__gt=start, settled_at__lte=stop)
        moved = Batch.objects.filter(wanted, Q(adds__gt=0) | Q(removes__gt=0), state=BatchState.ACCEPTED).order_by()
        rows = moved.values_list("activation").annotate(
            adds=Sum("adds"), removes=Sum("removes"), first=Min("settled_at"), newest=Max("settled_at")
        )
        found |= {pk: Moves(adds, removes, first, newest) for pk, adds, removes, first, newest in rows}
    return found

"""What the guards are told of a list: how it turned over before, and what a person released."""

import itertools
from datetime import datetime

from django.db.models import Q

from .compare import hours_between
from .guards import HISTORY, Facts, Released
from .models import Release, Run
from .states import ARRIVED


def facts_of(run: Run, members: int, at: datetime) -> Facts:
    """Return the facts of this run's list, from its Done runs so far."""
    done = Run.objects.of_lists().filter(activation=run.activation, state__in=ARRIVED).exclude(pk=run.pk)
    rows = list(done.order_by("-finished_at").values_list("finished_at", "removes", "adds")[: HISTORY + 1])
    past = []
    for (finished, removes, adds), (before, _, _) in itertools.pairwise(rows):
        past.append((hours_between(finished or at, before) or 0.0, removes, adds))
    return Facts(
        members=members,
        suppresses=run.definition.suppresses,
        hours=hours_between(at, rows[0][0]) if rows else None,
        window_hours=run.definition.window_hours,
        past=tuple(past),
        is_first=not rows,
    )


def released(run: Run, at: datetime) -> tuple[Released | None, Release | None]:
    """Return the newest release that still holds for a run's list, with its row.

    Who let everybody be removed from a list that is retired said nothing about its syncs, and the other way round.
    """
    given = Release.objects.filter(activation=run.activation_id, until__gt=at, used_by=None)
    clears = Q(run__kind=Run.Kind.CLEAR)
    row = given.filter(clears if run.kind == Run.Kind.CLEAR else ~clears).order_by("-at").first()
    return (Released(row.max_removes, row.max_adds, row.may_empty), row) if row else (None, None)

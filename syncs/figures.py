"""What the guards are told of a list: how it turned over before, and what a person released."""

from datetime import datetime

from django.db.models import Q

from .guards import TOLD, Facts, Released, hours_between, turns
from .models import Release, Run
from .states import ARRIVED


def facts_of(run: Run, members: int, at: datetime) -> Facts:
    """Return the facts of this run's list, from its Done runs so far."""
    done = Run.objects.of_lists().filter(activation=run.activation, state__in=ARRIVED).exclude(pk=run.pk)
    rows = list(done.order_by("-finished_at").values_list("finished_at", "removes", "adds")[:TOLD])
    ended = [(finished or at, removes, adds) for finished, removes, adds in rows]
    return Facts(
        members=members,
        suppresses=run.definition.suppresses,
        hours=hours_between(at, ended[0][0]) if ended else None,
        window_hours=run.definition.window_hours,
        past=turns(ended),
        is_first=not ended,
    )


def released(run: Run, at: datetime) -> tuple[Released | None, Release | None]:
    """Return the newest release that still holds for a run's list, with its row.

    Who let everybody be removed from a list that is retired said nothing about its syncs, and the other way round.
    """
    given = Release.objects.filter(activation=run.activation_id, until__gt=at, used_by=None)
    clears = Q(run__kind=Run.Kind.CLEAR)
    row = given.filter(clears if run.kind == Run.Kind.CLEAR else ~clears).order_by("-at").first()
    return (Released(row.max_removes, row.max_adds, row.may_empty), row) if row else (None, None)

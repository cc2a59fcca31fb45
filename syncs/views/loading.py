"""Loads what the pages of runs show; what is not there is a 404. Every function says how many queries it needs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Min, Q, QuerySet
from django.http import Http404

from audiences.models import Activation, Segment
from muster.kept_query import KeptQuery
from muster.models import Event
from syncs import reasons
from syncs.models import Beat, Run
from syncs.pulse import Pulse, Waiting, pulse
from syncs.states import RunState

EVENTS = 40
PARTS = ("activation__audience__segment", "activation__destination", "activation__pipe")
WHO = ("definition__approved_by", "actor", "cancel_asked_by", "pull")
# Large or secret, and on no page of runs.
UNSHOWN = (
    "activation__pipe__write_key",
    "activation__audience__segment__conditions",
    "definition__conditions",
    "definition__logic",
    "pull__conditions",
)
_run = KeptQuery(lambda pk: Run.objects.select_related(*PARTS, *WHO).defer(*UNSHOWN).filter(pk=pk), int)
_list = KeptQuery(lambda pk: Activation.objects.select_related("audience", "destination", "pipe").filter(pk=pk), int)


@dataclass(frozen=True)
class Timeline:
    """One page of a run's events, newest first; `older` and `newer` are page numbers, 0 where there is none."""

    events: list[Event]
    older: int
    newer: int


def run_or_404(pk: int) -> Run:
    """Return a run with everything that its page says of it. One query."""
    return _run.or_404(pk)


def activation_or_404(pk: int) -> Activation:
    """Return a list with its audience, destination and pipe. One query."""
    return _list.or_404(pk)


def shown_runs() -> QuerySet[Run]:
    """Return runs with what one line of a list of runs says of them. One query."""
    wanted = ("activation__audience", "activation__destination", "definition", "actor", "pull")
    return Run.objects.select_related(*wanted).defer("definition__conditions", "definition__logic", "pull__conditions")


def whole_number(text: str, default: int = 1) -> int:
    """Return a page number from an address; raise Http404 for what is none."""
    if not text:
        return default
    if not (text.isascii() and text.isdecimal()) or not 0 < int(text[:9]) < 1_000_000:
        raise Http404("no such page")
    return int(text)


def timeline(run: Run, page: int) -> Timeline:
    """Return a page of the run's events. One query."""
    start = (page - 1) * EVENTS
    found = list(Event.objects.filter(run_id=run.pk).order_by("-at", "-id")[start : start + EVENTS + 1])
    return Timeline(found[:EVENTS], page + 1 if len(found) > EVENTS else 0, page - 1)


def left_out(run: Run) -> list[reasons.Counted]:
    """Return why people were left out, largest first. One query, none when nobody was excluded by a named segment."""
    names = _segments(run, run.left_out)
    why = {int(one.get("segment") or 0): str(one.get("reason") or "") for one in run.definition.exclusions}
    return reasons.left_out(run.left_out, names, why)


def leaving(run: Run) -> list[reasons.Counted]:
    """Return why people are removed, largest first. One query, none when nobody came into an excluded segment."""
    return reasons.leaving(run.removes_by, _segments(run, run.removes_by))


def _segments(run: Run, counts: Mapping[str, int]) -> dict[int, str]:
    numbers = reasons.excluded_numbers(counts)
    if not numbers:
        return {}
    found = Segment.objects.filter(workspace_id=run.activation.audience.segment.workspace_id, number__in=numbers)
    return dict(found.values_list("number", "name"))


def machinery(now: datetime) -> Pulse:
    """Return how scheduler, workers and queue are, from the database alone. Two queries."""
    beats = {beat.name: beat for beat in Beat.objects.all()}
    unstarted = Q(state=RunState.WAITING, reason="", created_at__lt=now)
    found: dict[str, Any] = Run.objects.filter(unstarted).aggregate(count=Count("pk"), since=Min("created_at"))
    return pulse(
        beats,
        Waiting(found["count"], found["since"]),
        now=now,
        workers=settings.WORKERS,
        tick_seconds=settings.TICK_SECONDS,
    )


def lease() -> timedelta:
    """Return how long a worker may be silent before another one takes over."""
    return timedelta(seconds=settings.LEASE_SECONDS)


def any_live(runs: Iterable[Run]) -> bool:
    """Whether any of the runs may still move."""
    return any(run.is_live for run in runs)

"""Hours unprotected of a week, by ad account, from the runs of its suppression lists."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from audiences.models import Definition, Purpose
from audiences.platforms import Family
from syncs.models import Run
from syncs.states import ARRIVED

from .models import ListWeek
from .unprotected import Span, of_account, past_target
from .weekly_inputs import Exposed

BEFORE = timedelta(days=60)  # a list that did not arrive for longer counts from there


def exposed(rows: Iterable[ListWeek], begins: datetime, ends: datetime) -> tuple[Exposed, ...]:
    """Return the time for each ad account where a list suppresses by the version in use. Two queries."""
    ads = [one.activation for one in rows if one.activation.destination.spec.family == Family.ADS]
    targets = _targets({one.audience_id for one in ads}, ends)
    lists = [one for one in ads if one.audience_id in targets]
    arrived = _arrived([one.pk for one in lists], begins - BEFORE, ends)
    accounts: dict[str, list[list[Span] | None]] = {}
    lacks: dict[str, bool] = {}
    for one in lists:
        minutes, name = targets[one.audience_id], one.destination.name
        spans = past_target(arrived.get(one.pk, []), timedelta(minutes=minutes), begins, ends) if minutes else None
        accounts.setdefault(name, []).append(spans)
        lacks[name] = lacks.get(name, False) or not minutes
    return tuple(_of(name, spans, lacks=lacks[name]) for name, spans in sorted(accounts.items()))


def _of(name: str, spans: Sequence[list[Span] | None], *, lacks: bool) -> Exposed:
    why = "no freshness target" if lacks else "no list has arrived there"
    time = of_account(spans)
    return Exposed(name, time, len(spans), why if time is None else "")


def _targets(audiences: set[int], ends: datetime) -> dict[int, int | None]:
    """Return by audience the target in minutes of the version in use then, of those that suppressed."""
    used = Definition.objects.filter(audience__in=audiences, promoted_at__lt=ends).order_by("promoted_at", "number")
    newest = {audience: (purpose, minutes) for audience, purpose, minutes in _columns(used)}
    return {one: minutes for one, (purpose, minutes) in newest.items() if purpose == Purpose.SUPPRESS}


def _columns(used: Iterable[Definition]) -> list[tuple[int, str, int | None]]:
    return [(one.audience_id, one.purpose, one.freshness_minutes) for one in used]


def _arrived(lists: Sequence[int], since: datetime, ends: datetime) -> dict[int, list[Span]]:
    found: dict[int, list[Span]] = {}
    runs = Run.objects.of_lists().filter(activation__in=lists, state__in=ARRIVED, finished_at__lt=ends)
    recent = runs.filter(finished_at__gte=since, pull__began_at__isnull=False)
    for list_id, began, ended in recent.values_list("activation", "pull__began_at", "finished_at"):
        if began and ended:
            found.setdefault(list_id, []).append((began, ended))
    return found

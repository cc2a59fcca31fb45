"""The page that says whether the machinery works and how regular every list is. It asks the database only."""

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, F, Min, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from audiences.models import Activation
from muster.access import Permission, allow, can
from muster.database_size import answer
from muster.figures import duration, number
from muster.htmx import page
from muster.local_time import zone_of
from syncs.freshness import Freshness, breached_suppressions
from syncs.grid import Day, strip
from syncs.models import Pause, Run, Schedule, Slot
from syncs.pulse import Pulse
from syncs.regularity import DAYS, ON_TIME, Regularity
from syncs.schedule import period
from syncs.slots import used
from syncs.states import ARRIVED, RunState

from .keys_shown import keys, sentence
from .loading import machinery, whole_number
from .slots_shown import by_list

LISTS = 25
SHOWN_DUE = 10
SHOWN_PAUSES = 5


@dataclass(frozen=True)
class Line:
    """One list: its schedule, how regular it was, in words and as a cell a day."""

    schedule: Schedule
    every: str
    on_time: str
    gap: str
    days: list[Day]


@allow(Permission.READ)
@require_safe
def health_page(request: HttpRequest) -> HttpResponse:
    """Show workers, scheduler, Redis, database, keys, what is due within the hour, and all lists. 15 queries."""
    now = timezone.now()
    lists = Paginator(troubled_first(now), LISTS).get_page(whole_number(request.GET.get("page", "")))
    health, stale, regular = machinery(now), breached_suppressions(now), on_time(now)
    found = keys() if can(request.user, Permission.READ_SETUP) else []
    context = {
        "health": health,
        "verdict": verdict(health, stale, *regular),
        "stale": stale,
        "database": answer(),
        "keys": found,
        "keys_said": sentence(found),
        "running": oldest_running(),
        "due": due_soon(now),
        "page": lists,
        "paused": paused_lately(now),
        "lines": lines(lists, request, now),
        "now": now,
    }
    return page(request, "syncs/health_page.html", context, part="figures")


def on_time(now: datetime) -> tuple[int, int]:
    """Return how many slots of 14 days were on time, and how many have ended. One query."""
    past = Slot.objects.filter(due__gt=now - timedelta(days=DAYS), due__lte=now).exclude(state=Slot.State.DUE)
    ended = past.exclude(run__state__in=[RunState.WAITING, RunState.RUNNING], state=Slot.State.STARTED)
    punctual = Q(state=Slot.State.STARTED, run__state__in=ARRIVED, settled_at__lte=F("due") + ON_TIME)
    found = ended.aggregate(whole=Count("pk"), good=Count("pk", filter=punctual))
    return found["good"], found["whole"]


def verdict(health: Pulse, stale: list[tuple[Activation, Freshness]], good: int, whole: int) -> str:
    """Return what is true in one sentence or two: the machinery, then the lists."""
    said = machinery_told(health)
    if stale:
        names = f"{len(stale)} suppression list{'s are' if len(stale) > 1 else ' is'} out of date"
        said = f"{said}{'; ' if health.tone != 'ok' else ', but '}{names}"
    slots = f" {number(good)} of {number(whole)} slots were on time in 14 days." if whole else ""
    return f"{said}.{slots}"


def machinery_told(health: Pulse) -> str:
    """Return what is true of the machinery, by its worst part."""
    scheduler, workers, redis, _ = (figure.tone for figure in health.figures)
    if redis == "bad":
        return "Redis does not answer"
    if workers == "bad":
        return "No worker is alive"
    if scheduler == "unknown":
        return "Whether the scheduler works is not known"
    works = {"ok": "The machinery works", "warn": "The machinery is slow"}
    return works.get(health.tone, "Whether the machinery works is not known")


def troubled_first(now: datetime) -> QuerySet[Schedule]:
    """Return the schedules of lists in use, those with most slots that did not arrive in 14 days first."""
    past = Q(slots__due__gt=now - timedelta(days=DAYS), slots__due__lte=now) & ~Q(slots__state=Slot.State.DUE)
    arrived = Q(slots__state=Slot.State.STARTED, slots__run__state__in=[*ARRIVED, RunState.WAITING, RunState.RUNNING])
    found = Schedule.objects.filter(used()).exclude(kind=Schedule.Kind.MANUAL)
    counted = found.annotate(bad=Count("slots", filter=past) - Count("slots", filter=past & arrived))
    wanted = counted.select_related("activation__audience", "activation__destination")
    return wanted.order_by("-bad", "activation__audience__name", "activation__destination__name")


def oldest_running() -> dict[str, Any]:
    """Return how many runs are being worked on, and since when the oldest of them."""
    return Run.objects.filter(state=RunState.RUNNING).aggregate(count=Count("pk"), since=Min("started_at"))


def due_soon(now: datetime) -> dict[str, Any]:
    """Return what is due within the next hour: how many slots, and the first of them."""
    found = Slot.objects.filter(state=Slot.State.DUE, due__gt=now, due__lte=now + timedelta(hours=1))
    shown = found.select_related("schedule__activation__audience", "schedule__activation__destination")
    count = found.count()
    return {"count": count, "more": max(0, count - SHOWN_DUE), "first": list(shown.order_by("due")[:SHOWN_DUE])}


def paused_lately(now: datetime) -> list[Pause]:
    """Return the newest pauses of the last 14 days: why slots were missed. One query."""
    found = Pause.objects.filter(Q(ended_at=None) | Q(ended_at__gt=now - timedelta(days=DAYS)))
    return list(found.select_related("by", "destination", "audience").order_by("-at")[:SHOWN_PAUSES])


def lines(lists: Page[Schedule], request: HttpRequest, now: datetime) -> list[Line]:
    """Return the lines of one page of lists. One query."""
    zone = zone_of(request)
    regular = by_list([one.activation_id for one in lists], now)
    none = Regularity(())
    found = [(one, regular.get(one.activation_id, none)) for one in lists]
    return [line(one, how, now, zone) for one, how in found]


def line(one: Schedule, how: Regularity, now: datetime, zone: tzinfo) -> Line:
    """Return one list's line."""
    every = period(one.rhythm)
    told = f"{number(how.on_time)} of {number(len(how.ended))}" if how.ended else "none due yet"
    days = strip(how.cells, now, zone)
    # A change of clocks makes a day an hour longer, and that is no gap.
    ordinary = (every or timedelta(0)) + timedelta(hours=1) * (every is not None and every >= timedelta(days=1))
    return Line(one, duration(every.total_seconds()) if every else "by hand", told, how.gap_told(zone, ordinary), days)

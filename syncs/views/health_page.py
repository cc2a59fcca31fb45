"""The page that says whether the machinery works and how regular every list is. It asks the database only."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, Min, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from muster.access import Permission, allow
from muster.htmx import page
from muster.local_time import zone_of
from syncs.grid import Day, strip
from syncs.models import Run, Schedule, Slot
from syncs.regularity import DAYS, Regularity
from syncs.slots import used
from syncs.states import ARRIVED, RunState

from .loading import machinery, whole_number
from .slots_shown import by_list

LISTS = 25
SHOWN_DUE = 10


@dataclass(frozen=True)
class Line:
    """One list: its schedule, how regular it was, in words and as a cell a day."""

    schedule: Schedule
    words: str
    days: list[Day]


@allow(Permission.READ)
@require_safe
def health_page(request: HttpRequest) -> HttpResponse:
    """Show workers, scheduler, Redis, what runs, what is due within the hour, and all lists. Eight queries."""
    now = timezone.now()
    lists = Paginator(troubled_first(now), LISTS).get_page(whole_number(request.GET.get("page", "")))
    context = {
        "health": machinery(now),
        "running": oldest_running(),
        "due": due_soon(now),
        "page": lists,
        "lines": lines(lists, request, now),
        "now": now,
    }
    return page(request, "syncs/health_page.html", context)


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
    return {"count": found.count(), "first": list(shown.order_by("due")[:SHOWN_DUE])}


def lines(lists: Page[Schedule], request: HttpRequest, now: datetime) -> list[Line]:
    """Return the lines of one page of lists. One query."""
    zone = zone_of(request)
    regular = by_list([one.activation_id for one in lists], now)
    none = Regularity(())
    found = [(one, regular.get(one.activation_id, none)) for one in lists]
    return [Line(one, how.line(zone), strip(how.cells, now, zone)) for one, how in found]

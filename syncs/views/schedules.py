"""The schedule of a list: set it, see when it is due next, and the grid of the last 14 days."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from audiences.models import Activation, Definition
from muster.access import NotAllowed, Permission, allow, can
from muster.htmx import onward, page
from muster.local_time import zone_of
from syncs.grid import grid
from syncs.models import Schedule
from syncs.regularity import regularity
from syncs.schedule_form import ScheduleForm
from syncs.slots import set_schedule

from .actions import somebody
from .loading import activation_or_404
from .slots_shown import slots_of

EXCEPTIONS = 20
LOOKS = (
    ("done", "Done"),
    ("partial", "Done with rejects"),
    ("failed", "Failed"),
    ("held", "Held"),
    ("skipped", "Skipped"),
    ("missed", "Missed"),
    ("due", "Still to come"),
)


@allow(Permission.READ)
@require_http_methods(["GET", "HEAD", "POST"])
def schedule(request: HttpRequest, activation: int) -> HttpResponse:
    """Show a list's schedule and its slots; a POST sets the schedule."""
    if request.method == "POST" and not can(request.user, Permission.SYNC):
        raise NotAllowed("setting a schedule needs another permission", Permission.SYNC)
    found = activation_or_404(activation)
    if not found.destination.spec.is_sent:
        raise Http404("a list that nobody is sent to has no schedule")
    if request.method != "POST":
        return page(request, "syncs/schedule.html", shown(request, found, None))
    form = ScheduleForm(request.POST)
    if not form.is_valid():
        return page(request, "syncs/schedule.html", shown(request, found, form))
    for one in chosen(found, form):
        set_schedule(one, form.rhythm(), by=somebody(request), at=timezone.now())
    messages.success(request, "The schedule is set. Slots that were due already stay as they are.")
    return onward(request, "syncs:schedule", found.pk)


def chosen(found: Activation, form: ScheduleForm) -> list[Activation]:
    """Return the list itself, or all lists of its audience that are not retired."""
    if not form.cleaned_data["every_list"]:
        return [found]
    made = found.audience.activations.exclude(lifecycle="retired").select_related("destination").order_by("pk")
    return [one for one in made if one.destination.spec.is_sent]


def shown(request: HttpRequest, found: Activation, form: ScheduleForm | None) -> dict[str, Any]:
    """Return what the page shows. Three queries besides the list."""
    now, zone = timezone.now(), zone_of(request)
    made = Schedule.objects.filter(activation=found).first()
    definition = Definition.objects.filter(audience=found.audience_id, state=Definition.State.CURRENT).first()
    cadence = definition.cadence if definition else ""
    how = regularity(slots_of([found.pk], now))
    return {
        "list": found,
        "schedule": made,
        "cadence": cadence,
        "form": form or ScheduleForm(initial=ScheduleForm.filled(made, cadence, str(zone))),
        "next": next((one.due for one in how.cells if one.look == "due" and one.due > now), None),
        "line": how.line(zone),
        "ended": bool(how.ended),
        "grid": grid(how.cells, now, zone),
        "looks": LOOKS,
        "counts": sorted(how.counts.items()),
        "exceptions": how.exceptions[:EXCEPTIONS],
        "more": max(0, len(how.exceptions) - EXCEPTIONS),
    }

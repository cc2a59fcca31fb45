"""The pre-flight of a draft: a strip on its page, polled while a worker counts. Nothing is sent."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from audiences.models import Audience, Definition, Segment
from muster.access import Permission, allow, who_can
from muster.htmx import onward, page, varied, wants_fragment
from muster.models import Person
from syncs import arms_told, pre_flight, pre_flight_told, reasons
from syncs.models import PreFlight

SILENT = timedelta(seconds=60)


@allow(Permission.READ)
@require_safe
def of_audience(request: HttpRequest, slug: str) -> HttpResponse:
    """The newest pre-flight: its figures, how it goes on, or how to make one."""
    audience = get_object_or_404(Audience.objects.select_related("segment"), slug=slug)
    return varied(page(request, "syncs/pre_flight.html", _context(audience), part="preflight"))


def _context(audience: Audience) -> dict[str, Any]:
    newest = PreFlight.objects.filter(audience=audience).order_by("-pk").first()
    version = pre_flight.newest(audience)
    context: dict[str, Any] = {"audience": audience, "flight": newest, "version": version}
    context["ask"] = who_can(Permission.REGISTER)[:3]
    if newest is None:
        return context
    waits = newest.state == PreFlight.State.WAITING
    context |= {"waits": waits, "silent": waits and timezone.now() - newest.asked_at > SILENT}
    seen = (newest.number, newest.revision)
    context["older"] = bool(version and (version.number, version.revision) != seen)
    if newest.state == PreFlight.State.DONE:
        context |= _told(audience, newest, version)
    return context


def _told(audience: Audience, flight: PreFlight, version: Definition | None) -> dict[str, Any]:
    counts = flight.counts
    numbers = reasons.excluded_numbers(counts["left_out"])
    known = Segment.objects.filter(workspace=audience.segment.workspace_id, number__in=numbers)
    names = dict(known.values_list("number", "name"))
    months = [one["month"] for one in counts["events"]]
    return {
        "unusable": reasons.counted(reasons.UNUSABLE, counts["unusable"]),
        "left_out": reasons.left_out(counts["left_out"], names, {}),
        "arms": _arms(counts, version),
        "events": [pre_flight_told.events(one, version.cadence if version else "") for one in counts["events"]],
        "month": None if None in months else sum(months),
        "match": [pre_flight_told.match(one, counts["would_send"]) for one in counts["match"]],
        "stated": next((one["stated"] for one in counts["match"] if one["stated"]), None),
    }


def _arms(counts: dict[str, Any], version: Definition | None) -> str:
    """Return what was read of the holdout's attribute; empty where none was asked for."""
    if version is None or not counts.get("arms"):
        return ""
    ((attribute, people),) = counts["arms"].items()
    return arms_told.read(attribute, people)


@allow(Permission.REGISTER)
@require_POST
def start(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask a worker for a pre-flight of the newest version, as it is saved."""
    audience = get_object_or_404(Audience.objects.select_related("segment"), slug=slug, archived_at=None)
    definition = pre_flight.newest(audience)
    if definition is None or not isinstance(request.user, Person):
        raise Http404("no definition")
    definition.audience = audience
    try:
        pre_flight.ask(definition, by=request.user, at=timezone.now())
    except pre_flight.GoingOn:
        messages.info(request, "A pre-flight is under way already; its figures appear here.")
    if wants_fragment(request):
        return varied(page(request, "syncs/pre_flight.html", _context(audience), part="preflight"))
    return onward(request, "syncs:pre_flight", slug)

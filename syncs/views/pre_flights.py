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
from syncs import pre_flight, reasons
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
    draft = audience.definitions.filter(state=Definition.State.DRAFT).first()
    context: dict[str, Any] = {"audience": audience, "flight": newest, "draft": draft}
    context["ask"] = who_can(Permission.REGISTER)[:3]
    if newest is None:
        return context
    waits = newest.state == PreFlight.State.WAITING
    context |= {"waits": waits, "silent": waits and timezone.now() - newest.asked_at > SILENT}
    context["older"] = bool(draft and draft.revision != newest.revision)
    if newest.state == PreFlight.State.DONE:
        numbers = reasons.excluded_numbers(newest.counts["left_out"])
        known = Segment.objects.filter(workspace=audience.segment.workspace_id, number__in=numbers)
        names = dict(known.values_list("number", "name"))
        context["unusable"] = reasons.counted(reasons.UNUSABLE, newest.counts["unusable"])
        context["left_out"] = reasons.left_out(newest.counts["left_out"], names, {})
    return context


@allow(Permission.REGISTER)
@require_POST
def start(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask a worker for a pre-flight of the draft as it is saved."""
    audience = get_object_or_404(Audience.objects.select_related("segment"), slug=slug, archived_at=None)
    states = (Definition.State.DRAFT, Definition.State.CURRENT)
    definition = audience.definitions.filter(state__in=states).order_by("-number").first()
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

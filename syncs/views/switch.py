"""The switch of identifiers: old and new side by side, the day, and the way back."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from audiences import registering, switching_back
from audiences.forms.switch import BackForm, SwitchForm
from audiences.models import Definition
from audiences.models.definition import Locked
from audiences.registering import EditedMeanwhile, NotPossible
from audiences.switch import named
from audiences.terms_of import terms_of
from audiences.views.draft import seen
from audiences.views.loading import me, standing, version_of
from muster.access import Permission, allow, who_can
from muster.htmx import onward, page, varied, wants_fragment
from syncs import pre_flight
from syncs.models import PreFlight

from .pre_flights import SILENT


@allow(Permission.READ)
@require_safe
def switch(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Whom the old and the new identifiers reach and what each list would be sent; polled while a worker counts."""
    context = _context(_version(slug, number))
    planned = context["switch"]
    if wants_fragment(request) and (not planned or planned.only_order):  # edited meanwhile: nothing is compared now
        return onward(request, "syncs:switch", slug, number)
    return varied(page(request, "syncs/switch.html", context, part="dry"))


def _version(slug: str, number: int) -> Definition:
    return version_of(standing(slug), number)


def _context(version: Definition, form: SwitchForm | None = None) -> dict[str, Any]:
    planned, today = terms_of(version).switch, timezone.localdate()
    return {
        "version": version,
        "audience": version.audience,
        "switch": planned,
        "before_named": named(planned.before) if planned else "",
        "after_named": named(planned.after) if planned else "",
        "both_named": named(planned.both) if planned else "",
        **_dry_runs(version),
        "form": form or SwitchForm(initial={"on": version.switch_on, "days": version.switch_days}),
        "back_form": BackForm(),
        "may_go_back": bool(planned and version.state == "current" and planned.may_go_back(today)),
        "begun": bool(planned and planned.starts and planned.starts <= today),
        "managers": who_can(Permission.APPROVE),
        "marketers": who_can(Permission.REGISTER)[:3],
    }


def _dry_runs(version: Definition) -> dict[str, Any]:
    """Return the newest comparison of a version, and whether another is under way or failed."""
    flights = PreFlight.objects.filter(audience=version.audience, number=version.number).order_by("-pk")
    flight = flights.first()
    done = next((one for one in flights.filter(state=PreFlight.State.DONE)[:1] if one.counts.get("switch")), None)
    waits = bool(flight and flight.state == PreFlight.State.WAITING)
    return {
        "flight": flight,
        "waits": waits,
        "silent": bool(waits and flight and timezone.now() - flight.asked_at > SILENT),
        "done": done,
        "dry": done.counts["switch"] if done else None,
        "older": bool(done and done.revision != version.revision),
        "newest": pre_flight.newest(version.audience) == version,
    }


@allow(Permission.REGISTER)
@require_POST
def plan(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Write the day of the switch into the draft."""
    version, form = _version(slug, number), SwitchForm(request.POST)
    if not form.is_valid():
        return page(request, "syncs/switch.html", _context(version, form), part="dry")
    version.switch_on, version.switch_days = form.cleaned_data["on"], form.cleaned_data["days"]
    try:
        registering.save_draft(version, revision=seen(request), by=me(request), at=timezone.now())
    except EditedMeanwhile:
        messages.error(request, "Somebody saved the draft meanwhile. Nothing was changed; look at it, then plan again.")
    except (Locked, NotPossible) as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "The day is in the draft. Whoever approves the draft approves the day with it.")
    return redirect("syncs:switch", slug, number)


@allow(Permission.REGISTER)
@require_POST
def dry_run(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Ask a worker for both dry runs, with a pre-flight of the version."""
    version = _version(slug, number)
    if pre_flight.newest(version.audience) != version or version.audience.archived_at:
        messages.error(request, f"v{number} is not the newest version any more. Nothing was counted.")
        return redirect("syncs:switch", slug, number)
    try:
        pre_flight.ask(version, by=me(request), at=timezone.now())
    except pre_flight.GoingOn:
        messages.info(request, "A worker counts already; the figures appear here.")
    return redirect("syncs:switch", slug, number)


@allow(Permission.APPROVE)
@require_POST
def back(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Go back to the old identifiers, from the next run on."""
    version, form = _version(slug, number), BackForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Say why, so that others know. Nothing was changed.")
        return redirect("syncs:switch", slug, number)
    try:
        switching_back.go_back(version, by=me(request), at=timezone.now(), reason=form.cleaned_data["reason"])
    except NotPossible as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "The next run of each list goes by the old identifiers again.")
    return redirect("syncs:switch", slug, number)

"""The suppression policy: everybody reads it, managers write it; and a manager's word where a list goes live without it."""

from typing import Any

from django.contrib import messages
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audiences import gating, requiring
from audiences.forms.policy import LineForm, OverrideForm
from audiences.models import Definition, Destination, RequiredSuppression
from audiences.policy import Known
from audiences.requiring import RequiredAlready, TakenOff
from audiences.terms_of import AD_PLATFORMS
from muster.access import Permission, allow, who_can
from muster.htmx import onward
from muster.models import Event

from .loading import me, posted

EVENTS_SHOWN = 8


@allow(Permission.READ)
@require_safe
def policy(request: HttpRequest) -> HttpResponse:
    """Which suppressions each ad account requires, what else is suggested, and what changed."""
    lines = RequiredSuppression.objects.select_related("audience", "by", "ended_by").order_by("label")
    places = Destination.objects.filter(platform__in=AD_PLATFORMS, archived_at=None).order_by("name")
    known = requiring.suppression_audiences()
    found = places.prefetch_related(Prefetch("required_suppressions", lines, to_attr="lines"))
    accounts = [_account(place, place.lines, known) for place in found]
    context = {
        "accounts": accounts,
        "bare": [one["place"] for one in accounts if not one["lines"]],
        "count": sum(1 for one in accounts for _ in one["lines"]),
        "ask": who_can(Permission.WRITE_POLICY)[:3],
        "connects": who_can(Permission.MANAGE_CONNECTIONS)[:3],
        "events": Event.objects.filter(kind=RequiredSuppression._meta.model_name).order_by("-at", "-pk")[:EVENTS_SHOWN],
    }
    return render(request, "audiences/policy.html", context)


def _account(place: Destination, lines: list[RequiredSuppression], known: list[Known]) -> dict[str, Any]:
    standing = [one for one in lines if one.ended_at is None]
    ended = [one for one in lines if one.ended_at is not None]
    return {"place": place, "lines": standing, "ended": ended, "suggested": requiring.lacking(standing, known)}


@allow(Permission.WRITE_POLICY)
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest, pk: int) -> HttpResponse:
    """Require one more suppression at an account."""
    place = _account_or_404(pk)
    form = LineForm(posted(request), instance=RequiredSuppression(destination=place))
    if request.method == "POST" and form.is_valid():
        try:
            made = requiring.require(form.instance, by=me(request), at=timezone.now())
        except RequiredAlready as refusal:
            form.add_error("label", str(refusal))
        else:
            messages.success(request, f"{place.name} requires “{made.label}” from now on.")
            return redirect("audiences:policy")
    return _form_page(request, form, place)


@allow(Permission.WRITE_POLICY)
@require_http_methods(["GET", "POST"])
def line(request: HttpRequest, pk: int) -> HttpResponse:
    """Change one line of the policy."""
    found = get_object_or_404(RequiredSuppression.objects.select_related("destination"), pk=pk, ended_at=None)
    form = LineForm(posted(request), instance=found)
    if request.method == "POST" and form.is_valid():
        try:
            changed = requiring.change(form.instance, by=me(request), at=timezone.now())
        except RequiredAlready as refusal:
            form.add_error("label", str(refusal))
        except TakenOff as refusal:
            messages.error(request, str(refusal))
            return redirect("audiences:policy")
        else:
            messages.success(
                request, "The line is changed." if changed else "Nothing was different, so nothing changed."
            )
            return redirect("audiences:policy")
    return _form_page(request, form, found.destination)


def _form_page(request: HttpRequest, form: LineForm, place: Destination) -> HttpResponse:
    context: dict[str, Any] = {
        "form": form,
        "place": place,
        "line": None if form.instance._state.adding else form.instance,
    }
    return render(request, "audiences/policy_line.html", context)


@allow(Permission.WRITE_POLICY)
@require_POST
def suggested(request: HttpRequest, pk: int) -> HttpResponse:
    """Require what was suggested: one, or all of it."""
    place = _account_or_404(pk)
    try:
        made = requiring.require_suggested(place, request.POST.getlist("key"), by=me(request), at=timezone.now())
    except RequiredAlready as refusal:
        messages.error(request, str(refusal))
        return onward(request, "audiences:policy")
    if made:
        names = ", ".join(f"“{one.label}”" for one in made)
        messages.success(request, f"{place.name} requires {names} from now on. Take a line off to undo it.")
    else:
        messages.info(request, "It is required already. Nothing was changed.")
    return onward(request, "audiences:policy")


@allow(Permission.WRITE_POLICY)
@require_POST
def take_off(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a line off the policy; it can be required again."""
    found = get_object_or_404(RequiredSuppression.objects.select_related("destination"), pk=pk)
    reason = request.POST.get("reason", "").strip()[:300]
    if not reason:
        messages.error(request, "Say why it is no longer required, so that others know. Nothing was changed.")
        return onward(request, "audiences:policy")
    try:
        requiring.take_off(found, reason=reason, by=me(request), at=timezone.now())
    except TakenOff as refusal:
        messages.info(request, str(refusal))
    else:
        words = (
            f"{found.destination.name} no longer requires “{found.label}”. It stands below the table, to require again."
        )
        messages.success(request, words)
    return onward(request, "audiences:policy")


@allow(Permission.WRITE_POLICY)
@require_POST
def again(request: HttpRequest, pk: int) -> HttpResponse:
    """Require a line again that was taken off."""
    ended = get_object_or_404(RequiredSuppression.objects.select_related("destination"), pk=pk, ended_at__isnull=False)
    try:
        requiring.require_again(ended, by=me(request), at=timezone.now())
    except RequiredAlready as refusal:
        messages.info(request, str(refusal))
    else:
        messages.success(request, f"{ended.destination.name} requires “{ended.label}” again.")
    return onward(request, "audiences:policy")


@allow(Permission.WRITE_POLICY)
@require_POST
def override(request: HttpRequest, slug: str, number: int, pk: int) -> HttpResponse:
    """Let a version go live at an account without the suppressions that are missing there now."""
    approved = Definition.objects.filter(state=Definition.State.APPROVED).select_related("audience")
    version = get_object_or_404(approved, audience__slug=slug, number=number)
    form = OverrideForm(request.POST)
    if not form.is_valid():
        messages.error(request, str(form.errors["reason"][0]))
        return onward(request, "syncs:pilot", slug, number)
    place = get_object_or_404(Destination, pk=pk)
    try:
        gating.override(version, place, reason=form.cleaned_data["reason"], by=me(request), at=timezone.now())
    except gating.NothingToOverride as refusal:
        messages.info(request, str(refusal))
    else:
        messages.warning(request, f"It may go live at {place.name}. Your reason stands on the report and on the board.")
    return onward(request, "syncs:pilot", slug, number)


def _account_or_404(pk: int) -> Destination:
    return get_object_or_404(Destination, pk=pk, platform__in=AD_PLATFORMS, archived_at=None)

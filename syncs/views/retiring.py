"""Retiring an audience: who is still on its lists, removing everybody first, taking it back, and the end."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from audiences.models import Activation, Audience, Definition, Lifecycle
from audiences.registering import NotPossible
from muster.access import NotAllowed, Permission, allow, can, who_can
from muster.figures import number
from muster.htmx import onward, page
from syncs import retiring
from syncs.forms import BackForm, RemoveForm, RetireForm
from syncs.remaining import Remaining, remaining
from syncs.second_person import others
from syncs.telling import people

from .actions import somebody

PAGE = "syncs/retire.html"


@allow(Permission.READ)
@require_http_methods(["GET", "HEAD", "POST"])
def retire(request: HttpRequest, slug: str) -> HttpResponse:
    """Say who is on the lists and what each way means; a POST takes the audience out of use."""
    if request.method == "POST" and not can(request.user, Permission.REGISTER):
        raise NotAllowed("retiring needs another permission", Permission.REGISTER)
    found = audience_or_404(slug)
    form = RetireForm(request.POST)
    if request.method != "POST" or not form.is_valid():
        given = {"retire_form": form} if request.method == "POST" else {}
        return page(request, PAGE, shown(request, found, **given), part="retire")
    if retiring.retire(found, by=somebody(request), at=timezone.now(), reason=form.cleaned_data["reason"]):
        messages.success(request, f"{found} is retired. Nothing is sent for it any more.")
    return onward(request, "syncs:retire", slug)


@allow(Permission.REGISTER)
@require_POST
def remove(request: HttpRequest, slug: str) -> HttpResponse:
    """Stop the lists and start the removal of everybody on them."""
    found, form = audience_or_404(slug), RemoveForm(request.POST)
    if not form.is_valid():
        return page(request, PAGE, shown(request, found, remove_form=form))
    reason = form.cleaned_data["reason"]
    begun = retiring.remove_everybody(found, by=somebody(request), reason=reason, at=timezone.now())
    for one in begun:
        if one.run is None:
            messages.error(request, f"{one.list.destination}: the removal was not started. {one.words}")
    if started := sum(one.run is not None for one in begun):
        which = "1 list" if started == 1 else f"{number(started)} lists"
        messages.success(request, f"Nobody is removed yet: the removal from {which} waits for a second person.")
    return onward(request, "syncs:retire", slug)


@allow(Permission.REGISTER)
@require_POST
def back(request: HttpRequest, slug: str) -> HttpResponse:
    """Put the lists that were stopped back into use."""
    found, form = audience_or_404(slug), BackForm(request.POST)
    if not form.is_valid():
        return page(request, PAGE, shown(request, found, back_form=form))
    try:
        retiring.take_back(found, by=somebody(request), reason=form.cleaned_data["reason"], at=timezone.now())
        messages.success(
            request, "Its lists are live again. The next sync sends whoever is missing, within the guards."
        )
    except NotPossible as refusal:
        messages.error(request, str(refusal))
    return onward(request, "syncs:retire", slug)


def audience_or_404(slug: str) -> Audience:
    return get_object_or_404(Audience.objects.select_related("owner", "segment"), slug=slug)


def shown(request: HttpRequest, audience: Audience, **forms: Any) -> dict[str, Any]:
    """Return what the page shows. Seven queries, one more for who may not act."""
    now, reader = timezone.now(), somebody(request)
    lists = remaining(audience, now)
    held, current = sum(one.list.members for one in lists), _current(audience)
    return {
        "audience": audience,
        "lists": lists,
        **_held_told(lists, held),
        "holding": [one for one in lists if one.holds],
        "beginnable": [one for one in lists if one.holds and not one.live and not one.asks],
        "live": any(one.live for one in lists),
        "stopped": audience.archived_at is None and _stopped(audience, current),
        "suppresses": bool(current and current.suppresses),
        "pilots": audience.activations.filter(kind=Activation.Kind.PILOT, members__gt=0).select_related("destination"),
        "approved": audience.definitions.filter(state=Definition.State.APPROVED).first(),
        "releasers": others(reader.pk),
        "askable": [] if can(reader, Permission.REGISTER) else who_can(Permission.REGISTER)[:3],
        "retire_form": forms.get("retire_form") or RetireForm(),
        "remove_form": forms.get("remove_form") or RemoveForm(),
        "back_form": forms.get("back_form") or BackForm(),
    }


def _held_told(lists: Sequence[Remaining], held: int) -> dict[str, Any]:
    """Return the sum in words. Who is on two lists is a member of each: then it is no count of people."""
    several = sum(one.list.members > 0 for one in lists) > 1
    return {"held": held, "several": several, "held_told": f"{number(held)} members" if several else people(held)}


def _current(audience: Audience) -> Definition | None:
    return audience.definitions.filter(state=Definition.State.CURRENT).first()


def _stopped(audience: Audience, current: Definition | None) -> bool:
    """Whether lists that the version in use names are stopped, so that they can be taken back."""
    lists = audience.activations.filter(kind=Activation.Kind.PRODUCTION, lifecycle=Lifecycle.RETIRED)
    return lists.filter(destination__in=current.destinations if current else []).exists()

"""The page of pauses: what is paused, pause something, end a pause."""

from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from audiences.models import Activation, Lifecycle
from muster.access import NotAllowed, Permission, allow, can
from muster.htmx import onward, page
from syncs.first_to_pass import first_to_pass
from syncs.forms import PauseForm, UnpauseForm
from syncs.models import Pause, Run
from syncs.pausing import PauseConflict
from syncs.pausing import pause as pause_now
from syncs.pausing import unpause as end_pause

from .actions import somebody
from .fragments import pause_context

PAST = 20


@allow(Permission.READ)
@require_http_methods(["GET", "HEAD", "POST"])
def pauses(request: HttpRequest) -> HttpResponse:
    """What is paused; a POST pauses something."""
    if request.method != "POST":
        return shown(request, new_form(request))
    if not any(can(request.user, one) for one in (Permission.PAUSE, Permission.STOP_EVERYTHING)):
        raise NotAllowed("pausing needs another permission", Permission.PAUSE)
    form = new_form(request)
    if not form.is_valid():
        return shown(request, form)
    try:
        made = pause_now(by=somebody(request), at=timezone.now(), **form.asked())
    except PauseConflict as refusal:
        messages.error(request, f"Nothing changed: {refusal}")
    else:
        messages.success(request, f"Paused: {made.destination or made.audience or 'everything'}.")
    return onward(request, "syncs:pauses")


def new_form(request: HttpRequest) -> PauseForm:
    """Return the form, filled in by a POST or by what the address names."""
    total = can(request.user, Permission.STOP_EVERYTHING) and not can(request.user, Permission.PAUSE)
    data = request.POST if request.method == "POST" else None
    return PauseForm(data, now=timezone.now(), total=total, initial={"reach": request.GET.get("reach", "everything")})


def shown(request: HttpRequest, form: PauseForm) -> HttpResponse:
    """Return the page. Seven queries."""
    now = timezone.now()
    context: dict[str, Any] = pause_context(now)
    past = Pause.objects.filter(ended_at__isnull=False).order_by("-ended_at")
    context |= {
        "form": form,
        "first_if_total": context["first"] or first_to_pass(now),
        "past": past.select_related("destination", "audience", "by", "ended_by")[:PAST],
        "lists": Activation.objects.exclude(lifecycle=Lifecycle.RETIRED).aggregate(
            all=Count("pk"), live=Count("pk", filter=Q(lifecycle=Lifecycle.LIVE))
        ),
        "live_runs": Run.objects.live().of_lists().count(),
    }
    return page(request, "syncs/pauses.html", context)


@allow(Permission.PAUSE, Permission.STOP_EVERYTHING)
@require_POST
def unpause(request: HttpRequest, pk: int) -> HttpResponse:
    """End a pause; what waited for it goes on. Who may stop opt-outs too may end such a stop."""
    made = get_object_or_404(Pause.objects.select_related("destination", "audience"), pk=pk)
    if not made.optouts_too and not can(request.user, Permission.PAUSE):
        raise NotAllowed("ending a pause needs another permission", Permission.PAUSE)
    form = UnpauseForm(request.POST)
    if not form.is_valid():
        messages.error(request, "The pause goes on: say why it ends, in at most 300 characters.")
        return onward(request, "syncs:pauses")
    try:
        end_pause(made, by=somebody(request), reason=form.cleaned_data["reason"], at=timezone.now())
        messages.success(request, "The pause has ended. Runs that waited for it go on.")
    except PauseConflict as refusal:
        messages.error(request, str(refusal))
    return onward(request, "syncs:pauses")

"""What people do to lists and runs: start, cancel, release, ask, drop. Load, check, one domain call, answer."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_POST

from audiences.approving import NeedsSomebodyElse
from audiences.models import Activation
from muster.access import NotAllowed, Permission, allow, can
from muster.figures import number
from muster.htmx import onward, page, wants_fragment, with_messages
from muster.models import Person
from syncs import as_shown, asking, growing, hold
from syncs.cancel import NotLive
from syncs.cancel import cancel as cancel_run
from syncs.forms import AskForm, CancelForm, DropForm, GrowForm, ReleaseForm, StartForm
from syncs.models import Run
from syncs.parked import choices
from syncs.reassert import dry_run_of, reassert
from syncs.second_person import reassert_refusal
from syncs.start import AlreadyLive, CannotStart
from syncs.start import start as start_run

from .fragments import lists_of
from .loading import activation_or_404, lease, run_or_404
from .run_page import after

NEEDS = {
    Run.Kind.SYNC: Permission.SYNC,
    Run.Kind.DRY_RUN: Permission.DRY_RUN,
    Run.Kind.REASSERT: Permission.RELEASE,
    Run.Kind.CLEAR: Permission.SYNC,
}


def somebody(request: HttpRequest) -> Person:
    """Return who asks; views behind @allow know that somebody is signed in."""
    assert isinstance(request.user, Person)
    return request.user


@allow(Permission.DRY_RUN)
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest, activation: int) -> HttpResponse:
    """Start a run and go to it; a GET asks whether to send everybody again. Another live run is gone to instead."""
    found = activation_or_404(activation)
    if request.method != "POST":
        dry_run = dry_run_of(found, timezone.now())
        refusal = reassert_refusal(dry_run, somebody(request)) if dry_run else ""
        context = {"list": found, "dry_run": dry_run, "refusal": refusal}
        return page(request, "syncs/reassert.html", context)
    form = StartForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Nothing was started: write at most 300 characters.")
        return started(request, found, None)
    if not can(request.user, needed := NEEDS[Run.Kind(form.cleaned_data["kind"])]):
        raise NotAllowed("this kind of run needs another permission", needed)
    return started(request, found, try_start(request, found, form))


def try_start(request: HttpRequest, activation: Activation, form: StartForm) -> Run | None:
    """Start the run, leave a message, and return the run to go to; None when nothing is live."""
    kind, why, by, at = form.cleaned_data["kind"], form.cleaned_data["why"], somebody(request), timezone.now()
    try:
        if kind == Run.Kind.REASSERT:
            run = reassert(activation, by=by, why=why, at=at)
        else:
            run = start_run(activation, trigger=Run.Trigger.BUTTON, by=by, kind=kind, why=why, at=at)
    except AlreadyLive as refusal:
        messages.error(request, link_to(refusal.run, f"{refusal} ", "See it"))
        return refusal.run
    except (CannotStart, NeedsSomebodyElse) as refusal:
        messages.error(request, f"Not started. {refusal}")
        return None
    messages.success(request, link_to(run, f"{run.get_kind_display()} started. ", f"Follow run {number(run.pk)}"))
    return run


def link_to(run: Run, before: str, words: str) -> str:
    return format_html('{}<a href="{}">{}</a>', before, reverse("syncs:run", args=[run.pk]), words)


def started(request: HttpRequest, activation: Activation, run: Run | None) -> HttpResponse:
    """Return the run's page, or where there is none the audience's; for htmx the audience's lists as they are now."""
    if wants_fragment(request):
        answer = page(request, "syncs/of_audience.html", lists_of(request, activation.audience.slug), part="lists")
        return with_messages(request, answer)
    response = redirect("syncs:run", run.pk) if run else redirect("audiences:detail", activation.audience.slug)
    response.status_code = 303
    return response


@allow(Permission.CANCEL)
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what cancelling does; then ask the run to stop."""
    run = run_or_404(pk)
    form = CancelForm(request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        return page(request, "syncs/cancel.html", {"run": run, "form": form, "lease": lease()})
    try:
        cancel_run(run, by=somebody(request), at=timezone.now(), why=form.cleaned_data["reason"])
        messages.success(request, f"Run {number(pk)} was asked to stop. It ends before its next request.")
    except NotLive as refusal:
        messages.error(request, str(refusal))
    return after(request, pk)


@allow(Permission.RELEASE)
@require_POST
def release(request: HttpRequest, pk: int) -> HttpResponse:
    """Release figures for 24 hours and go to the run that plans within them."""
    run = run_or_404(pk)
    form = ReleaseForm(request.POST, parked=choices(run, run.activation.members))
    if not form.is_valid():
        return after(request, pk, release_form=form)
    shown = as_shown.is_as_shown(run, timezone.now())
    try:
        new = hold.release(run, by=somebody(request), at=timezone.now(), **form.figures())
    except AlreadyLive as refusal:
        messages.error(request, link_to(refusal.run, f"{refusal} ", "See it"))
        return onward(request, "syncs:run", refusal.run.pk)
    except (hold.NotHeld, CannotStart, NeedsSomebodyElse) as refusal:
        messages.error(request, f"Not released. {refusal}")
        return after(request, pk)
    what = "It is sent as it was shown." if shown else "This run reads and plans afresh within the figures."
    messages.success(request, f"Released for 24 hours. {what}")
    return onward(request, "syncs:run", new.pk)


@allow(Permission.ASK)
@require_POST
def ask(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask those who may release."""
    run = run_or_404(pk)
    form = AskForm(request.POST)
    if not form.is_valid():
        return after(request, pk, ask_form=form)
    try:
        asking.ask_to_release(run, by=somebody(request), reason=form.cleaned_data["reason"], at=timezone.now())
        messages.success(request, "Asked. Everybody who may release sees it on this page.")
    except (hold.NotHeld, asking.AlreadyAsked) as refusal:
        messages.error(request, str(refusal))
    return after(request, pk)


@allow(Permission.APPROVE)
@require_POST
def grow(request: HttpRequest, activation: int) -> HttpResponse:
    """End the ramp step of a list."""
    found = activation_or_404(activation)
    form = GrowForm(request.POST)
    try:
        if form.is_valid():
            growing.grow(found, by=somebody(request), at=timezone.now(), **form.cleaned_data)
            messages.success(request, f"{found.destination} is sent to everybody from the next run on.")
        else:
            messages.error(
                request, "Say what you saw of the first tenth, and how many as a number. Nothing was changed."
            )
    except (CannotStart, NeedsSomebodyElse) as refusal:
        messages.error(request, str(refusal))
    return onward(request, "audiences:detail", found.audience.slug)


@allow(Permission.CANCEL)
@require_POST
def drop(request: HttpRequest, pk: int) -> HttpResponse:
    """Give up what a run holds."""
    run = run_or_404(pk)
    form = DropForm(request.POST)
    if not form.is_valid():
        return after(request, pk, drop_form=form)
    try:
        hold.drop(run, by=somebody(request), reason=form.cleaned_data["reason"], at=timezone.now())
        messages.success(request, "Dropped. The next run plans afresh.")
    except hold.NotHeld as refusal:
        messages.error(request, str(refusal))
    return after(request, pk)

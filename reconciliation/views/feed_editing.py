"""Registering feeds, editing them, and switching them: live, paused, retired."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from audiences import feeds
from audiences.feed_terms import Property
from audiences.forms.feeds import FeedForm, PropertyForms
from audiences.forms.registration import ReasonForm
from audiences.models import Feed, Workspace
from audiences.views.loading import me, posted
from muster.access import Permission, allow, who_can
from muster.htmx import onward
from reconciliation.feed_page import filled_in
from syncs import feed_stops

from .loading import feed_or_404


@allow(Permission.REGISTER)
@require_http_methods(["GET", "POST"])
def register(request: HttpRequest) -> HttpResponse:
    """A new feed; `?event=…&workspace=…` fills in what an event that nobody owns has shown."""
    if not Workspace.objects.filter(archived_at=None).exists():
        return render(request, "reconciliation/feed_first.html", {"keepers": who_can(Permission.MANAGE_CONNECTIONS)})
    initial, seen = filled_in(request.GET, me(request))
    form = FeedForm(Feed(), posted(request), initial)
    rows = PropertyForms(posted(request), seen)
    if _valid(form, rows) and (made := _registered(request, form, rows)):
        messages.success(request, f"{made} is registered as a draft. Below stands what it lacks, and what to send.")
        return redirect("reconciliation:feed", made.slug)
    return _form_page(request, form, rows)


def _valid(form: FeedForm, rows: PropertyForms) -> bool:
    return form.is_bound and all([form.is_valid(), rows.is_valid()])  # both say what is wrong


def _registered(request: HttpRequest, form: FeedForm, rows: PropertyForms) -> Feed | None:
    """Register what the form says, or return None with the reason on the form."""
    made, places = form.apply(rows.chosen()), form.cleaned_data["destinations"]
    try:
        return feeds.register(made, places, by=me(request), at=timezone.now())
    except feeds.NameTaken as refusal:
        form.add_error("name", str(refusal))
        return None


@allow(Permission.REGISTER)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, slug: str) -> HttpResponse:
    """Change a feed. What is kept or forwarded otherwise waits for a second person."""
    feed = feed_or_404(slug)
    form = FeedForm(feed, posted(request))
    rows = PropertyForms(posted(request), [Property.from_stored(one) for one in feed.properties])
    was_live = feed.state == Feed.State.LIVE
    if _valid(form, rows) and (changed := _saved(request, form, rows)) is not None:
        paused = was_live and form.feed.state == Feed.State.PAUSED
        if paused:
            messages.warning(
                request, "Saved. Forwarding is paused until a second person switches it live; what arrives waits."
            )
        else:
            messages.success(request, f"Saved: {'; '.join(changed)}." if changed else "Nothing was changed.")
        return redirect("reconciliation:feed", slug)
    return _form_page(request, form, rows)


def _saved(request: HttpRequest, form: FeedForm, rows: PropertyForms) -> list[str] | None:
    """Save what the form says and return what changed, or None with the reason on the form."""
    edited, places = form.apply(rows.chosen()), form.cleaned_data["destinations"]
    try:
        return feeds.save(edited, places, by=me(request), at=timezone.now())
    except feeds.NameTaken as refusal:
        form.add_error("name", str(refusal))
    except feeds.NotPossible as refusal:
        form.add_error(None, str(refusal))
    return None


def _form_page(request: HttpRequest, form: FeedForm, rows: PropertyForms) -> HttpResponse:
    context: dict[str, Any] = {"form": form, "rows": rows, "feed": form.feed if form.feed.pk else None}
    if form.feed.pk:
        context["name"] = Feed.objects.values_list("name", flat=True).get(pk=form.feed.pk)
    return render(request, "reconciliation/feed_form.html", context)


@allow(Permission.REGISTER)
@require_POST
def go_live(request: HttpRequest, slug: str) -> HttpResponse:
    """Switch a feed live, or resume it; a second person must where something is new."""
    feed = feed_or_404(slug)
    try:
        switched = feeds.go_live(feed, by=me(request), at=timezone.now())
    except (feeds.NeedsSomebodyElse, feeds.NotReady) as refusal:
        messages.error(request, f"Nothing was switched. {refusal}")
        return onward(request, "reconciliation:feed", slug)
    if switched:
        feed_stops.wake(feed, at=timezone.now())
        messages.success(request, f"{feed} is live: what arrives is forwarded, and what waited goes first.")
    return onward(request, "reconciliation:feed", slug)


@allow(Permission.REGISTER)
@require_POST
def pause(request: HttpRequest, slug: str) -> HttpResponse:
    """Forward nothing for now."""
    return _stopped(request, slug, feeds.pause, "is paused: what arrives is kept, and waits")


@allow(Permission.REGISTER)
@require_POST
def retire(request: HttpRequest, slug: str) -> HttpResponse:
    """Take a feed out of use."""
    return _stopped(request, slug, feeds.retire, "is retired: its event is nobody's, and is not forwarded")


def _stopped(request: HttpRequest, slug: str, act: Any, words: str) -> HttpResponse:
    feed, form = feed_or_404(slug), ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Say why, in one line. Nothing was changed.")
    elif act(feed, by=me(request), reason=form.cleaned_data["reason"], at=timezone.now()):
        messages.success(request, f"{feed} {words}.")
    return onward(request, "reconciliation:feed", slug)


@allow(Permission.REGISTER)
@require_POST
def go_on(request: HttpRequest, slug: str) -> HttpResponse:
    """Forward again what stopped by itself."""
    feed = feed_or_404(slug)
    if feed.stopped_words:
        feed_stops.go_on(feed, by=me(request), at=timezone.now())
        messages.success(request, f"{feed} is forwarded again, the oldest first.")
    return onward(request, "reconciliation:feed", slug)

"""Rejected events of a feed: tried again, or dropped; one, or all of one reason."""

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from audiences.models import Feed
from audiences.views.loading import me
from muster.access import Permission, allow
from muster.figures import number
from muster.htmx import onward
from reconciliation.feed_page import ask_about_double
from syncs import rejected
from syncs.models import Event, EventState

from .loading import feed_or_404


@allow(Permission.REGISTER)
@require_POST
def retry(request: HttpRequest, slug: str) -> HttpResponse:
    """Map them anew by the rules as they are now."""
    feed = feed_or_404(slug)
    done = rejected.retry(_meant(request, feed), by=me(request), at=timezone.now())
    if done.waiting:
        messages.success(request, f"{_events(done.waiting)} will be forwarded.{_still(done.rejected)}")
    elif done.rejected:
        messages.warning(request, f"Nothing changed:{_still(done.rejected)} Change the cause first, then try again.")
    else:
        messages.info(request, "Nothing was rejected there any more, so nothing was tried.")
    return onward(request, "reconciliation:feed", slug)


@allow(Permission.REGISTER)
@require_POST
def drop(request: HttpRequest, slug: str) -> HttpResponse:
    """Give them up: they are never forwarded, and stay counted."""
    feed, reason = feed_or_404(slug), request.POST.get("reason", "").strip()[:300]
    if not reason:
        messages.error(request, "Say why they are given up. Nothing was dropped.")
        return onward(request, "reconciliation:feed", slug)
    dropped = rejected.drop(_meant(request, feed), by=me(request), reason=reason, at=timezone.now())
    messages.success(request, f"{_events(dropped)} dropped.")
    return onward(request, "reconciliation:feed", slug)


@allow(Permission.ASK)
@require_POST
def ask(request: HttpRequest, slug: str) -> HttpResponse:
    """Note that somebody asked for the end of a double; it is shown beside it."""
    ask_about_double(feed_or_404(slug), by=me(request), at=timezone.now())
    messages.success(request, "It is shown beside the double that you asked, and in the event log.")
    return onward(request, "reconciliation:events")


def _meant(request: HttpRequest, feed: Feed) -> QuerySet[Event]:
    """Return the one event that was meant, or all of a reason. An id that is no number means none."""
    found = Event.objects.filter(feed=feed, state=EventState.REJECTED)
    one, code = request.POST.get("event", ""), request.POST.get("code", "")
    if one:
        return found.filter(pk=int(one)) if one.isascii() and one.isdecimal() and len(one) < 19 else found.none()
    return found.filter(reason=code[:40]) if "code" in request.POST else found.none()


def _events(count: int) -> str:
    return f"{number(count)} event{'' if count == 1 else 's'}"


def _still(count: int) -> str:
    return f" {_events(count)} {'is' if count == 1 else 'are'} rejected as before." if count else ""

"""Journey events: all feeds on one page, each on its own."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from audiences.models import Feed, Workspace
from audiences.views.loading import me
from muster.access import Permission, allow, can, who_can
from muster.htmx import page
from muster.models import Person
from reconciliation.feed_health import lede
from reconciliation.feed_page import FeedPage, asked_about, property_names
from reconciliation.feed_rows import Feeds, Row
from reconciliation.refused_requests import Refused, refused
from syncs.event_figures import Counted, unowned

from .loading import feed_or_404

PER_PAGE = 50
REJECTED_A_PAGE = 10


@allow(Permission.READ)
@require_safe
def events(request: HttpRequest) -> HttpResponse:
    """The figures of 24 hours, the feeds, what nobody owns, what is sent twice, why some were rejected."""
    now = timezone.now()
    found, orphans = Feeds(now), unowned(now)
    shown = Paginator(found.rows, PER_PAGE).get_page(request.GET.get("page"))
    asked = asked_about(found.doubled)
    context: dict[str, Any] = {
        "found": found,
        "now": now,
        "page": shown,
        "rows": found.lags(shown.object_list),
        "lede": lede([(row.feed.name, row.verdict) for row in found.rows], len(orphans)),
        "unowned": orphans,
        "doubled": [(row, double, asked.get(str(row.feed.pk))) for row in found.doubled for double in row.doubles],
        "refused": _refused(found.day.requests, found.total.received + sum(one.events for one in orphans)),
        "workspaces": list(Workspace.objects.filter(archived_at=None).defer("api_key").order_by("name")),
        "keepers": who_can(Permission.MANAGE_CONNECTIONS),
        "owners": who_can(Permission.REGISTER),
    }
    return page(request, "reconciliation/events.html", context, part="figures")


def _refused(requests: Counted, received: int) -> list[Refused]:
    return refused(unsigned=requests.unsigned, stale=requests.stale, unreadable=requests.unreadable, received=received)


@allow(Permission.READ)
@require_safe
def count(request: HttpRequest) -> HttpResponse:
    """How many feeds need the reader, for the navigation."""
    return render(request, "reconciliation/events_count.html", {"need": len(_needing(me(request)))})


def _needing(person: Person) -> list[Row]:
    """Return the feeds that need this person: a marketer's own, a manager's all, and nothing of who cannot act."""
    if not can(person, Permission.REGISTER) or not Feed.objects.exclude(state=Feed.State.RETIRED).exists():
        return []
    need = Feeds(timezone.now()).need
    return need if can(person, Permission.APPROVE) else [row for row in need if person in row.named]


@allow(Permission.READ)
@require_safe
def feed(request: HttpRequest, slug: str) -> HttpResponse:
    """One feed: how it is, its weeks, what was rejected, its definition, and the recipe."""
    here = FeedPage(feed_or_404(slug), request.user, timezone.now())
    rejected = Paginator(here.rejected, REJECTED_A_PAGE).get_page(request.GET.get("page"))
    shown = [(one, property_names(one.body)) for one in rejected.object_list]
    context = {"here": here, "feed": here.feed, "row": here.row, "rejected": rejected, "shown": shown}
    context["recipe"] = here.recipe(request.build_absolute_uri)
    return page(request, "reconciliation/feed.html", context, part="live")

"""What the pages of audiences load of readings: each list's match and readiness, coverage, sparklines."""

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from audiences.models import Audience
from muster.access import Permission, allow, who_can
from muster.htmx import page, varied
from muster.kept_query import KeptQuery
from reconciliation import coverages, of_holdout
from reconciliation.coverage_chart import coverage_of
from reconciliation.of_audience import coverage_markers, shown_lists
from reconciliation.of_ladder import ladders
from reconciliation.sparks import sparks

MOST_ROWS = 50

_audience = KeptQuery(lambda slug: Audience.objects.select_related("segment").filter(slug=slug), str)


def audience_or_404(slug: str) -> Audience:
    return _audience.or_404(slug)


@allow(Permission.READ)
@require_safe
def arrived(request: HttpRequest, slug: str) -> HttpResponse:
    """Match, readiness and removals of each list of an audience, and 26 weeks of history. Sixteen queries."""
    audience = audience_or_404(slug)
    context = {
        "audience": audience,
        "lists": shown_lists(audience, timezone.now()),
        "connects": who_can(Permission.MANAGE_CONNECTIONS)[:3],
        "registers": who_can(Permission.REGISTER)[:3],
    }
    return varied(page(request, "reconciliation/arrived.html", context, part="arrived"))


@allow(Permission.READ)
@require_safe
def ladder(request: HttpRequest, slug: str) -> HttpResponse:
    """The count ladder of each list of an audience as it stands now. About 45 queries, however many lists."""
    audience = audience_or_404(slug)
    context = {"audience": audience, "ladders": ladders(audience, timezone.now())}
    return varied(page(request, "reconciliation/ladder.html", context, part="ladder"))


@allow(Permission.READ)
@require_safe
def coverage(request: HttpRequest, slug: str) -> HttpResponse:
    """Which share of the audience's people has each identifier, by day. Five queries."""
    audience, now = audience_or_404(slug), timezone.now()
    happened, switched = coverage_markers(audience, now)
    found = coverage_of(coverages.of_segment(audience.segment_id, now), happened, switched, timezone.localdate(now))
    context = {"audience": audience, "found": found}
    return varied(page(request, "reconciliation/coverage.html", context, part="coverage"))


@allow(Permission.READ)
@require_safe
def holdout(request: HttpRequest, slug: str) -> HttpResponse:
    """The arms of an audience's holdout list by list, and held-out people found where ads are shown. Ten queries."""
    audience = audience_or_404(slug)
    context = {"audience": audience, "found": of_holdout.shown(audience, timezone.now())}
    return varied(page(request, "reconciliation/holdout.html", context, part="holdout"))


@allow(Permission.READ)
@require_safe
def trends(request: HttpRequest) -> HttpResponse:
    """The match of the lists of these audiences (`?of=`, their ids) as sparklines, for rows that are on the page. One query."""
    asked = [int(one) for one in request.GET.getlist("of") if one.isdecimal() and len(one) < 18][:MOST_ROWS]
    if not asked:
        raise Http404("no audience was named")
    return varied(page(request, "reconciliation/trends.html", {"rows": sparks(asked, timezone.localdate())}))

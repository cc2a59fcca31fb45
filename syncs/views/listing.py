"""The list of runs with its filters."""

from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.functional import cached_property
from django.views.decorators.http import require_safe

from muster.access import Permission, allow
from muster.htmx import page, wants_fragment
from syncs.forms import RunFilter
from syncs.models import Run
from syncs.rows import rows
from syncs.states import LIVE, RunState

from .loading import any_live, machinery, shown_runs, whole_number

PER_PAGE = 50


class Runs(Paginator):  # type: ignore[type-arg]  # not generic while it runs
    """Pages of runs; counting stops where nobody would go on reading."""

    most = 10_000

    @cached_property
    def count(self) -> int:
        found: QuerySet[Run] = self.object_list  # type: ignore[assignment]
        return found.order_by()[: self.most].count()


@allow(Permission.READ)
@require_safe
def runs(request: HttpRequest) -> HttpResponse:
    """The list, or for htmx its rows, which are polled while one of them may move."""
    now = timezone.now()
    form = RunFilter(request.GET, now=now)
    found = Runs(form.narrowed(shown_runs()).order_by("-pk"), PER_PAGE)
    shown: Page[Run] = found.get_page(whole_number(request.GET.get("page", "")))
    context: dict[str, Any] = {
        "form": form,
        "page": shown,
        "rows": rows(shown.object_list, now),
        "live": any_live(shown.object_list),
        "filtered": form.chosen(),
        "now": now,
        "query": request.GET.urlencode(),
    }
    if not wants_fragment(request):
        context |= {"health": machinery(now), "lede": lede()}
    return page(request, "syncs/runs.html", context, part="rows")


def lede() -> str:
    """Return how many runs are not done, in one sentence; what a newer run replaced no longer counts. One query."""
    newer = Run.objects.of_lists().filter(activation=OuterRef("activation"), pk__gt=OuterRef("pk"))
    open_runs = Q(state__in=LIVE) | (Q(state=RunState.HELD) & ~Exists(newer))
    counted = Run.objects.filter(open_runs).order_by().values_list("state").annotate(number=Count("pk"))
    counts: dict[str, int] = dict(counted)
    parts = [
        f"{counts[state]:,} {words[counts[state] > 1]}"
        for state, words in (
            (RunState.RUNNING, ("is running", "are running")),
            (RunState.WAITING, ("waits", "wait")),
            (RunState.HELD, ("is held", "are held")),
        )
        if counts.get(state)
    ]
    return f"{', '.join(parts)}." if parts else "Nothing is running, waiting or held."

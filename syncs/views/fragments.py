"""What other pages load of runs: the side bar's strip, the banner of pauses, the lists of an audience, the health line."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Exists, F, OuterRef, Prefetch, Q, Window
from django.db.models.functions import RowNumber
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from audiences.models import Activation, Definition
from audiences.promoting import ALL
from audiences.terms import joined
from muster.access import Permission, allow
from muster.htmx import page, varied
from syncs import freshness, unsuppressed
from syncs.attention import lede, needs, troubles_of
from syncs.first_to_pass import first_to_pass
from syncs.freshness import Freshness, suppressions, with_freshness
from syncs.growing import judgement_of
from syncs.models import Pause, Run
from syncs.reassert import shown_by
from syncs.regularity import Regularity
from syncs.rows import rows
from syncs.second_person import others

from .loading import any_live, machinery, shown_runs
from .slots_shown import by_list

LATEST = 3


@allow(Permission.READ)
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """The health line of the list of runs. Two queries."""
    return page(request, "syncs/health.html", {"health": machinery(timezone.now())})


@allow(Permission.READ)
@require_safe
def strip(request: HttpRequest) -> HttpResponse:
    """The box in the side bar: whether syncing is on, and how the machinery is. Three queries."""
    pauses = open_pauses()
    everything = next((pause for pause in pauses if pause.is_total), None)
    context = {"health": machinery(timezone.now()), "everything": everything, "pauses": pauses}
    return varied(page(request, "syncs/strip.html", context))


@allow(Permission.READ)
@require_safe
def attention(request: HttpRequest) -> HttpResponse:
    """What needs somebody, for the first page: syncs that did not end well, suppressions out of date. Two queries."""
    now = timezone.now()
    lists = suppressions(now)
    stale = [(one, how) for one, how in lists if how.breached]
    found = needs(now)
    context = {"needs": found, "stale": stale, "marks": marks(lists), "lede": lede(found, len(stale))}
    return varied(page(request, "syncs/attention.html", context))


def marks(lists: list[tuple[Activation, Freshness]]) -> dict[str, list[tuple[Activation, Freshness]]]:
    """Return by audience (its slug) the suppression lists out of date; none of them clears the audience's row."""
    found: dict[str, list[tuple[Activation, Freshness]]] = {one.audience.slug: [] for one, _ in lists}
    for one, how in lists:
        if how.breached:
            found[one.audience.slug].append((one, how))
    return found


@allow(Permission.READ)
@require_safe
def banner(request: HttpRequest) -> HttpResponse:
    """What is paused, on top of every page; empty when nothing is. One query, two when everything is paused."""
    context = pause_context(timezone.now())
    if not context["pauses"]:
        return varied(HttpResponse())
    return page(request, "syncs/_pause_banner.html", context)


def pause_context(now: datetime) -> dict[str, Any]:
    pauses = open_pauses()
    total = any(pause.is_total for pause in pauses)
    return {"pauses": pauses, "now": now, "first": first_to_pass(now) if total else None}


def open_pauses() -> list[Pause]:
    """Return the open pauses, the widest first. One query."""
    found = Pause.objects.open().select_related("destination", "audience", "by").order_by("at")
    return sorted(found, key=lambda pause: not pause.is_total)


@allow(Permission.READ)
@require_safe
def of_audience(request: HttpRequest, slug: str) -> HttpResponse:
    """The lists of an audience with their runs: a fragment for the audience's page, polled while one is live."""
    return page(request, "syncs/of_audience.html", lists_of(request, slug), part="lists")


def lists_of(request: HttpRequest, slug: str) -> dict[str, Any]:
    """Return the lists of an audience. Five queries, two more on a ramp step. Raises Http404 without lists."""
    now = timezone.now()
    found = shown_lists(slug, now)
    pauses = reaching(found)
    regular = by_list([one.pk for one in found], now)
    lists = [shown_list(one, pauses, now) for one in found]
    troubles = troubles_of(slug, now)
    for one in lists:
        one["trouble"] = troubles.get(one["list"].pk)
        one["fresh"] = freshness.of(one["list"], now)
        one["judgement"] = judgement_of(one["list"], now)
        one |= slots_told(regular.get(one["list"].pk), now)
    ramped = any(one["list"].ramp < ALL for one in lists)
    return {
        "audience": found[0].audience,
        "lists": lists,
        "growers": joined((one.full_name for one in others()), "or") if ramped else "",
        "live": any(one["live"] for one in lists),
        "now": now,
    }


def shown_lists(slug: str, now: datetime) -> Sequence[Activation]:
    """Return the production lists of an audience with their newest runs. Two queries. Raises Http404 without any."""
    place = Window(RowNumber(), partition_by=F("activation_id"), order_by=F("pk").desc())
    latest = shown_runs().annotate(place=place).filter(place__lte=LATEST).order_by("-pk")
    current = Definition.objects.filter(audience=OuterRef("audience"), state=Definition.State.CURRENT)
    dry_run = Run.objects.filter(shown_by(now), activation=OuterRef("pk"))
    made = with_freshness(Activation.objects.filter(audience__slug=slug, kind=Activation.Kind.PRODUCTION))
    found = made.select_related("audience", "destination", "pipe").defer("pipe__write_key")
    found = found.annotate(has_definition=Exists(current), was_shown=Exists(dry_run))
    found = found.prefetch_related(Prefetch("runs", queryset=latest, to_attr="latest_runs"))
    lists: list[Activation] = list(found.order_by("destination__name", "kind"))
    if not lists:
        raise Http404("no such audience, or it has no list")
    return lists


def slots_told(how: Regularity | None, now: datetime) -> dict[str, Any]:
    """Return when a list is due next and how regular it was; nothing for a list without slots."""
    if how is None:
        return {}
    coming = next((cell.due for cell in how.cells if cell.due > now), None)
    return {"next": coming, "regular": how.line(timezone.get_current_timezone()) if how.ended else ""}


def reaching(found: Sequence[Activation]) -> list[Pause]:
    """Return the open pauses that reach any of these lists. One query."""
    reach = Q(destination=None, audience=None) | Q(audience=found[0].audience_id)
    reach |= Q(destination__in=[one.destination_id for one in found])
    return list(Pause.objects.open().filter(reach).select_related("by", "destination", "audience"))


def _unsuppressed(runs: Sequence[Run]) -> str:
    """Return how many the newest planned run could not put on a suppression list; a dry run counts as well."""
    newest = next((run for run in runs if run.planned_at), None)
    return unsuppressed.sentence(newest.left_out) if newest and newest.definition.suppresses else ""


def shown_list(one: Activation, pauses: list[Pause], now: datetime) -> dict[str, Any]:
    """Return what is shown of one list."""
    runs: list[Run] = one.latest_runs  # type: ignore[attr-defined]
    pause = next((made for made in pauses if made.destination_id in {None, one.destination_id}), None)
    return {
        "list": one,
        "pause": pause,
        "rows": rows(runs, now),
        "unsuppressed": _unsuppressed(runs),
        # A dry run says nothing about what the list holds.
        "latest": next((run for run in runs if not run.is_dry), runs[0] if runs else None),
        "live": any_live(runs),
        "underway": next((run for run in runs if run.is_live and not run.is_dry), None),
    }

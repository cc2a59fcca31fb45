"""The list of audiences, the page of one, and its versions."""

from collections import Counter
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from audiences import activating, gating, switch
from audiences.approving import for_decision, open_requests
from audiences.definition import clauses, differences
from audiences.forms.registration import FilterForm, ReasonForm
from audiences.listing import DRAFT, FINE, NEEDS, everybody, in_order, lede, listed
from audiences.models import Activation, Audience
from audiences.next_step import next_step
from audiences.rows import rows
from audiences.segment_changes import difference
from audiences.terms_of import terms_of
from audiences.verdict import Standing
from audiences.warnings import warnings
from muster.access import Permission, allow, can, who_can
from muster.htmx import onward, page
from muster.models import Event

from .approval import second_person
from .loading import me, standing, version_of

A_PAGE = 50
EVENTS_SHOWN = 12


@allow(Permission.READ)
@require_safe
def list_audiences(request: HttpRequest) -> HttpResponse:
    """Every audience, those that need somebody first."""
    form, today = FilterForm(request.GET), timezone.localdate()
    wanted = form.wanted()
    ordered, is_asked = _ordered(request, wanted, today)
    shown = Paginator(ordered, A_PAGE).get_page(request.GET.get("page"))
    asked = open_requests() if is_asked else []
    read, counts = rows([audience for audience, _ in shown], today, asked), Counter(rank for _, rank in ordered)
    groups = {rank: [read[one] for one, its in shown if its == rank and one in read] for rank in (NEEDS, FINE, DRAFT)}
    context = {
        "form": form,
        "shown": shown,
        "needing": (counts[NEEDS], groups[NEEDS]),
        "fine": (counts[FINE], groups[FINE]),
        "drafts": (counts[DRAFT], groups[DRAFT]),
        "filtered": any(wanted.values()),
        "trends": urlencode([("of", audience) for audience, _ in shown]),
        "lede": lede(counts[NEEDS], counts[FINE], counts[DRAFT]),
    }
    context["waiting"] = [] if context["filtered"] else for_decision(asked, me(request), timezone.now())
    if not ordered and not context["filtered"]:
        context |= {"step": (step := next_step()), "can_do": can(request.user, step.needs), "ask": who_can(step.needs)}
    return page(request, "audiences/list.html", context, part="audiences")


def _ordered(request: HttpRequest, wanted: dict[str, str], today: date) -> tuple[list[tuple[int, int]], bool]:
    """Return the ids of the audiences that fit with their ranks, and whether there may be requests without an answer."""
    if not any(wanted.values()):
        return everybody(today)
    found = listed(today, text=wanted["q"], owner=wanted["owner"], purpose=wanted["purpose"], me=me(request))
    return in_order(found), True


@allow(Permission.READ)
@require_safe
def detail(request: HttpRequest, slug: str) -> HttpResponse:
    """What is true of one audience, what changed, what its definition says and what it still lacks."""
    here = standing(slug)
    shown = version_of(here, here.newest.number)
    terms = terms_of(shown)
    context = {
        "here": here,
        "shown": shown,
        "clauses": clauses(terms, here.today),
        "warnings": warnings(terms) if here.draft else [],
        "events": told_of(here.audience).order_by("-at", "-pk")[:EVENTS_SHOWN],  # read only where they are shown
        "ask": who_can(Permission.REGISTER)[:3],
        "difference": difference(here.current, here.audience.segment) if here.current and here.mismatch else None,
        "askable": shown.purpose,
        **_gates(here),
    }
    return render(request, "audiences/detail.html", context)


def _gates(here: Standing) -> dict[str, Any]:
    """Return what accounts lack before lists of the version that comes next may go live there."""
    coming = here.approved or here.draft
    found = gating.gates(coming) if coming and not here.audience.archived_at else []
    closed = any(not gate.is_open for gate in found)
    writers = who_can(Permission.WRITE_POLICY)[:3] if closed else []
    return {"coming": coming, "gates": found, "policy_writers": writers}


def told_of(audience: Audience) -> QuerySet[Event]:
    """Return what people did to an audience and how its runs ended; the steps in between are on each run's page."""
    inside = Q(run_id__isnull=False, actor=None) & ~Q(verb__startswith="ended")
    return Event.objects.filter(audience_id=audience.pk).exclude(inside)


@allow(Permission.READ)
@require_safe
def version(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """One version beside the one before, or beside the one in `?against=`."""
    here = standing(slug)
    shown = version_of(here, number)
    wanted = request.GET.get("against", "")
    earlier = [one for one in here.audience.definitions.all() if one.number < number]
    against = next((one for one in earlier if str(one.number) == wanted), earlier[0] if earlier else None)
    context = {"here": here, "shown": shown, "against": against, "earlier": earlier}
    context |= second_person(request, here, shown)
    terms = terms_of(shown)
    parts = clauses(terms, here.today)
    context["switch"] = switch.told(terms.switch) if terms.switch and not terms.switch.only_order else None
    context |= {"parts": len(parts), "lacks": [sentence for part in parts for sentence in part.missing]}
    context["warnings"] = [] if shown.is_locked else warnings(terms)
    if against:
        changed, kept = differences(terms_of(version_of(here, against.number)), terms)
        context |= {"changed": changed, "kept": kept}
    else:
        context |= {"kept": parts}
    return render(request, "audiences/version.html", context)


@allow(Permission.SYNC)
@require_POST
def try_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a list that the engine stopped be sent again."""
    stopped = get_object_or_404(Activation.objects.select_related("audience", "destination"), pk=pk)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Say what was mended, so that others know. Nothing was changed.")
    elif activating.try_again(stopped, by=me(request), reason=form.cleaned_data["reason"], at=timezone.now()):
        messages.success(request, f"{stopped.destination} may be sent again. Start a sync, or wait for the next one.")
    return onward(request, "audiences:detail", stopped.audience.slug)

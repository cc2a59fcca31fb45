"""Readiness: what is missing where, the eight steps of the set-up, and the checklist of one audience."""

from dataclasses import replace

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from audiences.checklist import Stand, checklist, done
from audiences.forms.registration import ReasonForm
from audiences.models import Activation, Audience, Lifecycle
from muster import audit
from muster.access import Permission, allow, may_open, who_can
from muster.htmx import onward, page, varied
from muster.models import Person
from syncs.readiness import CHECKED, Evidences
from syncs.set_up_steps import lede, steps

MOST_LISTS = 100


def _lists(**where: object) -> list[Activation]:
    made = Activation.objects.filter(kind=Activation.Kind.PRODUCTION, audience__archived_at=None, **where)
    found = made.exclude(lifecycle=Lifecycle.RETIRED).order_by("audience__name", "destination__name")
    return list(found[:MOST_LISTS])


def _shown(lists: list[Activation]) -> list[dict[str, object]]:
    now = timezone.now()
    known = Evidences(lists, now)
    rows: list[dict[str, object]] = []
    for one in known.lists:
        items = checklist(known.of(one), now)
        count, needed = done(items)
        first = next((item for item in items if item.stand not in (Stand.DONE, Stand.IDLE)), None)
        rows.append({"list": one, "items": items, "done": count, "needed": needed, "first": first})
    return rows


@allow(Permission.READ)
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """The eight steps, and every list with what it lacks, those that lack most first."""
    rows = _shown(_lists())
    rows.sort(key=lambda row: (str(row["done"]).zfill(3), str(row["list"])))
    all_steps = [one if may_open(request.user, one.url_name) else replace(one, url_name="") for one in steps()]
    return page(request, "syncs/readiness.html", {"rows": rows, "steps": all_steps, "lede": lede(all_steps)})


@allow(Permission.READ)
@require_safe
def of_audience(request: HttpRequest, slug: str) -> HttpResponse:
    """The checklist of each list of an audience; the audience's page loads it."""
    audience = get_object_or_404(Audience.objects.select_related("segment"), slug=slug)
    context = {"audience": audience, "rows": _shown(_lists(audience=audience)), "ask": who_can(Permission.ANSWER)[:3]}
    return varied(page(request, "syncs/readiness_of.html", context, part="readiness"))


@allow(Permission.ANSWER)
@require_POST
def checked(request: HttpRequest, slug: str) -> HttpResponse:
    """Record that somebody looked at the audience's drift, and what they found."""
    audience = get_object_or_404(Audience, slug=slug, archived_at=None)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Say what you found, also when it is nothing. No check was recorded.")
    elif isinstance(request.user, Person):
        found = form.cleaned_data["reason"]
        audit.record(verb=CHECKED, subject=audience, by=request.user, reason=found, audience_id=audience.pk)
        messages.success(request, f"Your check of {audience} is recorded.")
    return onward(request, "audiences:detail", slug)

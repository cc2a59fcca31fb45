"""The pilot of a version: its evidence, its runs, and the signature that puts the version into use."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from audiences import gating, promoting
from audiences.approving import NeedsSomebodyElse
from audiences.models import Audience, Definition, RosterMember
from audiences.registering import Incomplete, NotPossible
from muster.access import Permission, allow, who_can
from muster.htmx import page
from syncs import evidence
from syncs.forms import PromoteForm
from syncs.rows import rows

from .actions import somebody
from .loading import shown_runs

RUNS_SHOWN = 6


@allow(Permission.READ)
@require_safe
def pilot(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """What the pilot has shown, and what helps next; polled while a run of it is live."""
    return page(request, "syncs/pilot.html", pilot_told(request, version_or_404(slug, number)), part="pilot")


def version_or_404(slug: str, number: int) -> Definition:
    """Return a version that is approved or was. Raises Http404."""
    around = ("audience__owner", "audience__segment__workspace", "approved_by", "promoted_by", "edited_by")
    locked = Definition.objects.exclude(state=Definition.State.DRAFT).select_related(*around)
    found = locked.filter(audience__slug=slug, number=number).first()
    if found is None:
        raise Http404("no such version, or it is a draft")
    return found


def pilot_told(request: HttpRequest, version: Definition) -> dict[str, Any]:
    """Return what the page shows."""
    found, now = evidence.of_version(version), timezone.now()
    ran = shown_runs().filter(definition=version, activation__kind="pilot").order_by("-pk")[:RUNS_SHOWN]
    waiting = version.state == Definition.State.APPROVED and version.audience.archived_at is None
    proof = evidence.proof_of(version)
    return {
        "version": version,
        "audience": version.audience,
        "found": found,
        "live": any(one.live for one in found),
        "waiting": waiting,
        "proof": proof,
        "refusal": promoting.refusal(version, somebody(request)) if waiting else "",
        **_gates(version, waiting=waiting),
        "promoters": promoting.promoters(version) if waiting else [],
        "may_ramp": waiting and not _holds_people(version.audience),
        "roster": RosterMember.objects.select_related("domain").order_by("team", "initials", "pk"),
        "keepers": who_can(Permission.MANAGE_CONNECTIONS),
        "rows": rows(list(ran), now),
    }


def _gates(version: Definition, *, waiting: bool) -> dict[str, Any]:
    """Return what accounts lack before lists of the version may go live there, and who may override it."""
    found = gating.gates(version) if waiting else []
    closed = any(not gate.is_open for gate in found)
    return {"gates": found, "closed": closed, "policy_writers": who_can(Permission.WRITE_POLICY)[:3] if closed else []}


def _holds_people(audience: Audience) -> bool:
    return audience.activations.filter(kind="production", members__gt=0).exists()


@allow(Permission.APPROVE)
@require_POST
def promote(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Sign the evidence and put the version into use."""
    version = version_or_404(slug, number)
    form = PromoteForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose how many people are sent at first. Nothing was changed.")
        return redirect("syncs:pilot", slug, number)
    ramp = int(form.cleaned_data["ramp"])
    try:
        proof = evidence.proof_of(version)
        promoting.promote(version, proof, by=somebody(request), at=timezone.now(), ramp=ramp)
    except (NeedsSomebodyElse, NotPossible, Incomplete) as refusal:
        messages.error(request, f"Not put into use. {refusal}")
        return redirect("syncs:pilot", slug, number)
    messages.success(request, f"v{number} is in use and its lists are live. Make a dry run before the first sync.")
    return redirect("audiences:detail", slug)

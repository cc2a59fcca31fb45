"""What a weekly report tells of runs and definitions: what guards held, what people released, which versions came."""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any

from django.db.models import Q

from audiences.gating import OVERRODE
from audiences.models import Definition
from muster.figures import day, number
from muster.models import Event
from syncs.models import Release, Run
from syncs.states import RunState

from .markers import SEGMENT
from .weekly_inputs import Happened

PASSES = {"removes": "removals", "adds": "additions"}
ACKNOWLEDGED = "acknowledged for v"


def held(begins: datetime, ends: datetime) -> tuple[Happened, ...]:
    """Return the runs of the week of which a guard parked something. One query."""
    may = Run.objects.filter(created_at__gte=begins, created_at__lt=ends, state__in=[RunState.HELD, RunState.CANCELLED])
    rows = may.select_related("activation__audience", "activation__destination").order_by("created_at", "pk")
    return tuple(
        Happened(one.created_at, f"{_name(one)}: {_figures(one.held)}", one.activation.audience.slug)
        for one in rows
        if one.held
    )


def overrides(begins: datetime, ends: datetime, zone: tzinfo) -> tuple[Happened, ...]:
    """Return what people let pass in the week. Two queries.

    Figures released, blocks that a manager acknowledged, and lists that went live without an account's suppressions.
    """
    released = Release.objects.filter(at__gte=begins, at__lt=ends).select_related(
        "by", "run__activation__audience", "run__activation__destination"
    )
    found = [Happened(one.at, _released(one, zone), one.run.activation.audience.slug) for one in released]
    words = Q(verb__startswith=ACKNOWLEDGED) | Q(verb__startswith=OVERRODE)
    found += [Happened(one.at, _let_pass(one)) for one in Event.objects.filter(words, at__gte=begins, at__lt=ends)]
    return tuple(found)


def definitions(begins: datetime, ends: datetime) -> tuple[Happened, ...]:
    """Return the versions that were put into use in the week, and changes of segments without one. Two queries."""
    used = Definition.objects.filter(promoted_at__gte=begins, promoted_at__lt=ends)
    rows = used.select_related("audience", "promoted_by", "approved_by").defer("conditions", "logic")
    found = [Happened(one.promoted_at, _version(one), one.audience.slug) for one in rows if one.promoted_at]
    edits = Event.objects.filter(Q(verb__in=list(SEGMENT)), at__gte=begins, at__lt=ends)
    found += [Happened(one.at, f"{one.object_label}: {SEGMENT[one.verb]}, without a new version") for one in edits]
    return tuple(found)


def _name(run: Run) -> str:
    return f"{run.activation.audience.name} at {run.activation.destination.name}"


def _figures(held: Mapping[str, Mapping[str, Any]]) -> str:
    """Return "1,291 removals, limit 110"; a pass that was parked without a figure says so."""
    return "; ".join(
        f"{number(said.get('figure'))} {PASSES.get(name, name)}, limit {number(said.get('limit'))}"
        for name, said in sorted(held.items(), reverse=True)
    )


def _released(one: Release, zone: tzinfo) -> str:
    figures = f"up to {number(one.max_removes)} removals and {number(one.max_adds)} additions"
    ran = f"held {day(one.run.created_at, zone)}"
    return f"{_name(one.run)}: {figures}, {ran}, released by {one.by.full_name}. “{one.reason}”"


def _version(one: Definition) -> str:
    by = f", approved by {one.approved_by.full_name}" if one.approved_by else ""
    used = (
        f", put into use by {one.promoted_by.full_name}"
        if one.promoted_by and one.promoted_by != one.approved_by
        else ""
    )
    why = f". {one.reason}" if one.reason else ""
    return f"{one.audience.name} v{one.number}{by}{used}{why}"


def _let_pass(one: Event) -> str:
    where = f" at {one.detail['account']}" if one.detail.get("account") else ""
    why = f". “{one.reason}”" if one.reason else ""
    return f"{one.actor_label} {one.verb} {one.object_label}{where}{why}"

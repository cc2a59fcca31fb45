"""The gate before a targeting list goes live at an ad account: what is missing there, and a manager's word that it may.

A list that is live already is not stopped by a new version of its audience: only a list that begins to target is.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from muster import audit
from muster.access import Permission, who_can
from muster.models import Person

from .gate import LIVE, Lack, Line, lacks
from .models import Activation, Arrival, Definition, Destination, GateOverride, RequiredSuppression
from .platforms import Family
from .terms import TARGETING

OVERRODE = "overrode the suppressions for v"


class NothingToOverride(Exception):
    """Everything that the account requires is in place, or its lack was overridden already."""

    def __init__(self) -> None:
        super().__init__("Nothing that this account requires is missing any more. Nothing was changed.")


@dataclass(frozen=True)
class Gate:
    """What one account lacks for a version. `override` is the word of a manager that covers all of it, if there is one."""

    place: Destination
    lacks: list[Lack]
    override: GateOverride | None = field(default=None)

    @property
    def is_open(self) -> bool:
        return not self.lacks or self.override is not None


def lines_at(places: Collection[int]) -> dict[int, list[Line]]:
    """Return the policy of these accounts, by account (its key), with how each line is fulfilled. Four queries at most."""
    found = RequiredSuppression.objects.filter(destination__in=places, ended_at=None)
    rows = list(found.select_related("destination", "audience__owner").order_by("destination", "label"))
    if not rows:
        return {}
    lists = _lists(rows)
    writers = tuple(one.full_name for one in who_can(Permission.WRITE_POLICY)[:3])
    known: dict[int, list[Line]] = {}
    for row in rows:
        key = (row.audience_id, row.destination_id)
        known.setdefault(row.destination_id, []).append(_line(row, lists.get(key), writers))
    return known


def gates(version: Definition) -> list[Gate]:
    """Return each account at which a list of this version would begin to target, with what is missing there."""
    if version.purpose not in TARGETING:
        return []
    places = _beginning_at(version)
    lines = lines_at([one.pk for one in places])
    missing = {place.pk: lacks(lines.get(place.pk, [])) for place in places}
    words = _overrides(version) if any(missing.values()) else {}
    return [Gate(place, missing[place.pk], _covering(words.get(place.pk, []), missing[place.pk])) for place in places]


def closed(version: Definition) -> list[str]:
    """Return a sentence for each thing that keeps a version from going live; empty where nothing does."""
    return [lack.sentence for gate in gates(version) if not gate.is_open for lack in gate.lacks]


def override(version: Definition, place: Destination, *, reason: str, by: Person, at: datetime) -> GateOverride:
    """Record that a version may go live at an account without what is missing there now. Raises NothingToOverride."""
    with transaction.atomic():
        gate = next((one for one in gates(version) if one.place.pk == place.pk and not one.is_open), None)
        if gate is None:
            raise NothingToOverride
        told = [one.sentence for one in gate.lacks]
        made = GateOverride.objects.create(
            definition=version,
            destination=place,
            lines=[one.line.key for one in gate.lacks],
            lacked=told,
            reason=reason,
            by=by,
            at=at,
        )
        audit.record(
            verb=f"{OVERRODE}{version.number} of",
            subject=version.audience,
            by=by,
            reason=reason,
            detail={"account": place.name, "now": told},
            audience_id=version.audience_id,
            at=at,
        )
    return made


def _beginning_at(version: Definition) -> list[Destination]:
    """Return the ad accounts at which a list of the version is not live, or was live and kept people away until now."""
    used = version.audience.definitions.filter(state=Definition.State.CURRENT).exclude(pk=version.pk).first()
    live: set[int] = set()
    if used is None or used.purpose in TARGETING:
        made = version.audience.activations.filter(kind=Activation.Kind.PRODUCTION, lifecycle=LIVE)
        live = set(made.values_list("destination", flat=True))
    places = Destination.objects.filter(pk__in=version.destinations).order_by("name")
    return [one for one in places if one.spec.family == Family.ADS and one.pk not in live]


def _overrides(version: Definition) -> dict[int, list[GateOverride]]:
    found: dict[int, list[GateOverride]] = {}
    for one in version.gate_overrides.select_related("by").order_by("at"):
        found.setdefault(one.destination_id, []).append(one)
    return found


def _covering(words: Iterable[GateOverride], missing: list[Lack]) -> GateOverride | None:
    """Return the newest word that covers every line that is missing."""
    wanted = {one.line.key for one in missing}
    return next((one for one in reversed([*words]) if wanted and wanted <= set(one.lines)), None)


def _lists(rows: Collection[RequiredSuppression]) -> dict[tuple[int | None, int], Activation]:
    whose = {one.audience_id for one in rows if one.audience_id}
    places = {one.destination_id for one in rows}
    made = Activation.objects.filter(kind=Activation.Kind.PRODUCTION, audience__in=whose, destination__in=places)
    return {(one.audience_id, one.destination_id): one for one in made.select_related("arrival")}


def _line(row: RequiredSuppression, one: Activation | None, writers: tuple[str, ...]) -> Line:
    audience = row.audience if row.audience and not row.audience.archived_at else None
    owner = (audience.owner.full_name,) if audience and audience.owner.is_active else ()
    back: Arrival | None = getattr(one, "arrival", None) if one else None
    return Line(
        key=row.pk,
        label=row.label,
        place=row.destination.name,
        audience=audience.name if audience else "",
        lifecycle=one.lifecycle if one and audience else "",
        arrived=bool(one and (one.members or (back and back.accepted is not None))),
        stopped=one.stopped_words if one else "",
        readiness=back.readiness if back else "",
        readiness_words=back.words if back else "",
        health=back.health if back else "",
        health_words=back.health_words if back else "",
        ask=owner or writers,
    )

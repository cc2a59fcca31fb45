"""Begins the audiences of a use case: each registered as a draft with everything that its use case knows filled in."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from muster.models import Person

from . import registering
from .expected import expected, ticked
from .models import Audience, Definition, Segment, Trait
from .use_cases import HELD_OUT_ARM, Case, UseCase, size_band


def begin(
    use_case: UseCase,
    chosen: Mapping[str, tuple[Segment, str]],
    *,
    owner: Person,
    threshold: str,
    by: Person,
    at: datetime,
) -> list[Audience]:
    """Register an audience for each case of `chosen` (its key -> segment and name) and return them, the freshest first.

    All of them or none. Raises registering.NameTaken.
    """
    with transaction.atomic():
        made = [
            registering.register(
                segment=chosen[case.key][0],
                name=chosen[case.key][1],
                purpose=case.purpose,
                owner=owner,
                by=by,
                at=at,
                filled=clauses_of(case, chosen[case.key][0], threshold),
            )
            for case in use_case.cases
            if case.key in chosen
        ]
        if len(made) > 1:
            Audience.objects.filter(pk__in=[one.pk for one in made]).update(family=made[0].slug)
        for one in made:
            one.refresh_from_db(fields=["family"])
            _exclude(one, at)
    return made


def clauses_of(case: Case, segment: Segment, threshold: str) -> dict[str, object]:
    """Return the fields of a first draft that a case fills in, besides what its purpose does."""
    low, high = size_band(segment.size)
    return {
        "use_case": case.key,
        "outcome": case.outcome,
        "outcome_measure": case.measure,
        "entry_rule": case.entry_rule,
        "exit_rule": case.exit_rule,
        "cadence": case.cadence,
        "freshness_minutes": case.freshness_minutes,
        "window_hours": case.window_hours,
        "identifiers": list(case.identifiers),
        "traits": _traits(case),
        "holdout_arm": HELD_OUT_ARM if case.asks_holdout else "",
        "threshold": threshold if case.asks_threshold else "",
        "size_low": low,
        "size_high": high,
    }


def _traits(case: Case) -> list[dict[str, str]]:
    """Return the case's traits that the registry allows for everybody, ticked with their reasons."""
    wanted = {name: why for name, _, why in case.ticked_traits}
    known = Trait.objects.filter(name__in=wanted, retired_at=None, sensitive=False).values_list("name", flat=True)
    return [{"name": name, "reason": why} for name, why in wanted.items() if name in set(known)]


def _exclude(audience: Audience, at: datetime) -> None:
    """Tick the exclusions. Only now: the tiers exclude each other, so all of them have to be there."""
    draft = audience.definitions.get(state=Definition.State.DRAFT)
    draft.audience = audience
    if expected(draft):
        draft.exclusions = ticked(draft)
        draft.lacking = registering.lacking(draft, at)
        draft.save(update_fields=["exclusions", "lacking"])

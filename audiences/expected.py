"""Which exclusions the use case of a definition expects: core cohorts, and the fresher tiers made together with it."""

from dataclasses import dataclass

from .cohorts import COHORTS, HELD_OUT
from .models import Audience, CoreCohort, Definition, Segment
from .terms import TARGETING
from .use_cases import CASES

TIERS_WHY = "Tiers are exclusive: who is in the fresher tier is not in this one"


@dataclass(frozen=True)
class Expected:
    """One exclusion that is ticked at first. `segment` is None while nobody has said which segment the cohort is."""

    key: str
    label: str
    meaning: str
    why: str
    segment: Segment | None


def expected(definition: Definition) -> list[Expected]:
    """Return the exclusions that the definition's use case expects, cohorts first."""
    case = CASES.get(definition.use_case)
    if case is None:
        return []
    return [*_cohorts(definition, case.excludes), *_fresher(definition)]


def _cohorts(definition: Definition, keys: tuple[str, ...]) -> list[Expected]:
    """Held-out people are left out of targeting wherever the company has said who they are."""
    own = definition.audience.segment
    chosen = CoreCohort.objects.filter(workspace=own.workspace_id).select_related("segment")
    known = {one.key: one.segment for one in chosen.defer("segment__conditions")}
    if HELD_OUT in known and HELD_OUT not in keys and definition.purpose in TARGETING:
        keys = (*keys, HELD_OUT)
    cohorts = [COHORTS[key] for key in keys]
    made = [Expected(one.key, one.label, one.meaning, one.why, known.get(one.key)) for one in cohorts]
    return [one for one in made if one.segment is None or one.segment.pk != own.pk]


def _fresher(definition: Definition) -> list[Expected]:
    """Return the tiers before this one, of the audiences that were made together with it."""
    whose = definition.audience
    if not whose.family:
        return []
    order = list(CASES)
    kin = Audience.objects.filter(family=whose.family, archived_at=None).exclude(pk=whose.pk).select_related("segment")
    found = []
    for one in kin.prefetch_related("definitions"):
        newest = max(one.definitions.all(), key=lambda version: version.number, default=None)
        if newest and newest.use_case in CASES and order.index(newest.use_case) < order.index(definition.use_case):
            found.append(Expected(f"tier-{one.pk}", one.name, "A fresher tier", TIERS_WHY, one.segment))
    return sorted(found, key=lambda each: each.key)


def ticked(definition: Definition) -> list[dict[str, object]]:
    """Return the definition's expected exclusions as they are stored, all those whose segment is known."""
    return [{"segment": one.segment.number, "reason": one.why} for one in expected(definition) if one.segment]


def told_by(one: Expected, definition: Definition) -> str:
    """Return what is wrong with an expected exclusion in this definition; empty when it is excluded, or left out for a reason."""
    excluded = {chosen["segment"] for chosen in definition.exclusions}
    if definition.left_out.get(one.key) or (one.segment and one.segment.number in excluded):
        return ""
    if one.segment is None:
        return (
            f"Nobody has said which segment is {one.label} in this company, so they cannot be excluded. Ask a manager to "
            "choose it under Core cohorts, or say why they are left in."
        )
    return f"{one.label} is not excluded. Tick it again, or say why."

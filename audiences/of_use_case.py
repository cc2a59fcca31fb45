"""Reads what the use case of a definition adds to its terms: what it expects, and what it means in this company."""

from typing import Any

from .cohorts import COHORTS
from .defaults import FRESHNESS_MINUTES
from .expected import expected, told_by
from .models import CoreCohort, Definition
from .terms import Reasoned
from .use_cases import CASES, USE_CASES, Case


def terms(definition: Definition) -> dict[str, Any]:
    """Return the fields of Terms that the use case decides; none for a definition that started empty."""
    case = CASES.get(definition.use_case)
    if case is None:
        asked = FRESHNESS_MINUTES.get(definition.purpose)
        return {"threshold": definition.threshold, "target_asked": asked}
    return {
        "target_asked": case.freshness_minutes,
        "useful_traits": tuple(name for name, _, _ in case.traits),
        "use_case": label_of(case),
        "may_go_to_ads": case.ads,
        "threshold_asked": case.asks_threshold,
        "threshold": definition.threshold,
        "expected": _expected(definition),
        "share_allowed": case.largest_share,
        "smallest": case.smallest,
        "holdout_asked": case.asks_holdout,
        "other_meaning": _other_meaning(definition, case),
    }


def label_of(case: Case) -> str:
    """Return the use case's label, for one of several with the audience's own part."""
    use_case = next(one for one in USE_CASES.values() if case in one.cases)
    return f"{use_case.label}: {case.name}" if use_case.exclusive else use_case.label


def _expected(definition: Definition) -> tuple[Reasoned, ...]:
    excluded = {chosen["segment"] for chosen in definition.exclusions}
    open_ones = [one for one in expected(definition) if not (one.segment and one.segment.number in excluded)]
    return tuple(
        Reasoned(one.label, definition.left_out.get(one.key, ""), told_by(one, definition)) for one in open_ones
    )


def _other_meaning(definition: Definition, case: Case) -> str:
    segment = definition.audience.segment
    chosen = (
        CoreCohort.objects.filter(workspace=segment.workspace_id, key=case.cohort).select_related("segment").first()
    )
    if chosen is None or chosen.segment_id == segment.pk:
        return ""
    return (
        f"{COHORTS[case.cohort].label} means {chosen.segment} in this company, and this audience is made of {segment}. Make "
        "it of that segment, or ask a manager to change what Core cohorts say; both are shown side by side there."
    )

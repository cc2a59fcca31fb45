"""The core cohorts of a workspace: which segment each of them is, who uses it, and who means another one by it."""

import re
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from muster import audit
from muster.models import Person

from .cohorts import COHORTS, Cohort
from .conditions import sentences
from .models import Audience, CoreCohort, Definition, Segment, Workspace
from .segment_changes import difference
from .use_cases import CASES


@dataclass(frozen=True)
class Other:
    """An audience that means the cohort by its use case and is made of another segment: what only each side says."""

    audience: Audience
    company: tuple[str, ...]
    audience_says: tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """One cohort of a workspace: `chosen` is None while nobody has said which segment it is, `maybe` one of that name."""

    cohort: Cohort
    chosen: CoreCohort | None
    says: list[str]
    made_of: list[Audience]
    excluded_by: list[Audience]
    others: list[Other]
    maybe: Segment | None


def rows(workspace: Workspace) -> list[Row]:
    """Return every cohort, in the order in which they are told."""
    chosen = {one.key: one for one in workspace.core_cohorts.select_related("segment", "set_by")}
    known = list(workspace.segments.filter(gone_at=None).defer("conditions").order_by("name"))
    newest = _newest(workspace)
    return [_row(cohort, chosen.get(cohort.key), newest, known) for cohort in COHORTS.values()]


def _newest(workspace: Workspace) -> list[Definition]:
    """Return the version that each audience in use is told by: the current one, else the draft."""
    states = (Definition.State.CURRENT, Definition.State.DRAFT)
    found = Definition.objects.filter(
        audience__segment__workspace=workspace, audience__archived_at=None, state__in=states
    ).select_related("audience__segment")
    by_audience: dict[int, Definition] = {}
    for one in found.order_by("number"):
        known = by_audience.get(one.audience_id)
        if known is None or known.state != Definition.State.CURRENT:
            by_audience[one.audience_id] = one
    return sorted(by_audience.values(), key=lambda one: one.audience.name)


def _row(cohort: Cohort, chosen: CoreCohort | None, newest: list[Definition], known: list[Segment]) -> Row:
    looks = re.compile(cohort.finds, re.IGNORECASE)
    maybe = None if chosen else next((one for one in known if looks.search(one.name)), None)
    if chosen is None:
        return Row(cohort, None, [], [], [], [], maybe)
    segment = chosen.segment
    means = [one for one in newest if one.use_case in CASES and CASES[one.use_case].cohort == cohort.key]
    others = [
        Other(one.audience, *difference(segment, one.audience.segment))
        for one in means
        if one.audience.segment_id != segment.pk
    ]
    return Row(
        cohort,
        chosen,
        sentences(segment.conditions),
        [one.audience for one in newest if one.audience.segment_id == segment.pk],
        [one.audience for one in newest if segment.number in {row["segment"] for row in one.exclusions}],
        others,
        None,
    )


def choose(workspace: Workspace, key: str, segment: Segment, *, by: Person, at: datetime) -> bool:
    """Say which segment a cohort is, and return whether that changed anything.

    Definitions that exclude the segment before keep it until their next version; their pages say so.
    """
    with transaction.atomic():
        before = CoreCohort.objects.select_for_update(of=("self",)).filter(workspace=workspace, key=key).first()
        if before and before.segment_id == segment.pk:
            return False
        made, _ = CoreCohort.objects.update_or_create(
            workspace=workspace, key=key, defaults={"segment": segment, "set_by": by, "set_at": at}
        )
        detail = {"segment": str(segment), "was": [str(before.segment)] if before else []}
        audit.record(verb="said which segment is", subject=made, by=by, detail=detail, at=at)
    return True

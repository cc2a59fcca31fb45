"""Who is held out, by key: by the arm in a reading, and by the company's cohort of held-out people."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from audiences.cohorts import HELD_OUT
from audiences.models import Activation, CoreCohort, Definition
from audiences.platforms import Family
from audiences.terms import TARGETING
from muster.columns import Array

from . import arms
from .ledger_keys import nobody
from .models import Pull, Run
from .staging import Staged
from .states import PullState


@dataclass(frozen=True)
class HeldOut:
    """Held-out people for one pass over the prefixes in order.

    `other` is a list of the audience that holds them out; None: the audience of the run does, or the company.
    """

    other: int | None
    in_arm: Sequence[tuple[Staged, str, str]]
    everybody: Sequence[Staged] = ()

    def keys(self, number: int, of: int) -> Array:
        """Return the sorted keys of prefix `number` among `of`. Raises NotStaged."""
        found = [nobody()]
        for staged, attribute, arm in self.in_arm:
            people = staged.heads(number, of)
            found.append(people["key"][arms.held_out(people, attribute, arm)])
        found += [staged.heads(number, of)["key"] for staged in self.everybody]
        return np.unique(np.concatenate(found))


def held_out_of(run: Run) -> list[HeldOut]:
    """Return who must not be in the list of a run; nobody where ads do not target by it, or nothing read says who."""
    one = run.activation
    ads = one.destination.spec.family == Family.ADS and one.kind == Activation.Kind.PRODUCTION
    if not ads or run.definition.purpose not in TARGETING:
        return []
    found = list(_elsewhere(run))
    cohort = _newest(_of_cohort(run))
    own = run.pull if run.pull and has_arm(run.pull, run.definition) else None
    if own or cohort:
        in_arm = [(Staged(own), run.definition.holdout_attribute, run.definition.holdout_arm)] if own else []
        found.append(HeldOut(None, in_arm, [Staged(cohort)] if cohort else []))
    return found


def has_arm(pull: Pull, definition: Definition) -> bool:
    """Whether a reading says who is in the arm that a definition holds out."""
    return bool(definition.holdout_arm) and definition.holdout_attribute in (pull.columns.get("arms") or ())


def _elsewhere(run: Run) -> Iterator[HeldOut]:
    """Yield whom other audiences of the workspace hold out, of those that were read and whose people are still staged."""
    space = run.activation.audience.segment.workspace_id
    used = Definition.objects.filter(
        state=Definition.State.CURRENT, audience__segment__workspace=space, audience__archived_at=None
    ).exclude(audience=run.activation.audience_id)
    for one in used.exclude(holdout_attribute="").exclude(holdout_arm="").select_related("audience"):
        lists = Activation.objects.filter(audience=one.audience_id, kind=Activation.Kind.PRODUCTION)
        other = lists.order_by("pk").values_list("pk", flat=True).first()
        pull = next((found for found in _staged(one.audience.segment_id) if has_arm(found, one)), None)
        if other and pull:
            yield HeldOut(other, [(Staged(pull), one.holdout_attribute, one.holdout_arm)])


def _of_cohort(run: Run) -> int | None:
    space = run.activation.audience.segment.workspace_id
    return CoreCohort.objects.filter(workspace=space, key=HELD_OUT).values_list("segment", flat=True).first()


def _newest(segment: int | None) -> Pull | None:
    return next(iter(_staged(segment)), None) if segment else None


def _staged(segment: int) -> list[Pull]:
    """Return the newest complete readings of a segment whose people are still staged."""
    pulls = Pull.objects.filter(segment=segment, state=PullState.COMPLETE, dropped_at=None, shards__gt=0)
    return list(pulls.order_by("-began_at")[:5])

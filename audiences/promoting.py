"""Puts an approved version into use: from then on runs go by it. The version before it runs until that moment."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils import timezone

from muster import audit
from muster.access import Permission, can
from muster.models import Person

from . import activating, gating
from .approving import NeedsSomebodyElse, approvers, nobody_else, obstacles_of
from .models import Audience, Definition
from .registering import Incomplete, NotPossible
from .terms import joined
from .terms_of import terms_of

NEXT_STEPS: Final[dict[str, str]] = {
    Definition.State.DRAFT: "Have it approved, then prove it on the roster.",
    Definition.State.CURRENT: "It is in use already: start a sync.",
    Definition.State.PAST: "Look at the newest version instead.",
}
RAMP: Final = 10
ALL: Final = 100


@dataclass(frozen=True)
class Proof:
    """What the pilots of a version showed: `sentences` are signed by whoever promotes, `lacks` say what is not shown yet."""

    sentences: list[str]
    lacks: list[str]

    @property
    def passed(self) -> bool:
        return bool(self.sentences) and not self.lacks


def refusal(version: Definition, person: Person) -> str:
    """Return why this person may not promote a version and whom to ask, or an empty text."""
    asked = version.approval_requests.filter(state="approved").first()
    if asked and person.pk == asked.asked_by_id:
        why = f"You asked for v{version.number}, so somebody else puts it into use."
    elif person.pk == version.edited_by_id:
        why = f"You wrote v{version.number}, so somebody else puts it into use."
    elif not can(person, Permission.APPROVE):
        why = "Putting a version into use takes a manager, or a manager's deputy."
    else:
        return ""
    names = joined((one.full_name for one in promoters(version)), "or")
    return f"{why} Ask {names}." if names else f"{why} {nobody_else()}"


def promoters(version: Definition) -> list[Person]:
    """Return who may promote a version: an approver who neither asked for it nor edited it last."""
    asked = version.approval_requests.filter(state="approved").select_related("asked_by").first()
    return approvers(version, asked.asked_by) if asked else []


def promote(version: Definition, proof: Proof, *, by: Person, at: datetime, ramp: int = ALL) -> Definition:
    """Make an approved version whose pilot passed the current one, its lists live and the version before past. Return it.

    Lists that hold nobody yet get `ramp` percent of their people at first. Raises NotPossible, NeedsSomebodyElse, and
    Incomplete when something it names is no longer there, or an account's suppressions are not in place (gating.py).
    """
    with transaction.atomic():
        Audience.objects.select_for_update().get(pk=version.audience_id)
        found = _approved(version)
        if words := refusal(found, by):
            raise NeedsSomebodyElse(words)
        if not proof.passed:
            raise NotPossible(f"The pilot of v{found.number} has not passed. {' '.join(proof.lacks)}")
        activating.hold_pipes(found)
        if obstacles := [*obstacles_of(found, at), *gating.closed(found)]:
            raise Incomplete(obstacles)
        before = found.audience.definitions.filter(state=Definition.State.CURRENT)
        replaced = before.first()
        before.update(state=Definition.State.PAST)
        Definition.objects.filter(pk=found.pk).update(
            state=Definition.State.CURRENT,
            promoted_by=by,
            promoted_at=at,
            evidence=proof.sentences,
            switch_from=_sent_before(replaced, at),
        )
        activating.close_pilots(found)
        activating.go_live(found, ramp=ramp)
        audit.record(
            verb=f"put into use v{found.number} of",
            subject=found.audience,
            by=by,
            reason=found.reason,
            detail={
                "replaces": f"v{replaced.number}" if replaced else None,
                "ramp": f"{ramp}%",
                "evidence": proof.sentences,
                "lists": [one.name for one in terms_of(found).lists],
            },
            audience_id=found.audience_id,
            at=at,
        )
    return Definition.objects.select_related("audience").get(pk=found.pk)


def _sent_before(replaced: Definition | None, at: datetime) -> list[str]:
    """Return the identifiers that the version before is sent with."""
    return replaced.identifiers_on(timezone.localdate(at)) if replaced else []


def _approved(version: Definition) -> Definition:
    around = ("audience__segment__workspace", "audience__owner", "audience__drift_checker")
    found = Definition.objects.select_for_update(of=("self",)).select_related(*around).get(pk=version.pk)
    if found.state != Definition.State.APPROVED:
        state = found.get_state_display().lower()
        raise NotPossible(f"v{found.number} is {state}, not approved. Nothing was changed. {NEXT_STEPS[found.state]}")
    return found

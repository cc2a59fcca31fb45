"""Ends the ramp step of a list: the first tenth has arrived, an approver judges it, and lets the others follow.

Who has not judged it within 72 hours holds its growth: nobody is added to a targeting list before somebody says what they
saw. Additions to a suppression go on, since they protect.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from audiences.models import Activation
from audiences.promoting import ALL
from muster import audit
from muster.access import Permission, can
from muster.models import Person

from .models import Run
from .second_person import check, others, whom_to_ask
from .start import CannotStart
from .states import ARRIVED

JUDGED_WITHIN: Final = timedelta(hours=72)


@dataclass(frozen=True)
class Judgement:
    """Of the ramp step of a list: when it is due, and whether it is overdue. `people` were sent; nothing is read back yet."""

    people: int
    arrived_at: datetime
    due: datetime
    overdue: bool


def judgement_of(made: Activation, at: datetime) -> Judgement | None:
    """Return the judgement that a list's ramp step waits for; None without a ramp step or before anybody has arrived."""
    first = arrived(made) if made.ramp < ALL and made.kind == Activation.Kind.PRODUCTION else None
    if first is None or first.finished_at is None:
        return None
    due = first.finished_at + JUDGED_WITHIN
    return Judgement(made.members, first.finished_at, due, at >= due)


def holds_growth(run: Run, at: datetime) -> bool:
    """Whether nobody may be added by a run, since nobody has judged the first tenth in time."""
    found = None if run.definition.suppresses else judgement_of(run.activation, at)
    return bool(found and found.overdue)


def refusal(made: Activation, person: Person) -> str:
    """Return why this person may not end the ramp step and whom to ask, or an empty text."""
    if can(person, Permission.APPROVE):
        return ""
    return f"Ending the ramp step takes a manager, or a manager's deputy. {whom_to_ask(others(person.pk))}"


def grow(made: Activation, *, by: Person, reason: str, at: datetime, shown: int | None = None) -> None:
    """Let everybody be sent from the next run on; its additions are not judged by the guards.

    `reason` says what was seen of the first tenth, `shown` how many people the platform showed of them, where it did.
    Raises NeedsSomebodyElse, and CannotStart when there is no ramp step or nothing of it has arrived.
    """
    with transaction.atomic():
        found = (
            Activation.objects.select_for_update(of=("self",)).select_related("audience", "destination").get(pk=made.pk)
        )
        check(refusal(found, by))
        if found.ramp == ALL:
            raise CannotStart(
                "This list is sent to everybody already, so nothing was changed. Start a sync if somebody is missing."
            )
        if not arrived(found):
            raise CannotStart("The first tenth has not arrived yet. Sync the list, look at it there, then grow it.")
        Activation.objects.filter(pk=found.pk).update(ramp=ALL, grown_at=at)
        audit.record(
            verb="grew to everybody",
            subject=found,
            by=by,
            reason=reason,
            detail={"sent": found.members, "shown there": shown},
            audience_id=found.audience_id,
            at=at,
        )


def arrived(made: Activation) -> Run | None:
    """Return the first run that brought people of the ramp step to the list."""
    done = Run.objects.of_lists().filter(activation=made, state__in=ARRIVED, accepted_adds__gt=0)
    return done.order_by("pk").first()


def is_growing(run: Run) -> bool:
    """Whether a run is the first one since an approver grew its list."""
    grown_at = run.activation.grown_at
    if grown_at is None:
        return False
    since = Run.objects.of_lists().filter(activation=run.activation, state__in=ARRIVED, created_at__gte=grown_at)
    return not since.exclude(pk=run.pk).exists()

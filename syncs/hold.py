"""What people decide about a held run: release figures for 24 hours, or drop its parked pass."""

from datetime import datetime, timedelta

from django.db import transaction

from muster import audit
from muster.models import Person

from .models import Release, Run
from .second_person import askers_of, check, refusal
from .start import start
from .states import RunState

RELEASE_LASTS = timedelta(hours=24)


class NotHeld(Exception):
    """The run no longer holds anything that could be decided."""


def release(
    run: Run, *, by: Person, max_removes: int, max_adds: int, reason: str, at: datetime, may_empty: bool = False
) -> Run:
    """Allow figures for 24 hours and start a run, which sends what was shown or plans afresh within them. Return it.

    Raises NotHeld, CannotStart, and NeedsSomebodyElse for who started the run or asked for the release.
    """
    with transaction.atomic():
        decided = Run.objects.filter(pk=run.pk, state=RunState.HELD, reason__in=GUARD_REASONS)
        if not decided.exists() or newer_exists(run):
            raise NotHeld(
                "A newer run has planned afresh, so there is nothing to release here any more. Look at that one."
            )
        check(refusal(run, by, askers_of(run)))
        Release.objects.create(
            run=run,
            activation=run.activation,
            max_removes=max_removes,
            max_adds=max_adds,
            may_empty=may_empty,
            reason=reason,
            by=by,
            at=at,
            until=at + RELEASE_LASTS,
        )
        audit.record(
            verb="released",
            subject=run,
            by=by,
            reason=reason,
            detail={"max_removes": max_removes, "max_adds": max_adds, "may_empty": may_empty},
            audience_id=run.activation.audience_id,
            run_id=run.pk,
            at=at,
        )
        return start(run.activation, trigger=Run.Trigger.RELEASE, by=by, kind=goes_on_as(run), why=reason, at=at)


def drop(run: Run, *, by: Person, reason: str, at: datetime) -> None:
    """Give the parked pass up: the run ends Cancelled, the next one plans afresh. Raises NotHeld."""
    with transaction.atomic():
        words = f"The parked part was dropped: {reason}"[:600]
        dropped = Run.objects.filter(pk=run.pk, state=RunState.HELD).update(state=RunState.CANCELLED, words=words)
        if not dropped:
            raise NotHeld(
                f"Run {run.pk} no longer holds anything. Nothing was dropped. Look at the newest run of its list."
            )
        audit.record(
            verb="dropped the parked part",
            subject=run,
            by=by,
            reason=reason,
            audience_id=run.activation.audience_id,
            run_id=run.pk,
            at=at,
        )


def goes_on_as(run: Run) -> str:
    """Return the kind of run that sends what a held one parked: the others of a re-assert were sent already."""
    if run.kind == Run.Kind.CLEAR or (run.kind == Run.Kind.REASSERT and "adds" in run.held):
        return run.kind
    return Run.Kind.SYNC


GUARD_REASONS = ("guard", "empty", "clear")


def newer_exists(run: Run) -> bool:
    """Whether a later run of the same list exists, which replaces what this one holds."""
    return Run.objects.of_lists().filter(activation=run.activation, pk__gt=run.pk).exists()

"""Sending all current members again: the cure for a recreated list or a purge. A dry run shows the plan first."""

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q

from audiences.models import Activation, Definition
from muster.models import Person

from .models import Run
from .second_person import check, reassert_refusal
from .start import CannotStart, start
from .states import RunState

DRY_RUN_LASTS: Final = timedelta(hours=24)


def shown_by(at: datetime) -> Q:
    """Return what makes a run the dry run that a re-assert needs: Done within 24 hours, of the current definition."""
    return Q(
        kind=Run.Kind.DRY_RUN,
        state=RunState.DONE,
        finished_at__gt=at - DRY_RUN_LASTS,
        definition__state=Definition.State.CURRENT,
    )


def dry_run_of(activation: Activation, at: datetime) -> Run | None:
    """Return the newest dry run that shows what a re-assert would send."""
    return Run.objects.filter(shown_by(at), activation=activation).order_by("-pk").first()


def reassert(activation: Activation, *, by: Person, why: str, at: datetime) -> Run:
    """Start a run that sends every member again.

    Raises CannotStart without a fresh dry run, NeedsSomebodyElse for who made it, AlreadyLive.
    """
    dry_run = dry_run_of(activation, at)
    if dry_run is None:
        raise CannotStart(
            "Sending everybody again needs a dry run of the last 24 hours, so that somebody has seen what it would send. "
            "Nothing was started. Start a dry run, look at it, then come back."
        )
    check(reassert_refusal(dry_run, by))
    return start(activation, trigger=Run.Trigger.BUTTON, by=by, kind=Run.Kind.REASSERT, why=why, at=at)

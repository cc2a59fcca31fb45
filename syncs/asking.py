"""Asks those who may release to decide about a held run; that somebody was asked is shown to everybody."""

from datetime import datetime

from muster import audit
from muster.models import Event, Person

from .hold import GUARD_REASONS, NotHeld, newer_exists
from .models import Run
from .second_person import ASKED
from .states import RunState


class AlreadyAsked(Exception):
    """The same person asked before; `at` is when."""

    def __init__(self, at: datetime) -> None:
        super().__init__("You asked already. Whoever may release sees it on this page.")
        self.at = at


def ask_to_release(run: Run, *, by: Person, reason: str, at: datetime) -> Event:
    """Record that somebody asked for a release. Raises NotHeld, AlreadyAsked."""
    if not Run.objects.filter(pk=run.pk, state=RunState.HELD, reason__in=GUARD_REASONS).exists() or newer_exists(run):
        raise NotHeld(
            "There is nothing to release here any more, so nobody was asked. Look at the newest run of this list."
        )
    if before := Event.objects.filter(run_id=run.pk, verb=ASKED, actor=by).order_by("at").first():
        raise AlreadyAsked(before.at)
    figures = {side: said["figure"] for side, said in run.held.items()}
    return audit.record(
        verb=ASKED,
        subject=run,
        by=by,
        reason=reason,
        detail=figures,
        audience_id=run.activation.audience_id,
        run_id=run.pk,
        at=at,
    )

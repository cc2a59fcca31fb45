"""Starts a run of a list, or says why it cannot start."""

from datetime import datetime

from django.db import IntegrityError, transaction

from audiences.models import Activation, Definition, Lifecycle
from muster import audit
from muster.models import Person

from .admission import NotAdmitted, held_by_production, version_for
from .doorbell import ring_on_commit
from .models import Pause, Run


class CannotStart(Exception):
    """The run was not started; the text says why and what to do."""


class AlreadyLive(CannotStart):
    """A run of this list is live already; `run` is it."""

    def __init__(self, run: Run) -> None:
        super().__init__(f"Run {run.pk} of this list is still going. Nothing was started; follow that one.")
        self.run = run


def start(
    activation: Activation,
    *,
    trigger: str,
    at: datetime,
    by: Person | None = None,
    kind: str = Run.Kind.SYNC,
    why: str = "",
    opt_outs: bool = False,
) -> Run:
    """Create a waiting run of the current definition and ring for it. Raises AlreadyLive and CannotStart.

    `opt_outs`: it is for people who opted out, so only a pause that holds their removals back too keeps it from starting.
    """
    definition = startable(activation, kind, opt_outs=opt_outs)
    try:
        with transaction.atomic():
            run = Run.objects.create(
                activation=activation,
                definition=definition,
                kind=kind,
                trigger=trigger,
                actor=by,
                why=why,
                created_at=at,
                wake_at=at,
                payload=activation.payload,
            )
            audit.record(
                verb=f"started a {run.get_kind_display().lower()}",
                subject=run,
                by=by,
                reason=why,
                audience_id=activation.audience_id,
                run_id=run.pk,
                at=at,
            )
            ring_on_commit(run.pk)
    except IntegrityError:
        live = Run.objects.live().of_lists().filter(activation=activation).first()
        if live is None:
            raise
        raise AlreadyLive(live) from None
    return run


def startable(activation: Activation, kind: str, *, opt_outs: bool = False) -> Definition:
    """Return the definition that a run would use. Raises CannotStart."""
    try:
        definition = version_for(activation)
    except NotAdmitted as refusal:
        raise CannotStart(str(refusal)) from None
    retired = bool(activation.lifecycle == Lifecycle.RETIRED or activation.audience.archived_at)
    if kind == Run.Kind.CLEAR and activation.kind == Activation.Kind.PRODUCTION:
        if not retired:
            raise CannotStart(
                "Everybody is removed only from a list that is retired, so that no sync adds them again. Nobody was "
                "removed. Open Retire on the audience's page."
            )
    elif retired:
        raise CannotStart(
            "This list is retired; nothing is sent to it any more. Look at Retire on the audience's page: it says who "
            "remains, and whether the list can be taken back."
        )
    if not activation.destination.spec.is_sent:
        raise CannotStart(not_sent(activation))
    if activation.pipe is None or activation.pipe.archived_at:
        raise CannotStart("This list has no pipe yet. Ask an administrator to connect one, then sync.")
    if kind == Run.Kind.CLEAR and activation.kind == Activation.Kind.PILOT and held_by_production(activation):
        raise CannotStart("The production list is the same list and holds people, so the pilot removes nobody from it.")
    if kind != Run.Kind.DRY_RUN:
        pauses = Pause.objects.over(activation)
        if pause := (pauses.filter(optouts_too=True) if opt_outs else pauses).first():
            raise CannotStart(f"{what_is_paused(pause)} paused since {pause.at:%d %b %H:%M} UTC: {pause.reason}")
        if activation.stopped_words:
            raise CannotStart(activation.stopped_words)
    return definition


def not_sent(activation: Activation) -> str:
    """Return why a list is never synced, and what to do instead."""
    place = activation.destination
    return (
        f"RudderStack takes nobody from here to {place.spec.label}, so nothing was started. Let people get to {place.name} "
        "another way, and enter what it shows."
    )


def what_is_paused(pause: Pause) -> str:
    """Return the beginning of a sentence about a pause."""
    if pause.destination:
        return f"{pause.destination.name} is"
    return f"{pause.audience.name} is" if pause.audience else "Everything is"

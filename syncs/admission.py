"""Which version a run may go by: asked when it is started, and again inside the job before anything is read or sent."""

from audiences import roster
from audiences.models import Activation, Definition, Lifecycle

from .models import Run
from .states import RunState
from .stops import End

State = Definition.State


class NotAdmitted(Exception):
    """No version may be sent to this list now; the text says why and what to do."""


def version_for(activation: Activation) -> Definition:
    """Return the version that a run of a list goes by: the one in use, for a pilot the approved one. Raises NotAdmitted."""
    wanted = State.APPROVED if activation.kind == Activation.Kind.PILOT else State.CURRENT
    versions = activation.audience.definitions
    found = versions.filter(state=wanted).first()
    if found is not None and wanted == State.APPROVED and not roster.digests():
        raise NotAdmitted("Nobody is on the roster, so there is nobody to pilot with. Ask an administrator to fill it.")
    if found is not None:
        return found
    if wanted == State.APPROVED:
        raise NotAdmitted(
            "No version waits for a pilot: a pilot is of an approved version that is not in use yet. Have the next version "
            "approved, then pilot it."
        )
    if waiting := versions.filter(state=State.APPROVED).first():
        raise NotAdmitted(
            f"v{waiting.number} is approved but has not passed its pilot. Prove it on the roster, then ask an approver "
            "to put it into use; nothing is sent to this list before."
        )
    raise NotAdmitted("No version of the definition is in use yet. Have it approved and put into use, then sync.")


def check(run: Run) -> None:
    """Raise End when a run goes by a version that may not be sent, or its list was retired or taken back meanwhile.

    One whose plan is fixed finishes it, except that nobody more is removed from a list that was taken back.
    """
    _check_life(run)
    state = Definition.objects.values_list("state", flat=True).get(pk=run.definition_id)
    number = run.definition.number
    pilot = run.activation.kind == Activation.Kind.PILOT
    if state == (State.APPROVED if pilot else State.CURRENT):
        return
    if run.planned_at is not None and state != State.DRAFT and (pilot or state != State.APPROVED):
        return
    if pilot:
        words = f"v{number} no longer waits for a pilot, so nothing was sent."
    elif state == State.PAST:
        words = f"v{number} was replaced before this run compared, so nothing was sent. Start a new run."
    else:
        words = f"v{number} has not passed its pilot, so nothing was sent. Have it proved and put into use first."
    raise End(RunState.FAILED, "not_admitted", words)


def _check_life(run: Run) -> None:
    """Raise End when a list's life and a run do not go together: everybody is removed from retired lists only."""
    if run.is_dry or run.activation.kind == Activation.Kind.PILOT:
        return
    retired = run.activation.lifecycle == Lifecycle.RETIRED
    if run.kind == Run.Kind.CLEAR and not retired:
        words = (
            "The list was taken back into use, so nobody more is removed by this run. The next sync sends who lacks."
        )
        raise End(RunState.CANCELLED, "cancelled", words)
    if run.kind != Run.Kind.CLEAR and retired and run.planned_at is None:
        raise End(RunState.CANCELLED, "cancelled", "The list was retired before this run compared. Nothing was sent.")


def held_by_production(pilot: Activation) -> bool:
    """Whether the production list is the same list as a pilot's, and holds people: then the pilot removes nobody."""
    production = Activation.objects.filter(
        audience=pilot.audience_id, destination=pilot.destination_id, kind=Activation.Kind.PRODUCTION
    )
    return production.filter(pipe=pilot.pipe_id, members__gt=0).exists()

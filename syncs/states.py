"""The states of a run, the named sets of them, and which may follow which. Labels and icons stand here once."""

from django.db import models


class RunState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    DONE_WITH_REJECTS = "done_with_rejects", "Done with rejects"
    HELD = "held", "Held"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"
    LOST = "lost", "Lost"


class Stage(models.TextChoices):
    """Where a run is. Sending has a stage a pass; suppression lists send additions before removals."""

    WAITING = "waiting", "Waiting"
    READING = "reading", "Reading segment"
    COMPARING = "comparing", "Comparing"
    OPTOUTS = "optouts", "Sending opt-outs"
    REMOVALS = "removals", "Sending removals"
    ADDITIONS = "additions", "Sending additions"
    DONE = "done", "Done"


class PullState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    RUNNING = "running", "Reading"
    COMPLETE = "complete", "Complete"
    FAILED = "failed", "Failed"


class BatchState(models.TextChoices):
    """`sending` is unknown until an answer is recorded: a debt of the activation. The rest are final."""

    SENDING = "sending", "Sent, answer not recorded yet"
    ACCEPTED = "accepted", "Accepted by RudderStack"
    REJECTED = "rejected", "Refused by RudderStack"
    SPLIT = "split", "Cut into smaller requests"
    SUPERSEDED = "superseded", "Replaced by a request with the same message ids"


LIVE = frozenset({RunState.WAITING, RunState.RUNNING})
FINISHED = frozenset(RunState) - LIVE
# Ended with everything delivered that the plan asked for: the ledger equals the definition as of the run's pull.
ARRIVED = frozenset({RunState.DONE, RunState.DONE_WITH_REJECTS})

MOVES: dict[RunState, frozenset[RunState]] = {
    RunState.WAITING: frozenset({RunState.RUNNING, RunState.CANCELLED, RunState.FAILED, RunState.LOST}),
    RunState.RUNNING: frozenset(RunState) - {RunState.RUNNING},
    RunState.HELD: frozenset({RunState.CANCELLED}),
}

# How a state looks (design/DESIGN.md, state axes): its icon in the sprite, and its class after "state-".
ICONS: dict[str, tuple[str, str]] = {
    RunState.WAITING: ("clock", "waiting"),
    RunState.RUNNING: ("run", "running"),
    RunState.DONE: ("ok", "done"),
    RunState.DONE_WITH_REJECTS: ("half", "partial"),
    RunState.HELD: ("held", "held"),
    RunState.FAILED: ("x", "failed"),
    RunState.CANCELLED: ("ban", "cancelled"),
    RunState.LOST: ("lost", "lost"),
}

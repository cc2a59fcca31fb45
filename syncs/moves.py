"""Moves a run from state to state: the only module that does. Every move names the fence it was made under."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from audiences.models import Activation
from muster import audit

from .doorbell import ring_on_commit
from .lease import Lease
from .models import Release, Run
from .payload import VERSION
from .states import ARRIVED, RunState, Stage
from .stops import End, Park

MOST_DEATHS = 3
WORKED_WITH = (
    "activation__audience__segment__workspace",
    "activation__destination",
    "activation__pipe",
    "definition",
    "pull",
)
NOTHING_SENT = "Nothing had to be sent."
Clock = Callable[[], datetime]


def tell(run: Run, verb: str, text: str, at: datetime, **detail: Any) -> None:
    """Add a line to the run's timeline."""
    audit.record(
        verb=verb, subject=run, reason=text, detail=detail, audience_id=run.activation.audience_id, run_id=run.pk, at=at
    )


def claim(run_id: int, *, holder: str, clock: Clock) -> Lease | None:
    """Return the lease of a run that somebody may work on now, else None. Raises ClockOff."""

    def changes(row: Run) -> dict[str, Any]:
        found: dict[str, Any] = {"wake_at": None, "heartbeat_at": clock(), "reason": "", "words": ""}
        if row.started_at is None:
            found["started_at"] = clock()
        if row.lease_until is not None:
            again = row.deaths if row.progress == row.progress_at_death else 0
            found |= {"takeovers": row.takeovers + 1, "deaths": again + 1, "progress_at_death": row.progress}
            found["quiet_until"] = row.lease_until + timedelta(seconds=settings.REQUEST_TIMEOUT)
        return found

    return Lease.claim(Run(pk=run_id), holder=holder, fields=changes, related=WORKED_WITH)


def begin(run: Run, lease: Lease, at: datetime) -> None:
    """Judge whether this process may go on with the run. Raises Park and End."""
    if lease.died:
        tell(run, "was taken over", f"The worker before was lost; {run.holder} goes on from where it was.", at)
    elif run.fence == 1:
        tell(run, "was picked up", f"Picked up by worker {run.holder}.", at)
    if run.deaths >= MOST_DEATHS:
        words = (
            f"The worker died {run.deaths} times in a row without getting further. What was accepted stays accepted; "
            "nothing more is sent. Start a new run; if it is lost too, ask an administrator to read the worker's log."
        )
        raise End(RunState.LOST, "lost", words)
    if run.payload_version > VERSION:
        words = "A newer release of Muster made this run's plan. It waits for a worker of that release."
        raise Park("newer_version", words, timedelta(minutes=1))


def enter(run: Run, lease: Lease, stage: Stage, at: datetime) -> None:
    """Note that a stage begins. Raises LeaseLost."""
    if run.stage == stage and stage in run.timings:
        return
    lease.write(stage=stage, timings=timed(run, stage, at))


def timed(run: Run, stage: Stage | None, at: datetime) -> dict[str, Any]:
    """Return the run's timings with the present stage ended and the next one begun."""
    timings = {name: list(pair) for name, pair in run.timings.items()}
    if run.stage in timings and len(timings[run.stage]) == 1:
        timings[run.stage].append(at.isoformat())
    if stage is not None:
        timings[stage] = timings.get(stage, [at.isoformat()])[:1]
    return timings


def slice_over(run: Run, lease: Lease) -> None:
    """Give the worker back; the run goes on after the next ring."""
    with transaction.atomic():
        lease.write(lease_until=None)
        ring_on_commit(run.pk)


def park(run: Run, lease: Lease, stop: Park, at: datetime) -> None:
    """Let the run wait. Raises LeaseLost."""
    wake_at = None if stop.wait is None else at + stop.wait
    with transaction.atomic():
        lease.write(state=RunState.WAITING, reason=stop.reason, words=stop.words, wake_at=wake_at, rang_at=None)
        # Asked while its last request was on the way: the wish rang for a run that was held, and would wait as long as it.
        if Run.objects.filter(pk=run.pk, cancel_asked_at__isnull=False).update(wake_at=at):
            ring_on_commit(run.pk)
        if stop.reason != "reading_elsewhere":
            tell(run, "waits", stop.words, at)


def end(run: Run, lease: Lease, stop: End, at: datetime) -> None:
    """End the run in a state other than Done. Raises LeaseLost."""
    with transaction.atomic():
        finish(run, lease, stop.state, at, reason=stop.reason, words=stop.words)
        if stop.stops_list:
            Activation.objects.filter(pk=run.activation_id).update(stopped_words=stop.words[:500])


def finish(run: Run, lease: Lease, state: RunState, at: datetime, *, reason: str = "", words: str = "") -> None:
    """Write the terminal state, with its line in the timeline. Raises LeaseLost."""
    with transaction.atomic():
        lease.write(
            state=state,
            stage=stage_at(run, state),
            reason=reason,
            words=words,
            finished_at=at,
            timings=timed(run, None, at),
        )
        tell(run, f"ended {state.label}", words or figures(run), at)
        used = Release.objects.filter(activation=run.activation, used_by=run)
        # Spent by a run that got through; whoever was stopped on the way leaves it to the next one.
        used.update(until=at) if state in (*ARRIVED, RunState.HELD) else used.update(used_by=None)


def stage_at(run: Run, state: RunState) -> str:
    """Return the stage that an ended run shows: where it stopped, or Done."""
    return Stage.DONE if state in (RunState.DONE, RunState.DONE_WITH_REJECTS) else run.stage


def arrived(run: Run, lease: Lease, at: datetime) -> None:
    """End a run whose passes are through: Done, Done with rejects, or Held for what was parked. Raises LeaseLost."""
    lease.row.refresh_from_db()
    if run.is_dry:
        finish(run, lease, RunState.DONE, at, words="A dry run: nothing was sent.")
    elif run.held:
        reason = next(iter(run.held.values()))["why"]
        finish(run, lease, RunState.HELD, at, reason=reason, words=held_words(run))
    else:
        state = RunState.DONE_WITH_REJECTS if run.rejected else RunState.DONE
        finish(run, lease, state, at)
        if run.kind == Run.Kind.REASSERT or run.epoch > run.activation.asserted_epoch:
            Activation.objects.filter(pk=run.activation_id).update(asserted_epoch=run.epoch)


def figures(run: Run) -> str:
    """Return what a finished run did, in one sentence."""
    if not run.requests:
        return NOTHING_SENT
    counted = (
        (run.accepted_adds, "addition or change", "additions and changes"),
        (run.accepted_removes, "removal", "removals"),
    )
    said = " and ".join(f"{count:,} {one if count == 1 else many}" for count, one, many in counted if count)
    requests = "1 request" if run.requests == 1 else f"{run.requests:,} requests"
    return f"{said or 'Nobody was'} accepted in {requests}."


def held_words(run: Run) -> str:
    """Return what a held run holds, and why."""
    said = run.held
    parts = []
    for name, label in (("removes", "removals"), ("adds", "additions")):
        if name in said:
            figure, limit, why = said[name]["figure"], said[name]["limit"], said[name]["why"]
            parts.append(f"{figure:,} {label} are parked: {WHY[why].format(limit=f'{limit:,}')}")
    sent = "The other part was sent. " if len(parts) == 1 and run.requests else ""
    after = "" if run.kind == Run.Kind.CLEAR else "The next run plans afresh."
    return f"{' '.join(parts)} {sent}{after}".strip()


WHY = {
    "guard": "more than the {limit} that this list's history lets pass.",
    "empty": "the audience is empty, which is more often an accident than meant.",
    "clear": "everybody leaves the list, which a second person has to release.",
    "exclusion_unavailable": "an exclusion could not be read, so nobody new is added.",
    "not_judged": "the first tenth was not judged within 72 h, so nobody is added.",
    "production_holds": "the production list is the same list, and a pilot removes nobody from it.",
    "arms_lost": "most people lost the holdout's attribute, so held-out people cannot be told from others.",
    "definition_changed": "the segment no longer matches the locked definition.",
}

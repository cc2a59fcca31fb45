"""A run in sentences: what is true of it, how far it is, what its passes do, and how the list adds up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from django.utils import timezone

from muster.figures import MINUS, age, when

from .judged import judged
from .reasons import RUN, Reason, named, small
from .stages import PASS_OF, Step, moments, steps
from .states import ARRIVED, RunState, Stage

if TYPE_CHECKING:
    from .models import Run

WARNED: Final = {
    RunState.HELD: "warn",
    RunState.DONE_WITH_REJECTS: "warn",
    RunState.FAILED: "bad",
    RunState.LOST: "bad",
}
HOW: Final = {"button": "by hand", "command": "by command", "schedule": "by schedule", "release": "by a release"}
ORDERS: Final = {True: "additions first, then removals", False: "removals first, then additions"}


@dataclass(frozen=True)
class Said:
    """`lead` is what is true, `rest` what follows from it and what to do next."""

    lead: str
    rest: str = ""


@dataclass(frozen=True)
class Progress:
    """How far: `done` of `total` (people), in words, how fast, and how long it will take (empty: cannot be told yet)."""

    done: int
    total: int
    lead: str
    rate: str = ""
    left: str = ""


@dataclass(frozen=True)
class Pass:
    """One figure of the plan with what became of it; `of` is set where a bar shows how much was accepted."""

    title: str
    icon: str
    figure: int
    note: str
    accepted: int = 0
    of: int = 0


@dataclass(frozen=True)
class Told:
    """Everything that a page says of one run."""

    said: Said
    how: str
    trouble: Reason | None
    tone: str
    steps: list[Step]
    progress: Progress | None
    passes: list[Pass]
    sum_line: str
    worker: str
    guards: list[str]


def tell(run: Run, now: datetime, lease: timedelta) -> Told:
    """Return a run in words. `lease` is how long a worker may be silent. The activation's parts must be loaded."""
    progress = progress_of(run, now)
    return Told(
        said=said(run, now),
        how=how(run),
        trouble=trouble(run),
        tone=WARNED.get(RunState(run.state), "info"),
        steps=steps(run, now, progress.left if progress and run.stage in PASS_OF else ""),
        progress=progress,
        passes=passes(run) if run.planned_at else [],
        sum_line=sum_line(run),
        worker=worker(run, now, lease),
        guards=judged(run),
    )


def clock(at: datetime, now: datetime) -> str:
    """Return a moment in the reader's time zone, as short as it stays clear."""
    return when(at, now, timezone.get_current_timezone())


def about(seconds: float) -> str:
    """Return a rough length for an estimate: "less than a minute", "about 2 min", "about 3 h"."""
    if seconds < 60:
        return "less than a minute"
    return f"about {round(seconds / 60)} min" if seconds < 5_400 else f"about {round(seconds / 3_600)} h"


def people(number: int) -> str:
    return "1 person" if number == 1 else f"{number:,} people"


def how(run: Run) -> str:
    """Return what started a run: "by hand", "by command", "by schedule"."""
    return HOW[run.trigger]


def removals_of(run: Run) -> int:
    """Return the rows of the removals pass, opt-outs included: people who leave, and people who lose an identifier."""
    return run.removes + run.dropped


def additions_of(run: Run) -> int:
    return run.adds + run.changes + run.reasserts


def parked_of(run: Run, side: str) -> int:
    """Return how many people of a pass ("removes" or "adds") are parked."""
    return int(run.held.get(side, {}).get("figure", 0))


def total_of(run: Run) -> int:
    """Return the rows that the run sends, or would send: all that is planned and not parked."""
    dropped = 0 if "adds" in run.held else run.dropped
    removals = run.optouts if "removes" in run.held else run.removes + dropped
    return removals + (0 if "adds" in run.held else additions_of(run))


def said(run: Run, now: datetime) -> Said:
    """Return the state of a run as one sentence and what follows from it."""
    state = RunState(run.state)
    if state == RunState.RUNNING:
        return Said(f"{run.get_stage_display()}.", _doing(run))
    if state == RunState.WAITING:
        return _waiting(run, now)
    if state == RunState.HELD:
        return _held(run, now)
    if state in ARRIVED:
        return _arrived(run)
    lead = {
        RunState.FAILED: f"Failed: {small(named(RUN, run.reason).label)}.",
        RunState.CANCELLED: "Cancelled.",
        RunState.LOST: "Worker died, and the run was given up.",
    }[state]
    return Said(lead, stopped_with(run))


def stopped_with(run: Run) -> str:
    """Return what a run that ended early leaves behind."""
    if run.is_dry or not run.accepted_adds + run.accepted_removes:
        return "Nothing was sent: the list is as it was before."
    return (
        f"Accepted before it ended: {run.accepted_removes:,} of {removals_of(run):,} removals and {run.accepted_adds:,} of "
        f"{additions_of(run):,} additions. They stay; the next run sends what is missing."
    )


def trouble(run: Run) -> Reason | None:
    """Return what happened, its effect and the next step, where the run is not simply going or done."""
    state = RunState(run.state)
    if state in ARRIVED or state == RunState.RUNNING or not (run.reason or run.words):
        return None
    known = named(RUN, run.reason or str(state))
    return Reason(known.label, run.words, "") if run.words else known


def _waiting(run: Run, now: datetime) -> Said:
    if run.cancel_asked_at:
        return Said("Cancelling.", "It ends before its next request.")
    if not run.reason:
        return Said(f"Waiting for a worker, {age((now - run.created_at).total_seconds())}.", "It starts by itself.")
    until = f" until {clock(run.wake_at, now)}" if run.wake_at and run.wake_at > now else ""
    known = named(RUN, run.reason)
    return Said(f"Waiting{until}: {small(known.label)}.", "" if run.words else known.next_step)


def _doing(run: Run) -> str:
    if run.cancel_asked_at:
        return "Cancelling: it stops before its next request."
    if run.is_dry:
        return "A dry run: nothing is sent."
    if run.stage not in PASS_OF:
        return "Nothing has been sent yet."
    kind = "Suppression" if run.definition.suppresses else "Targeting"
    return f"{kind} list: {ORDERS[run.definition.suppresses]}."


def _held(run: Run, now: datetime) -> Said:
    names = {"removes": "removals", "adds": "additions"}
    parked = " and ".join(f"{parked_of(run, side):,} {names[side]}" for side in run.held)
    if not parked:
        return Said("Held; nothing more is sent.", "")
    sent = [
        f"{accepted:,} {name}"
        for accepted, name in ((run.accepted_adds, "additions"), (run.accepted_removes, "removals"))
        if accepted
    ]
    since = f" since {clock(run.finished_at, now)}" if run.finished_at else ""
    before = f"{' and '.join(sent)} were accepted; " if sent else "Nothing was sent; "
    verb = "is" if parked.startswith("1 ") and " and " not in parked else "are"
    parked = parked.replace("1 removals", "1 removal").replace("1 additions", "1 addition") if verb == "is" else parked
    return Said(f"{before}{parked} {verb} parked{since}.", stays(run))


def stays(run: Run) -> str:
    """Return what parking means for the people concerned."""
    if run.definition.suppresses:
        both = {
            "removes": "Everybody on the list stays excluded.",
            "adds": "Those not yet added are not excluded.",
        }
    else:
        both = {"removes": "Everybody on the list stays on it.", "adds": "Nobody of them is targeted."}
    return " ".join(both[side] for side in run.held)


def _arrived(run: Run) -> Said:
    arrival = run.activation.destination.spec.arrival
    if run.is_dry:
        if not total_of(run) + sum(parked_of(run, side) for side in run.held):
            return Said(
                "Dry run: nothing was sent, and a sync would change nothing.", "The list equals the definition."
            )
        return Said(
            "Dry run: nothing was sent.",
            f"A sync would remove {people(run.removes)} and send {people(additions_of(run))}, {run.adds:,} of them new.",
        )
    if run.kind == run.Kind.CLEAR:
        return _cleared(run)
    if not total_of(run):
        return Said("Nothing to change.", f"The list already equals the definition: {people(run.wanted or 0)}.")
    if run.state == RunState.DONE_WITH_REJECTS:
        lead = f"Accepted by RudderStack, except for {people(run.rejected)} whose row was refused."
        return Said(lead, f"{arrival}. The next run tries the others again.")
    return Said("Accepted by RudderStack.", f"{arrival}.")


def _cleared(run: Run) -> Said:
    if run.rejected:
        return Said(f"Removed, except for {people(run.rejected)} whose row was refused.", "Prepare the removal again.")
    if not run.accepted_removes:
        return Said("Nobody was on the list.", "Nothing had to be sent.")
    arrival = run.activation.destination.spec.arrival
    return Said(f"Everybody was removed: {people(run.accepted_removes)}.", f"{arrival}.")


def progress_of(run: Run, now: datetime) -> Progress | None:
    """Return how far the reading or the sending is; None when there is nothing to measure."""
    if run.is_live and run.stage == Stage.READING:
        return _reading(run, now)
    total = total_of(run) if run.planned_at and not run.is_dry else 0
    if not total:
        return None
    done = min(run.accepted_removes + run.accepted_adds, total)
    begun = [at for stage in PASS_OF if (at := moments(run, stage)[0])]
    fast = _speed(done, total, now - min(begun)) if begun and run.state == RunState.RUNNING else ("", "")
    return Progress(done, total, f"{done:,} of {total:,} people accepted by RudderStack", *fast)


def _reading(run: Run, now: datetime) -> Progress | None:
    pull = run.pull
    if pull is None or not pull.count_before:
        return None
    done = min(pull.rows, pull.count_before)
    going = pull.began_at and run.state == RunState.RUNNING
    fast = _speed(done, pull.count_before, now - pull.began_at) if going and pull.began_at else ("", "")
    return Progress(done, pull.count_before, f"{done:,} of about {pull.count_before:,} people read", *fast)


def _speed(done: int, total: int, length: timedelta) -> tuple[str, str]:
    """Return how many a second and how long for the rest; empty until that can be told."""
    seconds = length.total_seconds()
    if done <= 0 or seconds < 2:
        return "", ""
    rate = done / seconds
    left = about((total - done) / rate) if done < total else ""
    return (f"{rate:,.0f} a second" if rate >= 1 else f"{rate * 60:,.0f} a minute"), left


def passes(run: Run) -> list[Pass]:
    """Return removals and additions in the order they are sent, then unchanged and rejected."""
    both = [_removals(run), _additions(run)]
    if run.definition.suppresses:
        both.reverse()
    if not run.is_dry:
        both[0] = Pass(**{**vars(both[0]), "title": f"{both[0].title}, first"})
    refused = "no row was refused" if not run.rejected else "refused by itself, narrowed down to the row"
    return [
        *both,
        Pass("Unchanged", "check", run.unchanged, "not sent, already there"),
        Pass("Rejected by RudderStack", "ban", run.rejected, "nothing was sent" if run.is_dry else refused),
    ]


def _removals(run: Run) -> Pass:
    total = removals_of(run)
    parts = [f"{run.optouts:,} of them opt-outs, sent first"] if run.optouts else []
    parts += [f"{run.dropped:,} stay and lose an old identifier"] if run.dropped else []
    parts += [f"{run.releases:,} more are still wanted under another profile"] if run.releases else []
    note = "; ".join([*parts, _became(run, "removes", run.accepted_removes, total)])
    return Pass("Removals", "minus", total, note, run.accepted_removes, 0 if run.is_dry else total)


def _additions(run: Run) -> Pass:
    total = additions_of(run)
    again = (run.reasserts - run.renewals, "sent again"), (run.renewals, "sent again before they expire")
    named_parts = ((run.adds, "new"), (run.changes, "changed"), *again)
    parts = [", ".join(f"{number:,} {name}" for number, name in named_parts if number)] if total else []
    note = "; ".join([*parts, _became(run, "adds", run.accepted_adds, total)])
    return Pass("Additions", "plus", total, note, run.accepted_adds, 0 if run.is_dry else total)


def _became(run: Run, side: str, accepted: int, total: int) -> str:
    if parked := parked_of(run, side):
        rest = f"; {accepted:,} accepted" if accepted else ""
        return f"{parked:,} {'would be held' if run.is_dry else 'parked'}{rest}"
    if run.is_dry:
        return "not sent, dry run" if total else "nobody"
    if not total:
        return "nothing to send"
    return "all accepted" if accepted >= total else f"{accepted:,} accepted"


def sum_line(run: Run) -> str:
    """Return how the list adds up: "82,214 before − 4,118 + 6,214 = 84,310 after"; empty where it cannot be said."""
    if not run.planned_at or run.before is None or run.state in {RunState.FAILED, RunState.CANCELLED, RunState.LOST}:
        return ""
    parked = run.held if not run.is_dry else {}
    leave = run.optouts if "removes" in parked else run.removes + run.releases
    enter = 0 if "adds" in parked else run.adds
    end = {True: "if it is synced", False: "after"}[run.is_dry]
    line = f"{run.before:,} before {MINUS} {leave:,} + {enter:,} = {run.before - leave + enter:,} {end}"
    if run.rejected:
        line += f", less {people(run.rejected)} whose row was refused"
    return line


def worker(run: Run, now: datetime, lease: timedelta) -> str:
    """Return who works on a run and when they were last seen; empty when nobody does."""
    if run.state != RunState.RUNNING or not run.holder:
        return ""
    seen = run.heartbeat_at or run.started_at or run.created_at
    ago = f"{age((now - seen).total_seconds())} ago"
    if now - seen > lease:
        return f"Worker {run.holder} last seen {ago}; another one takes over, and nothing is sent twice"
    return f"Worker {run.holder} seen {ago}"


def sides(run: Run) -> Iterable[str]:
    """Return the passes that are parked, in the order they would be sent."""
    order = ("adds", "removes") if run.definition.suppresses else ("removes", "adds")
    return [side for side in order if side in run.held]

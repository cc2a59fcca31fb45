"""One line for each run, as lists of runs show it; failures that repeat are folded into the newest. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from muster.figures import MINUS, duration

from .reasons import RUN, named
from .states import RunState, Stage
from .telling import how, parked_of, people, progress_of, said, trouble

if TYPE_CHECKING:
    from .models import Run

REPEATING: Final = frozenset({RunState.FAILED, RunState.LOST})
PARKED: Final = {"removes": "removals", "adds": "additions"}


@dataclass
class Row:
    """A run in one line. `folded` are earlier runs of the same list that ended the same way, newest first."""

    run: Run
    detail: str
    adds: str
    sent_again: str
    removes: str
    took: str
    folded: list[Run]

    @property
    def how(self) -> str:
        return how(self.run)

    @property
    def since(self) -> datetime:
        """When the oldest of the folded runs started."""
        return (self.folded or [self.run])[-1].created_at


def rows(runs: Iterable[Run], now: datetime) -> list[Row]:
    """Return the lines, newest first as the runs are given, repeated failures folded."""
    made: list[Row] = []
    newest: dict[int, Row] = {}
    for run in runs:
        before = newest.get(run.activation_id)
        if before and run.state in REPEATING and (before.run.state, before.run.reason) == (run.state, run.reason):
            before.folded.append(run)
            continue
        newest[run.activation_id] = row = row_of(run, now)
        made.append(row)
    return made


def row_of(run: Run, now: datetime) -> Row:
    """Return the line of one run."""
    return Row(run, detail(run, now), adds(run), sent_again(run), removes(run), took(run, now), [])


def detail(run: Run, now: datetime) -> str:
    """Return what stands under the state: where it is, or why."""
    state = RunState(run.state)
    if state == RunState.RUNNING:
        progress = progress_of(run, now)
        return run.get_stage_display() + (f", {progress.done:,} of {progress.total:,}" if progress else "")
    if state == RunState.HELD:
        return _held(run)
    if state in REPEATING:
        return f"{named(RUN, run.reason or str(state)).label}."
    if state == RunState.CANCELLED:
        found = trouble(run)
        return found.meaning if found else ""
    if state == RunState.DONE_WITH_REJECTS:
        return f"{people(run.rejected)} refused by RudderStack"
    told = said(run, now)
    return told.lead if state == RunState.WAITING or run.is_dry or not told.lead.startswith("Accepted") else ""


def _held(run: Run) -> str:
    parts = []
    for side, said_of in run.held.items():
        limit = f", limit {said_of['limit']:,}" if said_of.get("why") == "guard" else ""
        parts.append(f"{PARKED[side]} parked{limit}")
    sent = run.accepted_adds + run.accepted_removes
    return "; ".join([*([f"{sent:,} sent"] if sent else []), *parts])


def adds(run: Run) -> str:
    """Return the people who are new: "+6,214", "120 parked", or a dash before they are known."""
    if not run.planned_at:
        return "–"
    return f"{parked_of(run, 'adds'):,} parked" if "adds" in run.held else _signed("+", run.adds)


def sent_again(run: Run) -> str:
    """Return the people who were there already and are sent once more; empty when nobody is."""
    parts = ((run.changes, "changed"), (run.reasserts, "again"))
    return ", ".join(f"{number:,} {name}" for number, name in parts if number)


def removes(run: Run) -> str:
    """Return the people that the run removes."""
    if not run.planned_at:
        return "–"
    return f"{parked_of(run, 'removes'):,} parked" if "removes" in run.held else _signed(MINUS, run.removes)


def took(run: Run, now: datetime) -> str:
    """Return how long the run has worked; a dash while it waits for its first worker."""
    if run.started_at is None or (run.stage == Stage.WAITING and run.is_live):
        return "–"
    return duration(int(((run.finished_at or now) - run.started_at).total_seconds()))


def _signed(sign: str, number: int) -> str:
    return f"{sign}{number:,}" if number else "0"

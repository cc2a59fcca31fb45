"""The strip of a run's stages: which lie behind it, which is under way, how long each took. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from muster.figures import duration

from .states import ARRIVED, RunState, Stage

if TYPE_CHECKING:
    from .models import Run

PASS_OF: Final = {Stage.OPTOUTS: "optouts", Stage.REMOVALS: "removes", Stage.ADDITIONS: "adds"}
ICONS: Final = {"done": "check", "now": "run", "waits": "clock", "held": "held", "stopped": "x", "next": ""}


@dataclass(frozen=True)
class Step:
    """`look` is done, now, waits, held, stopped or next; `note` says how long, or why not."""

    stage: Stage
    label: str
    look: str
    note: str

    @property
    def icon(self) -> str:
        return ICONS[self.look]

    @property
    def css(self) -> str:
        """The class after "stage-": a stage that was stopped is marked as one that is held."""
        return {"stopped": "held", "waits": "next"}.get(self.look, self.look)


def order(run: Run) -> list[Stage]:
    """Return the stages of this run. Suppression lists send additions before removals; opt-outs always go first."""
    head = [Stage.WAITING, Stage.READING, Stage.COMPARING]
    if run.is_dry:
        return [*head, Stage.DONE]
    optouts = [Stage.OPTOUTS] if run.optouts or run.stage == Stage.OPTOUTS or Stage.OPTOUTS in run.timings else []
    passes = [Stage.ADDITIONS, Stage.REMOVALS] if run.definition.suppresses else [Stage.REMOVALS, Stage.ADDITIONS]
    return [*head, *optouts, *passes, Stage.DONE]


def steps(run: Run, now: datetime, left: str = "") -> list[Step]:
    """Return the strip. `left` says how long it will take until the run is done, where that is known."""
    stages = order(run)
    at = _place(run, stages)
    looks = [_look(run, stage, number, at) for number, stage in enumerate(stages)]
    return [
        Step(stage, str(stage.label), look, _note(run, stage, look, now, left))
        for stage, look in zip(stages, looks, strict=True)
    ]


def took(run: Run, stage: Stage, now: datetime) -> timedelta | None:
    """Return how long a stage took, or has taken so far; None when it has not begun."""
    if stage == Stage.WAITING:
        return (run.started_at or run.finished_at or now) - run.created_at
    began, ended = moments(run, stage)
    return (ended or run.finished_at or now) - began if began else None


def moments(run: Run, stage: Stage) -> tuple[datetime | None, datetime | None]:
    """Return when a stage began and ended."""
    found = [datetime.fromisoformat(text) if text else None for text in run.timings.get(stage, [])]
    began, ended = [*found, None, None][:2]
    return began, ended


def _place(run: Run, stages: list[Stage]) -> int:
    """Return the place of the stage that the run is at, or was at when it ended."""
    at = stages.index(Stage(run.stage)) if run.stage in stages else 0
    if at < len(stages) - 1 or run.state in ARRIVED:
        return at
    begun = [number for number, stage in enumerate(stages) if stage in run.timings]
    return max(begun, default=0)


def _look(run: Run, stage: Stage, number: int, at: int) -> str:
    if run.state in ARRIVED:
        return "done"
    if run.state == RunState.HELD:
        if stage == Stage.DONE:
            return "next"
        return "held" if PASS_OF.get(stage) in run.held else "done"
    if number != at:
        return "done" if number < at else "next"
    return {RunState.RUNNING: "now", RunState.WAITING: "waits"}.get(RunState(run.state), "stopped")


def _note(run: Run, stage: Stage, look: str, now: datetime, left: str) -> str:
    if look == "held":
        return f"held {_long(now - run.finished_at)}" if run.finished_at else "held"
    if stage == Stage.DONE:
        return _last_note(run, left)
    if look == "next":
        return ""
    length = took(run, stage, now)
    if look == "stopped":
        return "stopped here" if length is None else f"stopped after {_long(length)}"
    if length is None:
        return "nothing to send" if stage in PASS_OF and look == "done" else ""
    if look in {"now", "waits"}:
        return f"{_long(length)} so far"
    if stage == Stage.READING and run.pull and run.pull.began_at and run.pull.began_at < run.created_at:
        return f"{_long(length)}, shared"
    return _long(length)


def _last_note(run: Run, left: str) -> str:
    if run.state == RunState.HELD:
        return "after a decision"
    if run.state in ARRIVED and run.finished_at:
        return f"{_long(run.finished_at - run.created_at)} in all"
    return f"in {left}" if left and run.is_live else ""


def _long(length: timedelta) -> str:
    return duration(max(0, int(length.total_seconds())))

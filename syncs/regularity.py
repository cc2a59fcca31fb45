"""How regularly a list was synced: its due slots as cells, and the line that they fold into. Pure."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Final

from muster.figures import age, number

from .states import ARRIVED, RunState

if TYPE_CHECKING:
    from .models import Slot

DAYS: Final = 14
ON_TIME: Final = timedelta(minutes=5)  # a slot settled later than this after its time is late
LOOKS: Final = {
    RunState.DONE: "done",
    RunState.DONE_WITH_REJECTS: "partial",
    RunState.HELD: "held",
    RunState.FAILED: "failed",
    RunState.LOST: "failed",
    RunState.CANCELLED: "failed",
    RunState.WAITING: "due",
    RunState.RUNNING: "due",
}


@dataclass(frozen=True)
class Cell:
    """One due slot: when, how it looks (class after "slot-"), what it says, and the run that is linked."""

    due: datetime
    look: str
    words: str
    run: int | None = None
    arrived: bool = False
    late: timedelta = timedelta(0)

    @property
    def settled(self) -> bool:
        return self.look != "due"

    @property
    def on_time(self) -> bool:
        return self.arrived and self.late <= ON_TIME


@dataclass(frozen=True)
class Regularity:
    """The cells, oldest first. Only slots that have ended count; the gap is between due times that arrived."""

    cells: tuple[Cell, ...]

    @property
    def ended(self) -> list[Cell]:
        return [cell for cell in self.cells if cell.settled]

    @property
    def on_time(self) -> int:
        return sum(cell.on_time for cell in self.cells)

    @property
    def exceptions(self) -> list[Cell]:
        """Slots that were not on time, newest first."""
        return [cell for cell in reversed(self.ended) if not cell.on_time]

    @property
    def counts(self) -> Counter[str]:
        return Counter(cell.words.split(":")[0] for cell in self.ended)

    @property
    def gap(self) -> tuple[timedelta, datetime] | None:
        """The longest time between arrivals, and when it began; one that lasts to the last ended slot counts."""
        known = [cell.due for cell in self.cells if cell.arrived]
        if not known:
            return None
        last = max(self.ended[-1].due, known[-1])
        found = [(after - before, before) for before, after in itertools.pairwise([*known, last])]
        return max(found, key=lambda one: one[0], default=None)

    def line(self, zone: tzinfo) -> str:
        """Return "629 of 643 on time; longest gap 2 h, Thu 19"."""
        if not self.ended:
            return "No slot was due yet"
        text = f"{number(self.on_time)} of {number(len(self.ended))} on time"
        if self.gap is None:
            return f"{text}; none arrived"
        return f"{text}; longest gap {self.gap_told(zone)}" if self.gap[0] else text

    def gap_told(self, zone: tzinfo, ordinary: timedelta = timedelta(0)) -> str:
        """Return "2 h, Thu 19"; "none" where none is longer than is ordinary, "nothing arrived" where nothing ever did."""
        if self.gap is None:
            return "nothing arrived" if self.ended else "none"
        longest, began = self.gap
        local = began.astimezone(zone)
        return f"{age(longest.total_seconds())}, {local:%a} {local.day}" if longest > ordinary else "none"


def regularity(slots: Iterable[Slot]) -> Regularity:
    """Return how regular these slots of one list were; `slots` come by due time, each with its run."""
    return Regularity(tuple(cell(slot) for slot in slots))


def cell(slot: Slot) -> Cell:
    """Return one slot as a cell."""
    if slot.state == slot.State.DUE:
        return Cell(slot.due, "due", "Due")
    if slot.state != slot.State.STARTED or slot.run is None:
        cause = slot.words or slot.Why(slot.why).label
        return Cell(slot.due, slot.state, f"{slot.get_state_display()}: {cause}", slot.run_id)
    state = RunState(slot.run.state)
    words = state.label if slot.late <= ON_TIME else f"{state.label}: {age(slot.late.total_seconds())} late"
    return Cell(slot.due, LOOKS[state], words, slot.run_id, state in ARRIVED, slot.late)

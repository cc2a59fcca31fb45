"""The slots of a list as one line."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from syncs.grid import day_look, grid
from syncs.models import Run, Slot
from syncs.regularity import Cell, regularity
from syncs.states import RunState

MONDAY = datetime(2026, 11, 16, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


def slot(hour: int, state: str, *, run: str = "", why: str = "", late: timedelta = timedelta(0)) -> Slot:
    due = MONDAY + hour * HOUR
    made = Run(pk=hour + 1, state=run) if run else None
    return Slot(due=due, state=state, why=why, run=made, settled_at=None if state == "due" else due + late)


def started(hour: int, run: str = RunState.DONE, late: timedelta = timedelta(0)) -> Slot:
    return slot(hour, "started", run=run, late=late)


def test_the_line_counts_what_ended_and_names_the_longest_gap() -> None:
    found = regularity(
        [
            started(0),
            started(1, RunState.DONE_WITH_REJECTS),
            started(2, RunState.FAILED),
            slot(3, "skipped", why="live", run=RunState.RUNNING),
            started(4),
            started(5, RunState.RUNNING),
            slot(6, "due"),
        ]
    )

    assert found.line(UTC) == "3 of 5 on time; longest gap 3 h, Mon 16"
    assert found.line(ZoneInfo("Pacific/Auckland")) == "3 of 5 on time; longest gap 3 h, Mon 16"
    assert found.line(ZoneInfo("Pacific/Kiritimati")).endswith("Tue 17")
    assert [one.words for one in found.exceptions] == ["Skipped: the run before was still going", "Failed"]


def test_a_late_run_arrived_but_was_not_on_time() -> None:
    found = regularity([started(0), started(1, late=timedelta(minutes=40)), started(2)])

    assert found.line(UTC) == "2 of 3 on time; longest gap 1 h, Mon 16"
    assert found.exceptions[0].words == "Done: 40 m late"


def test_a_gap_that_still_lasts_counts() -> None:
    found = regularity([started(0), *(slot(hour, "missed", why="paused") for hour in range(1, 8))])

    assert found.line(UTC) == "1 of 8 on time; longest gap 7 h, Mon 16"


def test_nothing_yet_and_nothing_ever() -> None:
    assert regularity([slot(1, "due")]).line(UTC) == "No slot was due yet"
    assert regularity([slot(1, "missed", why="away")]).line(UTC) == "0 of 1 on time; none arrived"


def test_the_grid_has_a_row_a_day_and_a_square_a_slot() -> None:
    cells = regularity([started(0), started(1), started(24, RunState.FAILED), started(-24 * 20)]).cells

    found = grid(cells, MONDAY + 26 * HOUR, UTC)

    assert [label for label, _ in found.rows][-2:] == ["Mon 16", "Today"]
    assert len(found.rows) == 14
    assert [square.cell.look for square in found.squares] == ["done", "done", "failed"]
    assert found.squares[0].x == found.squares[2].x
    assert found.squares[0].y != found.squares[2].y


@pytest.mark.parametrize(
    ("looks", "look"),
    [
        ([], "due"),
        (["due"], "due"),
        (["done"] * 48, "done"),
        (["done"] * 4 + ["failed"], "failed"),
        (["done"] * 5 + ["failed"], "some"),
        (["missed"], "missed"),
        (["done"] * 20 + ["held"], "held"),
        (["done"] * 20 + ["skipped"], "some"),
        (["done", "due"], "done"),
    ],
)
def test_a_day_looks_like_the_worst_of_it(looks: list[str], look: str) -> None:
    cells = [Cell(MONDAY, one, one, arrived=one == "done") for one in looks]

    assert day_look([one for one in cells if one.settled]) == look

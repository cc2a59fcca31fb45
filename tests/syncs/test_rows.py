"""One line a run; failures that repeat fold into the newest."""

from datetime import timedelta

import pytest

from syncs.models import Run
from syncs.rows import row_of, rows
from syncs.states import RunState, Stage

from . import run_rows
from .run_rows import AT

NOW = AT + timedelta(seconds=340)

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("make", "detail", "adds", "removes"),
    [
        (run_rows.sending, "Sending additions, 7,820 of 12,234", "+6,214", "−4,118"),
        (run_rows.done, "", "+6,214", "−4,118"),
        (run_rows.held, "9 sent; removals parked, limit 110", "+9", "1,291 parked"),
        (run_rows.dry, "Dry run: nothing was sent.", "+6,214", "−4,118"),
    ],
)
def test_what_stands_in_a_line(make: type[Run], detail: str, adds: str, removes: str) -> None:
    row = row_of(make(), NOW)

    assert (row.detail, row.adds, row.removes) == (detail, adds, removes)


@pytest.mark.parametrize(
    ("state", "reason", "detail"),
    [
        (RunState.WAITING, "reading_elsewhere", "Waiting: another run reads the segment."),
        (RunState.WAITING, "", "Waiting for a worker, 5 m."),
        (RunState.FAILED, "bad_credentials", "The key was refused."),
        (RunState.FAILED, "", "Failed."),
        (RunState.LOST, "lost", "Worker died."),
        (RunState.CANCELLED, "cancelled", "What was accepted stays on the list; the rest was not sent."),
        (RunState.DONE_WITH_REJECTS, "", "0 people refused by RudderStack"),
    ],
)
def test_every_state_says_why(state: str, reason: str, detail: str) -> None:
    row = row_of(run_rows.run_of(state=state, reason=reason), NOW)

    assert row.detail == detail
    assert (row.adds, row.removes) == ("–", "–")


def test_people_sent_again_are_not_called_new() -> None:
    row = row_of(run_rows.done(reasserts=3), NOW)

    assert (row.adds, row.sent_again) == ("+6,214", "1,902 changed, 3 again")


def test_what_a_run_took() -> None:
    assert row_of(run_rows.done(), NOW).took == "5 m 56 s"
    assert row_of(run_rows.run_of(state=RunState.WAITING, started_at=None), NOW).took == "–"
    assert row_of(run_rows.sending(), NOW).took == "5 m 36 s"


def test_failures_that_repeat_fold_into_the_newest_of_their_list() -> None:
    activation, other = run_rows.list_of(), run_rows.list_of()
    failed = [
        run_rows.run_of(
            activation, state=RunState.FAILED, reason="bad_credentials", created_at=AT + timedelta(hours=hour)
        )
        for hour in range(3)
    ]
    elsewhere = run_rows.run_of(other, state=RunState.FAILED, reason="bad_credentials")

    made = rows([*reversed(failed), elsewhere], NOW)

    assert [row.run for row in made] == [failed[2], elsewhere]
    assert made[0].folded == [failed[1], failed[0]]
    assert made[0].since == AT


@pytest.mark.parametrize(
    ("state", "reason"),
    [(RunState.DONE, ""), (RunState.FAILED, "pull_failed"), (RunState.LOST, "bad_credentials")],
)
def test_a_different_end_in_between_keeps_failures_apart(state: str, reason: str) -> None:
    activation = run_rows.list_of()
    ends = [(RunState.FAILED, "bad_credentials"), (state, reason), (RunState.FAILED, "bad_credentials")]
    made = [run_rows.run_of(activation, state=end, reason=why) for end, why in ends]

    assert len(rows(reversed(made), NOW)) == 3


def test_live_runs_never_fold() -> None:
    activation = run_rows.list_of()
    first = run_rows.dry(activation, state=RunState.RUNNING, finished_at=None, stage=Stage.READING)
    second = run_rows.dry(activation, state=RunState.RUNNING, finished_at=None, stage=Stage.READING)

    assert len(rows([second, first], NOW)) == 2

"""The strip of stages: what lies behind, what is under way, and for how long."""

from datetime import timedelta
from typing import Any

import pytest

from syncs.models import Run
from syncs.stages import order, steps
from syncs.states import RunState, Stage

from . import run_rows
from .run_rows import AT

NOW = AT + timedelta(seconds=340)

pytestmark = pytest.mark.django_db


def told(run: Run, left: str = "") -> list[tuple[str, str, str]]:
    return [(step.label, step.look, step.note) for step in steps(run, NOW, left)]


def test_a_targeting_run_in_its_additions() -> None:
    assert told(run_rows.sending(optouts=0), "about 2 min") == [
        ("Waiting", "done", "4 s"),
        ("Reading segment", "done", "52 s"),
        ("Comparing", "done", "1 m 18 s"),
        ("Sending removals", "done", "1 m 47 s"),
        ("Sending additions", "now", "1 m 39 s so far"),
        ("Done", "next", "in about 2 min"),
    ]


@pytest.mark.parametrize(
    ("purpose", "passes"),
    [
        ("retarget", [Stage.REMOVALS, Stage.ADDITIONS]),
        ("winback", [Stage.REMOVALS, Stage.ADDITIONS]),
        ("suppress", [Stage.ADDITIONS, Stage.REMOVALS]),
    ],
)
def test_the_order_of_the_passes_follows_the_purpose(purpose: str, passes: list[Stage]) -> None:
    run = run_rows.run_of(run_rows.list_of(purpose=purpose))

    assert order(run) == [Stage.WAITING, Stage.READING, Stage.COMPARING, *passes, Stage.DONE]


def test_opt_outs_have_a_stage_of_their_own_before_either_pass() -> None:
    run = run_rows.run_of(run_rows.list_of(purpose="suppress"), optouts=3)

    assert order(run)[3:6] == [Stage.OPTOUTS, Stage.ADDITIONS, Stage.REMOVALS]


def test_a_dry_run_sends_nothing_so_it_has_no_sending_stages() -> None:
    assert [label for label, _, _ in told(run_rows.dry())] == ["Waiting", "Reading segment", "Comparing", "Done"]


def test_a_held_run_shows_the_parked_pass_and_since_when() -> None:
    strip = told(run_rows.held())

    assert ("Sending additions", "done", "50 s") in strip
    assert strip[-2:] == [("Sending removals", "held", "held 0 s"), ("Done", "next", "after a decision")]


def test_a_finished_run_shows_what_it_took_in_all_and_what_was_not_needed() -> None:
    run = run_rows.done(optouts=0, timings=run_rows.timings(AT, reading=2, comparing=1, additions=3))

    assert told(run)[3:] == [
        ("Sending removals", "done", "nothing to send"),
        ("Sending additions", "done", "3 s"),
        ("Done", "done", "6 m in all"),
    ]


@pytest.mark.parametrize("state", [RunState.FAILED, RunState.CANCELLED, RunState.LOST])
def test_a_run_that_ended_early_shows_where(state: str) -> None:
    times = run_rows.timings(AT, reading=30)
    run = run_rows.run_of(state=state, stage=Stage.READING, timings=times)

    strip = told(run)

    assert strip[1] == ("Reading segment", "stopped", "stopped after 30 s")
    assert {look for _, look, _ in strip[2:]} == {"next"}


def test_an_ended_run_whose_stage_says_done_shows_the_last_stage_that_began() -> None:
    times = run_rows.timings(AT, reading=30, comparing=2)
    run = run_rows.run_of(state=RunState.CANCELLED, stage=Stage.DONE, timings=times)

    assert [step.look for step in steps(run, NOW)][:4] == ["done", "done", "stopped", "next"]


def test_a_run_that_waits_in_the_middle_is_not_shown_as_working() -> None:
    run = run_rows.sending(state=RunState.WAITING, reason="rate_limited")

    step = steps(run, NOW)[-2]

    assert (step.look, step.css, step.icon) == ("waits", "next", "clock")


def test_a_shared_reading_is_called_shared(django_assert_num_queries: Any) -> None:
    activation = run_rows.list_of()
    pull = run_rows.pull_of(activation, began_at=AT - timedelta(minutes=5), finished_at=AT)
    run = run_rows.done(activation, pull=pull)

    with django_assert_num_queries(0):
        strip = told(run)

    assert strip[1] == ("Reading segment", "done", "52 s, shared")


def test_a_new_run_has_waited_since_it_was_asked_for() -> None:
    run = run_rows.run_of(state=RunState.WAITING, started_at=None)

    assert told(run)[0] == ("Waiting", "waits", "5 m 40 s so far")

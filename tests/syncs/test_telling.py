"""What pages say of a run in each of its states: sentences, progress, passes, and the sum."""

from datetime import UTC, timedelta
from typing import Any

import pytest

from audiences.models import Activation
from syncs import telling
from syncs.models import Run
from syncs.reasons import RUN
from syncs.states import RunState, Stage

from . import run_rows
from .run_rows import AT, PLANNED

NOW = AT + timedelta(seconds=340)
LEASE = timedelta(seconds=45)

pytestmark = pytest.mark.django_db


def tell(run: Run) -> telling.Told:
    return telling.tell(run, NOW, LEASE)


def figures(run: Run) -> dict[str, telling.Pass]:
    return {one.title.removesuffix(", first"): one for one in tell(run).passes}


def test_a_running_run_says_its_stage_how_far_how_fast_and_how_long() -> None:
    told = tell(run_rows.sending())

    assert told.said.lead == "Sending additions."
    assert told.said.rest == "Targeting list: removals first, then additions."
    assert told.progress is not None
    assert told.progress.lead == "7,820 of 12,234 people accepted by RudderStack"
    assert (told.progress.rate, told.progress.left) == ("38 a second", "about 2 min")
    assert told.worker == "Worker web-1:4711 seen 0 s ago"


def test_the_list_adds_up() -> None:
    run = run_rows.done()

    assert tell(run).sum_line == "82,214 before − 4,118 + 6,214 = 84,310 after"
    assert run.wanted == 84_310


def test_people_who_leave_without_a_request_are_in_the_sum() -> None:
    run = run_rows.done(releases=7, removes=4_111, accepted_removes=4_111)

    assert tell(run).sum_line == "82,214 before − 4,118 + 6,214 = 84,310 after"
    assert "7 more are still wanted under another profile" in figures(run)["Removals"].note


def test_passes_are_counted_apart_and_opt_outs_are_said_within_the_removals() -> None:
    shown = figures(run_rows.sending(dropped=0))

    assert shown["Removals"].figure == 4_118
    assert shown["Removals"].note == "18 of them opt-outs, sent first; all accepted"
    assert shown["Additions"].figure == 8_116
    assert shown["Additions"].note == "6,214 new, 1,902 changed; 3,702 accepted"
    assert shown["Unchanged"].figure == 76_194
    assert shown["Rejected by RudderStack"].note == "no row was refused"


@pytest.mark.parametrize(("purpose", "first"), [("retarget", "Removals, first"), ("suppress", "Additions, first")])
def test_suppression_lists_add_first_and_targeting_lists_remove_first(purpose: str, first: str) -> None:
    run = run_rows.done(run_rows.list_of(purpose=purpose))

    assert tell(run).passes[0].title == first


def test_done_says_accepted_and_when_the_platform_shows_it() -> None:
    told = tell(run_rows.done())

    assert told.said.lead == "Accepted by RudderStack."
    assert told.said.rest == "Meta usually shows changes within 24 h."
    assert told.trouble is None


def test_a_run_that_found_nothing_to_change_says_so() -> None:
    run = run_rows.done(adds=0, changes=0, removes=0, optouts=0, wanted=82_214, accepted_adds=0, accepted_removes=0)

    told = tell(run)

    assert told.said == telling.Said("Nothing to change.", "The list already equals the definition: 82,214 people.")
    assert told.progress is None
    assert told.sum_line == "82,214 before − 0 + 0 = 82,214 after"


def test_a_dry_run_says_that_nothing_was_sent_and_what_would_be() -> None:
    told = tell(run_rows.dry())

    assert told.said.lead == "Dry run: nothing was sent."
    assert told.said.rest == "A sync would remove 4,118 people and send 8,116 people, 6,214 of them new."
    assert told.progress is None
    assert told.sum_line.endswith("= 84,310 if it is synced")
    assert {one.of for one in told.passes} == {0}
    assert "sent" not in figures(run_rows.dry())["Rejected by RudderStack"].note.replace("nothing was sent", "")


def test_a_dry_run_says_what_would_be_held() -> None:
    run = run_rows.dry(verdict=run_rows.HELD_REMOVES, removes=1_291, optouts=0)

    assert "1,291 would be held" in figures(run)["Removals"].note


def test_rejected_rows_are_named_and_taken_off_the_sum() -> None:
    run = run_rows.done(state=RunState.DONE_WITH_REJECTS, rejected=12, accepted_adds=8_104)

    told = tell(run)

    assert told.said.lead == "Accepted by RudderStack, except for 12 people whose row was refused."
    assert told.sum_line.endswith("= 84,310 after, less 12 people whose row was refused")
    assert told.tone == "warn"


def test_a_held_run_says_what_was_sent_what_is_parked_and_for_whom_it_matters() -> None:
    told = tell(run_rows.held())

    assert told.said.lead == "9 additions were accepted; 1,291 removals are parked since 09:20."
    assert told.said.rest == "Everybody on the list stays excluded."
    assert told.sum_line == "3,184 before − 0 + 9 = 3,193 after"
    assert told.guards == ["Held, 1,291 removals: over its limit of 110", "Passed, 9 of at most 1,592 additions"]


def test_held_additions_take_the_whole_pass_and_the_old_identifiers_with_them() -> None:
    verdict = {
        "removes": {"figure": 4, "limit": 50, "held": False, "why": ""},
        "adds": {"figure": 900, "limit": 50, "held": True, "why": "guard"},
    }
    counts: dict[str, Any] = {"removes": 4, "adds": 900, "changes": 3, "dropped": 3, "before": 100, "wanted": 996}
    run = run_rows.held(
        run_rows.list_of(), verdict=verdict, accepted_adds=0, accepted_removes=4, unchanged=93, **counts
    )

    told = tell(run)

    assert told.said.lead == "4 removals were accepted; 900 additions are parked since 09:20."
    assert told.progress is not None
    assert told.progress.lead == "4 of 4 people accepted by RudderStack"
    assert told.sum_line == "100 before − 4 + 0 = 96 after"


def test_one_parked_person_is_said_in_the_singular() -> None:
    verdict = {"removes": {"figure": 1, "limit": 50, "held": True, "why": "empty"}}

    run = run_rows.held(verdict=verdict, removes=1, adds=0, accepted_adds=0)

    assert tell(run).said.lead == "Nothing was sent; 1 removal is parked since 09:20."


@pytest.mark.parametrize("state", [RunState.FAILED, RunState.CANCELLED, RunState.LOST])
def test_a_run_that_ended_early_says_what_stays(state: str) -> None:
    nothing = tell(run_rows.run_of(state=state, reason="lost"))
    some = tell(run_rows.sending(state=state, finished_at=NOW))

    assert nothing.said.rest == "Nothing was sent: the list is as it was before."
    assert "4,118 of 4,118 removals and 3,702 of 8,116 additions" in some.said.rest
    assert some.sum_line == ""


@pytest.mark.parametrize("code", sorted(RUN))
@pytest.mark.parametrize("state", [RunState.WAITING, RunState.FAILED, RunState.HELD, RunState.LOST])
def test_every_reason_in_every_state_says_what_happened_and_what_to_do(state: str, code: str) -> None:
    told = tell(run_rows.run_of(state=state, reason=code))

    assert told.said.lead.endswith(".")
    assert told.trouble == RUN[code]


def test_the_engines_own_words_are_preferred() -> None:
    told = tell(run_rows.run_of(state=RunState.FAILED, reason="pull_failed", words="Page 3 came twice. Nothing sent."))

    assert told.trouble is not None
    assert told.trouble.label == RUN["pull_failed"].label
    assert told.trouble.meaning == "Page 3 came twice. Nothing sent."


def test_waiting_says_until_when() -> None:
    run = run_rows.run_of(state=RunState.WAITING, reason="rate_limited", wake_at=NOW + timedelta(minutes=3))

    assert tell(run).said.lead == "Waiting until 09:23: asked to wait."


def test_waiting_for_a_worker_is_not_a_trouble() -> None:
    told = tell(run_rows.run_of(state=RunState.WAITING, started_at=None))

    assert told.said.lead == "Waiting for a worker, 5 m."
    assert told.trouble is None


@pytest.mark.parametrize("state", [RunState.WAITING, RunState.RUNNING])
def test_a_wish_to_cancel_is_said_until_it_is_heard(state: str) -> None:
    said = tell(run_rows.run_of(state=state, cancel_asked_at=NOW)).said

    assert "Cancelling" in f"{said.lead} {said.rest}"


def test_reading_is_measured_against_the_segments_count(django_assert_num_queries: Any) -> None:
    activation = run_rows.list_of()
    pull = run_rows.pull_of(activation, rows=30_000, count=86_204)
    run = run_rows.run_of(activation, state=RunState.RUNNING, stage=Stage.READING, pull=pull)

    with django_assert_num_queries(0):
        progress = tell(run).progress

    assert progress is not None
    assert progress.lead == "30,000 of about 86,204 people read"
    assert progress.left == "about 11 min"


def test_more_rows_than_counted_do_not_pass_the_whole() -> None:
    activation = run_rows.list_of()
    pull = run_rows.pull_of(activation, rows=120, count=100)
    run = run_rows.run_of(activation, state=RunState.RUNNING, stage=Stage.READING, pull=pull)

    progress = tell(run).progress

    assert progress is not None
    assert (progress.done, progress.total, progress.left) == (100, 100, "")


def test_a_worker_that_is_silent_is_not_called_alive() -> None:
    run = run_rows.sending(heartbeat_at=NOW - timedelta(minutes=3))

    assert tell(run).worker == "Worker web-1:4711 last seen 3 m ago; another one takes over, and nothing is sent twice"


def test_no_worker_is_named_when_the_run_is_not_worked_on() -> None:
    assert tell(run_rows.done(holder="web-1:4711")).worker == ""


def test_a_first_sync_is_not_judged_and_says_so() -> None:
    verdict = {"adds": {"figure": 500, "limit": 50, "held": False, "first": True, "why": "", "released": False}}

    assert tell(run_rows.done(verdict=verdict)).guards == ["First sync: 500 additions, not judged"]


def test_released_figures_are_said_with_the_limit_they_passed() -> None:
    verdict = {"removes": {"figure": 500, "limit": 50, "held": False, "why": "guard", "released": True}}

    assert tell(run_rows.done(verdict=verdict)).guards == ["Released, 500 removals; the limit was 50"]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "less than a minute"),
        (59, "less than a minute"),
        (61, "about 1 min"),
        (5_399, "about 90 min"),
        (7_200, "about 2 h"),
    ],
)
def test_estimates_are_rough(seconds: float, words: str) -> None:
    assert telling.about(seconds) == words


def test_a_slow_run_is_told_by_the_minute() -> None:
    run = run_rows.sending(accepted_removes=100, accepted_adds=0)

    progress = tell(run).progress

    assert progress is not None
    assert progress.rate == "29 a minute"


def test_times_are_the_readers(settings: Any) -> None:
    settings.TIME_ZONE = "America/New_York"
    activation: Activation = run_rows.list_of(purpose="suppress")

    assert "parked since 04:20" in tell(run_rows.held(activation)).said.lead


def test_figures_of_the_test_rows_add_up() -> None:
    assert PLANNED["wanted"] == PLANNED["unchanged"] + PLANNED["adds"] + PLANNED["changes"]
    assert PLANNED["in_segment"] == PLANNED["wanted"] + sum(PLANNED["left_out"].values())
    assert PLANNED["wanted"] == PLANNED["before"] - PLANNED["removes"] + PLANNED["adds"]
    assert AT.tzinfo == UTC

"""Lists are judged by week from rows: the figures, the cause, the same again, and frozen weeks stay."""

from collections.abc import Callable
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest

from audiences.models import Activation, Lifecycle
from reconciliation import judging
from reconciliation.bands import exactly
from reconciliation.keeping import keep
from reconciliation.ladder import Place
from reconciliation.ladder_stored import restored, stored
from reconciliation.look import CHANGED
from reconciliation.models import Answer, ListWeek, Report
from reconciliation.quantities import Basis, Quantity
from reconciliation.readers.seen import Figure, ListSeen, State
from syncs.states import RunState
from tests import factories

from . import judged as rows
from . import readings
from .judged import MONDAY, QUIET, WEEK, noon

pytestmark = pytest.mark.django_db


def values() -> list[dict[str, Any]]:
    return [dict(row) for row in ListWeek.objects.filter(monday=MONDAY).order_by("activation").values()]


def test_a_quiet_list_is_on_target_with_its_figures() -> None:
    one = rows.list_of()
    rows.weeks(one, QUIET)
    found = rows.judged(one)
    assert (found.verdict, found.rule, found.cause) == ("on_target", "", "")
    assert (found.accepted, found.in_segment, found.learned) == (16_051, 17_531, 11)
    assert found.reason.startswith("Meta shows 8,298–8,459 people (52–53%), as expected")
    assert found.tolerance == "±6.7%, as its own weeks vary; ±5% by its definition"
    assert found.as_of == noon(MONDAY, 5)


def test_a_young_list_is_learning_and_an_unread_one_says_why() -> None:
    one, unread = rows.list_of("Young"), rows.list_of("Unread")
    rows.weeks(one, QUIET[:3])
    rows.planned(unread, noon(MONDAY), wanted=100)
    learning = rows.judged(one)
    assert (learning.verdict, learning.reason[:20]) == ("learning", "Learning 2 of 8 week")
    found = rows.judged(unread, weeks_before=0)
    assert (found.verdict, found.reason) == ("unknown", "Meta was not read in this week.")


def test_judged_twice_is_the_same_row() -> None:
    one = rows.list_of()
    rows.weeks(one, [*QUIET[:-1], 40.0])
    rows.judged(one)
    before = values()
    judging.judge_week(MONDAY, at=noon(MONDAY, 7))
    assert values() == before
    assert before[0]["verdict"] == "drifting"
    assert (before[0]["missing_low"], before[0]["not_removed_high"]) > (1_000, 0)
    assert before[0]["since"] == MONDAY


def test_a_frozen_week_is_not_rewritten() -> None:
    one = rows.list_of()
    rows.weeks(one, QUIET)
    rows.judged(one)
    Report.objects.create(monday=MONDAY, frozen_at=noon(MONDAY, 7), digest="")
    before = values()
    rows.shown(one, MONDAY + timedelta(1), 30.0)
    readings.kept(one, noon(MONDAY, 8))
    (found,) = judging.judge_week(MONDAY, at=noon(MONDAY, 9))
    assert found.verdict == "drifting"
    assert ListWeek.objects.filter(pk=found.pk).count() == 0
    assert values() == before


def test_queries_do_not_grow_with_lists(django_assert_max_num_queries: Any) -> None:
    for number in range(3):
        one = rows.list_of(f"Cart {number}")
        rows.weeks(one, QUIET[:3])
        readings.kept(one, noon(MONDAY, 7))
    with django_assert_max_num_queries(40):
        assert len(judging.judge_week(MONDAY, at=noon(MONDAY, 7))) == 3


def test_which_lists_are_judged() -> None:
    live = rows.list_of("Live")
    paused = rows.list_of("Paused", lifecycle=Lifecycle.PAUSED)
    left = rows.list_of("Left", lifecycle=Lifecycle.RETIRED, members=4)
    rows.list_of("Empty", lifecycle=Lifecycle.RETIRED)
    rows.list_of("Draft", lifecycle=Lifecycle.DRAFT)
    factories.activation()  # made later than the week
    assert [one.pk for one in judging.lists_of(MONDAY)] == [live.pk, paused.pk, left.pk]


def test_an_accepted_level_begins_anew_the_week_after_and_an_expected_week_is_set_aside() -> None:
    one = rows.list_of()
    rows.weeks(one, [*QUIET[:-2], 40.0, 40.0])
    found = rows.judged(one)
    assert (found.verdict, found.since) == ("drifting", MONDAY - WEEK)
    by = one.audience.owner
    answer = {"activation": one, "since": MONDAY - WEEK, "note": "As agreed", "by": by, "at": noon(MONDAY)}
    Answer.objects.create(monday=MONDAY - WEEK, kind=Answer.Kind.ACCEPT, **answer)
    again = judging.judge(one, MONDAY, at=noon(MONDAY, 7))
    assert again is not None
    assert (again.verdict, again.learned) == ("learning", 0)
    Answer.objects.update(kind=Answer.Kind.EXPECTED, monday=MONDAY)
    aside = judging.judge(one, MONDAY, at=noon(MONDAY, 7))
    assert aside is not None
    assert aside.verdict == "on_target"


def moved(one: Activation, monday: date, *, adds: int = 0, removes: int = 0) -> None:
    """Let a run have sent additions and removals in the middle of a week."""
    run = rows.planned(one, noon(monday, 2), wanted=16_051, adds=adds, removes=removes)
    if adds:
        rows.accepted(run, noon(monday, 2), adds=adds)
    if removes:
        rows.accepted(run, noon(monday, 2), removes=removes)


def segment_edit(one: Activation) -> None:
    rows.edited(one, noon(MONDAY, 2))
    rows.shown(one, MONDAY, 52.0)


def identifier_switch(one: Activation) -> None:
    now = one.audience.definitions.get()
    one.audience.definitions.update(state="past")
    at = noon(MONDAY, 1)
    values: dict[str, Any] = {
        "identifiers": ["phone"],
        "switch_from": ["email", "phone"],
        "promoted_at": at,
        "tolerance": 5.0,
    }
    factories.definition(one.audience, number=now.number + 1, **values)
    rows.shown(one, MONDAY, 38.0)


def dead_token(one: Activation) -> None:
    moved(one, MONDAY - WEEK, adds=900, removes=800)
    moved(one, MONDAY, adds=900, removes=880)
    changed = State(CHANGED, noon(MONDAY - WEEK, -1).isoformat())
    rows.shown(one, MONDAY, 52.0, states=[*readings.READY, changed])


def removals_not_applied(one: Activation) -> None:
    moved(one, MONDAY, removes=3_000)
    size = round(16_051 * 0.52)
    readings.read(one, noon(MONDAY, 5), size - 60, size + 60, accepted=13_051)


def exclusion_gone(one: Activation) -> None:
    rows.planned(one, noon(MONDAY, 4), wanted=18_051, left_out={"consent": 900})
    rows.shown(one, MONDAY, 52.0, accepted=18_051)


def key_refused(one: Activation) -> None:
    rows.failed(one, noon(MONDAY, 4), wanted=16_051, adds=900, reason="bad_credentials")
    rows.shown(one, MONDAY, 52.0)


FAULTS = [
    (segment_edit, "definition", "segment_edited", "segment"),
    (identifier_switch, "identity", "identifiers_switched", "list"),
    (dead_token, "delivery", "stalled", "account"),
    (removals_not_applied, "removal", "not_removed", "account"),
    (exclusion_gone, "definition", "exclusion_gone", "workspace"),
    (key_refused, "delivery", "key_refused", "pipe"),
]


@pytest.mark.parametrize(("fault", "kind", "code", "shared"), FAULTS, ids=[fault.__name__ for fault, *_ in FAULTS])
def test_a_planted_fault_has_its_cause_within_its_week(
    fault: Callable[[Activation], None], kind: str, code: str, shared: str
) -> None:
    one = rows.list_of()
    left_out = {"consent": 900, "excluded:7": 2_000} if fault is exclusion_gone else None
    rows.weeks(one, [*QUIET[:10], None], left_out=left_out)
    fault(one)
    found = rows.judged(one)
    assert (found.cause, found.cause_code) == (kind, code), (found.verdict, found.reason)
    assert found.incident.startswith(f"{code}:{shared}:")
    assert found.cause_words
    assert found.next_step
    before = ListWeek.objects.get(activation=one, monday=MONDAY - WEEK)
    assert (before.verdict, before.cause) == ("on_target", "")


@pytest.mark.parametrize("seed", range(12))
def test_ladders_add_up_to_the_counts_of_generated_runs(seed: int) -> None:
    chance = Random(seed)
    one = rows.list_of()
    before, adds = chance.randrange(900, 1_100), chance.randrange(300)
    removes, releases = chance.randrange(300), chance.randrange(20)
    left_out = {
        "consent": chance.randrange(90),
        "no_identifier": chance.randrange(90),
        "excluded:7": chance.randrange(9),
    }
    state = chance.choice([RunState.RUNNING, RunState.HELD, RunState.FAILED, RunState.DONE])
    values = {"adds": adds, "removes": removes, "releases": releases, "before": before, "state": state}
    verdict = {"removes": {"held": True, "figure": removes, "why": "guard"}} if state == RunState.HELD else {}
    wanted = before + adds - removes - releases
    run = rows.planned(one, noon(MONDAY), wanted=wanted, left_out=left_out, verdict=verdict, **values)
    done = state == RunState.DONE
    added, taken = (adds, removes + releases) if done else (chance.randint(0, adds), chance.randint(0, releases))
    rows.accepted(run, noon(MONDAY), adds=added, removes=0)
    rows.accepted(run, noon(MONDAY), removes=taken)
    Activation.objects.filter(pk=one.pk).update(members=before + added - taken)
    rows.shown(one, MONDAY, 52.0, accepted=before)
    readings.kept(one, noon(MONDAY, 5))

    for at in (noon(MONDAY, 5), noon(MONDAY, 9)):
        (found,) = judging.look([one.pk], MONDAY, at=at)
        made = found.ladder
        assert made[Place.IN_SEGMENT].people == exactly(wanted + sum(left_out.values()))
        assert made[Place.IDENTIFIABLE].people == exactly(wanted)
        assert made[Place.ACCEPTED].people == exactly(before + added - taken)
        assert made[Place.ACCEPTED].step.unexplained.is_nobody
        assert made[Place.ACCEPTED].step.unexplained_gain.is_nobody
        for rung in made.rungs:
            if rung.people and rung.since:
                above = made[rung.since].people
                assert above is not None
                ends = (above.low - rung.people.high, above.high - rung.people.low)
                same = (above.low - rung.people.low, above.high - rung.people.high)
                assert rung.step.net in {ends, same}
        assert restored(stored(made)) == made


def test_what_is_told_on_target_is_compared_with_the_weeks_before_it_for_a_month() -> None:
    one = rows.list_of()
    rows.weeks(one, QUIET[:6], newest=MONDAY - 6 * WEEK, left_out={"consent": 900, "excluded:7": 2_000})
    rows.weeks(one, QUIET[:6], wanted=18_051, left_out={"consent": 900})
    rows.judged(one, weeks_before=11)
    found = ListWeek.objects.filter(activation=one).order_by("monday").values_list("cause_code", flat=True)
    assert list(found) == [""] * 6 + ["exclusion_gone"] * 4 + [""] * 2


def test_a_figure_of_an_earlier_week_is_not_called_unread_and_the_platform_is_late() -> None:
    one = rows.list_of(platform="amplitude")
    for back in (3, 2):
        rows.planned(one, noon(MONDAY - back * WEEK, 2), wanted=16_051)
        readings.read(one, noon(MONDAY - back * WEEK, 5), 16_051, states=())
    moved(one, MONDAY - WEEK, adds=900, removes=900)
    one.members = 16_051
    shown = Figure(Quantity.MEMBERS, 16_051, 16_051, Basis.REPORTED)
    old = ListSeen("7", figures=(shown,), as_of=noon(MONDAY - 2 * WEEK, 5))
    keep(one, old, source="amplitude", at=noon(MONDAY - WEEK, 5))
    found = rows.judged(one, MONDAY - WEEK, weeks_before=2)
    assert (found.verdict, found.cause, found.cause_code) == ("unknown", "lag", "late")
    assert found.reason == "Amplitude was read, and shows what it computed on 7 Nov."

"""Lists are judged by week from rows: the figures, the cause, the same again, and frozen weeks stay."""

from datetime import timedelta
from typing import Any

import pytest

from audiences.models import Lifecycle
from reconciliation import judging
from reconciliation.models import Answer, ListWeek, Report
from tests import factories

from . import judged as rows
from .judged import MONDAY, QUIET, WEEK, noon

pytestmark = pytest.mark.django_db


def values() -> list[dict[str, Any]]:
    return list(ListWeek.objects.filter(monday=MONDAY).order_by("activation").values())


def test_a_quiet_list_is_on_target_with_its_figures() -> None:
    one = rows.list_of()
    rows.weeks(one, QUIET)
    found = rows.judged(one)
    assert (found.verdict, found.rule, found.cause) == ("on_target", "", "")
    assert (found.accepted, found.in_segment, found.learned) == (16_051, 17_531, 11)
    assert found.reason.startswith("Meta shows 8,298–8,458 people")
    assert found.tolerance == "±5%"
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
    rows.readings.kept(one, noon(MONDAY, 8))
    (found,) = judging.judge_week(MONDAY, at=noon(MONDAY, 9))
    assert found.verdict == "drifting"
    assert found.pk is None
    assert values() == before


def test_queries_do_not_grow_with_lists(django_assert_max_num_queries: Any) -> None:
    for number in range(3):
        one = rows.list_of(f"Cart {number}")
        rows.weeks(one, QUIET[:3])
        rows.readings.kept(one, noon(MONDAY, 7))
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

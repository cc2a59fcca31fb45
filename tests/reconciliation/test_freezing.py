"""Freezing: when, once, as of when; what is found later; what is made again is the same to the byte."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from audiences.models import Activation
from muster.models import Event, Installation, Person
from reconciliation import freezing
from reconciliation.models import Correction, ListWeek, Report
from reconciliation.report_facts import inputs
from reconciliation.report_of import canonical, digest, report_of
from syncs.models import Pull
from syncs.states import PullState, RunState
from tests import factories
from tests.syncs import run_rows

from . import list_weeks
from .list_weeks import FROZEN, MONDAY, WEEK

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def one() -> Activation:
    return run_rows.list_of("Winback", platform="google_ads")


@pytest.mark.parametrize(
    ("at", "zone", "monday"),
    [
        ("2026-11-23T05:59:59+00:00", "UTC", date(2026, 11, 9)),
        ("2026-11-23T06:00:00+00:00", "UTC", date(2026, 11, 16)),
        ("2026-11-22T23:00:00+00:00", "UTC", date(2026, 11, 9)),
        ("2026-11-23T05:00:00+00:00", "Europe/Berlin", date(2026, 11, 16)),
        ("2026-11-23T06:30:00+00:00", "America/New_York", date(2026, 11, 9)),
        ("2026-11-23T11:00:00+00:00", "America/New_York", date(2026, 11, 16)),
        ("2026-11-02T11:00:00+00:00", "America/New_York", date(2026, 10, 26)),  # clocks went back on Sunday
        ("2027-01-04T06:00:00+00:00", "UTC", date(2026, 12, 28)),  # 2026-W53
    ],
)
def test_a_week_is_due_on_monday_at_six(at: str, zone: str, monday: date) -> None:
    assert freezing.newest_due(datetime.fromisoformat(at), ZoneInfo(zone)) == monday


def test_two_ticks_freeze_once(one: Activation) -> None:
    list_weeks.week(one)
    assert freezing.freeze_due(at=FROZEN - MINUTE) == 0
    assert freezing.freeze_due(at=FROZEN) == 1
    assert freezing.freeze_due(at=FROZEN + MINUTE) == 0
    assert freezing.freeze(MONDAY, at=FROZEN + MINUTE) is None
    report = Report.objects.get()
    assert (report.monday, report.frozen_at) == (MONDAY, FROZEN)
    assert Event.objects.filter(verb="froze the drift report of").count() == 1


def test_nothing_is_frozen_before_anything_was_judged(one: Activation) -> None:
    assert freezing.freeze_due(at=FROZEN) == 0
    assert not Report.objects.exists()


def test_weeks_missed_in_an_outage_are_made_up_for_and_say_so(one: Activation) -> None:
    for back in range(3):
        list_weeks.week(one, MONDAY - back * WEEK)
    assert freezing.freeze_due(at=FROZEN) == 3
    late = {str(found): freezing.is_late(found) for found in Report.objects.all()}
    assert late == {"2026-W45": True, "2026-W46": True, "2026-W47": False}


def test_the_workspace_says_when_it_is_monday(one: Activation) -> None:
    home = Installation.current()
    home.time_zone = "America/New_York"
    home.save()
    list_weeks.week(one)
    assert freezing.freeze_due(at=FROZEN) == 0
    assert freezing.freeze_due(at=FROZEN + timedelta(hours=5)) == 1
    assert Report.objects.get().content["zone"] == "America/New_York"


def busy_week(one: Activation, marketer: Person, manager: Person) -> None:
    """Let everything a report tells of happen in the week."""
    before, within = FROZEN - WEEK, FROZEN - timedelta(days=4)
    list_weeks.week(one, MONDAY - WEEK, "drifting")
    list_weeks.week(one, verdict="drifting", since=MONDAY - WEEK)
    list_weeks.answer(one, marketer, monday=MONDAY - WEEK, at=before, fix_by=date(2026, 11, 20))
    place = factories.destination()
    shield = run_rows.list_of("Buyers", purpose="suppress")
    shield.audience.definitions.update(freshness_minutes=60, promoted_at=before - WEEK)
    pull = Pull.objects.create(
        segment=shield.audience.segment,
        state=PullState.COMPLETE,
        began_at=before,
        finished_at=before,
        created_at=before,
    )
    run_rows.run_of(shield, created_at=before, pull=pull)
    list_weeks.week(shield)
    held = run_rows.run_of(one, state=RunState.HELD, created_at=within, verdict=run_rows.HELD_REMOVES)
    one.releases.create(
        run=held, max_removes=1300, max_adds=10, reason="The sale ended", by=manager, at=within, until=FROZEN
    )
    one.audience.definitions.update(promoted_at=within, promoted_by=manager, approved_by=manager, reason="Fewer days")
    factories.activation(one.audience, place)


def test_a_report_tells_what_happened(one: Activation, marketer: Person, manager: Person) -> None:
    busy_week(one, marketer, manager)
    report = freezing.freeze(MONDAY, at=FROZEN)
    assert report
    told: dict[str, Any] = report.content
    assert [row["stand"] for row in told["promises"]] == ["not_kept"]
    assert told["decide"][0]["what"] == "promise"
    (exposed,) = told["exposed"]
    assert exposed["lists"] == 1
    assert exposed["seconds"] == (7 * 24 - 8) * 3600, "read Monday 06:00, target an hour: out from 08:00 on"
    assert [row["words"] for row in told["held"]] == [f"Winback at {one.destination.name}: 1,291 removals, limit 110"]
    assert "released by" in told["overrides"][0]["words"]
    assert "“The sale ended”" in told["overrides"][0]["words"]
    assert "Winback v1, approved by" in told["definitions"][0]["words"]
    assert told["outside"][0]["reply"]["note"] == "Send the whole list again"


def test_made_again_it_is_the_same_to_the_byte(one: Activation, marketer: Person, manager: Person) -> None:
    busy_week(one, marketer, manager)
    freezing.freeze(MONDAY, at=FROZEN)
    stored = Report.objects.get()
    # what comes later changes nothing of what was known then
    list_weeks.answer(one, marketer, at=FROZEN + timedelta(hours=1), since=MONDAY - WEEK, kind="accept")
    list_weeks.week(one, MONDAY + WEEK)
    freezing.correct(stored, "Counted twice.", FROZEN + timedelta(hours=1))
    freezing.freeze(MONDAY + WEEK, at=FROZEN + WEEK)

    again = report_of(inputs(MONDAY, stored.frozen_at))

    assert canonical(again) == canonical(stored.content)
    assert digest(stored.content) == stored.digest
    assert freezing.preview(MONDAY, at=FROZEN) == stored.content


def judged_again(row: ListWeek, at: datetime, **fields: Any) -> None:
    ListWeek.objects.filter(pk=row.pk).update(judged_at=at, **fields)


def test_what_is_judged_otherwise_later_is_a_correction(one: Activation) -> None:
    row = list_weeks.week(one, verdict="drifting")
    freezing.freeze_due(at=FROZEN)
    stored = Report.objects.get()
    noon = FROZEN + timedelta(hours=6)

    judged_again(row, noon)
    freezing.freeze_due(at=noon + MINUTE)
    assert not Correction.objects.exists(), "the same judgement corrects nothing"

    judged_again(row, noon, verdict="on_target", missing_low=0, missing_high=0)
    for tick in range(3):
        freezing.freeze_due(at=noon + tick * MINUTE)
    judged_again(row, noon + 5 * MINUTE, verdict="drifting", missing_low=2_700, missing_high=4_800)
    freezing.freeze_due(at=noon + 6 * MINUTE)

    place = one.destination.name
    assert [found.words for found in Correction.objects.order_by("at")] == [
        f"Winback at {place}: on target; was drifting, 2,700–4,800 missing.",
        f"Winback at {place}: as the report says after all, drifting, 2,700–4,800 missing.",
    ]
    assert Report.objects.get().content == stored.content
    list_weeks.week(one, MONDAY + WEEK)
    following = freezing.freeze(MONDAY + WEEK, at=FROZEN + WEEK)
    assert following
    assert [found["words"].partition(":")[0] for found in following.content["corrections"]] == ["W47", "W47"]


def test_a_signature_is_the_only_thing_that_is_added(one: Activation, manager: Person) -> None:
    list_weeks.week(one)
    report = freezing.freeze(MONDAY, at=FROZEN)
    assert report
    freezing.sign(report, by=manager, at=FROZEN)
    with pytest.raises(freezing.AlreadySigned):
        freezing.sign(report, by=manager, at=FROZEN)
    report.content = {}
    report.save()
    assert Report.objects.get().content["week"] == "2026-W47"


def test_how_long_nobody_could_judge_a_list(one: Activation) -> None:
    for back in range(3):
        list_weeks.week(one, MONDAY - back * WEEK, "unknown")
    list_weeks.week(one, MONDAY - 3 * WEEK)
    (decision,) = report_of(inputs(MONDAY, FROZEN.astimezone(UTC)))["decide"]
    assert decision["big"] == "3 weeks"
    assert decision["what"] == "unread"

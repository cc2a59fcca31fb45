"""Freezing: when, once, as of when; what is found later; what is made again is the same to the byte."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pytest_django import Settings

from audiences.models import Activation
from muster.models import Event, Installation, Person
from muster.redis_server import RedisServer
from reconciliation import freezing
from reconciliation.models import Correction, Report
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


@pytest.fixture
def used(one: Activation) -> Activation:
    """A list that was there before all weeks of a test, and is judged by the judge."""
    Activation.objects.update(created_at=FROZEN - 10 * WEEK)
    return one


def test_two_ticks_freeze_once(used: Activation) -> None:
    assert freezing.freeze_due(at=FROZEN - MINUTE) == 1, "the week before, in the first week of all"
    assert freezing.freeze_due(at=FROZEN) == 1
    assert freezing.freeze_due(at=FROZEN + MINUTE) == 0
    assert freezing.freeze(MONDAY, at=FROZEN + MINUTE) is None
    report = Report.objects.latest("monday")
    assert (report.monday, report.frozen_at) == (MONDAY, FROZEN)
    assert [row["verdict"] for row in report.content["outside"]] == ["unknown"], "nothing was read of it"
    assert Event.objects.filter(verb="froze the drift report of").count() == 2
    assert not Correction.objects.exists(), "judged again from the same facts it is the same"


def test_nothing_is_frozen_without_a_list(db: None) -> None:
    assert freezing.freeze_due(at=FROZEN) == 0
    assert not Report.objects.exists()


def test_weeks_missed_in_an_outage_are_made_up_for_and_say_so(used: Activation) -> None:
    list_weeks.week(used, MONDAY - 3 * WEEK)
    freezing.freeze(MONDAY - 3 * WEEK, at=FROZEN - 3 * WEEK)
    assert freezing.freeze_due(at=FROZEN) == 3
    late = {str(found): freezing.is_late(found) for found in Report.objects.all()}
    assert late == {"2026-W44": False, "2026-W45": True, "2026-W46": True, "2026-W47": False}
    assert [found.words for found in Correction.objects.all()] == [
        f"Winback at {used.destination.name}: unknown; was on target."
    ], "what was frozen is judged again from what is known now"


def test_the_workspace_says_when_it_is_monday(used: Activation) -> None:
    home = Installation.current()
    home.time_zone = "America/New_York"
    home.save()
    list_weeks.week(used, MONDAY - WEEK)
    freezing.freeze(MONDAY - WEEK, at=FROZEN - WEEK)
    assert freezing.freeze_due(at=FROZEN) == 0
    assert freezing.freeze_due(at=FROZEN + timedelta(hours=5)) == 1
    assert Report.objects.latest("monday").content["zone"] == "America/New_York"


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


def test_what_is_judged_otherwise_later_is_a_correction(one: Activation) -> None:
    row = list_weeks.week(one, verdict="drifting")
    stored = freezing.freeze(MONDAY, at=FROZEN)
    assert stored
    assert freezing.correct_from(stored, [row], FROZEN + MINUTE) == 0, "the same judgement corrects nothing"

    row.verdict, row.missing_low, row.missing_high = "on_target", 0, 0
    assert [freezing.correct_from(stored, [row], FROZEN + tick * MINUTE) for tick in range(1, 4)] == [1, 0, 0]
    row.verdict, row.missing_low, row.missing_high = "drifting", 2_700, 4_800
    assert freezing.correct_from(stored, [row], FROZEN + 9 * MINUTE) == 1

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


def test_the_clock_asks_for_a_worker_until_it_is_frozen(redis: RedisServer, settings: Settings) -> None:
    settings.TICK_SECONDS = 10
    asked = [freezing.ring_due(at=FROZEN + timedelta(seconds=second)) for second in range(0, 600, 10)]

    assert sum(asked) == 4  # two ticks each five minutes
    for monday in freezing.open_weeks(FROZEN):
        freezing.freeze(monday, at=FROZEN)
    assert freezing.ring_due(at=FROZEN) == 0

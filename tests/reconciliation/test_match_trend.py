"""Weeks of match rates and what arrived last, worked out of readings in the database."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from audiences.models import Activation, Arrival
from reconciliation import arrived, match_trend
from reconciliation.models import Reading
from reconciliation.readers.seen import State
from tests.syncs import run_rows

from . import readings

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 9, 20, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def made() -> Activation:
    """A list that has been sent for long."""
    one = run_rows.list_of("Cart")
    run_rows.run_of(one, created_at=NOW - 200 * DAY)
    return one


def entered(one: Activation, as_of: datetime, low: int | None, *, at: datetime, rate: int | None = None) -> None:
    for quantity, value in (("members", low), ("match_rate", None if rate is None else rate * 10)):
        Reading(
            activation=one,
            quantity=quantity,
            low=value,
            high=value,
            basis="manual",
            source="manual",
            as_of=as_of,
            fetched_at=at,
        ).save()


def weeks(one: Activation) -> dict[str, Any]:
    return {
        week: said.get("gap") or (round(said["low"]), round(said["high"]))
        for week, said in match_trend.keep(one.pk, at=NOW).weeks.items()
    }


def test_a_vendor_that_was_down_leaves_a_gap_and_no_zero(made: Activation) -> None:
    readings.weekly(made, NOW, [52, 53, None, 54])
    assert weeks(made) == {"2026-W45": (50, 54), "2026-W46": (51, 55), "2026-W48": (52, 56)}


def test_what_is_unknown_has_no_rate(made: Activation) -> None:
    readings.read(made, NOW - 8 * DAY, None)
    readings.read(made, NOW - HOUR, 8_700, 9_300)
    assert weeks(made) == {"2026-W46": "not reported", "2026-W48": (54, 58)}


def test_the_newest_settled_reading_of_a_week_counts(made: Activation) -> None:
    monday = NOW - HOUR
    readings.read(made, monday - 3 * HOUR, 8_000, 8_200)
    readings.read(made, monday - 2 * HOUR, 8_700, 9_300)
    readings.read(made, monday - HOUR, 9_900, 9_950, states=(State("operation_status", "441"),))
    assert weeks(made) == {"2026-W48": (54, 58)}


def test_a_list_that_was_just_filled_is_not_judged() -> None:
    one = run_rows.list_of("New")
    run_rows.run_of(one, created_at=NOW - 4 * DAY)
    readings.read(one, NOW - 4 * DAY + HOUR, 100, 120)
    readings.read(one, NOW - HOUR, 8_700, 9_300)
    assert weeks(one) == {"2026-W47": "settling", "2026-W48": (54, 58)}


def test_more_people_at_once_settle_anew(made: Activation) -> None:
    readings.read(made, NOW - 30 * HOUR, 500, 550, accepted=1_000)
    readings.read(made, NOW - 20 * HOUR, 500, 550, accepted=9_000)
    readings.read(made, NOW - 2 * HOUR, 3_000, 3_300, accepted=9_000)

    readings.kept(made, NOW)

    assert weeks(made) == {"2026-W47": (50, 55), "2026-W48": "settling"}
    found = Arrival.objects.get(activation=made)
    assert found.readiness == "settling"
    assert (found.size_low, found.accepted, found.rate_low) == (3_000, 9_000, None)


def test_keeping_up_gives_what_working_it_all_out_gives(made: Activation) -> None:
    for back in reversed(range(30)):
        at = NOW - back * 2 * DAY
        readings.read(made, at, 8_000 + 40 * back, 8_500 + 40 * back)
        kept = match_trend.keep(made.pk, at=at)
    known = kept.weeks

    kept.delete()

    assert match_trend.keep(made.pk, at=NOW).weeks == known


def test_an_import_of_the_past_reaches_its_weeks_and_is_no_news(made: Activation) -> None:
    readings.read(made, NOW - HOUR, 8_700, 9_300)
    readings.kept(made, NOW)
    entered(made, NOW - 30 * DAY, 8_000, at=NOW + HOUR, rate=49)

    found = match_trend.keep(made.pk, at=NOW + 2 * HOUR)
    arrived.keep(made.pk, at=NOW + 2 * HOUR)

    assert sorted(found.weeks) == ["2026-W43", "2026-W48"]
    assert found.weeks["2026-W43"]["low"] == 48.5
    assert Arrival.objects.get().size_low == 8_700


def test_a_correction_replaces_what_it_corrects(made: Activation) -> None:
    as_of = NOW - 10 * DAY
    entered(made, as_of, 8_000, at=NOW - 2 * HOUR, rate=49)
    match_trend.keep(made.pk, at=NOW - HOUR)
    entered(made, as_of, None, at=NOW, rate=None)

    assert match_trend.keep(made.pk, at=NOW).weeks == {"2026-W46": {"gap": "not reported"}}
    assert Reading.objects.count() == 4


def test_what_was_entered_today_is_of_the_people_held_now(made: Activation) -> None:
    made.members = 16_000
    made.save()
    entered(made, NOW - HOUR, 8_000, at=NOW - HOUR)

    found = arrived.keep(made.pk, at=NOW)

    assert found is not None
    assert (found.accepted, found.rate_low, found.readiness) == (16_000, 50.0, "usable")


def test_only_26_weeks_are_kept(made: Activation) -> None:
    readings.weekly(made, NOW - 20 * 7 * DAY, [50.0] * 26)
    assert len(match_trend.keep(made.pk, at=NOW).weeks) == 6


def test_nothing_read_is_nothing_kept(made: Activation) -> None:
    assert match_trend.keep(made.pk, at=NOW).weeks == {}
    assert arrived.keep(made.pk, at=NOW) is None
    assert not Arrival.objects.exists()


def test_what_is_expected_is_kept_beside(made: Activation) -> None:
    assert match_trend.keep(made.pk, at=NOW).expected == [30.0, 80.0]
    made.audience.definitions.update(match_low=None, match_high=None)
    assert match_trend.keep(made.pk, at=NOW).expected == [50.0, 80.0]
    readings.weekly(made, NOW, [55.0] * 10)
    low, high = match_trend.keep(made.pk, at=NOW).expected or (0, 0)
    assert 51 < low < high < 59


def test_a_cohort_is_not_held_against_the_match_of_ads() -> None:
    one = run_rows.list_of("Seen", platform="amplitude")
    readings.weekly(one, NOW, [97.0] * 3)
    assert match_trend.keep(one.pk, at=NOW).expected is None
    (found,) = arrived.of_lists([one], NOW)
    assert found.readiness.word == "usable"


def test_many_lists_need_as_few_questions_as_one(made: Activation, django_assert_num_queries: Any) -> None:
    lists = [made, *(run_rows.list_of(f"Other {one}", platform="google_ads") for one in range(3))]
    for one in lists:
        readings.weekly(one, NOW, [55.0, 56.0])
    with django_assert_num_queries(6):
        found = arrived.of_lists(lists, NOW)
    assert [one.activation.pk for one in found] == [one.pk for one in lists]
    assert all(one.learned == 2 for one in found)

"""Due times: each wall-clock slot exactly once through every change of clocks, and the same whoever asks when."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncs.schedule import DAILY, INTERVAL, MANUAL, WEEKLY, Rhythm, due_after, due_between, jitter, period

ZONES = (
    "America/New_York",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Atlantic/Azores",
    "Africa/Casablanca",
    "Asia/Tehran",
    "Australia/Lord_Howe",
    "Europe/London",
    "Pacific/Auckland",
    "Pacific/Chatham",
)
TEN_YEARS = datetime(2016, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
TIMES = (time(0, 0), time(1, 30), time(2, 30), time(3, 0), time(23, 59))
INSTANTS = st.integers(0, 20 * 365 * 86_400).map(lambda seconds: TEN_YEARS[0] + timedelta(seconds=seconds))
RHYTHMS = st.builds(
    Rhythm,
    kind=st.sampled_from([INTERVAL, DAILY, WEEKLY]),
    minutes=st.sampled_from([15, 30, 60, 120, 360, 720, 1440]),
    at=st.times().map(lambda one: one.replace(second=0, microsecond=0)),
    weekday=st.integers(0, 6),
    zone=st.sampled_from(ZONES),
    jitter=st.integers(0, 299).map(lambda seconds: timedelta(seconds=seconds)),
)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("at", TIMES)
def test_every_day_of_ten_years_is_due_once(zone: str, at: time) -> None:
    found = list(due_between(Rhythm(DAILY, at=at, zone=zone), *TEN_YEARS))

    local = [due.astimezone(ZoneInfo(zone)) for due in found]
    days = [one.date() for one in local]
    assert days == [days[0] + timedelta(days=n) for n in range(len(days))]
    assert len(days) in {3652, 3653, 3654}
    moved = [one for one in local if one.time() != at]
    assert all(not _exists(one.date(), at, zone) for one in moved)
    assert all(one.fold == 0 for one in local)


@pytest.mark.parametrize("zone", ZONES)
def test_every_week_of_ten_years_is_due_once(zone: str) -> None:
    found = list(due_between(Rhythm(WEEKLY, at=time(2, 30), weekday=6, zone=zone), *TEN_YEARS))

    days = [due.astimezone(ZoneInfo(zone)).date() for due in found]
    assert days == [days[0] + timedelta(weeks=n) for n in range(len(days))]
    assert {day.weekday() for day in days} == {6}


def test_a_time_that_is_left_out_is_due_later_that_day_and_one_that_comes_twice_the_first_time() -> None:
    spring = due_after(Rhythm(DAILY, at=time(2, 30), zone="America/New_York"), datetime(2026, 3, 8, 5, tzinfo=UTC))
    autumn = due_after(Rhythm(DAILY, at=time(1, 30), zone="America/New_York"), datetime(2026, 11, 1, 4, tzinfo=UTC))
    next_day = due_after(
        Rhythm(DAILY, at=time(1, 30), zone="America/New_York"), datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    )

    assert spring == datetime(2026, 3, 8, 7, 30, tzinfo=UTC)  # 03:30 there
    assert autumn == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)  # 01:30, summer time still
    assert next_day == datetime(2026, 11, 2, 6, 30, tzinfo=UTC)


def test_a_day_that_a_zone_left_out_is_due_once_with_the_next() -> None:
    rhythm = Rhythm(DAILY, at=time(2, 30), zone="Pacific/Apia")  # had no 30 December 2011

    found = list(due_between(rhythm, datetime(2011, 12, 28, tzinfo=UTC), datetime(2012, 1, 3, tzinfo=UTC)))

    days = [due.astimezone(ZoneInfo("Pacific/Apia")).date().isoformat() for due in found]
    assert days == ["2011-12-28", "2011-12-29", "2011-12-31", "2012-01-01", "2012-01-02", "2012-01-03"]


def test_an_interval_does_not_know_clocks() -> None:
    rhythm = Rhythm(INTERVAL, minutes=30, zone="America/New_York")
    night = datetime(2026, 11, 1, 4, tzinfo=UTC), datetime(2026, 11, 1, 8, tzinfo=UTC)

    assert len(list(due_between(rhythm, *night))) == 8


@given(rhythm=RHYTHMS, asked=INSTANTS)
def test_the_next_due_time_is_the_same_whenever_one_asks_before_it(rhythm: Rhythm, asked: datetime) -> None:
    due = due_after(rhythm, asked)

    assert due is not None
    assert due > asked
    assert due_after(rhythm, due - timedelta(seconds=1)) == due
    assert due_after(rhythm, asked + (due - asked) / 2) == due
    usual = period(rhythm)
    assert usual is not None
    assert due - asked <= usual + timedelta(hours=2)


@given(rhythm=RHYTHMS, asked=INSTANTS)
def test_next_is_last_due_and_a_period(rhythm: Rhythm, asked: datetime) -> None:
    first = due_after(rhythm, asked)
    assert first is not None
    following = due_after(rhythm, first)
    assert following is not None
    usual = period(rhythm)
    assert usual is not None
    if rhythm.kind == INTERVAL:
        assert following - first == usual
    else:
        assert abs(following - first - usual) <= timedelta(hours=2)


@given(number=st.integers(1, 10**9), minutes=st.sampled_from([1, 15, 30, 1440]))
def test_jitter_is_fixed_and_small(number: int, minutes: int) -> None:
    whole = timedelta(minutes=minutes)

    assert timedelta(0) <= jitter(number, whole) < max(min(timedelta(minutes=5), whole / 10), timedelta(seconds=1))
    assert jitter(number, whole) == jitter(number, whole)


def test_jitter_spreads_audiences() -> None:
    assert len({jitter(number, timedelta(minutes=30)) for number in range(300)}) > 100


def test_by_hand_is_never_due() -> None:
    assert due_after(Rhythm(MANUAL), TEN_YEARS[0]) is None
    assert period(Rhythm(MANUAL)) is None


def _exists(day: date, at: time, zone: str) -> bool:
    there = datetime.combine(day, at, tzinfo=ZoneInfo(zone))
    return there.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) == there.replace(tzinfo=None)

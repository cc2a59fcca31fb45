"""The usual level of people an ad can still reach, from past counts. Pure."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from reconciliation.exposure_level import Level, Point, hourly, level

NOW = datetime(2026, 11, 23, 9, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)


def past(*people: int | None) -> list[Point]:
    """Return one count an hour, the newest an hour ago."""
    return [(NOW - (len(people) - place) * HOUR, one) for place, one in enumerate(people)]


SAW = [0, 30, 70, 10, 45, 62]  # people come in, a run takes them


def test_the_level_goes_from_the_least_to_the_most_of_usual_hours() -> None:
    assert level(past(*SAW * 8), NOW) == Level(0, 70)


def test_a_night_without_a_key_does_not_become_usual() -> None:
    night = [120 * hour for hour in range(1, 11)]
    usual = level(past(*SAW * 8, *night), NOW)
    # Its first hour cannot be told from a slow one; the others are far off.
    assert usual == Level(0, 120)
    assert usual.is_above(240)
    assert Level(0, 70).is_above(1_126)
    assert not Level(0, 70).is_above(70)
    assert not Level(0, 70).is_above(None)


def test_a_day_is_not_enough_with_gaps_and_what_is_not_known_is_no_nought() -> None:
    assert level(past(*SAW * 3), NOW) is None
    assert level(past(*[None] * 40, *SAW), NOW) is None
    assert level(past(*[50] * 30, *[None] * 30), NOW) == Level(50, 50)


def test_an_hour_counts_once_however_often_it_was_counted() -> None:
    often = [(NOW - HOUR - minute * timedelta(minutes=1), 9_000) for minute in range(15)]
    assert level([*past(*SAW * 8), *often], NOW) == Level(0, 70)


def test_this_hour_and_what_is_older_than_a_week_do_not_count() -> None:
    old = [(NOW - timedelta(days=8) + n * HOUR, 5_000) for n in range(20)]
    assert level([*old, *past(*SAW * 8), (NOW, 69), (NOW - timedelta(minutes=5), 90)], NOW) == Level(0, 70)


@given(st.lists(st.tuples(st.integers(0, 20_000), st.none() | st.integers(0, 10**7)), max_size=60))
def test_a_trend_has_the_newest_count_of_each_hour_in_order(minutes: list[tuple[int, int | None]]) -> None:
    points = [(NOW - ago * timedelta(minutes=1), people) for ago, people in minutes]
    found = hourly(points, NOW)
    hours = [int(at.timestamp() // 3600) for at, _ in found]
    assert hours == sorted(set(hours))
    assert len(found) <= 169
    for at, _ in found:
        same = [when for when, _ in points if when.timestamp() // 3600 == at.timestamp() // 3600 and when <= NOW]
        assert at == max(same)

"""Coverage by day: falls are told once, and what was not asked for is no fall."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciliation.coverage import POINTS, Day, Fall, day_of, falls, shown
from reconciliation.coverage_chart import coverage_of
from reconciliation.markers import Marker, Switched

FIRST = date(2026, 11, 1)


def days(*shares: float | None, name: str = "phone") -> list[Day]:
    return [
        Day(FIRST + timedelta(days=at), 1_000, {} if share is None else {name: share})
        for at, share in enumerate(shares)
    ]


@pytest.mark.parametrize(
    ("shares", "told"),
    [
        ((71.4, 71.2, 58.3, 58.3), [(3, 71.4, 58.3)]),
        ((71.4, 66.4, 66.4), []),
        ((71.4, 66.3), [(2, 71.4, 66.3)]),
        ((71.4, 64.0, 58.0, 58.2), [(3, 71.4, 58.0)]),  # it went on falling: one fall
        ((70, 68.5, 67, 65.5, 64, 62.5), [(6, 70, 62.5)]),  # slowly, within a week
        ((70, None, None, 60), [(4, 70, 60)]),
        ((70, 60, 70, 60), [(4, 70, 60), (2, 70, 60)]),
        ((70, *[None] * 20, 60), [(22, 70, 60)]),  # read seldom
        ((60, 70, 80), []),
        ((), []),
    ],
)
def test_falls(shares: tuple[float | None, ...], told: list[tuple[int, float, float]]) -> None:
    assert [(one.on.day, one.was, one.now) for one in falls(days(*shares))] == told


def test_a_fall_in_words() -> None:
    fall = Fall("phone", FIRST, 71.4, 58.3)
    assert fall.sentence == "Phone coverage fell 13 points, 71.4 → 58.3%"


@given(st.lists(st.one_of(st.none(), st.floats(0, 100)), max_size=40))
def test_no_fall_is_smaller_than_said(shares: list[float | None]) -> None:
    found = falls(days(*shares))
    assert all(one.points > POINTS for one in found)
    assert len({one.on for one in found}) == len(found)


def test_a_day_counts_who_has_what() -> None:
    found = day_of(FIRST, {"people": 1_000, "email": 990, "phone": 583, "email_invalid": 4})
    assert found == Day(FIRST, 1_000, {"email": 99.0, "phone": 58.3})
    assert day_of(FIRST, {"people": 0, "email": 0}) is None
    assert day_of(FIRST, {}) is None
    assert shown([Day(FIRST, 9, {"phone": 1.0}), Day(FIRST, 9, {"email": 1.0})]) == ["email", "phone"]


def test_table_chart_and_alarms_say_the_same() -> None:
    found = coverage_of(
        days(71.4, 71.2, None, 58.3),
        [Marker(FIRST + timedelta(days=2), "segment edited")],
        [Switched(FIRST, 8, "email", "phone"), Switched(FIRST - timedelta(days=60), 4, "phone", "email")],
        FIRST + timedelta(days=9),
    )

    assert found is not None
    assert found.names == ["Phone"]
    assert [line.shares for line in found.days] == [["71.4%"], ["71.2%"], ["not asked for"], ["58.3%"]]
    assert [stop.said for stop in found.drawn.stops] == [line.said for line in found.days]
    assert found.days[2].said == "3 Nov: no identifier was asked for; 1,000 people; segment edited."
    assert found.days[3].said == "4 Nov: phone 58.3%; 1,000 people; phone fell."
    assert [one.sentence for one in found.fallen] == ["Phone coverage fell 13 points, 71.4 → 58.3%"]
    assert [one.version for one in found.switched] == [8]
    assert found.conclusion == "Of 1,000 people 58.3% have a usable phone."


def test_what_was_long_ago_is_no_alarm() -> None:
    found = coverage_of(days(71.4, 58.3), [], [], FIRST + timedelta(days=40))
    assert found is not None
    assert found.fallen == []
    assert found.days[1].happened == "phone fell"


def test_nothing_counted_is_no_chart() -> None:
    assert coverage_of([], [], [], FIRST) is None
    assert coverage_of(days(None, None), [], [], FIRST) is None

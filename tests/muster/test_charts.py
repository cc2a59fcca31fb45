"""Geometry of charts: what is known is drawn where it belongs, and a gap stays a gap."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.charts import SPARK_HEIGHT, Asked, Band, Chart, Event, Series, chart, runs, spark
from muster.plotted import Scale, Text, labels_apart, placed, ticks

FIRST = date(2026, 6, 1)


def weeks(count: int) -> list[date]:
    return [FIRST + timedelta(weeks=one) for one in range(count)]


def drawn(*values: Band | None, **more: Any) -> Chart:
    days = weeks(len(values))
    return chart(Asked(days, [Series("newest", "s1", values)], [f"week {one}" for one in range(len(values))], **more))


def points(text: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in (pair.split(",") for pair in text.split())]


def test_a_gap_parts_the_band() -> None:
    found = drawn((50, 54), (51, 55), None, (52, 56), (53, 57)).drawn[0]

    assert len(found.bands) == len(found.lines) == 2
    assert len(points(found.lines[0])) == 2
    assert len(points(found.bands[0])) == 4


def test_a_week_that_stands_alone_can_be_seen() -> None:
    (line,) = drawn(None, (50, 54), None).drawn[0].lines
    (left, _), (right, _) = points(line)
    assert right > left


def test_nothing_known_draws_nothing() -> None:
    found = drawn(None, None)
    assert found.drawn[0] == type(found.drawn[0])("s1", (), (), None, False)
    assert len(found.stops) == 2


def test_a_chart_needs_a_day() -> None:
    with pytest.raises(ValueError, match="at least one day"):
        drawn()


def test_more_people_stand_higher() -> None:
    low, high = (drawn((at, at + 4), (60, 64)).drawn[0].lines[0] for at in (40, 50))
    assert points(low)[0][1] > points(high)[0][1]


def test_outside_of_what_is_expected_the_end_is_marked() -> None:
    expected = ((62.0, 66.0),) * 2
    assert drawn((63, 65), (54, 58), expected=expected).drawn[0].out
    assert not drawn((63, 65), (54, 62), expected=expected).drawn[0].out
    assert not drawn((63, 65), (54, 58)).drawn[0].out


def test_what_was_expected_changes_where_it_changed() -> None:
    old, new = (48.0, 56.0), (62.0, 66.0)
    found = drawn(*[(50, 54)] * 4, expected=(old, old, new, new))

    assert len(found.expected) == 2
    (first, _, width, _), (second, *_) = found.expected
    assert first + width == pytest.approx(second)
    assert found.edges.count("M") == 4


def test_words_of_events_cover_neither_words_nor_lines() -> None:
    events = [Event(FIRST + timedelta(days=at), f"something rather long {at}") for at in (70, 77, 79, 100)]
    found = drawn(*[(50, 54)] * 26, events=events).events

    texts = [text for _, text in found if text.words]
    assert len(texts) == 4
    for x, text in found:
        reach = (text.x, text.x + 6.3 * len(text.words))
        for other_x, other in found:
            if other_x > x and reach[0] < other_x < reach[1]:
                assert other.y > text.y, f"{other.words} begins in {text.words}"


def test_too_many_events_keep_their_lines() -> None:
    events = [Event(FIRST + timedelta(days=one), "something long") for one in range(30, 40)]
    found = drawn(*[(50, 54)] * 26, events=events).events
    assert len(found) == 10
    assert sum(1 for _, text in found if text.words) == 4


def test_words_at_the_end_stay_within_the_chart() -> None:
    ((x, text),), _ = placed([(516.0, "words that are longer than the margin there")], 640)
    assert text.anchor == "end"
    assert text.x < x


def test_labels_that_would_cover_each_other_move_apart() -> None:
    found = labels_apart([Text(0, 50, "one"), Text(0, 48, "other"), Text(0, 200, "far")])
    assert [(one.words, one.y) for one in found] == [("other", 48), ("one", 63), ("far", 200)]


PERCENT = st.floats(0, 100)


@given(PERCENT, PERCENT)
def test_an_axis_holds_what_it_shows(one: float, other: float) -> None:
    low, high = sorted((one, other))
    found = ticks(low, high, least=18, most=100)

    assert found == sorted(found)
    assert found[0] <= low
    assert high <= found[-1]
    assert found[-1] - found[0] >= 18
    assert found[0] >= 0
    assert found[-1] <= 100
    assert 2 <= len(found) <= 8


BANDS = st.one_of(st.none(), st.tuples(PERCENT, PERCENT).map(lambda two: (min(two), max(two))))


@given(st.lists(BANDS, min_size=1, max_size=26))
def test_every_stop_has_its_place_and_nothing_leaves_the_plot(values: list[Band | None]) -> None:
    found = drawn(*values)
    left, top, right, bottom = found.plot

    assert [stop.said for stop in found.stops] == [f"week {one}" for one in range(len(values))]
    assert sum(stop.width for stop in found.stops) == pytest.approx(right - left, abs=2)
    for text in (*found.drawn[0].bands, *found.drawn[0].lines):
        for x, y in points(text):
            assert left - 3 <= x <= right + 3
            assert top - 0.1 <= y <= bottom + 0.1


@given(st.lists(BANDS, max_size=26), st.integers(1, 30))
def test_runs_hold_every_known_value_once(values: list[Band | None], joins: int) -> None:
    days = [FIRST + timedelta(days=3 * one) for one in range(len(values))]
    found = runs(values, days, joins)
    assert [place for run in found for place in run] == [at for at, value in enumerate(values) if value is not None]


# Sparklines


def test_a_flat_line_looks_flat() -> None:
    flat = spark([(54.0, 58.0)] * 10)
    steep = spark([(54.0, 58.0)] * 5 + [(66.0, 70.0)] * 5)
    assert len({y for _, y in points(flat.bands[0])}) == 2
    assert len({y for _, y in points(steep.bands[0])}) == 4


def test_the_newest_value_stays_in_the_box() -> None:
    found = spark([(95.0, 99.0), *[(20.0, 24.0)] * 3])
    assert found.end is not None
    assert 0 < found.end[1] < SPARK_HEIGHT


def test_a_sparkline_of_nothing() -> None:
    assert spark([None, None]).end is None


@given(st.lists(BANDS, min_size=1, max_size=26), BANDS)
def test_a_sparkline_keeps_to_its_box(values: list[Band | None], expected: Band | None) -> None:
    found = spark(values, expected)
    for text in found.bands:
        assert all(-1 <= y <= SPARK_HEIGHT + 1 for _, y in points(text))


def test_a_scale_of_one_value() -> None:
    assert Scale(5, 5, 40, 516).at(5) == 516

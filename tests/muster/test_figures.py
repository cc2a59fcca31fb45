"""How numbers, spans of time and points in time read."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.template import Context, Template
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from muster import figures

NEW_YORK, BERLIN = ZoneInfo("America/New_York"), ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 23, 9, 20, tzinfo=UTC)
WHOLE = st.integers(-(10**12), 10**12)


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0, 0, "0"),
        (999, 0, "999"),
        (26940, 0, "26,940"),
        (1234567, 0, "1,234,567"),
        (-1234, 0, "−1,234"),
        (-0.2, 0, "0"),
        (0.5, 0, "1"),
        (2.5, 0, "3"),
        (-2.5, 0, "−3"),
        (58.25, 1, "58.3"),
        (Decimal("71.35"), 1, "71.4"),
        (1.005, 2, "1.01"),
        (10, 1, "10.0"),
        (None, 0, "not known"),
    ],
)
def test_number(value: float | None, digits: int, text: str) -> None:
    assert figures.number(value, digits) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (12, "+12"), (-12, "−12"), (0.3, "0"), (-0.3, "0"), (1291, "+1,291"), (None, "not known")],
)
def test_signed(value: float | None, text: str) -> None:
    assert figures.signed(value) == text


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (8700, 9300, "8,700–9,300"),
        (5, 5, "5"),
        (-3, 4, "−3–4"),
        (4.1, 4.3, "4"),
        (None, 9, "at most 9"),
        (1000, None, "at least 1,000"),
        (None, None, "not known"),
    ],
)
def test_span(low: float | None, high: float | None, text: str) -> None:
    assert figures.span(low, high) == text


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (12, 100, "12%"),
        (0, 100, "0%"),
        (100, 100, "100%"),
        (1, 1000, "under 1%"),
        (999_999, 1_000_000, "over 99%"),
        (0, 0, "not known"),
        (None, 10, "not known"),
        (10, None, "not known"),
    ],
)
def test_share(part: int | None, whole: int | None, text: str) -> None:
    assert figures.share(part, whole) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.4, "under 1 s"),
        (52.9, "52 s"),
        (60, "1 m"),
        (78, "1 m 18 s"),
        (3599, "59 m 59 s"),
        (3600, "1 h"),
        (8640, "2 h 24 m"),
        (8659, "2 h 24 m"),
        (86_399, "23 h 59 m"),
        (86_400, "1 d"),
        (273_600, "3 d 4 h"),
        (-3, "0 s"),
        (None, "not known"),
    ],
)
def test_duration(seconds: float | None, text: str) -> None:
    assert figures.duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.2, "0 s"),
        (12, "12 s"),
        (59.9, "59 s"),
        (78, "1 m"),
        (1200, "20 m"),
        (33_000, "9 h 10 m"),
        (None, "not known"),
    ],
)
def test_age(seconds: float | None, text: str) -> None:
    assert figures.age(seconds) == text


@pytest.mark.parametrize(
    ("minutes", "text"),
    [
        (30, "30 min"),
        (60, "60 min"),
        (90, "90 min"),
        (120, "2 h"),
        (150, "2 h 30 m"),
        (720, "12 h"),
        (1440, "24 h"),
        (None, "not known"),
    ],
)
def test_target(minutes: int | None, text: str) -> None:
    assert figures.target(minutes) == text


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (NOW, "09:20"),
        (NOW - timedelta(hours=9), "00:20"),
        (NOW - timedelta(days=6), "Tue 17 Nov, 09:20"),
        (NOW - timedelta(days=365), "Sun 23 Nov 2025, 09:20"),
        (NOW + timedelta(days=1), "Tue 24 Nov, 09:20"),
        (None, "not known"),
    ],
)
def test_when(at: datetime | None, text: str) -> None:
    assert figures.when(at, NOW, UTC) == text


def test_today_is_the_readers_today() -> None:
    late = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
    after = late + timedelta(hours=1)
    assert figures.when(late, after, UTC) == "Mon 23 Nov, 23:30"
    assert figures.when(late, after, NEW_YORK) == "18:30"
    assert figures.when(late, after, BERLIN) == "00:30"


def test_the_hour_that_comes_twice_and_the_one_that_does_not_come() -> None:
    twice = [datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1)]
    assert [figures.clock(at, BERLIN) for at in twice] == ["02:30", "02:30"]
    assert figures.clock(datetime(2026, 3, 29, 1, 0, tzinfo=UTC), BERLIN) == "03:00"


def test_days_and_clocks_in_full() -> None:
    assert figures.day(NOW, UTC) == "Mon 23 Nov 2026"
    assert figures.full(NOW, BERLIN) == "Mon 23 Nov 2026, 10:20"
    assert figures.clock(NOW.replace(second=5), UTC, seconds=True) == "09:20:05"
    assert figures.zone_name(NEW_YORK) == "America/New York"
    assert figures.full(None, UTC) == figures.day(None, UTC) == figures.clock(None, UTC) == "not known"


@given(WHOLE)
def test_a_number_reads_back(value: int) -> None:
    text = figures.number(value)
    assert int(text.replace(",", "").replace("−", "-")) == value
    assert re.fullmatch(r"−?\d{1,3}(,\d{3})*", text)


@given(WHOLE)
def test_a_difference_and_its_opposite_mirror_each_other(value: int) -> None:
    there, back = figures.signed(value), figures.signed(-value)
    assert there.lstrip("+−") == back.lstrip("+−")
    assert (there[0], back[0]) in {("+", "−"), ("−", "+"), ("0", "0")}


@given(st.integers(0, 10**9), st.integers(1, 10**9))
def test_a_share_never_says_all_or_nothing_of_some(part: int, whole: int) -> None:
    text = figures.share(min(part, whole), whole)
    assert (text == "0%") == (part == 0)
    assert (text == "100%") == (part >= whole)


@given(st.integers(0, 10**8))
def test_a_duration_is_at_most_its_smaller_unit_short(seconds: int) -> None:
    sizes = {"d": 86_400, "h": 3600, "m": 60, "s": 1}
    units = re.findall(r"(\d+) ([dhms])", figures.duration(seconds))
    read = sum(int(count) * sizes[unit] for count, unit in units)
    assert 1 <= len(units) <= 2
    assert 0 <= seconds - read < max(sizes[units[0][1]] // 24, 60, 1)


@given(st.integers(0, 10**8), st.integers(0, 10**8))
def test_older_never_reads_younger(first: int, second: int) -> None:
    def weight(text: str) -> int:
        sizes = {"d": 86_400, "h": 3600, "m": 60, "s": 1}
        return sum(int(count) * sizes[unit] for count, unit in re.findall(r"(\d+) ([dhms])", text))

    low, high = sorted((first, second))
    assert weight(figures.age(low)) <= weight(figures.age(high))


@given(
    st.timedeltas(timedelta(days=-10_000), timedelta(days=10_000)).map(lambda away: NOW + away),
    st.sampled_from([UTC, BERLIN, NEW_YORK]),
)
def test_every_moment_says_its_clock(at: datetime, zone: ZoneInfo) -> None:
    text = figures.when(at, NOW, zone)
    assert text.endswith(f"{at.astimezone(zone):%H:%M}")
    assert ("," in text) == (at.astimezone(zone).date() != NOW.astimezone(zone).date())


# As templates write them


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ n|number }}", "26,940"),
        ("{{ none|number }}", "not known"),
        ("{{ n|signed }}", "+26,940"),
        ("{{ p|percent:1 }}", "71.4%"),
        ("{% span 8700 9300 %}", "8,700–9,300"),
        ("{% share 1 2 %}", "50%"),
        ("{{ took|duration }}", "1 m 18 s"),
        ("{{ 52|duration }}", "52 s"),
        ("{{ 1440|target }}", "24 h"),
        ("{{ seen|age }}", "12 s"),
        ("{{ none|age }}", "not known"),
        ("{{ seen|clock }}", "10:19"),
        ("{{ seen|day }}", "Mon 23 Nov 2026"),
        ("{{ seen|when }}", "10:19"),
        ("{% zone %}", "Europe/Berlin"),
        (
            "{% moment seen %}",
            '<time datetime="2026-11-23T10:19:48+01:00" title="Mon 23 Nov 2026, 10:19">10:19</time>',
        ),
        ("{% moment none %}", "not known"),
        ("{{ mixed|said }}", "adds 1,234, parts 1, 2, done yes, x not known, y a"),
    ],
)
def test_filters_and_tags(source: str, text: str) -> None:
    context = {
        "n": 26940,
        "none": None,
        "p": 71.4,
        "took": timedelta(seconds=78),
        "seen": NOW - timedelta(seconds=12),
        "mixed": {"adds": 1234, "parts": [1, 2], "done": True, "x": None, "y": "a"},
    }
    with time_machine.travel(NOW, tick=False), timezone.override(BERLIN):
        assert Template("{% load figures %}" + source).render(Context(context)) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.3, "under 1 s"), (4, "up to 4 s"), (0, "up to 0 s"), (None, "not known")]
)
def test_at_most(seconds: float | None, text: str) -> None:
    assert figures.at_most(seconds) == text


@pytest.mark.parametrize(("count", "text"), [(0, "none"), (1, "one"), (10, "ten"), (11, "11"), (1200, "1,200")])
def test_a_count_in_words(count: int, text: str) -> None:
    assert figures.in_words(count) == text

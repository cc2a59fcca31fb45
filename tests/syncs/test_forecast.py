"""Events a month and published ranges, by tables."""

from collections.abc import Sequence

import pytest

from syncs.forecast import Place, a_month, first_send, published_match, turnover

RECORD = Place("Meta", "meta")
ROWS = Place("Meta", "meta", rows=True)
TRACKED = Place("Amplitude", "amplitude", each=2)
GOOGLE = Place("Google", "google_ads", life_span_days=540)


@pytest.mark.parametrize(
    ("place", "people", "events"),
    [(RECORD, 25_001, 25_001), (ROWS, 25_001, 3), (TRACKED, 25_001, 50_002), (ROWS, 0, 0)],
)
def test_the_first_send(place: Place, people: int, events: int) -> None:
    assert first_send(place, people) == events


@pytest.mark.parametrize(
    ("place", "moves", "every", "events"),
    [
        (RECORD, 3_000.0, 60, 3_000),
        (TRACKED, 3_000.0, 60, 6_000),
        # Hourly: 720 syncs, each with an event for who enters and one for who leaves.
        (ROWS, 100_000.0, 60, 1_440),
        (ROWS, 100_000.0, 1440, 60),
        # 14.4 million of 30 syncs: 240,000 on each side, 24 events.
        (ROWS, 14_400_000.0, 1440, 1_440),
        (ROWS, 3.0, 60, 3),
        (ROWS, 0.0, 60, 0),
        # A 540 day life span: everybody again each 432 days.
        (GOOGLE, 1_000.0, 60, 1_000 + round(100_000 * 30 / 432)),
        (RECORD, 3_000.0, None, 3_000),
    ],
)
def test_a_month(place: Place, moves: float, every: int | None, events: int) -> None:
    assert a_month(place, 100_000, moves=moves, every_minutes=every) == events


def test_everybody_comes_and_goes_once_in_a_window() -> None:
    assert turnover(1_000, 720) == 2_000
    assert turnover(1_000, 24) == 60_000


@pytest.mark.parametrize(
    ("platform", "identifiers", "range_"),
    [
        ("meta", ["email"], (35, 60)),
        ("meta", ["phone", "email"], (50, 80)),
        ("google_ads", ["email"], (25, 45)),
        ("google_ads", ["email", "phone"], (40, 70)),
        ("google_ads", ["phone"], None),
        ("amplitude", ["email"], None),
    ],
)
def test_published_ranges(platform: str, identifiers: Sequence[str], range_: tuple[float, float] | None) -> None:
    assert published_match(platform, list(identifiers)) == range_

"""Bands: exact arithmetic, low end with low end, high with high."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciliation.bands import Band, band_of, exactly, known

NUMBERS = st.integers(-10_000, 10_000)
BANDS = st.tuples(NUMBERS, NUMBERS).map(lambda two: band_of(*two))


def test_a_remainder_goes_low_with_low_and_high_with_high() -> None:
    short = Band(9_920, 10_560).above(Band(8_700, 9_300))
    assert short == Band(620, 1_860)
    assert str(short.less(Band(550, 1_190))) == "70–670"


def test_a_band_is_never_upside_down() -> None:
    assert Band(10, 20).less(Band(1, 19)) == Band(1, 9)
    with pytest.raises(ValueError, match="upside down"):
        Band(2, 1)


def test_what_is_not_reported_is_no_band() -> None:
    assert known(None, None) is None
    assert known(0, 0) == exactly(0)
    assert exactly(0).is_nobody


@pytest.mark.parametrize(
    ("people", "low", "high", "found"),
    [(16_051, 62, 66, (9_951, 10_594)), (0, 10, 90, (0, 0)), (7, 0, 100, (0, 7)), (3, 50, 50, (1, 2))],
)
def test_a_share_is_rounded_outwards(people: int, low: float, high: float, found: tuple[int, int]) -> None:
    assert exactly(people).share(low, high) == Band(*found)


@given(BANDS, BANDS)
def test_a_sum_less_its_part_is_the_rest(one: Band, other: Band) -> None:
    assert (one + other).less(other) == one


@given(BANDS, BANDS)
def test_bands_that_meet_may_be_the_same_number(one: Band, other: Band) -> None:
    apart = one.above(other)
    assert one.meets(other) == (apart.low <= 0 <= apart.high)
    assert (apart.low, apart.high) == (-other.above(one).high, -other.above(one).low)


@given(st.integers(0, 100_000), st.floats(0, 100), st.floats(0, 100))
def test_a_share_stays_within_the_whole(people: int, one: float, other: float) -> None:
    part = exactly(people).share(min(one, other), max(one, other))
    assert 0 <= part.low <= part.high <= people

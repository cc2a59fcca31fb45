"""Whether removals show at a platform, with everything that rounding and match bands hide. Pure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciliation.bands import Band, exactly
from reconciliation.removals_seen import Seen, Sizes, seen

SHARE = (52.0, 58.0)


@pytest.mark.parametrize(
    ("before", "after", "removals", "additions", "found"),
    [
        (exactly(6_600), exactly(5_225), 2_500, 0, Seen.SEEN),
        (exactly(6_600), exactly(6_600), 2_500, 0, Seen.NOT_SEEN),
        (exactly(6_600), exactly(6_600), 2_500, 500, Seen.NOT_SEEN),
        (exactly(6_600), exactly(6_600), 500, 500, Seen.SEEN),  # as many came as went
        (exactly(6_600), exactly(6_875), 500, 500, Seen.NOT_SEEN),
        (Band(12_000, 13_000), Band(12_000, 13_000), 300, 0, Seen.UNKNOWN),  # both are rounded
        (Band(12_000, 13_000), Band(11_000, 12_000), 1_000, 0, Seen.UNKNOWN),
        (Band(12_000, 13_000), Band(12_000, 13_000), 9_000, 0, Seen.NOT_SEEN),
        (Band(12_000, 13_000), Band(7_000, 8_000), 9_000, 0, Seen.SEEN),
        (exactly(6_600), exactly(5_900), 2_500, 0, Seen.UNKNOWN),  # about half of them
        (exactly(6_600), exactly(6_600), 0, 40, Seen.UNKNOWN),  # nobody was removed
    ],
)
def test_table(before: Band, after: Band, removals: int, additions: int, found: Seen) -> None:
    assert seen(Sizes(before, after, removals, additions, SHARE)) == found


def test_what_may_not_show_yet_may_be_why() -> None:
    sizes = Sizes(exactly(6_600), exactly(6_600), 2_500, 0, SHARE, settling=(2_400, 0))
    assert seen(sizes) == Seen.UNKNOWN
    assert seen(Sizes(exactly(6_600), exactly(6_600), 2_500, 0, SHARE, settling=(0, 2_400))) == Seen.NOT_SEEN


def test_whoever_is_kept_and_what_is_expected() -> None:
    sizes = Sizes(exactly(6_600), exactly(6_600), 2_500, 500, SHARE)
    assert sizes.expected == Band(5_440, 5_560)
    assert sizes.kept == Band(1_040, 1_160)


bands = st.tuples(st.integers(0, 500_000), st.integers(0, 50_000)).map(lambda ends: Band(ends[0], sum(ends)))


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Sizes, float]:
    """Return what would be read where a part of the removals was applied, and that part."""
    low = draw(st.floats(1, 99))
    high = min(100.0, low + draw(st.floats(0, 10)))
    share = draw(st.floats(low, high)) / 100
    removals, additions = draw(st.integers(1, 100_000)), draw(st.integers(0, 100_000))
    late = draw(st.integers(0, 20_000)), draw(st.integers(0, 20_000))
    part, shown_a, shown_r = (draw(st.floats(0, 1)) for _ in range(3))
    size = 300_000 + draw(st.integers(0, 100_000))
    after = size + (additions + shown_a * late[0] - shown_r * late[1] - part * removals) * share
    step = draw(st.sampled_from([1, 100, 1_000]))
    rounded = [Band(int(one // step) * step, int(one // step) * step + step) for one in (size, after)]
    return Sizes(rounded[0], rounded[1], removals, additions, (low, high), late), part


@given(worlds())
def test_the_true_part_is_never_outside_of_what_is_told(world: tuple[Sizes, float]) -> None:
    sizes, part = world
    least, most = sizes.part
    assert least - 1e-6 <= part <= most + 1e-6
    if part == 1.0:
        assert seen(sizes) != Seen.NOT_SEEN
        assert sizes.expected.low <= sizes.after.high
        assert sizes.expected.high >= sizes.after.low
    if part == 0.0:
        assert seen(sizes) != Seen.SEEN


@given(bands, bands, st.integers(0, 10**6), st.integers(0, 10**6), st.floats(0, 100), st.floats(0, 100))
def test_any_figures_have_an_answer(
    before: Band, after: Band, removals: int, additions: int, one: float, other: float
) -> None:
    sizes = Sizes(before, after, removals, additions, (min(one, other), max(one, other)))
    least, most = sizes.part
    assert 0 <= least <= most <= 1
    assert 0 <= sizes.kept.low <= sizes.kept.high <= removals + 1
    assert sizes.expected.low >= 0
    assert seen(sizes) in set(Seen)

"""Match rates as bands, what is expected of them, and one of each week."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciliation.expected_match import Source, expected, learned, own_band
from reconciliation.look import Look, Row, looks, moved_at
from reconciliation.match_rate import Gap, Match, match_of
from reconciliation.quantities import Basis, Quantity
from reconciliation.usual import ENOUGH
from reconciliation.weeks import WEEKS, Point, history, key, mondays, weekly

from .looked import HOUR, NOW, figure, look

PEOPLE = st.integers(0, 10**9)


def rate(found: Match | Gap) -> tuple[float, float]:
    assert isinstance(found, Match)
    return round(found.low, 1), round(found.high, 1)


def test_a_range_of_people_is_a_band_of_percent() -> None:
    found = match_of("meta", look(figure(8_700, 9_300)), settled=True)
    assert rate(found) == (54.2, 57.9)
    assert isinstance(found, Match)
    assert (found.basis, found.accepted, found.own) == (Basis.RANGE, 16_051, False)


def test_several_identifiers_of_one_person_do_not_make_more_than_all() -> None:
    assert rate(match_of("meta", look(figure(900, 1_200), accepted=1_000), settled=True)) == (90.0, 100.0)


@pytest.mark.parametrize(
    ("seen", "settled", "gap"),
    [
        (None, True, Gap.NOT_READ),
        (look(figure(8_700, 9_300)), False, Gap.SETTLING),
        (look(figure(None)), True, Gap.NOT_REPORTED),
        (look(), True, Gap.NOT_REPORTED),
        (look(figure(0), accepted=0), True, Gap.NOBODY),
        (look(figure(50), accepted=None), True, Gap.NOT_REPORTED),
    ],
)
def test_what_is_not_known_is_a_gap(seen: Look | None, settled: bool, gap: Gap) -> None:
    assert match_of("meta", seen, settled=settled) is gap


def test_google_gives_its_own_rate_and_its_size_makes_none() -> None:
    size = figure(7_400, of=Quantity.DISPLAY, basis=Basis.ROUNDED)
    own = figure(580, of=Quantity.MATCH_RATE, axis="match_rate_percentage")

    found = match_of("google_ads", look(size, own), settled=True)

    assert rate(found) == (57.5, 58.5)
    assert isinstance(found, Match)
    assert found.own
    assert match_of("google_ads", look(size, figure(None, of=Quantity.MATCH_RATE)), settled=True) is Gap.NOT_REPORTED


def test_a_range_that_is_given_is_not_widened() -> None:
    assert rate(match_of("google_ads", look(figure(510, 600, of=Quantity.MATCH_RATE)), settled=True)) == (51.0, 60.0)
    assert rate(match_of("google_ads", look(figure(1_000, of=Quantity.MATCH_RATE)), settled=True)) == (99.5, 100.0)


def test_a_rate_given_to_one_decimal_is_rounded_less() -> None:
    found = match_of("tiktok", look(figure(554, of=Quantity.MATCH_RATE, basis=Basis.MANUAL)), settled=True)
    assert isinstance(found, Match)
    assert (round(found.low, 2), round(found.high, 2)) == (55.35, 55.45)


@given(low=PEOPLE, wider=PEOPLE, accepted=PEOPLE)
def test_a_band_stays_within_0_and_100(low: int, wider: int, accepted: int) -> None:
    found = match_of("meta", look(figure(low, low + wider), accepted=accepted), settled=True)
    if accepted == 0:
        assert found is Gap.NOBODY
    else:
        assert isinstance(found, Match)
        assert 0 <= found.low <= found.mid <= found.high <= 100


# What is expected


def test_the_definition_goes_before_history_and_published_ranges() -> None:
    long = [55.0] * ENOUGH
    both = ["email", "phone"]
    found = expected("meta", both, defined=(62, 66), before=long)
    assert found is not None
    assert (found.low, found.high, found.source) == (62, 66, Source.DEFINITION)
    found = expected("meta", both, before=long)
    assert found is not None
    assert found.source == Source.HISTORY
    found = expected("meta", both, before=long[1:])
    assert found is not None
    assert (found.low, found.high, found.words) == (50, 80, "published range")


@pytest.mark.parametrize(
    ("platform", "identifiers", "band"),
    [
        ("meta", ["email"], (35, 60)),
        ("google_ads", ["email"], (25, 45)),
        ("google_ads", ["phone", "email"], (40, 70)),
        ("meta", ["phone"], None),
        ("amplitude", ["external_id"], None),
        ("tiktok", ["email"], None),
    ],
)
def test_published_ranges(platform: str, identifiers: list[str], band: tuple[int, int] | None) -> None:
    found = expected(platform, identifiers)
    assert (found and (found.low, found.high)) == band


def test_a_quiet_list_may_move_a_little() -> None:
    low, high = own_band([55.0] * 10)
    assert 51 < low < 52
    assert 58 < high < 59


def test_one_bad_week_does_not_become_normal() -> None:
    quiet = [55.0, 54.6, 55.3, 54.9, 55.1, 55.2, 54.8, 55.0]
    assert own_band([*quiet, 20.0]) == own_band([*quiet, 55.0])


@given(st.lists(st.floats(0, 100), min_size=1, max_size=26))
def test_the_own_band_holds_its_middle_and_stays_within_percents(before: list[float]) -> None:
    low, high = own_band(before)
    known = sorted(min(max(one, 0.5), 99.5) for one in (before[:-1] or before))
    assert 0 <= low < high <= 100
    assert low < known[len(known) // 2] + 1e-6
    assert high > known[(len(known) - 1) // 2] - 1e-6


def test_learning_is_told() -> None:
    assert learned(3) == "learning 3 of 8"
    assert learned(8) == ""


# Weeks


def point(mid: float, at: datetime = NOW) -> Point:
    return Point(Match(mid - 1, mid + 1, Basis.RANGE), at)


def test_the_newest_settled_reading_of_a_week_counts() -> None:
    found = weekly(
        [(NOW + 2 * HOUR, Gap.SETTLING), (NOW, point(50)), (NOW + HOUR, point(51)), (NOW - 24 * HOUR, Gap.SETTLING)],
        UTC,
    )
    assert found == {"2026-W48": point(51), "2026-W47": Gap.SETTLING}


def test_a_week_nobody_read_is_a_gap_and_no_zero() -> None:
    weeks = history({"2026-W48": point(50), "2026-W46": Gap.NOT_REPORTED}, date(2026, 11, 23))

    assert len(weeks) == WEEKS
    assert weeks[-1].point == point(50)
    assert weeks[-1].gap is None
    assert [(one.name, one.point, one.gap) for one in weeks[-3:-1]] == [
        ("W46", None, Gap.NOT_REPORTED),
        ("W47", None, Gap.NOT_READ),
    ]


def test_a_year_with_53_weeks() -> None:
    assert key(date(2027, 1, 3)) == "2026-W53"
    assert [key(one) for one in mondays(date(2027, 1, 5), 3)] == ["2026-W52", "2026-W53", "2027-W01"]


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_weeks_follow_each_other(today: date) -> None:
    found = mondays(today)
    assert len(found) == WEEKS
    assert all(later - earlier == timedelta(7) for earlier, later in pairwise(found))
    assert found[-1] <= today < found[-1] + timedelta(7)


# Looks


def test_rows_read_together_are_one_look() -> None:
    def row(quantity: str, low: int | None, source: str = "meta", **fields: str) -> Row:
        return Row(NOW, NOW, source, quantity, fields.get("axis", ""), low, low, "range", fields.get("code", ""), "")

    (found,) = looks(
        [row("accepted", 900, "muster"), row("members", 500), row("state", None, axis="list", code="gone")]
    )

    assert (found.accepted, found.source, found.is_gone) == (900, "meta", True)
    assert found.size == figure(500, 500)


@pytest.mark.parametrize(
    ("held", "moved"),
    [
        ([], None),
        ([1_000, 1_000, 1_010], None),
        ([0, 16_000, 16_010], 1),
        ([16_000, 12_000, 12_000], 1),
        ([10_000, 11_500, 13_000], None),
    ],
)
def test_a_list_is_filled_when_a_fifth_of_it_moves(held: list[int], moved: int | None) -> None:
    known = [(NOW + at * HOUR, people) for at, people in enumerate(held)]
    began = NOW - 90 * HOUR
    assert moved_at(known, began, NOW + 9 * HOUR) == (began if moved is None else NOW + moved * HOUR)
    assert moved_at(known, None, NOW - HOUR) is None

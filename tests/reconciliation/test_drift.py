"""A list is judged against its own weeks: by tables, and by what must hold whatever the weeks are."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciliation.bands import NOBODY, Band, exactly
from reconciliation.drift import Drift, Rule, Terms, Verdict, apart, drift, drifts
from reconciliation.drift_told import learning, off_target, reason
from reconciliation.evidence import Evidence, evidence, skew, two_digits
from reconciliation.match_rate import Gap, Match
from reconciliation.quantities import Basis
from reconciliation.tolerance import Tolerance
from reconciliation.usual import usual
from reconciliation.weeks import Point, Week

MONDAY = date(2026, 1, 5)
FIVE = Terms(tolerance=5.0)
SENT = 10_000
# A quiet half-year in percent: never more than a point around 55.
QUIET = [55.0, 54.6, 55.3, 55.1, 54.8, 55.4, 54.9, 55.2, 55.0, 54.7, 55.2, 55.0]


def week(number: int, percent: float, *, half: int = 0, **fields: Any) -> Evidence:
    people = round(SENT * percent / 100)
    size = Band(max(0, people - half), people + half)
    return Evidence(MONDAY + timedelta(weeks=number), size, SENT, **fields)


def weeks(*percents: float, **fields: Any) -> list[Evidence]:
    return [week(number, one, **fields) for number, one in enumerate(percents)]


def rules(found: Sequence[Drift]) -> list[Rule | None]:
    return [one.rule for one in found]


# --- learning and hard rules ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("known", "verdict"), [(0, "learning"), (7, "learning"), (8, "on_target"), (12, "on_target")])
def test_eight_weeks_are_learned_before_a_list_is_judged(known: int, verdict: str) -> None:
    found = drift(weeks(*QUIET[:known], 55.0), FIVE)
    assert found.verdict == verdict
    assert found.learned == known
    assert learning(found) == f"learning {min(known, 8)} of 8"


def test_while_learning_a_loss_that_chance_cannot_make_is_not_waited_for() -> None:
    assert drift(weeks(55, 54, 40), FIVE).verdict == Verdict.LEARNING
    halved = drift(weeks(55, 54, 25), FIVE)
    assert (halved.verdict, halved.rule) == (Verdict.BROKEN, Rule.HALVED)
    nobody = drift(weeks(55, 0), FIVE)
    assert (nobody.verdict, nobody.rule) == (Verdict.BROKEN, Rule.NOBODY)


def test_a_list_that_ads_could_use_and_cannot_any_more_is_broken() -> None:
    found = drifts([week(0, 55, usable=True), week(1, 55, usable=False), week(2, 55, usable=True)], FIVE)
    assert [one.verdict for one in found] == [Verdict.LEARNING, Verdict.BROKEN, Verdict.LEARNING]
    assert rules(found) == [None, Rule.NOT_USABLE, None]


def test_a_list_that_was_never_usable_is_not_broken() -> None:
    hidden = Evidence(MONDAY, None, 38, why_none="Too small; Google Ads hides sizes under 100.", usable=False)
    found = drift([hidden], FIVE)
    assert (found.verdict, reason(found, "Google Ads")) == (Verdict.UNKNOWN, hidden.why_none)


def test_a_list_that_became_too_small_is_broken_without_a_size() -> None:
    gone = Evidence(MONDAY + timedelta(weeks=1), None, SENT, why_none="No size is given.", usable=False)
    assert drift([week(0, 55, usable=True), gone], FIVE).verdict == Verdict.BROKEN


# --- jump, creep, tolerance -----------------------------------------------------------------------------------------


def test_a_step_is_found_in_its_week_and_stays_until_it_returns() -> None:
    found = drifts(weeks(*QUIET, 44, 44.5, 45, 55.1), FIVE)
    assert rules(found[12:]) == [Rule.JUMP, Rule.JUMP, Rule.JUMP, None]
    first = found[12]
    assert (first.verdict, first.since) == (Verdict.DRIFTING, first.monday)
    assert first.missing.low > 0
    assert first.not_removed == NOBODY
    assert found[14].since == first.monday
    assert found[15].missing == NOBODY


def test_a_drift_does_not_become_usual_by_waiting() -> None:
    found = drifts(weeks(*QUIET, *[44.0] * 40), FIVE)
    assert set(rules(found[12:])) == {Rule.JUMP}
    assert found[-1].usual == found[12].usual


def test_an_accepted_level_starts_anew() -> None:
    accepted = [*weeks(*QUIET, 44, 44), *(week(14 + n, 44, accepted_level=n == 0) for n in range(9))]
    found = drifts(accepted, FIVE)
    assert [one.verdict for one in found[13:]] == [Verdict.DRIFTING, *[Verdict.LEARNING] * 8, Verdict.ON_TARGET]
    assert [one.learned for one in found[14:]] == list(range(9))


def test_a_week_that_was_to_be_expected_neither_alarms_nor_counts() -> None:
    known = weeks(*QUIET)
    found = drifts([*known, week(12, 44, set_aside=True), week(13, 55)], FIVE)
    assert [one.verdict for one in found[12:]] == [Verdict.ON_TARGET] * 2
    assert found[13].learned == found[12].learned


def test_creep_is_found_before_any_single_week_is_unusual() -> None:
    falling = [55 - 0.45 * n for n in range(1, 16)]
    found = drifts(weeks(*QUIET, *falling), FIVE)
    first = next(one for one in found if one.rule)
    assert first.rule == Rule.CREEP
    assert 12 <= (first.monday - MONDAY).days // 7 <= 24
    assert found[-1].verdict == Verdict.DRIFTING
    assert "little by little" in reason(first, "Meta")


def test_the_newest_week_before_is_left_out() -> None:
    assert usual([*QUIET, 20.0]) == usual([*QUIET, 55.0])
    bad, before = drifts(weeks(*QUIET, 20.0, 55.0), FIVE)[-1], drifts(weeks(*QUIET, 55.0, 55.0), FIVE)[-1]
    assert bad.verdict == before.verdict == Verdict.ON_TARGET


def test_one_bad_week_does_not_blind_the_next() -> None:
    found = drifts(weeks(*QUIET, 20.0, 55.0, 55.2, 47.0), FIVE)
    assert rules(found[12:]) == [Rule.HALVED, None, None, Rule.JUMP]


def test_what_the_definition_tolerates_is_no_drift() -> None:
    assert drift(weeks(*QUIET, 50), Terms(tolerance=5.0)).verdict == Verdict.DRIFTING
    assert drift(weeks(*QUIET, 50), Terms(tolerance=12.0)).verdict == Verdict.ON_TARGET


def test_a_list_with_lively_weeks_is_judged_by_them() -> None:
    lively = [55, 48, 60, 52, 63, 47, 57, 50, 61, 54, 49, 58.0]
    found = drift(weeks(*lively, 49), FIVE)
    assert found.verdict == Verdict.ON_TARGET
    assert found.tolerance.words.endswith("as its own weeks vary; ±5% by its definition")


def test_a_reading_whose_band_reaches_into_the_usual_is_no_alarm() -> None:
    assert drift(weeks(*QUIET, 50), FIVE).verdict == Verdict.DRIFTING
    wide = [*weeks(*QUIET), week(12, 50, half=400)]
    assert drift(wide, FIVE).verdict == Verdict.ON_TARGET


def test_people_who_came_between_both_counts_are_allowed_for() -> None:
    moving = [*weeks(*QUIET), week(12, 50, skew=skew(24_000, 1))]
    assert drift(moving, FIVE).verdict == Verdict.ON_TARGET


def test_a_rate_of_the_platform_goes_before_its_size() -> None:
    rates = [replace(one, rate=(55.0, 55.0)) for one in weeks(*[90.0] * 9)]
    assert drift(rates, FIVE).verdict == Verdict.ON_TARGET
    fell = replace(week(9, 90.0), rate=(44.5, 45.5))
    found = drift([*rates, fell], FIVE)
    assert (found.verdict, found.there) == (Verdict.DRIFTING, Band(4_450, 4_550))


# --- not removed ----------------------------------------------------------------------------------------------------


def test_people_who_stay_are_counted_apart_from_people_missing() -> None:
    found = drift(weeks(*QUIET, 66), FIVE)
    assert found.verdict == Verdict.DRIFTING
    assert found.missing == NOBODY
    assert found.not_removed.low > 0
    assert "should not be there" in reason(found, "Meta")


def test_a_destination_that_knows_everybody_is_judged_from_its_first_week() -> None:
    warehouse = Terms(tolerance=1.0, everybody=True)
    assert drift(weeks(99.8), warehouse).verdict == Verdict.ON_TARGET
    short = drift(weeks(97), warehouse)
    assert (short.verdict, short.rule) == (Verdict.DRIFTING, Rule.JUMP)
    more = drift(weeks(104), warehouse)
    assert (more.rule, more.not_removed.low > 0, more.missing) == (Rule.BEYOND, True, NOBODY)
    assert "more than were sent" in reason(more, "The warehouse")


# --- unknown --------------------------------------------------------------------------------------------------------


def test_without_a_figure_nothing_is_known_and_nothing_forgotten() -> None:
    settling = Evidence(MONDAY + timedelta(weeks=13), None, SENT, why_none="Meta is still taking people in.")
    found = drifts([*weeks(*QUIET, 44), settling, week(14, 44)], FIVE)
    assert [one.verdict for one in found[12:]] == [Verdict.DRIFTING, Verdict.UNKNOWN, Verdict.DRIFTING]
    assert reason(found[13], "Meta") == "Meta is still taking people in. It was outside since W14."
    assert found[14].since == found[12].monday


def test_the_sentence_says_what_is_missing_against_what() -> None:
    found = drift(weeks(*QUIET, 44), FIVE)
    said = reason(found, "Meta")
    assert said.startswith("Meta shows 4,400 people (44%), 20.0% fewer than expected (52–58% are usual): ")
    assert said.endswith(f"{found.missing} are missing.")
    assert off_target(found).startswith("−20.0% of ±")


@pytest.mark.parametrize(
    ("tolerance", "words"),
    [
        (Tolerance(), ""),
        (Tolerance(5.0), "±5%"),
        (Tolerance(5.0, 3.1), "±5%"),
        (Tolerance(1.0, 6.31), "±6.3%, as its own weeks vary; ±1% by its definition"),
        (Tolerance(None, 12.4), "±12%, as its own weeks vary"),
    ],
)
def test_each_list_prints_its_own_tolerance(tolerance: Tolerance, words: str) -> None:
    assert tolerance.words == words


@pytest.mark.parametrize(
    ("shown", "low", "high"),
    [(7_400, 7_350, 7_450), (64, 64, 64), (120, 115, 125), (98_000, 97_500, 98_500), (0, 0, 0)],
)
def test_two_digits_stand_for_a_band(shown: int, low: int, high: int) -> None:
    assert two_digits(shown) == Band(low, high)


@pytest.mark.parametrize("gap", Gap)
def test_a_week_without_a_rate_says_why(gap: Gap) -> None:
    found = drift([evidence(Week(MONDAY, None, gap), "Meta")], FIVE)
    assert found.verdict == Verdict.UNKNOWN
    assert "{" not in found.why_none
    assert reason(found, "Meta") == found.why_none


def test_a_week_of_the_history_is_judged_by_its_size_or_by_the_platforms_rate() -> None:
    at = datetime(2026, 1, 8, tzinfo=UTC)
    by_size = Week(MONDAY, Point(Match(54, 56, Basis.RANGE, accepted=SENT), at, (5_400, 5_600)), None)
    assert evidence(by_size, "Meta").share == (54, 56)
    own = Week(MONDAY, Point(Match(57.5, 58.5, Basis.REPORTED, own=True, accepted=SENT), at, (4_000, 4_100)), None)
    assert evidence(own, "Google Ads").share == (57.5, 58.5)


# --- properties -----------------------------------------------------------------------------------------------------

PERCENTS = st.floats(2, 98)
HISTORIES = st.lists(PERCENTS, min_size=1, max_size=40)


@given(HISTORIES, st.sampled_from([None, 1.0, 5.0, 20.0]), st.booleans())
def test_only_a_list_that_is_off_has_people_missing_and_never_both_ways(
    percents: list[float], tolerance: float | None, everybody: bool
) -> None:
    for one in drifts(weeks(*percents), Terms(tolerance, everybody)):
        assert one.missing.is_nobody or one.not_removed.is_nobody
        if not one.is_outside:
            assert one.missing == NOBODY == one.not_removed
            assert one.since is None
        else:
            assert one.since is not None


@given(HISTORIES, st.integers(1, 39))
def test_a_week_is_judged_alike_whatever_came_after_it(percents: list[float], until: int) -> None:
    every = weeks(*percents)
    assert drifts(every, FIVE)[:until] == drifts(every[:until], FIVE)


@given(st.lists(st.floats(30, 70), min_size=9, max_size=30))
def test_no_single_week_within_the_usual_band_is_a_jump(percents: list[float]) -> None:
    found = drifts(weeks(*percents), FIVE)
    for one in found:
        if one.rule == Rule.JUMP and one.since == one.monday:
            assert one.usual is not None
            assert one.share is not None
            assert one.share[1] < one.usual[0] or one.share[0] > one.usual[1]


@given(st.integers(0, 9_000), st.integers(0, 900), st.integers(0, 9_000), st.integers(0, 900))
def test_apart_never_names_people_on_both_sides(low: int, width: int, there: int, wide: int) -> None:
    missing, too_many = apart(Band(low, low + width), Band(there, there + wide))
    assert missing.is_nobody or too_many.is_nobody
    assert missing.low >= 0 <= too_many.low


def test_nothing_expected_leaves_nobody_apart() -> None:
    assert apart(None, exactly(3)) == (NOBODY, NOBODY)

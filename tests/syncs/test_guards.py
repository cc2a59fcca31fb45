"""The guards' limits, each at its edge: a plan on the edge passes, one person more is held."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncs.guards import Facts, Figures, Released, expected, judge, limits, parked


def facts(**given: Any) -> Facts:
    return Facts(**{"members": 0, "suppresses": False, **given})


def removes_held(figure: int, known: Facts, released: Released | None = None) -> bool:
    return bool(judge(Figures(wanted=1, removes=figure, adds=0), known, released)["removes"]["held"])


def adds_held(figure: int, known: Facts, released: Released | None = None) -> bool:
    return bool(judge(Figures(wanted=1, removes=0, adds=figure), known, released)["adds"]["held"])


WEEK = 168.0
LIMITS: dict[str, tuple[Facts, int, int]] = {
    # name: facts, most removals, most additions
    "50 in any case": (facts(members=10), 50, 50),
    "20 % of a targeting list": (facts(members=1000), 200, 500),
    "5 % of a suppression list": (facts(members=2000, suppresses=True), 100, 1000),
    "a share that is no whole number": (facts(members=1003), 200, 501),
    "5 % is less than 50": (facts(members=999, suppresses=True), 50, 499),
    "3 e by a window": (facts(members=1000, hours=24, window_hours=WEEK), 428, 500),
    "3 e by a window, above half": (facts(members=1000, hours=84, window_hours=WEEK), 1500, 1500),
    "a window without a Done run": (facts(members=1000, window_hours=WEEK), 200, 500),
    "3 e by history": (facts(members=1000, hours=24, past=((24, 100, 200),)), 300, 600),
    "history scaled to the hours": (facts(members=1000, hours=48, past=((24, 100, 200),)), 600, 1200),
    "a window speaks before history": (
        facts(members=1000, hours=24, window_hours=240, past=((1, 500, 500),)),
        300,
        500,
    ),
    "a window closes behind those who were added one window ago": (
        facts(members=2000, hours=2, window_hours=8, past=((2, 0, 9), (2, 0, 9), (2, 0, 9), (2, 9, 700), (2, 9, 9))),
        2100,
        1500,
    ),
    "of those who were added over longer, the part that is due": (
        facts(members=2000, hours=2, window_hours=8, past=((4, 0, 9), (8, 0, 2400))),
        1800,
        1500,
    ),
    "whole days speak where the last runs saw a night only": (
        facts(members=1000, hours=72, past=((1, 0, 0),) * 8 + ((1, 12, 18),) * 16),
        1728,
        2592,
    ),
    "less than a day is no day": (facts(members=1000, hours=72, past=((1, 0, 0),) * 8 + ((1, 9, 9),) * 15), 200, 500),
    "days of the last week, not older ones": (
        facts(members=1000, hours=24, past=((24, 100, 200),) * 7 + ((24, 900, 900),) * 90),
        300,
        600,
    ),
    "history of no time at all says nothing": (facts(members=1000, hours=24, past=((0, 900, 900),)), 200, 500),
}


@pytest.mark.parametrize("name", LIMITS)
def test_what_passes_without_a_person(name: str) -> None:
    known, removes, adds = LIMITS[name]
    assert limits(known) == (removes, adds)
    assert not removes_held(removes, known)
    assert removes_held(removes + 1, known)
    assert not adds_held(adds, known)
    assert adds_held(adds + 1, known)


def test_expected_turnover_is_the_median_of_the_last_eight_runs() -> None:
    rates = [(1.0, 9, 0)] * 4 + [(1.0, 7, 0)] * 4
    assert expected(facts(hours=10, past=tuple(rates)), 1) == 80
    assert expected(facts(hours=10, past=(*rates, (1.0, 1000, 0), (1.0, 1000, 0))), 1) == 80
    assert expected(facts(hours=10, past=((1.0, 1000, 0), *rates)), 1) == 90
    assert expected(facts(hours=10, past=()), 1) == 0
    assert expected(facts(hours=None, past=tuple(rates)), 1) == 0


def test_removals_and_additions_are_expected_apart() -> None:
    known = facts(hours=2, past=((1.0, 3, 40),))
    assert (expected(known, 1), expected(known, 2)) == (6, 80)


def test_only_the_pass_over_its_limit_is_held() -> None:
    known = facts(members=1000)
    verdict = judge(Figures(wanted=800, removes=201, adds=1), known)
    assert (verdict["removes"]["held"], verdict["adds"]["held"]) == (True, False)
    assert (verdict["removes"]["why"], verdict["adds"]["why"]) == ("guard", "")
    verdict = judge(Figures(wanted=800, removes=1, adds=501), known)
    assert (verdict["removes"]["held"], verdict["adds"]["held"]) == (False, True)
    assert verdict["adds"]["why"] == "guard"


def test_a_verdict_tells_figure_limit_and_what_was_expected() -> None:
    known = facts(members=1000, hours=24, past=((24, 100, 210.04),))
    verdict = judge(Figures(wanted=900, removes=301, adds=7), known)
    assert verdict["removes"] == {
        **{"figure": 301, "limit": 300, "expected": 100.0},
        **{"by": "turnover", "hours": 24, "window": None, "members": 1000, "share": 0.2},
        **{"held": True, "released": False, "why": "guard"},
    }
    assert verdict["adds"] == {
        **{"figure": 7, "limit": 630, "expected": 210.0},
        **{"by": "turnover", "hours": 24, "window": None, "members": 1000, "share": 0.5},
        **{"held": False, "released": False, "why": "", "first": False},
    }


@pytest.mark.parametrize(
    ("members", "leaving", "by"), [(100, 2, "floor"), (1000, 2, "share"), (1000, 100, "turnover"), (250, 0, "floor")]
)
def test_a_verdict_says_which_of_the_three_set_the_limit(members: int, leaving: int, by: str) -> None:
    known = facts(members=members, hours=24, past=((24, leaving, 0),))
    assert judge(Figures(wanted=members, removes=0, adds=0), known)["removes"]["by"] == by


@pytest.mark.parametrize("suppresses", [True, False])
def test_an_empty_audience_always_holds_however_small(suppresses: bool) -> None:
    known = facts(members=3, suppresses=suppresses)
    verdict = judge(Figures(wanted=0, removes=1, adds=0), known)
    assert (verdict["removes"]["held"], verdict["removes"]["why"]) == (True, "empty")


def test_an_audience_that_was_and_stays_empty_does_not_hold() -> None:
    verdict = judge(Figures(wanted=0, removes=0, adds=0), facts())
    assert not verdict["removes"]["held"]
    assert not verdict["adds"]["held"]


def test_an_empty_audience_of_which_everybody_opted_out_does_not_hold() -> None:
    """Opt-outs are not in the figure: they are never parked."""
    assert not judge(Figures(wanted=0, removes=0, adds=0), facts(members=900))["removes"]["held"]


def test_a_first_sync_is_not_judged_for_growth() -> None:
    assert not adds_held(1_000_000, facts(is_first=True))
    assert adds_held(51, facts(is_first=False))
    assert removes_held(51, facts(is_first=True))


RELEASES: list[tuple[str, Figures, Released, bool, bool]] = [
    # name, figures, release, removals held, additions held (of 1,000 members: 200 and 500 pass)
    ("within both", Figures(700, 300, 600), Released(300, 600), False, False),
    ("one removal more than released", Figures(700, 301, 600), Released(300, 600), True, False),
    ("one addition more than released", Figures(700, 300, 601), Released(300, 600), False, True),
    ("figures that needed no release", Figures(900, 100, 100), Released(0, 0), False, False),
    ("empty, not allowed to be", Figures(0, 1000, 0), Released(1000, 0), True, False),
    ("empty, allowed to be", Figures(0, 1000, 0), Released(1000, 0, may_empty=True), False, False),
    ("empty, allowed to be, more than released", Figures(0, 1001, 0), Released(1000, 0, may_empty=True), True, False),
    ("not empty although it might be", Figures(1, 999, 0), Released(1000, 0, may_empty=True), False, False),
]


@pytest.mark.parametrize(
    ("figures", "release", "removes", "adds"), [row[1:] for row in RELEASES], ids=[row[0] for row in RELEASES]
)
def test_a_release_lets_its_figures_pass(figures: Figures, release: Released, removes: bool, adds: bool) -> None:
    verdict = judge(figures, facts(members=1000), release)
    assert (verdict["removes"]["held"], verdict["adds"]["held"]) == (removes, adds)


def test_a_release_is_spent_only_by_what_needed_it() -> None:
    known, release = facts(members=1000), Released(300, 600)
    assert judge(Figures(700, 300, 100), known, release)["removes"]["released"]
    assert not judge(Figures(700, 300, 100), known, release)["adds"]["released"]
    assert not judge(Figures(700, 100, 100), known, release)["removes"]["released"]
    assert not judge(Figures(700, 301, 100), known, release)["removes"]["released"]


def test_parking_needs_no_figure_over_a_limit_and_is_not_released_by_one() -> None:
    verdict = judge(Figures(700, 300, 600), facts(members=1000), Released(300, 600))
    held = parked(verdict, "exclusion_unavailable", removes=False, adds=True)
    assert held["adds"]["held"]
    assert not held["adds"]["released"]
    assert held["adds"]["why"] == "exclusion_unavailable"
    assert held["removes"] == verdict["removes"]
    assert not verdict["adds"]["held"], "the verdict that was given stays as it was"


def test_nothing_is_parked_where_nothing_would_be_sent() -> None:
    verdict = judge(Figures(700, 0, 0), facts(members=1000))
    assert parked(verdict, "definition_changed", removes=True, adds=True) == verdict


figures = st.integers(0, 3000)


@given(figures, figures, figures, st.booleans(), st.integers(1, 8), figures, figures)
def test_more_people_never_make_a_guard_stricter_and_a_hold_is_always_over_50(
    members: int, removes: int, adds: int, suppresses: bool, runs: int, left: int, entered: int
) -> None:
    known = facts(members=members, suppresses=suppresses, hours=24, past=((24, left, entered),) * runs)
    more = facts(members=members + 100, suppresses=suppresses, hours=24, past=((24, left, entered),) * runs)
    if removes_held(removes, known):
        assert removes > 50
        assert removes > 3 * left or left == 0
    else:
        assert not removes_held(removes, more)
    if adds_held(adds, known):
        assert adds > max(50, 3 * entered, members * 0.5)
    else:
        assert not adds_held(adds, more)

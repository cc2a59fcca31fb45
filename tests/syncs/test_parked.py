"""The choices about a held run carry the right figures and the right consequences for the list's purpose."""

from typing import Any

import pytest

from syncs.parked import Parked, choices

from . import run_rows

pytestmark = pytest.mark.django_db

REMOVES = {"figure": 40, "limit": 10, "expected": 2.0, "held": True, "why": "guard"}
ADDS = {"figure": 900, "limit": 50, "expected": 11.0, "held": True, "why": "guard"}


def parked(purpose: str = "retarget", members: int = 100, platform: str = "meta", **verdict: Any) -> Parked:
    activation = run_rows.list_of(purpose=purpose, platform=platform)
    return choices(run_rows.held(activation, verdict=verdict), members)


def test_figures_after_releasing() -> None:
    told = parked(removes=REMOVES)

    assert (told.removes, told.adds, told.now, told.after) == (40, 0, 100, 60)
    assert told.title == "Decide on the 40 removals"
    assert told.bar.words == "Stay 60, parked removals 40 (40% of 100)"
    assert (told.bar.whole, told.bar.stay, told.bar.leave_at) == (100, 60, 60)


def test_both_passes_parked_are_named_in_the_order_they_are_sent() -> None:
    assert parked(removes=REMOVES, adds=ADDS).figures == "40 removals and 900 additions"
    assert parked("suppress", removes=REMOVES, adds=ADDS).figures == "900 additions and 40 removals"


@pytest.mark.parametrize(
    ("purpose", "side", "kept", "released"),
    [
        # removing from a suppression lets ads reach people
        ("suppress", "removes", "see no ads until somebody decides", "can be shown ads again"),
        # not adding to a suppression leaves people reachable
        ("suppress", "adds", "ads can still reach them", "more are excluded from ads"),
        # not removing from a targeting list keeps targeting people
        ("retarget", "removes", "ads can still reach them", "leave the list"),
        # not adding to a targeting list reaches fewer
        ("retarget", "adds", "stay off it", "are added"),
    ],
)
def test_consequences_follow_purpose_and_pass(purpose: str, side: str, kept: str, released: str) -> None:
    verdict: dict[str, Any] = {side: {"removes": REMOVES, "adds": ADDS}[side]}

    told = parked(purpose, **verdict)

    assert kept in " ".join(told.keep)
    assert released in " ".join(told.release)


def test_outside_of_advertising_nothing_is_said_about_ads() -> None:
    told = parked("retarget", platform="amplitude", removes=REMOVES)

    assert "ads" not in " ".join([*told.keep, *told.release, *told.drop]).split()


def test_an_emptied_list_says_so() -> None:
    told = parked(removes={**REMOVES, "figure": 100, "why": "empty"})

    assert told.may_empty
    assert "This empties the list: nobody is left on it afterwards" in told.release
    assert told.facts[0].note == "The audience is empty"


def test_what_was_sent_stays_when_the_rest_is_dropped() -> None:
    assert "the 9 changes that were accepted stay" in parked(removes=REMOVES).drop[0]


def test_one_person_is_said_in_the_singular() -> None:
    told = parked(members=1, removes={**REMOVES, "figure": 1})

    assert told.keep[0] == "1 person stays on the list"
    assert told.figures == "1 removal"


def test_a_list_that_shrank_meanwhile_never_ends_below_nobody() -> None:
    told = parked(members=10, removes=REMOVES)

    assert (told.after, told.bar.stay) == (0, 0)


@pytest.mark.parametrize(
    ("told_by", "usual", "limit"),
    [
        (
            {"by": "share", "hours": 12.0, "window": 2160.0, "members": 3184, "share": 0.05},
            "12 h since the last Done run ÷ 90 d of the segment's window, of 3,184 people",
            "5% of 3,184 people: more than 50 and than three times the expected",
        ),
        (
            {"by": "turnover", "hours": 0.25, "window": None, "members": 100, "share": 0.2},
            "15 m since the last Done run, at the pace of the runs and days before it",
            "Three times the expected, more than 50 and than 20% of 100 people. It grows with the hours",
        ),
        (
            {"by": "floor", "hours": None, "window": None, "members": 100, "share": 0.2},
            "No run is Done yet, so nothing tells what is usual",
            "The least that passes. Three times the expected and 20% of 100 people are no more",
        ),
        (  # held before the figures were kept
            {},
            "From the hours since the last Done run, and the segment's window or the last week's runs",
            "The largest of 50, three times the expected, and a share of the list. It grows with the hours",
        ),
    ],
)
def test_what_is_usual_and_the_limit_are_told_with_their_figures(
    told_by: dict[str, Any], usual: str, limit: str
) -> None:
    told = parked(removes={**REMOVES, **told_by})

    assert [fact.note for fact in told.facts] == [usual, limit]

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

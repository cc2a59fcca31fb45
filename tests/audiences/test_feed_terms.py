"""What a feed lacks, what is worth a look, and what a change says: by tables."""

from dataclasses import replace
from typing import Any

import pytest

from audiences.feed_terms import FeedTerms, Property, changes, forwards_otherwise, is_personal, lacking, warnings

COUPON = Property("coupon", "text", required=True, why="To compare coupons")
COMPLETE = FeedTerms(
    name="Coupon Shown",
    kind="exposure",
    meaning="A coupon was on screen",
    owner="Mei",
    checker="Tomas",
    pipe="events",
    places=("Warehouse",),
    properties=(COUPON,),
    signing_keys=1,
)
LACKS: dict[str, tuple[dict[str, Any], str]] = {
    "meaning": ({"meaning": ""}, "Say what happened"),
    "owner gone": ({"owner_active": False}, "Mei can no longer sign in"),
    "checker": ({"checker": ""}, "Name who checks it"),
    "pipe": ({"pipe": ""}, "Choose the pipe"),
    "a pipe that may not": ({"pipe_trouble": "The pipe serves Meta."}, "The pipe serves Meta."),
    "nowhere": ({"places": ()}, "Say where it must arrive"),
    "archived place": ({"gone_places": ("Warehouse",)}, "Warehouse is archived"),
    "no reason": ({"properties": (replace(COUPON, why=""),)}, "Say why it is kept: coupon."),
    "an address": ({"properties": (replace(COUPON, name="email"),)}, "carries no name, address or phone number"),
    "no key": ({"signing_keys": 0}, "no signing key"),
    "archived workspace": ({"workspace_archived": True}, "workspace is archived"),
}


def test_a_complete_feed_lacks_nothing() -> None:
    assert lacking(COMPLETE) == []
    assert warnings(COMPLETE) == []


@pytest.mark.parametrize("name", LACKS)
def test_each_clause_lacks_on_its_own(name: str) -> None:
    change, words = LACKS[name]
    found = lacking(replace(COMPLETE, **change))
    assert len(found) == 1
    assert words in found[0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"checker": "Mei"}, "owns it and checks it"),
        ({"kind": "assignment"}, "does not say who is held out"),
        ({"rejects_expected": 25.0}, "25% of its events are expected to be lost"),
        ({"kind": "entry", "name": "Left Cart Rescue"}, "reads like an exit"),
    ],
)
def test_what_is_worth_a_look(change: dict[str, object], words: str) -> None:
    found = warnings(replace(COMPLETE, **change))  # type: ignore[arg-type]
    assert len(found) == 1
    assert words in found[0]


def test_an_assignment_with_its_arm_is_fine() -> None:
    arm = Property("arm", "text", required=True, why="Who is held out")
    assert warnings(replace(COMPLETE, kind="assignment", properties=(arm,))) == []


@pytest.mark.parametrize("name", ["email", "E_Mail", "user_email", "phone", "mobile_number", "first_name", "address"])
def test_names_that_hold_an_address(name: str) -> None:
    assert is_personal(name)


@pytest.mark.parametrize("name", ["coupon", "emailed", "telephone_model", "product_name", "step", "mailing"])
def test_names_that_do_not(name: str) -> None:
    assert not is_personal(name)


def test_a_change_is_told_and_one_of_substance_is_known() -> None:
    words = replace(COMPLETE, meaning="A coupon could be read", owner="Priya")
    assert changes(COMPLETE, words) == [
        "Meaning: A coupon was on screen → A coupon could be read",
        "Owner: Mei → Priya",
    ]
    assert not forwards_otherwise(COMPLETE, words)
    other = replace(COMPLETE, properties=(replace(COUPON, required=False),), places=("Warehouse", "Amplitude"))
    assert changes(COMPLETE, other) == [
        "Arrives at: + Amplitude",
        "Properties: + coupon (text), − coupon (text, required)",
    ]
    assert forwards_otherwise(COMPLETE, other)
    assert changes(COMPLETE, COMPLETE) == []

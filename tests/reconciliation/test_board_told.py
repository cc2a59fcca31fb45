"""What the board says on top: one sentence for an account, and what can be done, most people exposed first. Pure."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciliation.account_told import account
from reconciliation.board_cell import Cell
from reconciliation.board_todos import Kind, todos
from reconciliation.protection import Facts, Tone, protection
from tests.reconciliation.test_protection import AIMED, FACTS, FINE, NOWHERE, PARTLY, REFUSED, old

META, GOOGLE = "Meta, NW US", "Google Ads, NW US"


def cell(label: str = "Purchased in last 7 days", place: str = META, key: int = 1, **facts: Any) -> Cell:
    known = {name: facts.pop(name) for name in list(facts) if name in Cell.__dataclass_fields__}
    return of(replace(FINE, **facts), label=label, place=place, key=key, **known)


def of(facts: Facts, **fields: Any) -> Cell:
    values: dict[str, Any] = {
        "key": 1,
        "label": "Purchased in last 7 days",
        "place": META,
        "platform": "meta",
        "people": 26_940,
        "cohort": "recent_buyers",
    }
    return Cell(facts=facts, protection=protection(facts), **{**values, **fields})


@pytest.mark.parametrize(
    ("cells", "tone", "words"),
    [
        ([], Tone.NONE, "requires nothing yet, so nobody can say."),
        ([cell()], Tone.OK, "protected: its list is fresh and excluded everywhere."),
        ([cell(), cell("Refunded")], Tone.OK, "protected: both lists are fresh and excluded everywhere."),
        ([cell(**old(hours=9), missing=1126)], Tone.BAD, "not protected for 9 h; 1,126 buyers not excluded."),
        ([cell(**old(hours=9))], Tone.BAD, "not protected for 9 h."),
        ([cell(), cell("Refunded", **old(minutes=90))], Tone.WARN, "“Refunded” is past its target."),
        ([cell(use=PARTLY), cell("Refunded")], Tone.WARN, "fresh, but three ad sets miss one list."),
        ([cell(use=NOWHERE)], Tone.BAD, "“Purchased in last 7 days” is not excluded there."),
        ([cell(stopped=REFUSED)], Tone.BAD, "“Purchased in last 7 days” is broken."),
        ([cell(), cell("Refunded", audience="")], Tone.BAD, "one of two lists missing."),
        (
            [cell(audience="", spends=False, first_spend=date(2026, 12, 1))],
            Tone.NONE,
            "its list is missing before the first spend on 1 Dec.",
        ),
        ([cell(use=None), cell("Refunded")], Tone.NONE, "nobody knows whether one of two lists protects."),
        ([cell(use=None)], Tone.NONE, "nobody knows whether its list protects."),
        ([cell(readiness="settling")], Tone.NONE, "“Purchased in last 7 days” still settles."),
        ([cell(), cell("Support", readiness="too_small")], Tone.NONE, "“Support” is too small to be used."),
        ([cell(paused="Paused.")], Tone.WARN, "“Purchased in last 7 days” is still fresh, but held up."),
        (
            [cell(**old(hours=9), missing=5), cell("Refunded", audience=""), cell("Support", use=PARTLY)],
            Tone.BAD,
            "not protected for 9 h; 5 buyers not excluded; one of three lists missing.",
        ),
    ],
)
def test_an_account_in_a_sentence(cells: list[Cell], tone: Tone, words: str) -> None:
    told = account(META, cells)
    assert (told.tone, told.words) == (tone, words)
    assert bool(told.do) == (tone != Tone.OK)


@pytest.mark.parametrize(
    ("facts", "words", "do"),
    [
        (
            {**old(hours=9), "use": NOWHERE},
            "not protected for 9 h; “Purchased in last 7 days” is not excluded there.",
            "Pause or cap its ads until the list is fresh. Also exclude “Purchased in last 7 days” in two ad sets.",
        ),
        (
            {**old(minutes=90), "use": PARTLY},
            "“Purchased in last 7 days” is past its target; three ad sets miss one list.",
            "The next sync mends it. Also exclude “Purchased in last 7 days” in three ad sets.",
        ),
        (
            {**old(minutes=90), "use": AIMED},
            "“Purchased in last 7 days” is not excluded there.",
            "Exclude it in the account now.",
        ),
        (
            {"stopped": REFUSED, "use": NOWHERE},
            "“Purchased in last 7 days” is broken; “Purchased in last 7 days” is not excluded there.",
            "Pause or cap its ads until it is mended. Also exclude “Purchased in last 7 days” in two ad sets.",
        ),
    ],
)
def test_a_list_that_is_old_and_not_excluded_says_both(facts: dict[str, Any], words: str, do: str) -> None:
    told = account(META, [cell(**facts)])
    assert (told.tone, told.words, told.do) == (told.tone, words, do)


def test_what_can_be_done_about_a_list_that_is_old_and_not_excluded_is_two_things() -> None:
    found = {one.kind: one.heading for one in todos([cell(**old(hours=9), use=PARTLY, missing=40)])}
    assert found == {
        Kind.REFRESH: "Pause or cap ads at Meta, NW US until “Purchased in last 7 days” is fresh and excluded in three ad "
        "sets, or accept 40 buyers who are not excluded.",
        Kind.ATTACH: "Exclude “Purchased in last 7 days” in three ad sets at Meta, NW US.",
    }
    aimed = cell(**old(hours=9), use=AIMED)
    assert [one.heading for one in todos([aimed]) if one.kind == Kind.ATTACH] == [
        "Exclude “Purchased in last 7 days” in one ad set that includes it at Meta, NW US."
    ]
    assert aimed.attached == "excluded in 1 of 2 active ad sets, included in 1"


def test_what_to_do_is_in_the_order_of_people_exposed() -> None:
    found = todos(
        [
            cell(key=1, use=PARTLY, list_name="NW | Purchased 7 d"),
            cell(place=GOOGLE, platform="google_ads", key=2, **old(hours=9), missing=1126, leaked=48, stopped=REFUSED),
            cell("Refunded", place=GOOGLE, key=3, **old(days=3), missing=40),
            cell("Support", place=GOOGLE, key=4, audience="", spends=False, first_spend=date(2026, 12, 1)),
            cell("Unsubscribed", place=GOOGLE, key=5, lifecycle="", spends=False, first_spend=date(2026, 12, 1)),
            cell("VIP complaints", key=6, use=None),
            cell("Small", key=7, readiness="too_small"),
        ]
    )
    assert [(one.kind, one.big) for one in found] == [
        (Kind.REFRESH, "1,126"),
        (Kind.REFRESH, "40"),
        (Kind.ATTACH, "3 ad sets"),
        (Kind.REGISTER, "2 lists"),
        (Kind.FIND_OUT, "1 list"),
    ]
    first, _, attach, register, unknown = found
    assert first.heading == (
        "Pause or cap ads at Google Ads, NW US until “Purchased in last 7 days” is fresh, or accept 1,126 buyers who are "
        "not excluded."
    )
    assert "48 of them are also inside a targeting list. Write key refused since 00:12." in first.detail
    assert attach.heading == "Exclude “NW | Purchased 7 d” in three ad sets at Meta, NW US."
    assert attach.detail == "Ad set a, ad set b, ad set c can reach any of the 26,940 buyers."
    assert register.heading == "Two lists are missing at Google Ads, NW US before the first spend on 1 Dec."
    assert unknown.heading == "Find out whether “VIP complaints” protects at Meta, NW US."


def test_nobody_counted_is_no_number_and_comes_after_those_who_are() -> None:
    unknown, counted = cell(**old(hours=9)), cell("Refunded", key=2, **old(hours=9), missing=3)
    found = todos([unknown, counted])
    assert [one.big for one in found] == ["3", "not counted"]
    assert "was not counted yet" in found[1].detail


def test_more_is_missing_than_a_dead_list_can_say() -> None:
    (broken,) = todos([cell(stopped=REFUSED, missing=12)])
    assert (broken.kind, broken.big, broken.tone) == (Kind.MEND, "12", Tone.BAD)
    (whole,) = todos([cell(stopped=REFUSED, missing=0)])
    assert "Everybody who can be is on the list" in whole.detail
    (held_up,) = todos([cell(failed="It timed out.")])
    assert (held_up.kind, held_up.heading[-28:]) == (Kind.MEND, "mended before it gets stale.")


# On a busy machine the first drawn list takes a second, which is no fault of what is tested.
LOADED = settings(suppress_health_check=[HealthCheck.too_slow])
CELLS = st.lists(
    st.builds(
        of,
        FACTS,
        key=st.integers(1, 9),
        place=st.sampled_from([META, GOOGLE]),
        missing=st.none() | st.integers(0, 5000),
        first_spend=st.none() | st.just(date(2026, 12, 1)),
    ),
    max_size=4,
)


@LOADED
@given(CELLS)
def test_protected_is_said_only_where_everything_is(cells: list[Cell]) -> None:
    told = account(META, cells)
    everything = bool(cells) and all(one.protection.protects for one in cells)
    assert (told.tone == Tone.OK) == everything == told.words.startswith("protected")
    assert told.words.endswith(".")


@LOADED
@given(CELLS)
def test_whatever_is_wrong_has_something_to_do(cells: list[Cell]) -> None:
    found = todos(cells)
    about = {id(one) for todo in found for one in todo.cells}
    for one in cells:
        if one.tone in {Tone.BAD, Tone.WARN}:
            assert id(one) in about
        if one.protection.protects:
            assert id(one) not in about
    ranks = [("bad", "warn", "none").index(todo.tone) for todo in found]
    assert ranks == sorted(ranks)

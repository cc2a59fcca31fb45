"""The content of a weekly report: sums, order, decisions, promises, bytes. Pure."""

import csv
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciliation.bands import Band
from reconciliation.report_charts import causes, columns
from reconciliation.report_csv import HEADER, csv_of
from reconciliation.report_of import canonical, digest, past_week, report_of
from reconciliation.weekly_inputs import WEEK, Happened, Inputs, Line, PastWeek, Promise, Reply

MONDAY = date(2026, 11, 16)
AT = datetime(2026, 11, 23, 6, tzinfo=UTC)
NOBODY = Band(0, 0)
VERDICTS = ("on_target", "drifting", "broken", "unknown", "learning")
KINDS = ("definition", "identity", "delivery", "removal", "match", "lag", "expiry", "unexplained", "")


def line(number: int = 1, **fields: Any) -> Line:
    values: dict[str, Any] = {
        "list": number,
        "audience": f"Audience {number}",
        "slug": f"audience-{number}",
        "place": "Meta, US",
        "platform": "meta",
        "owner": "Priya Raman",
        "verdict": "on_target",
        "as_of": AT - timedelta(hours=8),
    }
    return Line(**{**values, **fields})


def inputs(*lines: Line, **fields: Any) -> Inputs:
    values: dict[str, Any] = {"zone": UTC, "zone_name": "UTC", "workspace": "Northwind", "made_at": AT}
    return Inputs(monday=MONDAY, lines=lines, **{**values, **fields})


def drifting(number: int = 1, low: int = 100, high: int = 200, **fields: Any) -> Line:
    values: dict[str, Any] = {"verdict": "drifting", "since": MONDAY, "missing": Band(low, high), "cause": "expiry"}
    return line(number, **{**values, **fields})


def bands() -> st.SearchStrategy[Band]:
    return st.tuples(st.integers(0, 10**7), st.integers(0, 10**7)).map(lambda ends: Band(min(ends), max(ends)))


@st.composite
def lines(draw: st.DrawFn) -> tuple[Line, ...]:
    found = []
    for number in range(draw(st.integers(0, 8))):
        verdict = draw(st.sampled_from(VERDICTS))
        found.append(
            line(
                number,
                audience=draw(st.sampled_from(["VIP", "Cart", "Winback"])),
                verdict=verdict,
                since=draw(st.sampled_from([None, MONDAY, MONDAY - WEEK])),
                missing=draw(st.one_of(st.just(NOBODY), bands())),
                not_removed=draw(st.one_of(st.just(NOBODY), bands())),
                off=draw(st.one_of(st.none(), st.floats(-100, 100))),
                cause=draw(st.sampled_from(KINDS)),
                incident=draw(st.sampled_from(["", "stalled:platform:meta"])),
                owner=draw(st.sampled_from(["Ann", "Bo"])),
                reply=draw(st.one_of(st.none(), st.just(Reply("expected", "Expected", "Sale", "Ann", AT)))),
                unread_weeks=draw(st.integers(0, 3)),
            )
        )
    return tuple(found)


@given(lines())
def test_sums_hold(given_lines: tuple[Line, ...]) -> None:
    made = report_of(inputs(*given_lines))
    outside = [one for one in given_lines if one.is_outside]
    for side in ("missing", "not_removed"):
        whole = [sum(getattr(one, side).low for one in outside), sum(getattr(one, side).high for one in outside)]
        by_cause = [one["people"] for one in made["causes"] if one["side"] == side]
        assert made["totals"][side] == whole
        assert [sum(one[end] for one in by_cause) for end in (0, 1)] == whole
    listed = [one["list"] for one in [*made["outside"], *made["inside"]]]
    assert sorted(listed) == sorted(one.list for one in given_lines), "each list once"
    assert sorted(one["list"] for row in made["audiences"] for one in row["lists"]) == sorted(listed)
    totals = made["totals"]
    assert totals["judged"] + totals["learning"] == totals["audiences"] == len({one.audience for one in given_lines})
    assert totals["inside"] <= totals["judged"]
    assert sum(one["lists"] for one in made["unanswered"]) == totals["waiting"]
    assert len(columns(made["trend"])) == 1
    drawn = causes(made["causes"])
    assert len(drawn.missing) + len(drawn.kept) == len(made["causes"])


@given(lines(), st.randoms())
def test_the_same_inputs_make_the_same_bytes(given_lines: tuple[Line, ...], random: Any) -> None:
    shuffled = list(given_lines)
    random.shuffle(shuffled)
    there = [replace(one, as_of=one.as_of and one.as_of.astimezone(ZoneInfo("Asia/Tokyo"))) for one in shuffled]
    first, second = report_of(inputs(*given_lines)), report_of(inputs(*there))
    assert canonical(first) == canonical(second)
    assert digest(first) == digest(second)


def test_another_figure_makes_another_digest() -> None:
    assert digest(report_of(inputs(drifting()))) != digest(report_of(inputs(drifting(high=201))))


def test_lists_stand_by_people_lost_then_by_what_is_not_known() -> None:
    made = report_of(
        inputs(
            line(1, verdict="unknown"),
            drifting(2, 10, 20),
            drifting(3, 0, 0, not_removed=Band(500, 500)),
            line(4, verdict="learning"),
            line(5),
        )
    )
    assert [one["list"] for one in made["outside"]] == [3, 2, 1, 4]
    assert [one["list"] for one in made["inside"]] == [5]


@pytest.mark.parametrize(
    ("verdicts", "inside", "judged"),
    [
        ([("A", "on_target"), ("B", "on_target")], 2, 2),
        ([("A", "on_target"), ("A", "drifting")], 0, 1),
        ([("A", "on_target"), ("A", "unknown")], 0, 1),
        ([("A", "learning"), ("B", "on_target")], 1, 1),
        ([("A", "learning"), ("A", "broken")], 0, 1),
        ([], 0, 0),
    ],
)
def test_an_audience_stands_as_its_worst_list(verdicts: list[tuple[str, str]], inside: int, judged: int) -> None:
    found = past_week(MONDAY, verdicts)
    assert (found.inside, len(found.judged)) == (inside, judged)


def test_the_trend_has_twelve_weeks_and_says_when_its_base_changed() -> None:
    past = tuple(PastWeek(MONDAY - back * WEEK, 1, ("Audience 1", "Gone")) for back in range(1, 20))
    made = report_of(inputs(line(1), line(2), past=past))
    assert len(made["trend"]) == 12
    assert made["trend"][-1] == {"week": "2026-W47", "inside": 2, "of": 2}
    assert made["base"] == {"week": "2026-W46", "inside": 1, "of": 2, "came": ["Audience 2"], "left": ["Gone"]}
    named = [one.name for one in columns(made["trend"]) if one.name]
    assert named == ["W38", "W41", "W44", "W47"]


def promise(**fields: Any) -> Promise:
    values: dict[str, Any] = {
        "list": 1,
        "name": "Winback at Google Ads",
        "slug": "winback",
        "note": "weekly re-send",
        "by": "Tomas",
        "fix_by": date(2026, 11, 18),
        "verdict": "drifting",
        "since": MONDAY - 2 * WEEK,
        "still_since": MONDAY - 2 * WEEK,
        "missing": Band(2700, 4800),
    }
    return Promise(**{**values, **fields})


@pytest.mark.parametrize(
    ("fields", "stand"),
    [
        ({}, "not_kept"),
        ({"fix_by": date(2026, 11, 22)}, "not_kept"),
        ({"fix_by": date(2026, 11, 23)}, "running"),
        ({"verdict": "on_target", "still_since": None}, "kept"),
        ({"verdict": "unknown"}, "not_told"),
        ({"verdict": "learning"}, "not_told"),
        ({"verdict": ""}, "not_told"),
        ({"verdict": "broken"}, "not_kept"),
        ({"still_since": MONDAY}, "kept"),
    ],
)
def test_promises_are_kept_or_not(fields: dict[str, Any], stand: str) -> None:
    made = report_of(inputs(promises=(promise(**fields),)))
    assert [one["stand"] for one in made["promises"]] == [stand]
    assert [one["what"] for one in made["decide"]] == (["promise"] if stand == "not_kept" else [])


def test_a_promise_not_kept_is_the_first_decision_and_says_what_accepting_costs() -> None:
    reply = Reply("fixing", "Fixing by", "weekly re-send", "Tomas", AT - WEEK)
    made = report_of(inputs(drifting(1, 2700, 4800, reply=reply), promises=(promise(),)))
    (one,) = made["decide"]
    assert one["big"] == "3rd week"
    assert one["words"].endswith("Hold Tomas to it, or accept 2,700–4,800 fewer people.")


def test_lists_that_share_a_cause_are_one_decision() -> None:
    shared: dict[str, Any] = {"incident": "token:account:us", "since": MONDAY - WEEK}
    made = report_of(inputs(drifting(1, **shared), drifting(2, 5, 5, **shared), drifting(3, 1, 1, since=MONDAY - WEEK)))
    assert [one["head"] for one in made["decide"]] == [
        "Audience 1 at Meta, US and 1 more with the same cause: 105–205 missing, and no reply for 7 d.",
        "Audience 3 at Meta, US: 1 missing, and no reply for 7 d.",
    ]


@pytest.mark.parametrize(
    ("one", "asked"),
    [
        (drifting(), False),  # new: its owner was told today
        (drifting(verdict="broken"), True),
        (drifting(since=MONDAY - WEEK), True),
        (drifting(since=MONDAY - WEEK, reply=Reply("expected", "Expected", "Sale", "Ann", AT)), False),
        (line(verdict="unknown", unread_weeks=1), False),
        (line(verdict="unknown", unread_weeks=2), True),
        (line(verdict="learning"), False),
        (line(), False),
    ],
)
def test_what_a_manager_has_to_decide(one: Line, asked: bool) -> None:
    assert bool(report_of(inputs(one))["decide"]) is asked


def test_who_owes_replies_stands_by_age() -> None:
    made = report_of(
        inputs(drifting(1, owner="Bo"), drifting(2, owner="Ann", since=MONDAY - 2 * WEEK), drifting(3, owner="Ann"))
    )
    assert made["unanswered"] == [
        {"owner": "Ann", "lists": 2, "days": 14},
        {"owner": "Bo", "lists": 1, "days": 0},
    ]


def test_a_reading_from_before_the_week_is_said_to_be_old() -> None:
    made = report_of(inputs(line(1, as_of=AT - timedelta(days=8)), line(2), line(3, as_of=None)))
    assert [one["unsettled"] for one in made["inside"]] == [True, False, True]


@given(st.text(max_size=40), st.sampled_from("=+-@\t\r"))
def test_no_text_in_the_csv_is_a_formula(text: str, sign: str) -> None:
    evil = sign + text
    one = drifting(audience=evil, place=evil, owner=evil, cause_words=evil, reason=evil, tolerance=evil, off=-8.8)
    one = replace(one, reply=Reply("fixing", evil, evil, evil, AT))
    header, row = csv.reader(StringIO(csv_of(report_of(inputs(one)), "now"), newline=""))
    assert tuple(header) == HEADER
    cells = dict(zip(header, row, strict=True))
    assert cells.pop("drift percent") == "-8.8", "a number stays one"
    assert not [cell for cell in cells.values() if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_what_happened_stands_by_time() -> None:
    told = (Happened(AT, "second"), Happened(AT - WEEK, "first", "slug"))
    made = report_of(inputs(held=told, overrides=told, definitions=told, corrections=told))
    for name in ("held", "overrides", "definitions", "corrections"):
        assert [one["words"] for one in made[name]] == ["first", "second"]

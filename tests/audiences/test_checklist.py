"""The readiness checklist: each line from its evidence alone, with the fact and its age."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiences.checklist import Evidence, Protection, ReadBack, Stand, checklist, done

NOW = datetime(2026, 11, 23, 9, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)
READY = Evidence(
    takes=("email", "phone"),
    identifiers=("email", "phone"),
    people=1000,
    coverage={"email": 991, "phone": 542},
    read_at=NOW,
    approved_by="Helen Marchetti",
    approved_at=NOW,
    entry_rule="In",
    exit_rule="Out",
    pilot_at=NOW,
    pipe="cart-meta",
    pipe_ends="7f2c",
    pipe_state="working",
    pipe_tested_at=NOW - HOUR,
    pilot_accepted=14,
    pilot_run_at=NOW,
    pilot_removed=2,
    cadence="every 30 minutes",
    cadence_minutes=30,
    scheduled_at=NOW,
    target_minutes=30,
    newest_tone="ok",
    newest_words="Newest person read 12 m ago, target 30 min.",
    arrived_at=NOW,
    protections=(Protection("Purchased in last 7 days", NOW, stale=False),),
    checker="Grace Adeyemi",
    check_every="every Monday",
    checked_at=NOW - timedelta(days=7),
)


def line(number: str, **changed: Any) -> tuple[Stand, str, datetime | None]:
    found = next(one for one in checklist(replace(READY, **changed), NOW) if one.number == number)
    return found.stand, found.fact, found.at


def test_everything_that_can_be_known_today_is_done() -> None:
    items = checklist(READY, NOW)
    assert [one.number for one in items] == ["1", "2", "3", "4", "5", "6a", "6b", "7", "8", "9"]
    assert [one.number for one in items if one.stand != Stand.DONE] == ["6b"]
    assert done(items) == (9, 10)
    assert line("6b")[0] == Stand.UNKNOWN  # the platform's figures are not read: never called done


@pytest.mark.parametrize(
    ("number", "changed", "stand", "fact"),
    [
        ("1", {}, Stand.DONE, "Coverage: email 99% and phone 54%"),
        ("1", {"identifiers": ("external_id",)}, Stand.OPEN, "None that this list takes is chosen."),
        ("1", {"people": None}, Stand.UNKNOWN, "coverage is not known until the segment is read"),
        ("1", {"coverage": {"email": 300}}, Stand.DUE, "Fewer than half have the first one"),
        ("2", {"approved_at": None}, Stand.OPEN, "The definition is a draft."),
        ("2", {}, Stand.DONE, "No traits (ad lists hold identifiers only). Approved by Helen Marchetti"),
        ("2", {"traits": ("orders",), "ads": False}, Stand.DONE, "1 allowed: orders. Approved by Helen Marchetti"),
        ("3", {"exit_rule": ""}, Stand.OPEN, "Write the entry and the exit rule"),
        ("3", {"pilot_at": None}, Stand.OPEN, "no pilot list is set up yet"),
        ("4", {"pipe": ""}, Stand.OPEN, "No pipe yet."),
        ("4", {"pipe_state": "refused", "pipe_words": "Unknown key (401)."}, Stand.OPEN, "is refused. Unknown key"),
        ("4", {"pipe_state": "unknown"}, Stand.UNKNOWN, "was not tested yet"),
        ("4", {}, Stand.DONE, "cart-meta takes its write key, ends 7f2c"),
        (
            "4",
            {"pipe_tested_at": NOW - timedelta(days=8), "arrived_at": None},
            Stand.DUE,
            "that was long ago. Test it again.",
        ),
        ("5", {"pilot_run_at": None}, Stand.OPEN, "No sync to internal people was done yet."),
        ("5", {}, Stand.DONE, "14 internal people accepted"),
        ("6a", {"pilot_removed": 0}, Stand.DUE, "no removal was exercised yet"),
        ("6b", {"arrived_at": None}, Stand.OPEN, "Due within 72 h of the first 1,000 people or 10 %."),
        ("7", {"cadence_minutes": None}, Stand.OPEN, "says every 30 minutes, but no schedule runs"),
        ("7", {"cadence_minutes": None, "cadence": "by hand"}, Stand.OPEN, "Synced by hand. Set the schedule"),
        ("7", {"cadence_minutes": 60}, Stand.OPEN, "Runs every 60 min, and the target is 30 min."),
        ("7", {"newest_tone": "unknown"}, Stand.UNKNOWN, "no sync has arrived to measure it by"),
        ("7", {"newest_tone": "bad"}, Stand.DUE, "Measured, without the platform's own delay"),
        ("7", {"target_minutes": None}, Stand.OPEN, "Choose the cadence and the target"),
        ("8", {"protections": ()}, Stand.OPEN, "No suppression list is live at this account."),
        ("8", {"targets": False}, Stand.IDLE, "Only lists that target people with ads need them."),
        ("8", {"protections": (Protection("Buyers", None, stale=False),)}, Stand.DUE, "Buyers never arrived. Sync it"),
        ("8", {"protections": (Protection("Buyers", NOW, stale=True),)}, Stand.DUE, "older than the target"),
        ("9", {"checker": ""}, Stand.OPEN, "Choose who checks drift"),
        ("9", {"checked_at": None}, Stand.DUE, "no check is recorded yet"),
        ("9", {"checked_at": NOW - timedelta(days=9)}, Stand.DUE, "the last check is overdue"),
        ("9", {}, Stand.DONE, "Grace Adeyemi, every Monday; the last check was made"),
    ],
)
def test_each_line_says_its_fact(number: str, changed: dict[str, Any], stand: Stand, fact: str) -> None:
    found = line(number, **changed)
    assert found[0] == stand
    assert fact in found[1]


def test_a_line_carries_when_its_fact_was_so() -> None:
    assert line("1")[2] == NOW
    assert line("4")[2] == NOW  # a sync that arrived proves the pipe as well as a test
    assert line("9")[2] == NOW - timedelta(days=7)
    assert line("5", pilot_run_at=None)[2] is None


def test_no_evidence_is_never_done() -> None:
    assert not [one for one in checklist(Evidence(), NOW) if one.stand == Stand.DONE]


@given(
    st.builds(
        Evidence,
        takes=st.sampled_from([(), ("email",), ("external_id",)]),
        identifiers=st.sampled_from([(), ("email", "phone"), ("external_id",)]),
        people=st.none() | st.integers(0, 10**7),
        read_at=st.none() | st.just(NOW),
        cadence=st.sampled_from(["", "by hand", "every hour"]),
        cadence_minutes=st.none() | st.integers(0, 10**5),
        target_minutes=st.none() | st.integers(0, 10**5),
        newest_tone=st.sampled_from(["ok", "warn", "bad", "unknown"]),
        pipe_state=st.sampled_from(["", "working", "refused", "unreadable", "unknown"]),
        checked_at=st.none() | st.datetimes(timezones=st.just(UTC)),
    )
)
def test_whatever_is_known_every_line_says_something(seen: Evidence) -> None:
    items = checklist(seen, NOW)
    assert len({one.number for one in items}) == 10
    assert all(one.fact.strip() for one in items)
    count, needed = done(items)
    assert 0 <= count <= needed <= 10


BACK = ReadBack(
    platform="Meta",
    readiness="Usable",
    words="Ads can use it.",
    told="8,700–9,300 of 12,000 accepted, match 73–78%",
    settled=True,
    within=True,
    expected="60–80%",
    at=NOW - HOUR,
)


@pytest.mark.parametrize(
    ("changed", "stand", "fact"),
    [
        ({}, Stand.DONE, "Meta: Usable, 8,700–9,300 of 12,000 accepted, match 73–78%, as expected (60–80%)"),
        ({"within": False}, Stand.DUE, "match 73–78%; expected 60–80%. Ads can use it."),
        ({"within": None}, Stand.DONE, "match 73–78%. Ads can use it."),
        ({"settled": False, "readiness": "Settling", "told": ""}, Stand.DUE, "Meta: Settling. Ads can use it."),
        ({"stale": True}, Stand.UNKNOWN, "That was long ago: nothing was read since."),
    ],
)
def test_match_is_judged_by_what_the_platform_said(changed: dict[str, Any], stand: Stand, fact: str) -> None:
    found = line("6b", read_back=replace(BACK, **changed))

    assert found[0] == stand
    assert fact in found[1]
    assert found[2] == NOW - HOUR

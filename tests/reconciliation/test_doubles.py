"""Where an event is sent twice, by tables; what was refused at the door; what landed."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from audiences.data_out import DataOut
from reconciliation.doubles import Source, by_lists, doubles
from reconciliation.feed_weeks import FeedWeekTold, Landing, trouble
from reconciliation.refused_requests import refused

FEED = Source("Coupon Shown", "events", "check-1", ("Warehouse",), 20962)
OUT = DataOut("RudderStack (legacy)", "https://data.example", "check-9", ("coupon_shown", "email_sent"), False)
PIPES = {"check-1": ("events", ("Warehouse",)), "check-2": ("old", ("Warehouse", "Amplitude"))}


def test_another_event_or_a_data_out_that_is_off_doubles_nothing() -> None:
    assert doubles(FEED, [replace(OUT, events=("email_sent",))], PIPES) == []
    assert doubles(FEED, [replace(OUT, disabled=True)], PIPES) == []
    assert doubles(FEED, [], PIPES) == []


@pytest.mark.parametrize("event", ["coupon_shown", "Coupon Shown", "COUPON SHOWN"])
def test_the_same_pipe_doubles_for_sure(event: str) -> None:
    (found,) = doubles(FEED, [replace(OUT, events=(event,), write_key_check="check-1")], PIPES)
    assert found.certain
    assert found.words.startswith("reaches Warehouse twice: from Muster")
    assert "through the same pipe events" in found.words
    assert found.short == "Also sent by Customer.io's own Data Out: 20,962 twice."
    assert found.effect == "Each of the 20,962 of 24 h counts double in reports built on it."


def test_another_known_pipe_doubles_where_both_arrive() -> None:
    (found,) = doubles(FEED, [replace(OUT, write_key_check="check-2")], PIPES)
    assert (found.certain, "Warehouse twice" in found.words, "the pipe old" in found.words) == (True, True, True)
    assert doubles(replace(FEED, places=("PostHog",)), [replace(OUT, write_key_check="check-2")], PIPES) == []


def test_an_unknown_source_may_double() -> None:
    (found,) = doubles(FEED, [OUT], PIPES)
    assert not found.certain
    assert found.short == ""
    assert "https://data.example" in found.words
    assert found.effect == "If Warehouse stands behind that source too, each counts double."


def test_a_feed_without_a_key_is_not_the_same_pipe_as_a_data_out_without_one() -> None:
    (found,) = doubles(replace(FEED, key_check=""), [replace(OUT, write_key_check="")], PIPES)
    assert not found.certain


def test_musters_own_lists_send_assignments_too() -> None:
    (found,) = by_lists(FEED, {"Warehouse": ("Winback",), "Amplitude": ("VIP",)})
    assert "Muster's own list of Winback" in found.words
    assert by_lists(FEED, {"Amplitude": ("VIP",)}) == []


@pytest.mark.parametrize(
    ("unsigned", "stale", "received", "bad", "words"),
    [
        (3, 0, 100, [False], "3 requests not signed"),
        (1, 0, 0, [False], "1 request not signed"),
        (400, 0, 0, [True], "Every request is refused: 400 in 24 h"),
        (400, 0, 100, [True], "400 requests of 24 h signed with a key that Muster does not know"),
        (30, 0, 5000, [False], "30 requests not signed"),
        (0, 2, 10, [False], "2 requests carried a time"),
        (0, 50, 0, [True], "50 requests carried a time"),
    ],
)
def test_a_wall_of_401_is_a_wrong_key(unsigned: int, stale: int, received: int, bad: list[bool], words: str) -> None:
    found = refused(unsigned=unsigned, stale=stale, unreadable=0, received=received)
    assert [one.bad for one in found] == bad
    assert words in found[0].first


def test_nothing_refused_says_nothing_and_unreadable_is_told() -> None:
    assert refused(unsigned=0, stale=0, unreadable=0, received=0) == []
    assert "could not be read" in refused(unsigned=0, stale=0, unreadable=2, received=9)[0].first


MONDAY, ENDS = date(2026, 11, 16), datetime(2026, 11, 23, tzinfo=UTC)
LATER = ENDS + timedelta(hours=30)


def week(*, rows: int | None, ids: int | None, forwarded: int = 1000, read_at: datetime = LATER) -> FeedWeekTold:
    landing = Landing("Warehouse", rows, ids, "No table." if ids is None else "", read_at)
    return FeedWeekTold(MONDAY, ENDS, forwarded, forwarded, 0, 0, (landing,))


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (week(rows=1000, ids=1000), "As forwarded."),
        (week(rows=995, ids=995), "As forwarded."),
        (week(rows=900, ids=900), "100 of 1,000 forwarded are not in Warehouse."),
        (week(rows=2000, ids=2000), "Warehouse holds 1,000 more than Muster forwarded: somebody else sends"),
        (week(rows=1400, ids=1000), "400 rows are in Warehouse twice."),
        (week(rows=None, ids=None), "No table."),
        (week(rows=900, ids=900, read_at=ENDS), "Not settled"),
    ],
)
def test_what_landed_is_compared(told: FeedWeekTold, said: str) -> None:
    assert said in told.said(told.landings[0])
    amiss = said not in {"As forwarded.", "No table.", "Not settled"}
    assert trouble([told]) == (f"W47: {told.said(told.landings[0])}" if amiss else "")


def test_only_the_newest_settled_week_is_amiss() -> None:
    good = replace(week(rows=1000, ids=1000), monday=MONDAY + timedelta(weeks=1))
    assert trouble([week(rows=900, ids=900), good]) == ""
    unread = replace(week(rows=None, ids=None), monday=MONDAY + timedelta(weeks=1))
    assert trouble([week(rows=900, ids=900), unread]).startswith("W47: 100 of 1,000")
    assert trouble([]) == ""

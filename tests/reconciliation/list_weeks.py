"""Weeks of lists as the judge leaves them behind, and answers to them, for pages and for what is made of them."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from audiences.models import Activation
from muster.models import Person
from reconciliation.models import Answer, ListWeek

MONDAY = date(2026, 11, 16)  # of 2026-W47
FROZEN = datetime(2026, 11, 23, 6, tzinfo=UTC)
WEEK = timedelta(weeks=1)
DRIFTING: dict[str, Any] = {
    "verdict": "drifting",
    "rule": "outside",
    "size_low": 38_500,
    "size_high": 39_500,
    "share_low": 47.0,
    "share_high": 48.0,
    "off": -8.8,
    "missing_low": 2_700,
    "missing_high": 4_800,
    "reason": "Google Ads shows 38,500–39,500 people, 8.8% fewer than expected.",
    "cause": "expiry",
    "cause_code": "expired",
    "cause_words": "Members expired after 30 days: 2,600–4,220 people, estimated.",
    "next_step": "Send everybody again.",
}
UNKNOWN: dict[str, Any] = {
    "verdict": "unknown",
    "size_low": None,
    "size_high": None,
    "share_low": None,
    "share_high": None,
    "off": None,
    "as_of": None,
    "reason": "The table cannot be read.",
    "cause": "delivery",
}


def week(one: Activation, monday: date = MONDAY, verdict: str = "on_target", **fields: Any) -> ListWeek:
    """Judge a list in a week; on target, drifting or unknown with figures that fit. What a test cares about, it says."""
    at = datetime.combine(monday + WEEK, time(3), UTC)
    values: dict[str, Any] = {
        "verdict": verdict,
        "in_segment": 82_640,
        "accepted": 82_198,
        "size_low": 41_900,
        "size_high": 42_900,
        "share_low": 51.0,
        "share_high": 52.0,
        "expected_low": 41_500,
        "expected_high": 43_500,
        "off": -0.4,
        "tolerance": "±5%",
        "learned": 8,
        "reason": "Shows 41,900–42,900 people, as expected.",
        "as_of": at - timedelta(hours=4),
        "judged_at": at,
    }
    values |= {"drifting": DRIFTING, "unknown": UNKNOWN}.get(verdict, {})
    if verdict in {"drifting", "broken"}:
        values["since"] = monday
    return ListWeek.objects.create(activation=one, monday=monday, **{**values, **fields})


def answer(
    one: Activation, by: Person, *, monday: date = MONDAY, at: datetime = FROZEN, kind: str = "fixing", **fields: Any
) -> Answer:
    """Answer the drift of a list that began in the week of `since`, by default the week that is answered."""
    values: dict[str, Any] = {"since": monday, "note": "Send the whole list again"}
    return Answer.objects.create(activation=one, monday=monday, by=by, at=at, kind=kind, **{**values, **fields})

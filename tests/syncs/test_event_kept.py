"""What is kept of an event and what is forwarded: only what the feed allows by name and type, never an address."""

import json
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.redaction import redact
from syncs.event_kept import Kept, batch, keep, keep_unowned, refusal, track, type_of
from syncs.event_reasons import Reason
from syncs.webhook_body import read
from tests.syncs.events import COUPON, action
from tests.syncs.test_webhook_body import JSON

SENT = datetime(2026, 11, 20, 10, tzinfo=UTC)
KINDS = [
    {"name": kind, "type": kind, "required": False, "why": "a test"} for kind in ("text", "number", "yes_no", "time")
]


def kept(event: dict[str, Any], rules: Any = COUPON, *, ids_with_at: bool = False) -> Kept:
    return keep(read(orjson.dumps(event)), rules, SENT, ids_with_at=ids_with_at)


def forwarded(event: dict[str, Any], rules: Any = COUPON) -> dict[str, Any]:
    found = kept(event, rules)
    assert refusal(found, rules) is None
    return track(Kept.of(found.text), rules, name="Coupon Shown", message_id="m" * 32, feed="coupon-shown")


def test_an_event_becomes_a_track() -> None:
    assert forwarded(action(person=7)) == {
        "type": "track",
        "event": "Coupon Shown",
        "userId": "user-7",
        "messageId": "m" * 32,
        "channel": "server",
        "originalTimestamp": "2026-11-20T09:20:00+00:00",
        "context": {"muster_feed": "coupon-shown"},
        "properties": {"coupon": "TEN", "value": 10},
    }


def test_what_the_feed_does_not_allow_is_nowhere() -> None:
    event = action(email="who@example.com", properties={"coupon": "TEN", "surprise": "s3cret", "phone": "+15551234567"})

    found = kept(event).text

    assert "s3cret" not in found
    assert "who@" not in found
    assert "1555" not in found


def test_a_time_that_is_missing_is_when_it_was_sent() -> None:
    assert forwarded(action(occurred_at=None))["originalTimestamp"] == SENT.isoformat()


REFUSED = {
    "a test": (action(event_id="unsent"), COUPON, Reason.TEST, ""),
    "a test that lacks something": (action(event_id="unsent", properties={}), COUPON, Reason.TEST, "coupon"),
    "a test with nobody": (action(event_id="unsent", id=None), COUPON, Reason.NO_PERSON, ""),
    "nobody": (action(id=None), COUPON, Reason.NO_PERSON, ""),
    "an id too long": (action(id="x" * 151), COUPON, Reason.NO_PERSON, ""),
    "an address as id": (action(id="a@example.com"), COUPON, Reason.ID_LOOKS_LIKE_ADDRESS, ""),
    "a phone as id": (action(id="+1 555 123 4567"), COUPON, Reason.ID_LOOKS_LIKE_ADDRESS, ""),
    "no ISO time": (action(occurred_at="today"), COUPON, Reason.NOT_ISO_TIME, ""),
    "missing": (action(properties={}), COUPON, Reason.MISSING_PROPERTY, "coupon"),
    "missing because null": (action(properties={"coupon": None}), COUPON, Reason.MISSING_PROPERTY, "coupon"),
    "missing because empty": (action(properties={"coupon": ""}), COUPON, Reason.MISSING_PROPERTY, "coupon"),
    "wrong type, required": (action(properties={"coupon": []}), COUPON, Reason.WRONG_TYPE, "coupon"),
    "wrong type, optional": (action(properties={"coupon": "A", "value": "ten"}), COUPON, Reason.WRONG_TYPE, "value"),
    "an address": (action(properties={"coupon": "to a@example.com"}), COUPON, Reason.LOOKS_LIKE_ADDRESS, "coupon"),
    "too long a text": (action(properties={"coupon": "x" * 1001}), COUPON, Reason.TOO_LARGE, "coupon"),
    "too much in all": (
        action(properties={f"p{n}": "x" * 1000 for n in range(40)}),
        [{"name": f"p{n}", "type": "text", "required": False} for n in range(40)],
        Reason.TOO_LARGE,
        "",
    ),
}


@pytest.mark.parametrize(("event", "rules", "reason", "prop"), REFUSED.values(), ids=REFUSED)
def test_why_an_event_is_rejected(event: dict[str, Any], rules: Any, reason: Reason, prop: str) -> None:
    found = refusal(Kept.of(kept(event, rules).text), rules)

    assert found is not None
    assert found.reason == reason
    assert not prop or f"“{prop}”" in found.words
    assert len(found.words) <= 300


TYPES = [
    # type of the property, value, and what is forwarded of it: None for not kept
    ("text", "a", "a"),
    ("text", 5, "5"),
    ("text", True, None),
    ("text", "call +1 555 123 4567", None),
    ("number", 5, 5),
    ("number", "12.5", 12.5),
    ("number", "ten", None),
    ("number", True, None),
    ("number", "true", None),
    ("number", "[1]", None),
    ("yes_no", True, True),
    ("yes_no", "False", False),
    ("yes_no", 1, None),
    ("yes_no", "yes", None),
    ("time", "2026-11-20T09:20:00Z", "2026-11-20T09:20:00+00:00"),
    ("time", 1613063089, "2021-02-11T17:04:49+00:00"),
    ("time", "today", None),
    ("time", True, None),
    ("time", "2026-11-20", None),
]


@pytest.mark.parametrize(("kind", "value", "found"), TYPES)
def test_values_by_type(kind: str, value: Any, found: Any) -> None:
    of = kept(action(properties={kind: value}), KINDS)

    assert of.properties == ({} if found is None else {kind: found})
    assert (refusal(of, KINDS) is None) is (found is not None)


def test_a_workspace_may_declare_that_addresses_are_ids() -> None:
    found = kept(action(id="a@example.com"), ids_with_at=True)

    assert refusal(found, COUPON) is None
    assert found.person_id == "a@example.com"


def test_rules_that_changed_since_count() -> None:
    old = Kept.of(kept(action(properties={"value": 1})).text)

    assert refusal(old, COUPON[1:]) is None
    found = refusal(old, COUPON)
    assert found is not None
    assert found.reason == Reason.MISSING_PROPERTY


def test_of_what_nobody_owns_only_names_and_types_stay() -> None:
    values = {
        "s": "x",
        "n": 5,
        "q": "12.5",
        "b": True,
        "t": "2026-11-20T09:20:00Z",
        "o": {},
        "a@b.example": "x",
        "z": None,
    }
    found = keep_unowned(read(orjson.dumps(action(properties=values, kind=None, journey_id=None))), ids_with_at=False)

    assert found.seen == {
        "s": "text",
        "n": "number",
        "q": "number",
        "b": "yes_no",
        "t": "time",
        "o": "other",
        "[email]": "text",
    }
    assert found.properties == {}


@given(st.dictionaries(st.text(max_size=8) | st.sampled_from(["text", "number", "yes_no", "time"]), JSON, max_size=6))
def test_no_property_brings_an_address_in(values: dict[str, Any]) -> None:
    told = read(json.dumps(action(properties=values)).encode())
    rules: list[dict[str, Any]] = [*KINDS, *({"name": name, "type": "text", "required": False} for name in values)]

    found = keep(told, rules, SENT, ids_with_at=False)

    for value in found.properties.values():
        assert not isinstance(value, str) or redact(value) == value or type_of(value) == "time"
    assert orjson.loads(batch([track(found, rules, name="n", message_id="m", feed="f")]))

"""What webhooks say: both kinds, what makes an event the same again, who unsubscribed, and bodies that nobody can read."""

import json
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncs.webhook_body import CannotRead, Delivered, looks_like_address, read
from tests.syncs.events import action, report

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


def told(event: dict[str, Any]) -> Delivered:
    return read(orjson.dumps(event))


def test_an_action_of_a_workflow() -> None:
    found = told(action(person=7, arm="control", audience_key="winback"))

    assert (found.name, found.cio_id, found.person_id, found.journey_id) == ("Coupon Shown", "c000007", "user-7", "j1")
    assert found.occurred_at == datetime(2026, 11, 20, 9, 20, tzinfo=UTC)
    assert found.given == {
        "kind": "exposure",
        "audience_key": "winback",
        "arm": "control",
        "journey_id": "j1",
        "coupon": "TEN",
        "value": 10,
    }
    assert not found.opts_out


def test_a_reporting_webhook() -> None:
    event = report("opened", object_type="email", person=3, campaign_id=9, recipient="x@example.com")
    event["timestamp"] = 1613063089
    found = told(event)

    assert (found.name, found.cio_id, found.person_id, found.email) == (
        "email_opened",
        "c000003",
        "user-3",
        "person3@example.com",
    )
    assert found.occurred_at == datetime.fromtimestamp(1613063089, UTC)
    assert found.given["campaign_id"] == 9
    assert "identifiers" not in found.given


def test_the_kind_names_an_event_that_has_no_other_name() -> None:
    assert told({"kind": "segment_entered", "cio_id": "c1"}).name == "segment_entered"


def test_a_test_of_the_block_happened_to_nobody() -> None:
    found = told(action(event_id="unsent", kind="unsubscribed"))

    assert found.is_test
    assert not found.opts_out
    assert told(action(kind="unsubscribed")).opts_out


ONE = action(event_id="e1")
AGAIN = {
    "two tests": (action(event_id="unsent"), action(event_id="unsent", journey="j2"), False),
    "the same": (ONE, ONE, True),
    "another id": (ONE, action(event_id="e2"), False),
    "another event with the id": (ONE, action("Other", event_id="e1"), False),
    "the same id, other properties": (ONE, action(event_id="e1", properties={}), True),
    "no id: the same journey and time": (action(), action(properties={}), True),
    "no id: another journey": (action(), action(journey="j2"), False),
    "no id: another time": (action(), action(occurred_at="2026-11-20T09:21:00+00:00"), False),
    "no id: another arm": (action(arm="a"), action(arm="b"), False),
    "no id: another person": (action(), action(person=2), False),
    "nobody: the same bytes": ({"event": "X"}, {"event": "X"}, True),
    "nobody: other bytes": ({"event": "X"}, {"event": "X", "properties": {"a": 1}}, False),
    "neither journey nor time": (
        {"event": "X", "id": "1", "properties": {"a": 1}},
        {"event": "X", "id": "1", "properties": {"a": 2}},
        False,
    ),
    "an action and a report": (action(event_id="e1"), report() | {"event_id": "e1"}, False),
}


@pytest.mark.parametrize(("first", "second", "same"), AGAIN.values(), ids=AGAIN)
def test_what_makes_an_event_the_same(first: dict[str, Any], second: dict[str, Any], same: bool) -> None:
    assert (told(first).identity == told(second).identity) is same


def test_a_report_is_the_same_by_its_event_id() -> None:
    one = report("opened", object_type="email")

    assert told(one).identity == told(one | {"timestamp": 5}).identity
    assert told(one).identity != told(report("opened", object_type="email")).identity


WISHES = {
    "unsubscribed": (report("unsubscribed"), True),
    "unsubscribed by an email's link": (report("unsubscribed", object_type="email"), True),
    "subscribed": (report("subscribed"), False),
    "opened": (report("opened", object_type="email"), False),
    "no topic left": (report("cio_subscription_preferences_changed", content='{"topics":{"topic_1":false}}'), True),
    "some topic left": (
        report("cio_subscription_preferences_changed", content='{"topics":{"topic_1":false,"topic_2":true}}'),
        False,
    ),
    "preferences nobody can read": (report("cio_subscription_preferences_changed", content="{"), True),
    "preferences not told": (report("cio_subscription_preferences_changed"), True),
    "a workflow says so": (action("Left the newsletter", kind="unsubscribed"), True),
    "a workflow with another kind": (action("Unsubscribed page seen"), False),
}


@pytest.mark.parametrize(("event", "opts_out"), WISHES.values(), ids=WISHES)
def test_who_unsubscribes(event: dict[str, Any], opts_out: bool) -> None:
    assert told(event).opts_out is opts_out


TIMES = {
    "2026-11-20T09:20:00Z": (datetime(2026, 11, 20, 9, 20, tzinfo=UTC), False),
    "2026-11-20T11:20:00+02:00": (datetime(2026, 11, 20, 9, 20, tzinfo=UTC), False),
    1613063089: (datetime.fromtimestamp(1613063089, UTC), False),
    "1613063089": (datetime.fromtimestamp(1613063089, UTC), False),
    "": (None, False),
    None: (None, False),
    "today": (None, True),
    "2026-11-20T09:20:00": (None, True),
    "0001-01-01T00:00:00+14:00": (None, True),
    10**30: (None, True),
    True: (None, True),
}


@pytest.mark.parametrize(("value", "found"), TIMES.items())
def test_times(value: object, found: tuple[datetime | None, bool]) -> None:
    event = told(action(occurred_at=value) if value != 10**30 else action(occurred_at=f"{value}"))

    assert (event.occurred_at, event.time_is_wrong) == found


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"1", b"{", b"{}", b'{"event":""}', b'{"event":1}', b'{"kind":{}}', b"\xff", b"null", b"[" * 5000],
)
def test_bodies_that_name_no_event(body: bytes) -> None:
    with pytest.raises(CannotRead):
        read(body)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("user-1", False),
        ("1234567890", False),
        ("15551234567", False),
        ("a@x.example", True),
        ("+1 555 123 4567", True),
        ("+15551234567", True),
        ("8f14e45f-ceea-467f-ab3c-0123456789ab", False),
        ("01HV3K2Z5Q4M8N7P6R5S4T3U2V", False),
        ("", False),
    ],
)
def test_ids_that_are_addresses(text: str, is_one: bool) -> None:
    assert looks_like_address(text) is is_one


@given(st.dictionaries(st.sampled_from([*action(), *report(), "email", "event_id"]), JSON, max_size=8))
def test_any_object_is_read_or_named_unreadable(event: dict[str, Any]) -> None:
    try:
        found = read(json.dumps(event).encode())
    except CannotRead:
        return
    assert 0 < len(found.name) <= 200
    assert found.identity

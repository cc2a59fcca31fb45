"""Analytics and the warehouse behind the RudderStack stand-in: traits by identify, events by track, nothing else."""

from typing import Any

import pytest

from tests.sandbox.conftest import Ask
from tests.vendors import Vendors

TYPES = ("AMPLITUDE", "MIXPANEL", "POSTHOG", "POSTGRES")
TRAIT = "muster_aud_vip"


def identify(user: str, value: Any, message: str = "m", **traits: Any) -> dict[str, Any]:
    return {
        "type": "identify",
        "userId": user,
        "messageId": message,
        "context": {"traits": {TRAIT: value, **traits}},
    }


def track(user: str, name: str, message: str) -> dict[str, Any]:
    return {"type": "track", "userId": user, "event": name, "messageId": message, "properties": {"run_id": 1}}


@pytest.fixture(params=TYPES)
def tool(request: pytest.FixtureRequest, vendors: Vendors) -> Vendors:
    vendors.source("wk", request.param)
    return vendors


def send(gateway: Ask, *events: dict[str, Any]) -> None:
    assert gateway("/v1/batch", {"batch": events}).status_code == 200


def test_a_user_is_a_member_while_the_trait_is_true(gateway: Ask, tool: Vendors) -> None:
    send(gateway, identify("a", True), identify("b", True), identify("c", "true"), identify("d", False))
    assert tool.membership("wk", trait=TRAIT)["user_ids"] == ["a", "b"]

    send(gateway, identify("a", False))

    told = tool.membership("wk", trait=TRAIT)
    assert (told["user_ids"], told["people"], told["users"]) == (["b"], 1, 4)
    assert told["traits"] == {TRAIT: 1}


def test_the_newest_value_of_a_trait_counts(gateway: Ask, tool: Vendors) -> None:
    send(gateway, identify("a", True, city="X"), identify("a", False), identify("a", True))

    told = tool.get(tool.rudder, "/_sandbox/sources/wk/users/a")
    assert told == {"user_id": "a", "traits": {TRAIT: True, "city": "X"}}


def test_events_are_counted_by_rows_and_by_messages(gateway: Ask, tool: Vendors) -> None:
    send(gateway, track("a", "Audience Entered", "1"), track("b", "Audience Entered", "2"))
    send(gateway, track("a", "Audience Entered", "1"), track("a", "Audience Exited", "3"))

    assert tool.membership("wk")["events"] == {
        "Audience Entered": {"rows": 3, "messages": 2, "users": 2},
        "Audience Exited": {"rows": 1, "messages": 1, "users": 1},
    }


@pytest.mark.parametrize("kind", ["record", "audiencelist", "something"])
def test_lists_of_people_mean_nothing_to_them(gateway: Ask, tool: Vendors, kind: str) -> None:
    send(gateway, {"type": kind, "userId": "u", "messageId": "m"})

    told = tool.membership("wk")
    assert (told["users"], told["adds"]) == (0, 0)
    assert [(failure["code"], failure["reason"]) for failure in told["failed"]] == [(400, "Unknown event type")]


@pytest.mark.parametrize("kind", ["page", "screen", "group", "alias"])
def test_other_events_pass_by(gateway: Ask, tool: Vendors, kind: str) -> None:
    send(gateway, {"type": kind, "userId": "u"})

    told = tool.membership("wk")
    assert (told["users"], told["filtered"], told["failed"]) == (0, 1, [])


def test_a_user_nobody_sent_is_unknown(gateway: Ask, tool: Vendors) -> None:
    with pytest.raises(AssertionError, match="unknown there"):
        tool.get(tool.rudder, "/_sandbox/sources/wk/users/nobody")


def test_a_purge_forgets_users_and_events(gateway: Ask, tool: Vendors) -> None:
    send(gateway, identify("a", True), track("a", "Audience Entered", "1"))
    tool.order(tool.rudder, "/_sandbox/sources/wk/empty")

    told = tool.membership("wk", trait=TRAIT)
    assert (told["users"], told["people"], told["events"]) == (0, 0, {})

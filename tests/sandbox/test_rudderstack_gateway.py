"""The table of requests and replies in the facts about RudderStack, in its order of evaluation, to the byte."""

import base64
import gzip
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.sandbox.conftest import Ask, basic
from tests.vendors import Vendors

SINGLE = ("identify", "track", "page", "screen", "group", "alias", "merge", "audiencelist")
EVENT = {"type": "identify", "userId": "u", "messageId": "m"}
LARGEST = 4_096_000


@pytest.fixture(autouse=True)
def source(vendors: Vendors) -> Vendors:
    """Every test here has an enabled source `wk` and a disabled one `off`."""
    vendors.source("wk")
    vendors.order(vendors.rudder, "/_sandbox/sources", {"write_key": "off", "enabled": False})
    return vendors


def assert_refused(answer: requests.Response, status: int, words: str) -> None:
    """Assert Go's http.Error: the words with a newline, as plain text, not to be sniffed, and nothing else."""
    assert (answer.status_code, answer.content) == (status, f"{words}\n".encode())
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert not {"WWW-Authenticate", "Retry-After"} & answer.headers.keys()


def assert_accepted(answer: requests.Response) -> None:
    assert (answer.status_code, answer.content) == (200, b"ok")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"


def batch(*events: Any) -> dict[str, Any]:
    return {"batch": list(events)}


def body_of(length: int, **more: Any) -> bytes:
    """Return a batch of one event that has exactly this many bytes."""
    event = {**EVENT, **more, "x": ""}
    rest = length - len(json.dumps(batch(event)))
    return json.dumps(batch({**event, "x": "a" * rest})).encode()


@pytest.mark.parametrize("path", ["/v1/record", "/v2/batch", "/v1/batch/", "/internal/v1/batch", "/v1"])
def test_an_unknown_path(gateway: Ask, path: str) -> None:
    assert_refused(gateway(path, batch(EVENT)), 404, "404 page not found")
    assert_refused(gateway(path, key=None, method="GET"), 404, "404 page not found")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_known_path_with_another_method(gateway: Ask, method: str) -> None:
    answer = gateway("/v1/batch", batch(EVENT), method=method)

    assert (answer.status_code, answer.content) == (405, b"")


@pytest.mark.parametrize(
    "header",
    [
        None,
        "Bearer wk",
        "Basic",
        "Basic %%%",
        "Basic " + base64.b64encode(b"wk").decode(),
        "Basic " + base64.b64encode(b":password").decode(),
        "Basic " + base64.b64encode(b"\xff\xfe:").decode(),
    ],
)
def test_a_write_key_that_cannot_be_read(gateway: Ask, header: str | None) -> None:
    headers = {"Authorization": header} if header else {}

    answer = gateway("/v1/batch", b"not json", key=None, headers=headers)

    assert_refused(answer, 401, "failed to read writekey from header")


def test_an_unknown_write_key(gateway: Ask) -> None:
    assert_refused(gateway("/v1/batch", b"not json", key="nobody"), 401, "invalid write key")


def test_the_password_is_ignored(gateway: Ask) -> None:
    answer = gateway("/v1/batch", batch(EVENT), key=None, headers={"Authorization": basic("wk", "anything:at all")})

    assert_accepted(answer)


def test_a_disabled_source(gateway: Ask) -> None:
    assert_refused(gateway("/v1/batch", b"not json", key="off"), 404, "source is disabled")


def packed(text: bytes) -> bytes:
    return gzip.compress(text, mtime=0)


@pytest.mark.parametrize(
    "body",
    [b"not gzip", b"", packed(b"{}")[:-1], packed(b"{}")[:-4] + b"zzzz", packed(json.dumps(EVENT).encode())[:10]],
)
def test_a_body_that_cannot_be_unpacked(gateway: Ask, body: bytes) -> None:
    answer = gateway("/v1/batch", body, headers={"Content-Encoding": "gzip"})

    assert_refused(answer, 500, "failed to read body from request")


@pytest.mark.parametrize("header", ["GZIP", "x-gzip", "gzip, gzip", "deflate"])
def test_only_the_exact_word_gzip_unpacks(gateway: Ask, header: str) -> None:
    answer = gateway("/v1/batch", packed(json.dumps(batch(EVENT)).encode()), headers={"Content-Encoding": header})

    assert_refused(answer, 400, "invalid json")


@pytest.mark.parametrize("body", [b"", b"{", b"nonsense", b'{"batch": [}', b"\xff"])
def test_a_body_that_is_not_json(gateway: Ask, body: bytes) -> None:
    assert_refused(gateway("/v1/batch", body), 400, "invalid json")


@pytest.mark.parametrize("endpoint", SINGLE)
def test_an_array_where_one_event_belongs(gateway: Ask, endpoint: str) -> None:
    assert_refused(gateway(f"/v1/{endpoint}", [EVENT]), 400, "event is not a valid rudder event")


@pytest.mark.parametrize("item", [1, "text", None, [], True])
def test_an_item_of_a_batch_that_is_no_object(gateway: Ask, item: Any) -> None:
    assert_refused(gateway("/v1/batch", batch(EVENT, item)), 400, "event is not a valid rudder event")


@pytest.mark.parametrize(
    "event",
    [
        {"type": "identify"},
        {"type": "identify", "userId": ""},
        {"type": "track", "userId": "  ", "anonymousId": None},
        {"type": "audiencelist", "properties": {}},
        {"type": "unknown"},
        {},
        {"userId": True},
    ],
)
def test_an_event_of_nobody(gateway: Ask, event: Any) -> None:
    assert_refused(gateway("/v1/batch", batch(event)), 400, "request neither has anonymousId nor userId")


@pytest.mark.parametrize(
    "event",
    [
        {"type": "record"},
        {"type": "extract"},
        {"userId": 7},
        {"anonymousId": "a"},
        {"userId": "", "anonymousId": 0.5},
        {"type": "there is no such type", "userId": "u"},
    ],
)
def test_what_the_gateway_does_not_look_at(gateway: Ask, event: Any) -> None:
    assert_accepted(gateway("/v1/batch", batch(event)))


def test_the_first_bad_event_decides(gateway: Ask) -> None:
    nobody = {"type": "identify"}

    assert_refused(gateway("/v1/batch", batch(EVENT, nobody, 1)), 400, "request neither has anonymousId nor userId")
    assert_refused(gateway("/v1/batch", batch(EVENT, 1, nobody)), 400, "event is not a valid rudder event")


def test_one_bad_event_refuses_the_whole_batch(gateway: Ask, vendors: Vendors) -> None:
    gateway("/v1/batch", batch(EVENT, {"type": "identify"}))

    assert vendors.events("wk") == []


@pytest.mark.parametrize("body", [{}, {"batch": []}, {"batch": None}, {"events": [EVENT]}, [], 7])
def test_an_empty_batch(gateway: Ask, body: Any) -> None:
    assert_refused(gateway("/v1/batch", body), 400, "empty batch payload")


def test_one_object_counts_as_a_batch_of_one(gateway: Ask, vendors: Vendors) -> None:
    assert_accepted(gateway("/v1/batch", {"batch": EVENT}))

    assert vendors.events("wk") == [EVENT]


def test_the_size_limit_is_after_unpacking_and_to_the_byte(gateway: Ask) -> None:
    assert_accepted(gateway("/v1/batch", body_of(LARGEST)))
    assert_refused(gateway("/v1/batch", body_of(LARGEST + 1)), 413, "request size exceeds max limit")
    answer = gateway("/v1/batch", packed(body_of(LARGEST + 1)), headers={"Content-Encoding": "gzip"})
    assert_refused(answer, 413, "request size exceeds max limit")


def test_the_size_limit_does_not_hold_for_audience_lists(gateway: Ask) -> None:
    assert_accepted(gateway("/v1/batch", body_of(LARGEST + 1000, type="audiencelist")))
    assert_accepted(gateway("/v1/audiencelist", {"userId": "u", "x": "a" * LARGEST}))


def test_a_rate_limit_counts_events(gateway: Ask, vendors: Vendors) -> None:
    vendors.order(vendors.rudder, "/_sandbox/rate_limit", {"events": 10, "seconds": 3600})

    assert_accepted(gateway("/v1/batch", batch(*[EVENT] * 9)))
    assert_refused(gateway("/v1/batch", batch(*[EVENT] * 2)), 429, "max requests limit reached")
    assert_accepted(gateway("/v1/batch", batch(*[EVENT] * 2), headers={"X-Rudder-Job-Run-Id": "r1"}))
    assert_accepted(gateway("/v1/batch", batch(EVENT)))
    assert_refused(gateway("/v1/batch", batch(EVENT)), 429, "max requests limit reached")

    vendors.order(vendors.rudder, "/_sandbox/rate_limit")
    assert_accepted(gateway("/v1/batch", batch(*[EVENT] * 50)))


def test_bad_events_are_named_before_the_rate(gateway: Ask, vendors: Vendors) -> None:
    vendors.order(vendors.rudder, "/_sandbox/rate_limit", {"events": 1, "seconds": 3600})
    gateway("/v1/batch", batch(EVENT))

    assert_refused(gateway("/v1/batch", batch(1)), 400, "event is not a valid rudder event")
    assert_refused(gateway("/v1/batch", body_of(LARGEST + 1)), 429, "max requests limit reached")


def test_suppressed_users_are_answered_and_not_stored(gateway: Ask, vendors: Vendors) -> None:
    vendors.order(vendors.rudder, "/_sandbox/suppressed", {"user_ids": ["u", "7"]})

    assert_accepted(gateway("/v1/batch", batch(EVENT, {**EVENT, "userId": 7})))
    assert vendors.events("wk") == []

    other = {**EVENT, "userId": "other"}
    assert_accepted(gateway("/v1/batch", batch(EVENT, other)))
    assert vendors.events("wk") == [EVENT, other]


@pytest.mark.parametrize("endpoint", SINGLE)
def test_a_single_endpoint_sets_the_type(gateway: Ask, vendors: Vendors, endpoint: str) -> None:
    assert_accepted(gateway(f"/v1/{endpoint}", {"type": "whatever", "userId": "u"}))

    assert vendors.events("wk") == [{"type": endpoint, "userId": "u"}]


@pytest.mark.parametrize("endpoint", ["batch", "import", "webhook"])
def test_a_batch_endpoint_keeps_the_type(gateway: Ask, vendors: Vendors, endpoint: str) -> None:
    assert_accepted(gateway(f"/v1/{endpoint}", batch({"type": "record"})))

    assert vendors.events("wk") == [{"type": "record"}]


def test_an_unpacked_body_is_stored_as_it_was_meant(gateway: Ask, vendors: Vendors) -> None:
    assert_accepted(
        gateway("/v1/batch", packed(json.dumps(batch(EVENT)).encode()), headers={"Content-Encoding": "gzip"})
    )

    assert vendors.events("wk") == [EVENT]


@pytest.mark.parametrize("message", [None, 7, "", {"a": 1}, [1], True])
def test_a_message_id_of_another_kind_is_taken(gateway: Ask, vendors: Vendors, message: Any) -> None:
    assert_accepted(gateway("/v1/batch", batch({**EVENT, "messageId": message})))

    assert len(vendors.events("wk")) == 1
    assert vendors.audit("wk")["duplicates"]["repeated"] == 0


def test_health(gateway: Ask) -> None:
    for path in ("/health", "/"):
        answer = gateway(path, key=None, method="GET")
        assert answer.status_code == 200
        assert answer.json() | {"server": "UP", "db": "UP", "acceptingEvents": "TRUE"} == answer.json()


def test_the_pixel_and_the_beacon(gateway: Ask, vendors: Vendors) -> None:
    pixel = gateway("/pixel/v1/track", key=None, method="GET")
    assert (pixel.status_code, pixel.headers["Content-Type"]) == (200, "image/gif")

    refused = gateway("/beacon/v1/batch", batch(EVENT), key=None)
    assert_refused(refused, 401, "failed to read writekey from query params")
    assert_accepted(gateway("/beacon/v1/batch?writeKey=wk", batch(EVENT), key=None))
    assert vendors.events("wk") == [EVENT]


# What is kept


def test_every_request_is_recorded_with_what_became_of_it(gateway: Ask, vendors: Vendors) -> None:
    gateway("/v1/batch", batch(EVENT, EVENT))
    gateway("/v1/batch", batch(1))
    gateway("/v1/batch", batch(EVENT), key="nobody")

    stored, refused = vendors.requests("wk")
    assert (stored["status"], stored["stored"], stored["events"], stored["messages"]) == (200, True, 2, 1)
    assert (refused["status"], refused["stored"]) == (400, False)


def test_events_keep_their_order_across_requests(gateway: Ask, vendors: Vendors) -> None:
    for number in range(5):
        gateway("/v1/batch", batch({"type": "record", "n": 2 * number}, {"type": "record", "n": 2 * number + 1}))

    assert [event["n"] for event in vendors.events("wk")] == list(range(10))


def test_bodies_of_many_senders_at_once_are_all_kept(gateway: Ask, vendors: Vendors) -> None:
    def send(number: int) -> int:
        answer = requests.post(
            f"{vendors.rudder}/v1/batch",
            json=batch(*({"type": "record", "messageId": f"{number}-{index}"} for index in range(20))),
            headers={"Authorization": basic("wk")},
            timeout=30,
        )
        return answer.status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(send, range(40))) == {200}

    told = vendors.audit("wk", identifiers=0)["duplicates"]
    assert (told["received"], told["distinct"], told["repeated"]) == (800, 800, 0)


def test_the_same_message_twice_is_told(gateway: Ask, vendors: Vendors) -> None:
    gateway("/v1/batch", batch({"type": "record", "messageId": "a"}, {"type": "record", "messageId": "b"}))
    gateway("/v1/batch", batch({"type": "record", "messageId": "a"}))

    told = vendors.audit("wk")["duplicates"]
    assert told == {"received": 3, "distinct": 2, "repeated": 1, "messages": [{"message_id": "a", "times": 2}]}


def test_the_same_body_twice_is_one_batch(gateway: Ask, vendors: Vendors) -> None:
    for _ in range(2):
        gateway("/v1/batch", batch(EVENT))

    [told] = vendors.get(vendors.rudder, "/_sandbox/sources/wk/batches")["batches"]
    assert (told["times"], told["events"]) == (2, 1)


def test_a_source_that_reads_nothing_stores_and_says_ok(gateway: Ask, vendors: Vendors) -> None:
    vendors.order(vendors.rudder, "/_sandbox/sources", {"write_key": "fast", "unparsed": True})

    assert_accepted(gateway("/v1/batch", batch(EVENT), key="fast"))
    [told] = vendors.requests("fast")
    assert told["stored"] is True


def test_forgetting_leaves_nothing_of_earlier_bodies(gateway: Ask, vendors: Vendors) -> None:
    gateway("/v1/batch", body_of(5000))
    vendors.reset()
    vendors.source("wk")

    gateway("/v1/batch", batch(EVENT))

    assert vendors.events("wk") == [EVENT]

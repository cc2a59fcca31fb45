"""What each answer of RudderStack's gateway means to Muster, over real HTTP; rows as in the facts' table of replies."""

from typing import Any

import orjson
import pytest
from pytest_django import Settings

from muster.http import BadCredentials, Gone, RateLimited, Rejected, Unreachable, Unreadable, VendorError
from syncs.rudderstack import LARGEST_BODY, RudderStack, TooLarge
from tests import factories
from tests.vendors import Vendors

pytestmark = pytest.mark.django_db

KEY = "a-write-key-nobody-may-see"
ONE: dict[str, Any] = {"type": "track", "event": "Audience Entered", "userId": "shop-1", "messageId": "m1"}


def body(*events: dict[str, Any]) -> bytes:
    return orjson.dumps({"batch": list(events)})


def gateway(vendors: Vendors, key: str = KEY) -> RudderStack:
    return RudderStack(factories.pipe(key, data_plane_url=vendors.rudder))


@pytest.fixture
def source(vendors: Vendors) -> Vendors:
    vendors.source(KEY, "AMPLITUDE")
    return vendors


def test_what_is_accepted_is_stored_as_it_was_sent(source: Vendors) -> None:
    gateway(source).send(body(ONE, {**ONE, "messageId": "m2"}))

    assert [event["messageId"] for event in source.events(KEY)] == ["m1", "m2"]
    (request,) = source.requests(KEY)
    assert request["status"] == 200


FAULTS: list[tuple[str, dict[str, Any], type[VendorError], bool, bool]] = [
    # fault, details, error, to be tried again, RudderStack may have the events
    ("401", {}, BadCredentials, False, False),
    ("403", {}, BadCredentials, False, False),
    ("404", {}, Gone, False, False),
    ("status", {"status": 400, "body": "invalid json"}, Rejected, False, False),
    ("status", {"status": 413, "body": "request size exceeds max limit"}, TooLarge, False, False),
    ("status", {"status": 302, "body": ""}, Rejected, False, False),
    ("429", {}, RateLimited, True, False),
    ("500", {}, Unreachable, True, True),
    ("502", {}, Unreachable, True, True),
    ("503", {}, Unreachable, True, True),
    ("store_then_504", {}, Unreachable, True, True),
    ("html", {}, Unreadable, True, True),
    ("html", {"status": 502}, Unreachable, True, True),
    ("cut_before", {}, Unreachable, True, True),
    ("cut_after", {}, Unreachable, True, True),
    ("delay", {"seconds": 2}, Unreachable, True, True),
]


@pytest.mark.parametrize(
    ("kind", "details", "error", "retryable", "ambiguous"),
    FAULTS,
    ids=[f"{kind} {details.get('status', '')}".strip() for kind, details, *_ in FAULTS],
)
def test_every_answer_has_its_meaning(
    source: Vendors,
    settings: Settings,
    kind: str,
    details: dict[str, Any],
    error: type[VendorError],
    retryable: bool,
    ambiguous: bool,
) -> None:
    settings.REQUEST_TIMEOUT = 0.5 if kind == "delay" else 5.0
    source.fault(source.rudder, kind, **details)

    with pytest.raises(VendorError) as caught:
        gateway(source).send(body(ONE))

    assert type(caught.value) is error
    assert (caught.value.retryable, caught.value.ambiguous) == (retryable, ambiguous)
    assert KEY not in str(caught.value)
    assert "shop-1" not in str(caught.value)
    assert all(sentence.endswith(".") for sentence in caught.value.words[1:])


def test_a_key_that_does_not_exist_is_refused(source: Vendors) -> None:
    with pytest.raises(BadCredentials, match="refused the key"):
        gateway(source, "another-key").send(body(ONE))


def test_nobody_listens(vendors: Vendors, settings: Settings) -> None:
    settings.PRIVATE_HOSTS = frozenset({*settings.PRIVATE_HOSTS, "127.0.0.1:9"})
    pipe = factories.pipe(KEY, data_plane_url="http://127.0.0.1:9")

    with pytest.raises(Unreachable) as caught:
        RudderStack(pipe).send(body(ONE))

    assert not caught.value.ambiguous, "what never left cannot have been accepted"


@pytest.mark.parametrize("sent", [b'{"batch":[]}', b"{", b"", body({"type": "track", "event": "Entered"})])
def test_a_body_that_the_gateway_cannot_take_is_rejected(source: Vendors, sent: bytes) -> None:
    with pytest.raises(Rejected) as caught:
        gateway(source).send(sent)

    assert caught.value.status == 400
    assert source.events(KEY) == []


def test_one_body_is_too_large_and_the_largest_that_muster_makes_is_not(source: Vendors) -> None:
    def of_length(length: int) -> bytes:
        made = body({**ONE, "properties": {"x": ""}})
        return made.replace(b'"x":""', b'"x":"%s"' % (b"a" * (length - len(made))))

    with pytest.raises(TooLarge):
        gateway(source).send(of_length(4_096_001))
    before = len(source.events(KEY))
    gateway(source).send(of_length(LARGEST_BODY))

    assert len(source.events(KEY)) == before + 1

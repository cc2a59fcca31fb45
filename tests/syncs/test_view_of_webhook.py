"""The address that takes webhooks: what is answered, what is stored and counted, and that nothing signed is ever refused."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import orjson
import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audiences.models import Feed, Workspace
from syncs import receiving
from syncs.erased import identifier_hint, identifier_value
from syncs.models import Event, EventCount, EventState, OptOut, Tombstone
from syncs.opted_out import digests_of
from syncs.receiving import LARGEST_READ, LARGEST_TAKEN, key_of
from syncs.signature import signature
from syncs.webhook_body import read
from tests import factories
from tests.syncs.events import COUPON, KEY, action, counted, feed_of, headers_of, post, report, signing_key
from tests.syncs.test_webhook_body import JSON

pytestmark = [pytest.mark.django_db, pytest.mark.engine]


@pytest.fixture
def space() -> Workspace:
    made = factories.workspace()
    signing_key(made)
    return made


@pytest.fixture
def coupons(space: Workspace) -> Feed:
    return feed_of(space, "Coupon Shown", properties=COUPON)


def test_a_signed_event_is_stored_and_answered(space: Workspace, coupons: Feed) -> None:
    answer = post(space, action())

    assert (answer.status_code, answer.content) == (200, b"Stored.\n")
    event = Event.objects.get()
    assert (event.feed, event.name, event.state) == (coupons, "Coupon Shown", EventState.WAITING)
    assert bytes(event.person) == key_of(space.pk, "c000001")
    assert orjson.loads(event.body)["properties"] == {"coupon": "TEN", "value": 10}
    assert counted(space, "Coupon Shown") == {"received": 1}
    assert not answer.cookies


def test_the_same_again_is_answered_and_counted_only(space: Workspace, coupons: Feed) -> None:
    post(space, action())
    later = post(space, action())

    assert (later.status_code, later.content) == (200, b"Known.\n")
    assert Event.objects.get().copies == 1
    assert counted(space, "Coupon Shown") == {"received": 1, "copies": 1}


def test_message_ids_are_the_same_for_the_same_event_only(space: Workspace, coupons: Feed) -> None:
    post(space, action())
    first = Event.objects.get().message_id
    post(space, action(journey="j2"))
    Event.objects.filter(message_id=first).delete()
    post(space, action())

    assert len({first, *Event.objects.values_list("message_id", flat=True)}) == 2


UNSIGNED: dict[str, Any] = {
    "no headers": {},
    "no signature": {"X-CIO-Timestamp": "1613063089"},
    "no timestamp": {"X-CIO-Signature": "0" * 64},
    "a timestamp that is none": {"X-CIO-Timestamp": "now", "X-CIO-Signature": signature(KEY, "now", b"{}")},
    "another key": headers_of(b"{}", key="another"),
    "another body": headers_of(b"[]"),
}


@pytest.mark.parametrize("headers", UNSIGNED.values(), ids=UNSIGNED)
def test_what_is_not_signed_is_refused_and_counted(space: Workspace, headers: dict[str, str]) -> None:
    assert post(space, b"{}", headers=headers).status_code == 401
    assert counted(space) == {"unsigned": 1}
    assert not Event.objects.exists()


def test_what_was_signed_too_long_ago_is_refused_and_counted(space: Workspace) -> None:
    assert post(space, action(), age=7 * 86_400 - 60).status_code == 200
    assert post(space, action(), age=7 * 86_400 + 60).status_code == 401
    assert post(space, action(), age=-600).status_code == 401
    assert counted(space) == {"stale": 2}


def test_two_keys_are_valid_while_one_is_replaced(space: Workspace) -> None:
    old = space.signing_keys.get()
    new = signing_key(space, "the new one")

    assert post(space, action(), key="the new one").status_code == 200
    assert post(space, action(journey="j2")).status_code == 200
    new.refresh_from_db()
    assert new.used_at is not None
    old.retired_at = timezone.now()
    old.save()
    assert post(space, action(journey="j3")).status_code == 401


def test_a_key_is_of_its_own_workspace(space: Workspace) -> None:
    elsewhere = factories.workspace()
    signing_key(elsewhere, "of another")

    assert post(space, action(), key="of another").status_code == 401
    assert post(elsewhere, action()).status_code == 401


@pytest.mark.parametrize("number", [999_999, 10**30])
def test_a_workspace_that_is_not_there_is_answered_alike(space: Workspace, number: int) -> None:
    answer = post(number, action())

    assert (answer.status_code, answer.content) == (401, post(space, b"x", headers={}).content)
    assert not EventCount.objects.exclude(workspace=space).exists()


def test_nobody_is_answered_for_a_workspace_that_is_archived(space: Workspace) -> None:
    Workspace.objects.update(archived_at=timezone.now())

    assert post(space, action()).status_code == 401


def test_another_method_is_refused(space: Workspace) -> None:
    assert Client().get(f"/webhooks/customerio/{space.pk}/").status_code == 405


def test_it_needs_no_token_against_forgery(space: Workspace) -> None:
    body = orjson.dumps(action())
    client = Client(enforce_csrf_checks=True)

    answer = client.generic("POST", f"/webhooks/customerio/{space.pk}/", body, headers=headers_of(body))

    assert answer.status_code == 200


# What cannot be used


@pytest.mark.parametrize("body", [b"", b"nothing", b"[1]", b"{}", b'{"event": 5}', b"\xff\xfe", b"[" * 3000])
def test_a_signed_body_that_nobody_can_read_is_answered_and_told(space: Workspace, body: bytes) -> None:
    assert post(space, body).status_code == 200

    event = Event.objects.get()
    assert (event.name, event.state, event.reason, event.body) == ("", EventState.REJECTED, "unreadable", "")
    assert counted(space) == {"unreadable": 1}
    assert post(space, body).content == b"Known.\n"


def test_a_signed_body_that_is_too_large_is_answered_and_told(space: Workspace) -> None:
    body = orjson.dumps(action(properties={"coupon": "x" * LARGEST_READ}))

    assert post(space, body).status_code == 200
    assert Event.objects.get().reason == "too_large"
    assert post(space, body + b" " * LARGEST_TAKEN).status_code == 413
    assert post(space, body, key="another").status_code == 401


def test_a_rejected_event_is_answered_stored_and_counted(space: Workspace, coupons: Feed) -> None:
    assert post(space, action(properties={})).status_code == 200

    event = Event.objects.get()
    assert (event.state, event.reason, event.words) == (
        EventState.REJECTED,
        "missing_property",
        "The required property “coupon” is missing.",
    )
    assert event.settled_at is not None
    assert counted(space, "Coupon Shown") == {"received": 1, "rejected": 1}


@pytest.mark.parametrize("state", [Feed.State.DRAFT, Feed.State.RETIRED, None])
def test_what_nobody_owns_keeps_names_only(space: Workspace, state: str | None) -> None:
    if state:
        feed_of(space, "Coupon Shown", properties=COUPON, state=state)

    assert post(space, action(email="who@example.com")).status_code == 200

    event = Event.objects.get()
    assert (event.feed, event.state) == (None, EventState.UNOWNED)
    assert orjson.loads(event.body)["seen"]["coupon"] == "text"
    assert "TEN" not in event.body
    assert counted(space, "Coupon Shown") == {"received": 1}


def test_a_paused_feeds_events_wait(space: Workspace) -> None:
    feed = feed_of(space, "Coupon Shown", properties=COUPON, state=Feed.State.PAUSED)
    post(space, action())

    assert list(Event.objects.values_list("feed", "state")) == [(feed.pk, EventState.WAITING)]


def test_of_an_erased_person_nothing_is_kept(space: Workspace, coupons: Feed) -> None:
    told = read(orjson.dumps(action(person=1)))
    [digest] = digests_of(told)
    at = timezone.now()
    Tombstone.objects.create(workspace=space, kind="key", value=key_of(space.pk, "c000002"), at=at)
    Tombstone.objects.create(
        workspace=space, kind="identifier", value=identifier_value(digest), hint=identifier_hint(digest), at=at
    )

    post(space, action(person=1))
    post(space, action(person=2, kind="unsubscribed"))
    post(space, action(person=3))

    found = Event.objects.order_by("pk").values_list("state", "reason", "body", "person")
    assert [(state, reason) for state, reason, _, _ in found] == [
        (EventState.REJECTED, "erased"),
        (EventState.REJECTED, "erased"),
        (EventState.WAITING, ""),
    ]
    assert [(body, bytes(person)) for _, _, body, person in found][:2] == [("", b"")] * 2
    assert not OptOut.objects.exists()


# Nothing signed is refused, whatever it is


def everything_stored() -> str:
    """Return every text in the database, opened where it is sealed."""
    found = [str(list(row.values())) for model in (EventCount, OptOut) for row in model.objects.values()]
    return "\n".join(
        [*found, *(str({**row, "person": b"", "dedupe": "", "message_id": ""}) for row in Event.objects.values())]
    )


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from([*action(), *report(), "event_id", "email", "phone", "arm"]) | st.text(max_size=6),
        JSON,
        max_size=9,
    )
    | JSON,
    st.sampled_from(["", "event", "report"]),
)
def test_any_signed_body_is_answered_with_200(space: Workspace, coupons: Feed, event: Any, base: str) -> None:
    if isinstance(event, dict) and base:
        event = {**(action() if base == "event" else report()), **event}

    answer = post(space, json.dumps(event).encode())

    assert answer.status_code == 200, answer.content


ADDRESSES = ("who.is+it@mail.example", "+1 (555) 123-4567", "+4930123456789")
PLACES = [
    lambda a: action(id=a),
    lambda a: action(cio_id=a),
    lambda a: action(journey_id=a),
    lambda a: action(event=f"Wrote to {a}"),
    lambda a: action(kind=a),
    lambda a: action(arm=a, audience_key=a),
    lambda a: action(email=a, phone=a),
    lambda a: action(event_id=a),
    lambda a: action(occurred_at=a),
    lambda a: action(properties={"coupon": a}),
    lambda a: action(properties={"coupon": f"for {a}", "value": a}),
    lambda a: action(properties={a: 1}),
    lambda a: action(**{a: a}),
    lambda a: report(recipient=a, subject=f"Hello {a}"),
    lambda a: report(identifiers={"email": a, "id": a, "cio_id": a, "phone": a}),
    lambda a: report(a),
    lambda a: report(object_type=a),
    lambda a: report(email_address=a) | {"event_id": a},
    lambda a: a,
    lambda a: [a],
]


@pytest.mark.parametrize("owned", [True, False])
@pytest.mark.parametrize("address", ADDRESSES)
def test_no_address_is_written_wherever_it_stands(space: Workspace, owned: bool, address: str) -> None:
    if owned:
        feed_of(space, "Coupon Shown", properties=[*COUPON, {"name": "arm", "type": "text", "required": False}])
        feed_of(space, "customer_unsubscribed", properties=[{"name": "subject", "type": "text", "required": False}])

    for place in PLACES:
        assert post(space, place(address)).status_code == 200

    assert address not in everything_stored()
    assert json.dumps(address)[1:-1] not in everything_stored()


# The database


@contextmanager
def somebody_writes() -> Iterator[None]:
    other = sqlite3.connect(django_settings.DATABASE_FILE, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


@pytest.mark.skipif(connection.vendor != "sqlite", reason="a lock on the whole database")
@pytest.mark.django_db(transaction=True)
def test_a_busy_database_asks_to_come_again_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("syncs.receiving.DATABASE_SECONDS", 0.05)
    space = factories.workspace()
    signing_key(space)
    began = timezone.now()
    with somebody_writes():
        answer = post(space, action())

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert timezone.now() - began < timedelta(seconds=2)
    assert post(space, action()).status_code == 200
    with connection.cursor() as cursor:
        assert cursor.execute("PRAGMA busy_timeout").fetchone()[0] == 20_000


@pytest.mark.skipif(connection.vendor != "sqlite", reason="one writes at a time there only")
@pytest.mark.django_db(transaction=True)
def test_who_waits_for_other_threads_too_long_is_asked_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("syncs.receiving.DATABASE_SECONDS", 0.05)
    space = factories.workspace()
    signing_key(space)
    with receiving._turn:
        assert post(space, action()).status_code == 503

    assert post(space, action()).status_code == 200

"""Events reach RudderStack in order and once in effect; a refused one is set aside, an outage and a pause are waited for."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from audiences.models import Feed, Pipe, Workspace
from muster.models import Person
from syncs import doorbell, feed_stops, forwarding, pausing, purge, rejected
from syncs.lease import Lease
from syncs.models import Event, EventState, Forwarding, Tombstone
from syncs.receiving import key_of
from syncs.rudderstack import RudderStack
from tests import factories
from tests.redis_server import RedisServer
from tests.syncs.events import COUPON, action, counted, piped, post, signing_key
from tests.vendors import Vendors

pytestmark = [pytest.mark.django_db, pytest.mark.engine]
State = EventState


@pytest.fixture(autouse=True)
def _nothing_rang_here() -> None:
    doorbell._rang_here.clear()


@pytest.fixture
def space() -> Workspace:
    made = factories.workspace()
    signing_key(made)
    return made


@pytest.fixture
def feed(vendors: Vendors, space: Workspace) -> Feed:
    return piped(vendors, space, "Coupon Shown", properties=COUPON)


def pipe_of(feed: Feed) -> Pipe:
    assert feed.pipe is not None
    return feed.pipe


def arrive(space: Workspace, *people: int, **more: Any) -> None:
    for person in people:
        assert post(space, action(person=person, **more)).status_code == 200


def forward(feed: Feed, **options: object) -> int:
    return forwarding.forward(pipe_of(feed).pk, holder="test", **options)  # type: ignore[arg-type]


def users(vendors: Vendors, feed: Feed) -> list[str]:
    return [event["userId"] for event in vendors.events(pipe_of(feed).write_key)]


def states() -> list[str]:
    return list(Event.objects.order_by("pk").values_list("state", flat=True))


def test_events_arrive_in_order_and_are_counted(vendors: Vendors, space: Workspace, feed: Feed) -> None:
    arrive(space, 3, 1, 2)

    assert forward(feed) == 3

    assert users(vendors, feed) == ["user-3", "user-1", "user-2"]
    assert vendors.tracked(pipe_of(feed).write_key) == {"stored": 3, "events": 3, "by_name": {"Coupon Shown": 3}}
    assert set(states()) == {State.FORWARDED}
    assert counted(space, "Coupon Shown") == {"received": 3, "forwarded": 3}
    assert forward(feed) == 0


def test_the_counts_stand_in_the_hour_of_receipt(vendors: Vendors, space: Workspace, feed: Feed) -> None:
    arrive(space, 1)
    then = timezone.now() - timedelta(hours=3)
    Event.objects.update(received_at=then)

    forward(feed)

    rows = space.event_counts.filter(forwarded=1)
    assert [row.hour for row in rows] == [then.replace(minute=0, second=0, microsecond=0)]


def test_an_unknown_answer_is_sent_again_with_the_same_id(vendors: Vendors, space: Workspace, feed: Feed) -> None:
    arrive(space, 1, 2)
    vendors.fault(vendors.rudder, "store_then_504")

    assert forward(feed) == 0
    row = Forwarding.objects.get()
    assert "sent again by themselves" in row.words
    assert forward(feed) == 0, "not before its time"
    assert forward(feed, clock=lambda: timezone.now() + timedelta(minutes=10)) == 2

    assert vendors.tracked(pipe_of(feed).write_key) == {"stored": 4, "events": 2, "by_name": {"Coupon Shown": 2}}
    assert list(Event.objects.values_list("tries", flat=True)) == [2, 2]
    row.refresh_from_db()
    assert (row.words, row.failures_in_row, row.wake_at) == ("", 0, None)


@pytest.mark.parametrize("kind", ["429", "500", "503", "cut_after", "cut_before"])
def test_an_outage_loses_nothing(vendors: Vendors, space: Workspace, feed: Feed, kind: str) -> None:
    arrive(space, 1)
    vendors.fault(vendors.rudder, kind, times=3)
    later = timezone.now()
    for _ in range(3):
        assert forward(feed, clock=lambda at=later: at) == 0
        later += timedelta(minutes=10)

    assert forward(feed, clock=lambda: later) == 1
    assert vendors.tracked(pipe_of(feed).write_key)["events"] == 1


def test_the_wait_grows_with_each_failure(vendors: Vendors, space: Workspace, feed: Feed) -> None:
    arrive(space, 1)
    vendors.fault(vendors.rudder, "503", times=0)
    waits = []
    at = timezone.now()
    for _ in range(6):
        forward(feed, clock=lambda at=at: at)
        row = Forwarding.objects.get()
        assert row.wake_at is not None
        waits.append((row.wake_at - at).total_seconds())
        at = row.wake_at

    assert waits == sorted(waits)
    assert 16 <= waits[-1] <= 32


def test_a_poison_event_is_set_aside_and_blocks_nobody(vendors: Vendors, space: Workspace, feed: Feed) -> None:
    arrive(space, *range(1, 9))
    vendors.fault(vendors.rudder, "reject_if_contains", text="user-5", times=0)

    assert forward(feed) == 7

    assert users(vendors, feed) == [f"user-{n}" for n in (1, 2, 3, 4, 6, 7, 8)]
    event = Event.objects.get(state=State.REJECTED)
    assert event.reason == "refused"
    assert event.words.startswith("RudderStack refused it.")
    assert counted(space, "Coupon Shown") == {"received": 8, "forwarded": 7, "rejected": 1}


def test_a_pipe_that_refuses_everything_stops_its_feeds(vendors: Vendors, space: Workspace, feed: Feed) -> None:
    arrive(space, *range(1, 41))
    vendors.fault(vendors.rudder, "reject_if_contains", text="track", times=0)

    forward(feed)

    feed.refresh_from_db()
    assert "wait" in feed.stopped_words
    assert Event.objects.filter(state=State.WAITING).count() >= 20


@pytest.mark.parametrize("kind", ["401", "403", "404"])
def test_a_refused_key_stops_the_feed_until_somebody_lets_it_go_on(
    vendors: Vendors, space: Workspace, feed: Feed, manager: Person, kind: str
) -> None:
    arrive(space, 1)
    vendors.fault(vendors.rudder, kind)

    assert forward(feed) == 0
    feed.refresh_from_db()
    assert "The events are kept and wait." in feed.stopped_words
    assert forward(feed) == 0
    assert states() == [State.WAITING]

    assert feed_stops.go_on(feed, by=manager, at=timezone.now())
    assert not feed_stops.go_on(feed, by=manager, at=timezone.now())
    assert forward(feed) == 1


@pytest.mark.parametrize("reach", ["everything", "destination", "audience"])
def test_a_pause_holds_events_back(vendors: Vendors, space: Workspace, feed: Feed, manager: Person, reach: str) -> None:
    place, whose = factories.destination(platform="warehouse"), factories.audience()
    feed.destinations.add(place)
    Feed.objects.update(audience=whose)
    arrive(space, 1)
    at = timezone.now()
    made = pausing.pause(
        by=manager,
        reason="Wait",
        at=at,
        destination=place if reach == "destination" else None,
        audience=whose if reach == "audience" else None,
    )

    assert forward(feed) == 0
    pausing.unpause(made, by=manager, reason="Go", at=at)
    assert forward(feed) == 1


@pytest.mark.parametrize("whose", [True, False], ids=["of an audience", "of none"])
def test_a_pause_elsewhere_or_of_before_holds_nothing_back(
    vendors: Vendors, space: Workspace, feed: Feed, manager: Person, whose: bool
) -> None:
    feed.destinations.add(factories.destination(platform="warehouse"))
    if whose:
        Feed.objects.update(audience=factories.audience())
    arrive(space, 1)
    at = timezone.now()
    for reach in ({"destination": factories.destination()}, {"audience": factories.audience()}):
        pausing.pause(by=manager, reason="Wait", at=at, **reach)
    pausing.unpause(pausing.pause(by=manager, reason="Wait", at=at), by=manager, reason="Go", at=at)

    assert forward(feed) == 1


@pytest.mark.parametrize("state", [Feed.State.PAUSED, Feed.State.RETIRED])
def test_only_live_feeds_are_forwarded(vendors: Vendors, space: Workspace, feed: Feed, state: str) -> None:
    arrive(space, 1)
    Feed.objects.update(state=state)

    assert forward(feed) == 0
    assert states() == [State.WAITING]


def test_while_somebody_forwards_nobody_else_does(vendors: Vendors, space: Workspace, feed: Feed) -> None:
    arrive(space, 1)
    row = Forwarding.objects.get_or_create(pipe=feed.pipe)[0]
    lease = Lease.claim(row, holder="another")
    assert lease is not None

    assert forward(feed) == 0
    assert states() == [State.WAITING]
    assert forwarding.ring_due(at=timezone.now()) == 0


def test_who_was_erased_meanwhile_is_not_forwarded(vendors: Vendors, space: Workspace, feed: Feed) -> None:
    arrive(space, 1, 2)
    Tombstone.objects.create(workspace=space, kind="key", value=key_of(space.pk, "c000001"), at=timezone.now())

    assert forward(feed) == 1

    assert users(vendors, feed) == ["user-2"]
    assert Event.objects.get(reason="erased").body == ""


def test_rules_that_changed_meanwhile_count(vendors: Vendors, space: Workspace, feed: Feed) -> None:
    arrive(space, 1)
    Feed.objects.update(properties=[*COUPON, {"name": "shop", "type": "text", "required": True}])

    assert forward(feed) == 0
    assert list(Event.objects.values_list("state", "reason")) == [(State.REJECTED, "missing_property")]


def test_a_long_queue_goes_in_several_requests(
    vendors: Vendors, space: Workspace, feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forwarding, "AT_ONCE", 4)
    arrive(space, *range(1, 11))

    assert forward(feed) == 10
    assert users(vendors, feed) == [f"user-{n}" for n in range(1, 11)]
    assert len(vendors.requests(pipe_of(feed).write_key)) == 3


@pytest.mark.django_db(transaction=True)
def test_a_slice_ends_in_time_and_rings_again(
    vendors: Vendors, space: Workspace, feed: Feed, settings: Settings, redis: RedisServer
) -> None:
    settings.SLICE_SECONDS = 0.0
    arrive(space, 1)
    redis.client.flushall()

    assert forward(feed, clock=lambda: timezone.now() + timedelta(seconds=5)) == 0
    assert redis.client.llen("rq:queue:muster") == 1


@pytest.mark.django_db(transaction=True)
def test_a_ring_is_shared_by_events_that_come_together(
    vendors: Vendors, space: Workspace, feed: Feed, redis: RedisServer
) -> None:
    arrive(space, *range(1, 9))

    assert redis.client.llen("rq:queue:muster") == 1


def test_the_clock_rings_for_what_waits(vendors: Vendors, space: Workspace, feed: Feed, redis: RedisServer) -> None:
    arrive(space, 1)
    later = timezone.now() + timedelta(seconds=10)

    assert forwarding.ring_due(at=later) == 1
    forward(feed)
    assert forwarding.ring_due(at=later + timedelta(seconds=10)) == 0


# Rejected events


def test_a_rejected_event_is_tried_again_by_the_rules_of_now(
    vendors: Vendors, space: Workspace, feed: Feed, manager: Person
) -> None:
    arrive(space, 1, 2, properties={"value": 1})
    arrive(space, 3, id=None)
    Feed.objects.update(properties=[{**COUPON[0], "required": False}, COUPON[1]])

    done = rejected.retry(feed.events.all(), by=manager, at=timezone.now())

    assert done == rejected.Retried(waiting=2, rejected=1)
    assert states() == [State.WAITING, State.WAITING, State.REJECTED]
    assert counted(space, "Coupon Shown") == {"received": 3, "rejected": 1}
    assert forward(feed) == 2
    assert counted(space, "Coupon Shown") == {"received": 3, "rejected": 1, "forwarded": 2}


def test_dropped_events_leave_their_count(vendors: Vendors, space: Workspace, feed: Feed, manager: Person) -> None:
    arrive(space, 1)
    arrive(space, 2, properties={})
    arrive(space, 3)
    first = Event.objects.order_by("pk").first()
    assert first is not None
    Event.objects.filter(pk=first.pk).update(state=State.FORWARDED)

    gone = rejected.drop(feed.events.all(), by=manager, reason="Sent by mistake", at=timezone.now())

    assert gone == 2
    assert states() == [State.FORWARDED, State.DROPPED, State.DROPPED]
    assert set(Event.objects.filter(state=State.DROPPED).values_list("body", flat=True)) == {""}
    assert counted(space, "Coupon Shown") == {"received": 3, "dropped": 2}


def test_after_a_week_only_counts_are_left(vendors: Vendors, space: Workspace, feed: Feed) -> None:
    arrive(space, 1, 2)
    forward(feed)
    arrive(space, 3)
    Event.objects.update(received_at=timezone.now() - timedelta(days=7, hours=2))
    arrive(space, 4)

    purge.purge(at=timezone.now())

    assert states() == [State.WAITING, State.WAITING], "what waits is kept until it is settled"
    assert counted(space, "Coupon Shown")["received"] == 4


def test_what_is_dropped_while_it_is_sent_stays_dropped(
    vendors: Vendors, space: Workspace, feed: Feed, marketer: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RudderStack has it by then; but nobody's word is taken back, and no event is counted twice."""
    arrive(space, 1, 2)
    first = Event.objects.order_by("pk")[0]
    send = RudderStack.send

    def sent(self: RudderStack, body: bytes) -> None:
        send(self, body)
        rejected.drop(Event.objects.filter(pk=first.pk), by=marketer, reason="A mistake", at=timezone.now())

    monkeypatch.setattr(RudderStack, "send", sent)

    assert forward(feed) == 1
    assert states() == [State.DROPPED, State.FORWARDED]
    assert counted(space, "Coupon Shown") == {"received": 2, "forwarded": 1, "dropped": 1}

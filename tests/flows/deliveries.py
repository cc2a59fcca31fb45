"""Events sent by the stand-in's webhook, a receiver that dies at random, a forwarder that dies at random."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, Final

import orjson
from django.core.handlers.wsgi import WSGIRequest
from django.db import connection, connections

from audiences.models import Feed, Workspace
from sandbox.senders import signed
from syncs import forwarding
from syncs.lease import LeaseLost
from syncs.models import Event, EventState
from syncs.views.webhook import customerio
from tests import factories
from tests.syncs.events import COUPON, KEY, action, feed_of, signing_key
from tests.vendors import Vendors

NAMES: Final = ("Entered Winback Journey", "Coupon Shown", "Left Cart Rescue")
UNOWNED: Final = "Coupon Redeemed"
FORGED, STALE, POISON, NOBODY = "forged", "stale", "poison", "nobody"


class Died(BaseException):
    """What a process that is killed does: nothing more, and nobody hears of it."""


@dataclass
class Dying:
    """Ends whoever asks the database, at random: before a statement, or right after it."""

    draw: random.Random
    share: float
    deaths: int = 0

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if self.draw.random() < self.share:
            self.deaths += 1
            raise Died
        found = execute(sql, params, many, context)
        if self.draw.random() < self.share:
            self.deaths += 1
            raise Died
        return found


@dataclass
class World:
    """A workspace with three feeds through one pipe, and everything that is sent to it."""

    vendors: Vendors
    space: Workspace
    pipe_id: int
    write_key: str
    accepted: set[str] = field(default_factory=set)
    requests: int = 0
    refused: int = 0
    unheard: int = 0
    unanswered: int = 0

    @classmethod
    def built(cls, vendors: Vendors) -> "World":
        space = factories.workspace()
        signing_key(space)
        vendors.source("journey-key", "POSTGRES")
        pipe = factories.pipe("journey-key", data_plane_url=vendors.rudder)
        for name in NAMES:
            feed_of(space, name, pipe=pipe, properties=COUPON, kind=Feed.Kind.OTHER)
        return cls(vendors, space, pipe.pk, "journey-key")

    def post(self, body: bytes, *, key: str = KEY, age: float = 0.0) -> int:
        """Hand one request to the view and return the status; 0 when it died on the way."""
        self.requests += 1
        stamp = f"{int(time.time() - age)}"
        environ = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": f"/webhooks/customerio/{self.space.pk}/",
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "80",
            "CONTENT_LENGTH": f"{len(body)}",
            "CONTENT_TYPE": "application/json",
            "HTTP_X_CIO_TIMESTAMP": stamp,
            "HTTP_X_CIO_SIGNATURE": signed(key, stamp, body),
            "wsgi.input": BytesIO(body),
            "wsgi.errors": BytesIO(),
            "wsgi.url_scheme": "http",
        }
        try:
            return int(customerio(WSGIRequest(environ), self.space.pk).status_code)
        except Died:
            connection.close()
            return 0

    def forge(self, body: bytes, **how: Any) -> None:
        """Hand over a request that must be refused: with 401, or without an answer by a receiver that died."""
        status = self.post(body, **how)
        assert status in {0, 401, 503}, status
        self.refused += status == 401
        self.unheard += status != 401

    def deliver(self, body: bytes, draw: random.Random, lost: float) -> None:
        """Send one event as Customer.io does: again until it is answered with 200, now and then once more after that."""
        while True:
            status = self.post(body)
            if draw.random() < lost:
                status = 0  # stored or not, the answer is lost on the way
            if status == 200:
                break
            assert status in {0, 503}, status
            self.unanswered += 1
        self.accepted.add(orjson.loads(body)["event_id"])


def drawn(count: int, draw: random.Random) -> Iterator[dict[str, Any]]:
    """Yield events of all kinds: owned and not, some without a person, some that are sent again later."""
    for number in range(count):
        name = UNOWNED if draw.random() < 0.03 else draw.choice(NAMES)
        more: dict[str, Any] = {"id": None} if draw.random() < 0.02 else {}
        yield action(
            name,
            person=draw.randrange(1000),
            journey=f"j{number}",
            event_id=f"e{number}",
            properties={"coupon": f"C{number}", "value": number},
            **more,
        )


def sent_all(world: World, events: list[dict[str, Any]], draw: random.Random, *, lost: float) -> None:
    """Send all events, with replays, in another order within a window, and with forged and stale ones among them."""
    window: list[bytes] = []
    for event in events:
        window.append(orjson.dumps(event))
        if draw.random() < 0.1:
            window.append(orjson.dumps(draw.choice(events[:1000])))
        if draw.random() < 0.02:
            forged = {**event, "event_id": f"forged-{event['event_id']}"}
            world.forge(orjson.dumps(forged), key="a forger's")
            world.forge(orjson.dumps(forged), age=8 * 86_400)
        if len(window) >= 20:
            draw.shuffle(window)
            while len(window) > 5:
                world.deliver(window.pop(), draw, lost)
    for body in window:
        world.deliver(body, draw, lost)


@contextmanager
def forwarding_all_along(world: World, dying: Dying) -> Iterator[None]:
    """Forward in another thread all along, by forwarders that die at random."""
    stop = threading.Event()

    def work() -> None:
        with connection.execute_wrapper(dying):
            while not stop.is_set():
                forward_once(world)
                stop.wait(0.3)
        connections.close_all()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def forward_once(world: World) -> int:
    """Forward what can be; 0 where the forwarder died, or another's lease has to end first."""
    try:
        return forwarding.forward(world.pipe_id, holder="test")
    except (Died, LeaseLost):
        connection.close()
        return 0


def forward_the_rest(world: World, seconds: float = 60) -> None:
    """Forward until nothing waits."""
    until = time.monotonic() + seconds
    while Event.objects.filter(state=EventState.WAITING).exists():
        assert time.monotonic() < until, "some events still wait"
        if not forward_once(world):
            time.sleep(0.05)


def assert_once_in_effect(world: World, events: list[dict[str, Any]]) -> None:
    """Assert that what was accepted is there, forwarded once in effect where it can be, and that counts say the same."""
    assert world.accepted >= {event["event_id"] for event in events}
    good = [event for event in events if event["event"] in NAMES and event["id"]]
    nobody = [event for event in events if event["event"] in NAMES and not event["id"]]
    told = world.vendors.tracked(world.write_key)
    assert told["events"] == len(good)
    by_name = {name: sum(event["event"] == name for event in good) for name in NAMES}
    assert told["by_name"] == by_name
    arrived = {event["properties"]["value"] for event in world.vendors.events(world.write_key)}
    assert arrived == {event["properties"]["value"] for event in good}
    by_state = {state: Event.objects.filter(state=state).count() for state in EventState}
    assert by_state == {
        EventState.WAITING: 0,
        EventState.FORWARDED: len(good),
        EventState.REJECTED: len(nobody),
        EventState.UNOWNED: len(events) - len(good) - len(nobody),
        EventState.DROPPED: 0,
    }
    rows = world.space.event_counts.exclude(name="")
    for column, wanted in (("received", len(events)), ("forwarded", len(good)), ("rejected", len(nobody))):
        assert sum(getattr(row, column) for row in rows) == wanted, column
    copies = sum(row.copies for row in rows)
    assert copies == sum(Event.objects.values_list("copies", flat=True))
    refused = world.space.event_counts.filter(name="")
    # A receiver may die between counting a refusal and saying it.
    assert world.refused <= sum(row.unsigned + row.stale for row in refused) <= world.refused + world.unheard

"""How long it takes from a signed entry event until RudderStack has accepted it, and the person on the fast audience's list.

Real processes in real time: gunicorn, two workers, a clock. A receiver and a worker are killed at random in the second test.
"""

import json
import logging
import random
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import requests
from django.db import close_old_connections

from audiences.models import Activation, Feed
from sandbox.senders import Sender
from syncs.models import Event, EventState
from tests import factories
from tests.faults.machinery import Machinery, Process
from tests.redis_server import RedisServer
from tests.syncs.events import COUPON, KEY, action, piped, signing_key
from tests.vendors import ROOT, Vendors

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.timeout(1800)]
ENTRIES = 20

log = logging.getLogger(__name__)


class Web(Machinery):
    """The machinery with a web server on a port of its own."""

    def serve(self, port: int) -> Process:
        words = ["--threads=8", "--worker-class=gthread", "--log-level=warning", "muster.wsgi"]

        def start() -> "subprocess.Popen[bytes]":
            command = [sys.executable, "-m", "gunicorn", f"--bind=127.0.0.1:{port}", *words]
            with self.log.open("ab") as log:
                return subprocess.Popen(
                    command, cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True
                )

        self.processes["web"] = Process(start, start())
        return self.processes["web"]


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@pytest.fixture
def machinery(
    child_environment: Callable[..., dict[str, str]], redis: RedisServer, tmp_path: Path, vendors: Vendors, port: int
) -> Iterator[Web]:
    made = Web(child_environment(MUSTER_EARLY_RUN_SECONDS="1", MUSTER_TICK_SECONDS="10"), tmp_path / "machinery.log")
    made.serve(port)
    for name, command in (("tick", "tick"), ("worker-1", "worker"), ("worker-2", "worker")):
        made.add(name, command)
    watching = made.watch()
    waited(lambda: answers(port))
    yield made
    made.stop()
    watching.join()


def answers(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/healthz", timeout=5).status_code == 200
    except requests.RequestException:
        return False


def waited(found: Callable[[], Any], seconds: float = 120) -> Any:
    until = time.monotonic() + seconds
    while not (told := found()):
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.02)
        close_old_connections()
    return told


def percentiles(times: list[float]) -> str:
    cuts = statistics.quantiles(times, n=20)
    return f"p50 {cuts[9]:.2f} s, p95 {cuts[18]:.2f} s, most {max(times):.2f} s, of {len(times)}"


def came_at(vendors: Vendors, key: str, text: str) -> float:
    """Return when the stand-in had stored the first event that holds a text."""

    def found() -> float:
        lines = vendors.get(vendors.rudder, f"/_sandbox/sources/{key}/events")
        return next((float(line["at"]) for line in lines if text in json.dumps(line["event"])), 0.0)

    return float(waited(found))


def test_from_entry_to_acceptance(vendors: Vendors, machinery: Web, port: int) -> None:
    made = factories.registered_audience(vendors, 500, freshness_minutes=30, name="Cart 1-4 h", identifiers=["email"])
    listed = made.activations.select_related("pipe").get()
    space = made.segment.workspace
    signing_key(space)
    feed = piped(vendors, space, "Entered Cart", kind=Feed.Kind.ENTRY, audience=made)
    assert listed.pipe is not None
    assert feed.pipe is not None
    forwarded, on_list = [], []
    sender = Sender(f"http://127.0.0.1:{port}/webhooks/customerio/{space.pk}/", KEY)
    for number in range(ENTRIES):
        [cio_id] = vendors.upsert({"id": f"new-{number}", "email": f"new{number}@shop.example"})
        vendors.change_segment(made.segment.number, add=[cio_id])
        digest = digest_of(f"new{number}@shop.example")
        began = time.time()
        event = action("Entered Cart", event_id=f"e{number}", properties={}) | {"id": f"new-{number}", "cio_id": cio_id}
        assert sender.once(event) == 200
        forwarded.append(came_at(vendors, feed.pipe.write_key, f'"new-{number}"') - began)
        on_list.append(came_at(vendors, listed.pipe.write_key, digest) - began)
        time.sleep(random.uniform(1.0, 2.0))
    sender.stop()

    log.info("forwarded: %s; on the list: %s", percentiles(forwarded), percentiles(on_list))
    assert statistics.median(forwarded) < 20
    assert statistics.median(on_list) < 60
    assert Activation.objects.get(pk=listed.pk).members == 500 + ENTRIES


def digest_of(email: str) -> str:
    return sha256(email.encode()).hexdigest()


def test_processes_that_are_killed_lose_no_event(vendors: Vendors, machinery: Web, port: int) -> None:
    space = factories.workspace()
    signing_key(space)
    feed = piped(vendors, space, "Coupon Shown", properties=COUPON)
    assert feed.pipe is not None
    draw = random.Random(11)
    sender = Sender(
        f"http://127.0.0.1:{port}/webhooks/customerio/{space.pk}/", KEY, lanes=4, speed=20, hour_seconds=0.3
    )
    events = [
        action(person=number, event_id=f"e{number}", properties={"coupon": f"C{number}"}) for number in range(3000)
    ]
    sender.send(events, duplicate=True, shuffle=5)

    killed = 0
    while not sender.idle():
        time.sleep(draw.uniform(0.5, 3.0))
        close_old_connections()
        machinery.processes[draw.choice(["web", "worker-1", "worker-2"])].kill()
        killed += 1

    waited(lambda: not Event.objects.filter(state=EventState.WAITING).exists(), 300)
    assert killed > 3
    assert sender.statuses[200] >= 6000
    told = vendors.tracked(feed.pipe.write_key)
    assert told["by_name"] == {"Coupon Shown": 3000}
    coupons = {event["properties"]["coupon"] for event in vendors.events(feed.pipe.write_key)}
    assert coupons == {event["properties"]["coupon"] for event in events}
    assert Event.objects.filter(state=EventState.FORWARDED).count() == 3000

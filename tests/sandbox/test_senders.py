"""The stand-in's webhooks behave as Customer.io's: signed, in order, held behind a failure, and able to misbehave to order."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from sandbox.senders import Sender
from syncs.signature import signature
from tests.vendors import Vendors


class Taker(HTTPServer):
    """Answers with the ordered statuses, then 200, and remembers what came."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.statuses: list[int] = []
        self.came: list[tuple[bytes, str, str, int]] = []
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hook/"


class Handler(BaseHTTPRequestHandler):
    server: Taker

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = self.server.statuses.pop(0) if self.server.statuses else 200
        signed = (self.headers["X-CIO-Timestamp"], self.headers["X-CIO-Signature"])
        self.server.came.append((body, *signed, status))
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def taker() -> Iterator[Taker]:
    made = Taker()
    yield made
    made.shutdown()
    made.server_close()


def wait_for(sender: Sender, seconds: float = 5) -> None:
    until = time.monotonic() + seconds
    while not sender.idle():
        assert time.monotonic() < until
        time.sleep(0.01)


def bodies(taker: Taker) -> list[bytes]:
    return [body for body, *_ in taker.came]


def test_events_are_signed_and_come_in_order(taker: Taker) -> None:
    sender = Sender(taker.url, "key")
    sender.send([{"n": n} for n in range(5)])
    wait_for(sender)

    assert bodies(taker) == [b'{"n":%d}' % n for n in range(5)]
    assert all(signature("key", stamp, body) == signed for body, stamp, signed, _ in taker.came)
    assert sender.state() == {"queued": 0, "delivered": 5, "statuses": {"200": 5}}


def test_what_comes_later_waits_behind_a_failure(taker: Taker) -> None:
    taker.statuses = [503, 503]
    sender = Sender(taker.url, "key", speed=50)
    sender.send(["first", "second"])
    wait_for(sender)

    assert bodies(taker) == [b"first", b"first", b"first", b"second"]


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 502])
def test_after_some_statuses_it_waits_an_hour(taker: Taker, status: int) -> None:
    taker.statuses = [status]
    sender = Sender(taker.url, "key", hour_seconds=0.3)
    sender.send(["first"])
    time.sleep(0.15)
    assert len(taker.came) == 1
    wait_for(sender)
    assert len(taker.came) == 2


def test_it_can_double_and_reorder(taker: Taker) -> None:
    sender = Sender(taker.url, "key")
    assert sender.send([f"{n}" for n in range(20)], duplicate=True, shuffle=7) == 40
    wait_for(sender)

    came = bodies(taker)
    assert sorted(came) == sorted(f"{n}".encode() for n in range(20) for _ in range(2))
    assert came != sorted(came)


def test_the_first_time_may_be_kept(taker: Taker) -> None:
    taker.statuses = [503]
    sender = Sender(taker.url, "key", speed=0.8, resign=False)
    sender.send(["first"])
    wait_for(sender)

    assert len({stamp for _, stamp, _, _ in taker.came}) == 1


def test_orders_reach_it(vendors: Vendors, taker: Taker) -> None:
    hook = vendors.webhook(taker.url, "key")
    assert vendors.send(hook, [{"n": 1}]) == 1
    assert vendors.send_once(hook, {"n": 2}, forge=True) == 200
    assert vendors.send_once(hook, {"n": 3}, age=600) == 200
    until = time.monotonic() + 5
    while vendors.sent(hook)["delivered"] < 1:
        assert time.monotonic() < until
        time.sleep(0.01)

    by_body = {body: (stamp, signed) for body, stamp, signed, _ in taker.came}
    stamp, signed = by_body[b'{"n":2}']
    assert signature("key", stamp, b'{"n":2}') != signed
    assert abs(time.time() - 600 - int(by_body[b'{"n":3}'][0])) < 5

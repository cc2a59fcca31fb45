"""RudderStack's data plane: accepts events with a write key, stores them, and says `ok`, which means nothing more."""

from __future__ import annotations

import time
from collections import deque
from pathlib import Path
from typing import Any, Final

from sandbox import adplatform, analytics, delivery, faults, inbox
from sandbox.delivery import Delivery
from sandbox.gateway import SINGLE, Event, check_size, events_of, identity, refuse, unpacked, words
from sandbox.inbox import Inbox
from sandbox.platform_apps import Mounts, platform_apps
from sandbox.platform_lists import Behind
from sandbox.rudderstack_orders import RudderStackOrders
from sandbox.standin import StandIn
from sandbox.store import SETTINGS, Store, setting
from sandbox.web import Reply, Request, json_reply

ENDPOINTS: Final = frozenset({f"/v1/{name}" for name in (*SINGLE, "batch", "import", "webhook")})
PIXELS: Final = ("/pixel/v1/track", "/pixel/v1/page")
GIF: Final = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00"
    b"\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)
ERRORS: Final = {
    401: "invalid write key",
    404: "source is disabled",
    413: "request size exceeds max limit",
    429: "max requests limit reached",
    503: "Service Unavailable",
    504: "gateway timeout",
}


def failure(status: int, details: dict[str, Any]) -> Reply:
    """An ordered failure in the gateway's words, or in those of the order."""
    return words(status, str(details.get("body", ERRORS.get(status, "failed to read body from request"))))


class Gateway:
    """The public routes."""

    def __init__(self, store: Store, box: Inbox) -> None:
        self.store, self.inbox = store, box
        self._recent: deque[tuple[float, int]] = deque()

    def handle(self, request: Request) -> Reply:
        """Answer in the gateway's order of evaluation."""
        if request.method == "GET" and request.path in {"/", "/health"}:
            return self.health()
        if request.path in PIXELS and request.method == "GET":
            return Reply(200, GIF, "image/gif")
        if request.path == "/beacon/v1/batch" and request.method == "POST":
            if not request.query.get("writeKey"):
                return words(401, "failed to read writekey from query params")
            return self.accept(request, "batch", request.query["writeKey"])
        if request.path not in ENDPOINTS:
            return words(404, "404 page not found")
        if request.method != "POST":
            return Reply(405, b"", "")
        return self.accept(request, request.path.rpartition("/")[2], request.write_key())

    def health(self) -> Reply:
        """The health page of a gateway that is up."""
        return json_reply(
            {
                "appType": "EMBEDDED",
                "server": "UP",
                "db": "UP",
                "acceptingEvents": "TRUE",
                "routingEvents": "TRUE",
                "mode": "NORMAL",
                "backendConfigMode": "API",
                "lastSync": "",
                "lastRegulationSync": "",
            }
        )

    def accept(self, request: Request, endpoint: str, write_key: str) -> Reply:
        """Authenticate, read, judge, store. Raises Refusal."""
        if not write_key:
            raise refuse(401, "failed to read writekey from header")
        source = self.inbox.source(write_key)
        if source is None:
            raise refuse(401, "invalid write key")
        if not source["enabled"]:
            raise refuse(404, "source is disabled")
        raw = request.body
        encoding = "gzip" if request.header("Content-Encoding") == "gzip" else ""
        if source["unparsed"]:
            return self.kept(request, source["id"], raw, encoding, b"", None)
        text = unpacked(raw, encoding)
        forbidden = request.faults.get("reject_if_contains")
        if forbidden and str(forbidden.get("text", "")).encode() in text:
            raise refuse(400, str(forbidden.get("body", "event is not a valid rudder event")))
        events = events_of(endpoint, text)
        if not request.header("X-Rudder-Job-Run-Id"):
            self._check_rate(len(events or ()))
        suppressed = set(setting(self.store, "suppressed", []))
        if events and suppressed and all(identity(event) in suppressed for event in events):
            return Reply(200, b"ok", "text/plain; charset=utf-8")
        check_size(text, events)
        if not events:
            raise refuse(400, "empty batch payload")
        return self.kept(request, source["id"], raw, encoding, text, events)

    def kept(
        self, request: Request, source: int, raw: bytes, encoding: str, text: bytes, events: list[Event] | None
    ) -> Reply:
        """Store and say ok."""
        described = {
            "method": request.method,
            "path": request.path,
            "encoding": encoding,
            "run": request.header("X-Rudder-Job-Run-Id"),
        }
        request.environ["sandbox.stored"] = self.inbox.keep(source, described, raw, text, events)
        return Reply(200, b"ok", "text/plain; charset=utf-8")

    def _check_rate(self, cost: int) -> None:
        """Raises Refusal (429) above the ordered number of events in its window; there is none by default."""
        limit = setting(self.store, "rate_limit", None)
        if not limit:
            return
        now = time.monotonic()
        while self._recent and self._recent[0][0] <= now - limit["seconds"]:
            self._recent.popleft()
        if sum(spent for _, spent in self._recent) + cost > limit["events"]:
            raise refuse(429, "max requests limit reached")
        self._recent.append((now, cost))

    def record(self, request: Request, status: int) -> None:
        """Keep every request, also those of which nothing was stored."""
        stored = request.environ.get("sandbox.stored")
        if stored is None:
            source = self.inbox.source(request.write_key())
            size = int(request.environ.get("CONTENT_LENGTH") or 0)
            self.inbox.note(source["id"] if source else None, request.method, request.path, status, size)
        elif status != 200:
            self.inbox.restate(stored, status)


def rudderstack_app(data: Path, speed: float) -> Mounts:
    """The WSGI app of the data plane, with the platforms behind it under /platforms/NAME. What was stored and what it became lie in two files: reading does not stop writing."""
    received = Store(data / "gateway.sqlite3", SETTINGS + inbox.SCHEMA + faults.SCHEMA)
    held = Store(data / "destinations.sqlite3", adplatform.SCHEMA + analytics.SCHEMA + delivery.SCHEMA)
    box = Inbox(received, data)
    gateway = Gateway(received, box)
    deliver = Delivery(box, held)
    orders = RudderStackOrders(received, held, box, deliver, speed)
    app = StandIn(received, gateway.handle, failure, gateway.record, orders.routes())
    behind = platform_apps(Behind(box, deliver, data, speed))

    def forget() -> None:
        app.forget()
        for one in behind.values():
            one.forget()

    orders.before_reset = forget
    return Mounts(app, behind)

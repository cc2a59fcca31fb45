"""The Customer.io host of one region, after the request and reply tables of the vendor's documents and probes."""

from __future__ import annotations

import threading
import time
from collections import deque
from pathlib import Path

from sandbox.customerio_orders import CustomerIoOrders
from sandbox.envelopes import failure, throttled
from sandbox.export_pages import ExportPages
from sandbox.people_pages import PeoplePages
from sandbox.segment_pages import SegmentPages
from sandbox.standin import StandIn
from sandbox.web import Refusal, Reply, Request, find, json_reply, text_reply
from sandbox.workspace import Workspace

ADDRESSES = {"us": ["35.188.196.183", "104.198.177.219"], "eu": ["34.76.143.229", "34.78.91.47"]}


class CustomerIo:
    """Answers as the App API does."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.exports = ExportPages(workspace)
        self.routes = [*SegmentPages(workspace).routes(), *PeoplePages(workspace).routes(), *self.exports.routes()]
        self._recent: deque[float] = deque()
        self._lock = threading.Lock()

    def handle(self, request: Request) -> Reply:
        """Answer one request of the App API or of the download host."""
        if request.path.startswith("/exports-store/"):
            return self.exports.file(request)
        if request.path == "/v1/info/ip_addresses" and request.method == "GET":
            return json_reply({"ip_addresses": ADDRESSES[self.workspace.region]})
        handler, arguments, _ = find(self.routes, request.method, request.path)
        if handler is None:
            return text_reply("404 page not found", 404)
        self.admit(request)
        return handler(request, *arguments)

    def admit(self, request: Request) -> None:
        """Check address, key, scope and rate, in this order. Raises Refusal."""
        options = self.workspace.options()
        if options["ip_refused"]:
            raise Refusal(failure(int(options["ip_refused"]), {}))
        kind, _, key = request.header("Authorization").partition(" ")
        keys = self.workspace.keys()
        if kind != "Bearer" or key not in keys:
            raise Refusal(failure(401, {}))
        if keys[key] != "full":
            raise Refusal(failure(403, {}))
        if not self._within_rate(float(options["rate_limit"]) * self.workspace.speed):
            raise Refusal(throttled())

    def _within_rate(self, limit: float) -> bool:
        """Whether this request is among the first `limit` accepted in the last second."""
        now = time.monotonic()
        with self._lock:
            while self._recent and self._recent[0] <= now - 1:
                self._recent.popleft()
            if len(self._recent) >= limit:
                return False
            self._recent.append(now)
            return True

    def record(self, request: Request, status: int) -> None:
        """Keep the request for the tests; status 0 means that no reply was sent."""
        self.workspace.store.execute(
            "INSERT INTO requests (at, method, path, query, has_bearer, status) VALUES (?, ?, ?, ?, ?, ?)",
            (
                time.time(),
                request.method,
                request.path,
                request.query_string,
                int(request.header("Authorization").startswith("Bearer")),
                status,
            ),
        )


def customerio_app(region: str, data: Path, speed: float) -> StandIn:
    """The WSGI app of one region."""
    workspace = Workspace(region, data, speed)
    host = CustomerIo(workspace)
    orders = CustomerIoOrders(workspace)
    app = StandIn(workspace.store, host.handle, failure, host.record, orders.routes())
    orders.before_reset = app.forget
    return app

"""What the stand-in of every platform has besides its vendor's routes: orders under /_sandbox, a record of requests."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any, Final
from wsgiref.types import StartResponse, WSGIEnvironment

from sandbox import faults
from sandbox.platform_lists import SCHEMA, Behind, PlatformLists
from sandbox.standin import ErrorReply, Handle, StandIn
from sandbox.store import Store
from sandbox.web import Reply, Request, Route, json_reply, route

REQUESTS: Final = """
CREATE TABLE IF NOT EXISTS requests (id INTEGER PRIMARY KEY, at REAL NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL,
    query TEXT NOT NULL, status INTEGER NOT NULL);
"""


def platform_store(behind: Behind, name: str, schema: str = "") -> Store:
    """The file in which a platform's stand-in keeps its state."""
    return Store(behind.data / f"platform-{name}.sqlite3", SCHEMA + faults.SCHEMA + REQUESTS + schema)


class PlatformStandIn:
    """A WSGI app below /platforms/NAME. `handle` answers as the vendor, `error` words an ordered failure."""

    def __init__(self, lists: PlatformLists, handle: Handle, error: ErrorReply, orders: Sequence[Route] = ()) -> None:
        self.lists, self.store = lists, lists.store
        own = [
            route("POST", r"/_sandbox/reset", self.reset),
            route("POST", r"/_sandbox/options", lambda request: json_reply(lists.choose(request.order()))),
            route("GET", r"/_sandbox/options", lambda request: json_reply(lists.options())),
            route("POST", r"/_sandbox/clock", self.clock),
            route("POST", r"/_sandbox/lists/([^/]+)", self.put_list),
            route("GET", r"/_sandbox/lists/([^/]+)", self.show_list),
            route("GET", r"/_sandbox/requests", self.requests),
        ]
        self.app = StandIn(self.store, handle, error, self.record, [*own, *orders])

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return self.app(environ, start_response)

    def forget(self) -> None:
        """Forget orders, faults, records."""
        self.app.forget()
        self.lists.forget()
        self.store.clear(["requests"])

    def reset(self, request: Request) -> Reply:
        """Forget everything that was ordered here; who is on which list stays with RudderStack's stand-in."""
        self.forget()
        return json_reply({"reset": True})

    def clock(self, request: Request) -> Reply:
        """Move the platform's clock forward by {seconds}, or set it to {now} in Unix seconds; the answer is its time."""
        order, clock = request.order(), self.lists.clock
        now = clock.set(float(order["now"])) if "now" in order else clock.move(float(order.get("seconds", 0)))
        return json_reply({"now": now})

    def put_list(self, request: Request, external: str) -> Reply:
        """Change how a list shows itself, or make one that Muster does not know."""
        self.lists.order(external, request.order())
        return self.show_list(request, external)

    def show_list(self, request: Request, external: str) -> Reply:
        """The truth about a list: people on it, those recognised, whether it is settling."""
        held = self.lists.find(external)
        if held is None:
            return json_reply({"id": external, "deleted": True})
        seen = self.lists.look(held)
        shown: dict[str, Any] = {"id": external, "name": held.name, "wanted": held.wanted, **vars(seen)}
        return json_reply(shown)

    def requests(self, request: Request) -> Reply:
        """The recorded requests, oldest first. `after` gives the first id to leave out."""
        rows = self.store.rows("SELECT * FROM requests WHERE id > ? ORDER BY id", (request.query.get("after", 0),))
        return json_reply({"requests": [dict(row) for row in rows]})

    def record(self, request: Request, status: int) -> None:
        """Keep a request; status 0 means that no reply was sent."""
        self.store.execute(
            "INSERT INTO requests (at, method, path, query, status) VALUES (?, ?, ?, ?, ?)",
            (time.time(), request.method, request.path, request.query_string, status),
        )

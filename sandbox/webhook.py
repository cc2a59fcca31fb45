"""An incoming webhook as Slack's are: POST {"text": …} to a secret address, answered "ok", or by a word that says what is wrong."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, Final
from wsgiref.types import StartResponse, WSGIEnvironment

import orjson

from sandbox import faults
from sandbox.platform_lists import Behind
from sandbox.standin import StandIn
from sandbox.store import Store
from sandbox.web import Reply, Request, json_reply, route

SCHEMA: Final = "CREATE TABLE IF NOT EXISTS messages (id INTEGER PRIMARY KEY, at REAL NOT NULL, text TEXT NOT NULL);"
PATH: Final = "/services/T0000/B0000/sandbox-webhook-secret"


def plain(status: int, word: str) -> Reply:
    """What such a webhook says: one word."""
    return Reply(status, word.encode(), "text/plain; charset=utf-8")


class Webhook:
    """A WSGI app with one address that takes messages, and a record of them."""

    def __init__(self, store: Store) -> None:
        self.store = store
        orders = [route("GET", r"/_sandbox/messages", self.messages)]
        self.app = StandIn(store, self.handle, self.failure, lambda *_: None, orders)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return self.app(environ, start_response)

    def forget(self) -> None:
        """Forget faults and messages."""
        self.store.clear(["messages"])
        self.app.faults.clear()

    def failure(self, status: int, details: dict[str, Any]) -> Reply:
        """An ordered failure."""
        return plain(status, str(details.get("body", "rate_limited" if status == 429 else "service_error")))

    def handle(self, request: Request) -> Reply:
        """Take a message."""
        if request.path != PATH:
            return plain(404, "no_service")
        if request.method != "POST":
            return plain(400, "invalid_payload")
        try:
            given = orjson.loads(request.body)
        except orjson.JSONDecodeError:
            return plain(400, "invalid_payload")
        if not isinstance(given, dict) or not isinstance(given.get("text"), str) or not given["text"]:
            return plain(400, "no_text")
        self.store.execute("INSERT INTO messages (at, text) VALUES (?, ?)", (time.time(), given["text"]))
        return plain(200, "ok")

    def messages(self, request: Request) -> Reply:
        """What was taken, oldest first."""
        return json_reply({"messages": [dict(row) for row in self.store.rows("SELECT * FROM messages ORDER BY id")]})


def webhook_app(behind: Behind) -> Webhook:
    """Make the stand-in with its own file."""
    return Webhook(Store(behind.data / "webhook.sqlite3", SCHEMA + faults.SCHEMA))

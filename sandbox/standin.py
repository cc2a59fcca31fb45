"""What every stand-in has: its vendor's routes, its orders under /_sandbox, its faults."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from sandbox.faults import STATUS_KINDS, Faults, UnknownFault
from sandbox.store import Store
from sandbox.web import CutConnection, Refusal, Reply, Request, Route, find, html_reply, json_reply, route, send

DRIPS = 20
Handle = Callable[[Request], Reply]
Record = Callable[[Request, int], None]
ErrorReply = Callable[[int, dict[str, Any]], Reply]


class StandIn:
    """A WSGI app. `handle` answers as the vendor, `error` words the vendor's refusals, `record` notes each request."""

    def __init__(
        self, store: Store, handle: Handle, error: ErrorReply, record: Record, orders: Sequence[Route]
    ) -> None:
        self.faults = Faults(store)
        self.handle, self.error, self.record = handle, error, record
        self.resets = 0
        self.orders = [
            route("POST", r"/_sandbox/faults", self.add_fault),
            route("GET", r"/_sandbox/faults", lambda request: json_reply({"faults": self.faults.all()})),
            route("DELETE", r"/_sandbox/faults", self.clear_faults),
            *orders,
        ]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        try:
            reply = self.ordered(request) if request.path.startswith("/_sandbox/") else self.answer(request)
        except Refusal as refusal:
            reply = refusal.reply
        return send(reply, start_response)

    def ordered(self, request: Request) -> Reply:
        """Carry an order out."""
        handler, arguments, known = find(self.orders, request.method, request.path)
        if handler is None:
            words = "This order has another method." if known else "There is no such order; see docs/sandbox.md."
            return json_reply({"error": words}, 405 if known else 404)
        try:
            return handler(request, *arguments)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            words = f"This order cannot be read ({type(error).__name__}: {error}); see docs/sandbox.md."
            return json_reply({"error": words}, 400)

    def add_fault(self, request: Request) -> Reply:
        """Order one fault."""
        try:
            return json_reply({"id": self.faults.add(request.order())})
        except UnknownFault as error:
            return json_reply({"error": str(error)}, 400)

    def clear_faults(self, request: Request) -> Reply:
        """Forget the faults."""
        self.faults.clear()
        return json_reply({"faults": []})

    def forget(self) -> None:
        """Forget the faults, and whoever still waits to be answered."""
        self.resets += 1
        self.faults.clear()

    def noted(self, request: Request, status: int) -> None:
        """Note a request. One that a reset overtook is of a world that is no more, and leaves no trace in the new one."""
        if request.world != self.resets:
            raise CutConnection
        self.record(request, status)

    def answer(self, request: Request) -> Reply:
        """Answer as the vendor would, with the ordered faults."""
        request.world = self.resets
        path = f"{request.path}?{request.query_string}" if request.query_string else request.path
        request.faults = self.faults.take(request.method, path, request.write_key())
        if not request.faults:
            return self.recorded(request, self.handled(request))
        if "delay" in request.faults:
            time.sleep(seconds(request.faults["delay"]))
        if "cut_before" in request.faults or request.world != self.resets:
            self.noted(request, 0)
            raise CutConnection
        reply = self.instead(request) or self.handled(request)
        if "orders" in request.faults:
            self.follow(request.faults["orders"])
        if "cut_after" in request.faults:
            self.noted(request, reply.status)
            raise CutConnection
        if "store_then_504" in request.faults:
            reply = self.error(504, {})
        if "truncate" in request.faults:
            reply = truncated(reply, request.faults["truncate"])
        if "slow" in request.faults:
            reply = dripping(reply, seconds(request.faults["slow"]))
        return self.recorded(request, reply)

    def instead(self, request: Request) -> Reply | None:
        """A reply that takes the place of the vendor's work."""
        for kind, details in request.faults.items():
            if kind == "status":
                return self.error(int(details.get("status", 500)), details)
            if kind in STATUS_KINDS:
                return self.error(STATUS_KINDS[kind], details)
            if kind in {"old_429", "daily_429"}:
                return self.error(429, details | {"form": kind})
            if kind == "html":
                return html_reply(int(details.get("status", 200)))
        return None

    def handled(self, request: Request) -> Reply:
        """The vendor's own reply, also where it was thrown."""
        try:
            return self.handle(request)
        except Refusal as refusal:
            return refusal.reply

    def recorded(self, request: Request, reply: Reply) -> Reply:
        """Note the request before its reply leaves."""
        self.noted(request, reply.status)
        return reply

    def follow(self, details: dict[str, Any]) -> None:
        """Carry out the orders of an `orders` fault: the world changes right after the request was handled."""
        for order in details.get("orders", []):
            inner = Request(
                {
                    "REQUEST_METHOD": order.get("method", "POST"),
                    "PATH_INFO": order["path"],
                    "QUERY_STRING": "",
                    "wsgi.input": OneBody(json.dumps(order.get("body", {})).encode()),
                }
            )
            self.ordered(inner)


class OneBody:
    """A body that is already here."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def read(self, size: int = -1) -> bytes:
        """All of it."""
        return self.data


def seconds(details: dict[str, Any]) -> float:
    """How long a delay lasts: `seconds`, or `ms`."""
    return float(details.get("seconds", details.get("ms", 1000) / 1000))


def dripping(reply: Reply, duration: float) -> Reply:
    """The same reply, its body handed out bit by bit: each part comes soon, the whole takes this many seconds."""
    body = reply.body if isinstance(reply.body, bytes) else b"".join(reply.body)
    size = max(1, -(-len(body) // DRIPS))

    def drips() -> Iterator[bytes]:
        for start in range(0, len(body), size):
            time.sleep(duration / DRIPS)
            yield body[start : start + size]

    headers = [(name, value) for name, value in reply.headers if name != "Content-Length"]
    return Reply(reply.status, drips(), reply.content_type, [*headers, ("Content-Length", str(len(body)))])


def truncated(reply: Reply, details: dict[str, Any]) -> Reply:
    """The first part of a reply: cut off in the middle, or (`clean`) ended as if it were whole."""
    stream = iter([reply.body]) if isinstance(reply.body, bytes) else reply.body
    length = (
        len(reply.body)
        if isinstance(reply.body, bytes)
        else next((int(value) for name, value in reply.headers if name == "Content-Length"), 4000)
    )
    limit = int(details.get("at", length // 2))
    headers = [(name, value) for name, value in reply.headers if name != "Content-Length"]
    if not details.get("clean"):
        return Reply(
            reply.status, cut_at(stream, limit), reply.content_type, [*headers, ("Content-Length", str(length))]
        )
    return Reply(reply.status, _whole_lines(stream, limit), reply.content_type, headers)


def cut_at(stream: Iterator[bytes], limit: int) -> Iterator[bytes]:
    """The first `limit` bytes, then a reset."""
    for piece in stream:
        yield piece[:limit]
        limit -= len(piece)
        if limit <= 0:
            break
    raise CutConnection


def _whole_lines(stream: Iterator[bytes], limit: int) -> Iterator[bytes]:
    text = b""
    for piece in stream:
        text += piece
        if len(text) >= limit:
            break
    kept = text[:limit]
    yield kept[: kept.rfind(b"\n") + 1] or kept

"""The little WSGI that the stand-ins need: a request, a reply, a table of routes."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl
from wsgiref.types import StartResponse, WSGIEnvironment

import orjson


class CutConnection(Exception):
    """Raised by an app, or by the body it returns: the server resets the connection."""


@dataclass
class Reply:
    """What goes back. A body that is an iterator is streamed in chunks."""

    status: int
    body: bytes | Iterator[bytes] = b""
    content_type: str = "application/json; charset=utf-8"
    headers: list[tuple[str, str]] = field(default_factory=list)


class Refusal(Exception):
    """Carries a finished reply out of a handler."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


class Request:
    """One HTTP request; the body is read when asked for, once."""

    def __init__(self, environ: WSGIEnvironment) -> None:
        self.environ = environ
        self.method: str = environ["REQUEST_METHOD"]
        self.path: str = environ["PATH_INFO"]
        self.query_string: str = environ.get("QUERY_STRING", "")
        self.query: dict[str, str] = dict(parse_qsl(self.query_string, keep_blank_values=True))
        self.faults: dict[str, dict[str, Any]] = {}
        self.world = 0  # how many resets came before it
        self._body: bytes | None = None

    def header(self, name: str) -> str:
        """The header's value, or an empty string."""
        return str(self.environ.get("HTTP_" + name.upper().replace("-", "_"), ""))

    def write_key(self) -> str:
        """The user name of HTTP Basic, where there is one."""
        kind, _, value = self.header("Authorization").partition(" ")
        if kind.lower() != "basic":
            return ""
        try:
            name, colon, _ = b64decode(value.strip(), validate=True).decode().partition(":")
        except ValueError:
            return ""
        return name if colon else ""

    @property
    def body(self) -> bytes:
        """The body as received, still compressed where it was sent so."""
        if self._body is None:
            self._body = self.environ["wsgi.input"].read()
        return self._body

    def json(self) -> Any:
        """The decoded body, None where it is not JSON."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return None

    def order(self) -> dict[str, Any]:
        """The decoded body of an order, which is always an object. Refuses anything else."""
        found = self.json() if self.body else {}
        if not isinstance(found, dict):
            raise Refusal(json_reply({"error": "An order's body is a JSON object."}, 400))
        return found


Handler = Callable[..., Reply]
Route = tuple[str, re.Pattern[str], Handler]


def route(method: str, pattern: str, handler: Handler) -> Route:
    """A row of a route table; the pattern must match the whole path."""
    return method, re.compile(pattern), handler


def find(routes: Iterable[Route], method: str, path: str) -> tuple[Handler | None, tuple[str, ...], bool]:
    """The handler with its path arguments, and whether the path exists under another method."""
    known = False
    for verb, pattern, handler in routes:
        if match := pattern.fullmatch(path):
            if verb == method:
                return handler, match.groups(), True
            known = True
    return None, (), known


def json_reply(value: Any, status: int = 200) -> Reply:
    """A JSON reply."""
    return Reply(status, orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS))


def text_reply(text: str, status: int = 200) -> Reply:
    """A reply in plain text, exactly as given."""
    return Reply(status, text.encode(), "text/plain; charset=utf-8")


def html_reply(status: int) -> Reply:
    """What a proxy or a login page in front of a vendor answers."""
    page = b"<!DOCTYPE html><html><head><title>Please wait</title></head><body>Checking your browser.</body></html>"
    return Reply(status, page, "text/html; charset=utf-8")


def lines_of(values: Iterable[Any], at_once: int = 2000) -> Iterator[bytes]:
    """Newline-delimited JSON, in pieces of a useful size."""
    pieces: list[bytes] = []
    for value in values:
        pieces.append(orjson.dumps(value))
        if len(pieces) == at_once:
            yield b"\n".join(pieces) + b"\n"
            pieces = []
    if pieces:
        yield b"\n".join(pieces) + b"\n"


def ndjson_reply(values: Iterable[Any]) -> Reply:
    """A stream of one JSON value a line."""
    return Reply(200, lines_of(values), "application/x-ndjson")


def send(reply: Reply, start_response: StartResponse) -> Iterable[bytes]:
    """Hand a reply to the WSGI server."""
    headers = [("Content-Type", reply.content_type), *reply.headers] if reply.content_type else list(reply.headers)
    streamed = not isinstance(reply.body, bytes)
    if not streamed and not any(name == "Content-Length" for name, _ in headers):
        headers.append(("Content-Length", str(len(reply.body))))  # type: ignore[arg-type]
    start_response(f"{reply.status} {phrase(reply.status)}", headers)
    return [reply.body] if isinstance(reply.body, bytes) else reply.body


def phrase(status: int) -> str:
    """The words of a status line."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"

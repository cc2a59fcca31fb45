"""What RudderStack's gateway says to a request, in its order of evaluation. Pure: bytes in, events or a refusal out."""

from __future__ import annotations

import zlib
from typing import Any, Final

import orjson

from sandbox.web import Refusal, Reply

LARGEST_BODY: Final = 4_096_000
SINGLE: Final = ("identify", "track", "page", "screen", "group", "alias", "merge", "audiencelist")
WITHOUT_IDENTITY: Final = frozenset({"record", "extract"})

Event = dict[str, Any]


def words(status: int, message: str) -> Reply:
    """An error as Go's http.Error writes it: plain text with a newline at its end."""
    return Reply(status, f"{message}\n".encode(), "text/plain; charset=utf-8", [("X-Content-Type-Options", "nosniff")])


def refuse(status: int, message: str) -> Refusal:
    """The same as an exception."""
    return Refusal(words(status, message))


def unpacked(body: bytes, encoding: str) -> bytes:
    """The body after gunzip; only the exact header value `gzip` counts. Raises Refusal (500) for corrupt gzip."""
    if encoding != "gzip":
        return body
    unpacker = zlib.decompressobj(wbits=31)
    try:
        text = unpacker.decompress(body) + unpacker.flush()
    except zlib.error as error:
        raise refuse(500, "failed to read body from request") from error
    if not unpacker.eof:
        raise refuse(500, "failed to read body from request")
    return text


def events_of(endpoint: str, text: bytes) -> list[Event] | None:
    """The events of a body; None where there is no batch. Raises Refusal (400)."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise refuse(400, "invalid json") from error
    if endpoint in SINGLE:
        events = [value]
    else:
        batch = value.get("batch") if isinstance(value, dict) else None
        if not batch:
            return None
        events = batch if isinstance(batch, list) else [batch]
    for event in events:
        if not isinstance(event, dict):
            raise refuse(400, "event is not a valid rudder event")
        if endpoint in SINGLE:
            event["type"] = endpoint
        if event.get("type") not in WITHOUT_IDENTITY and not identity(event):
            raise refuse(400, "request neither has anonymousId nor userId")
    return events


def identity(event: Event) -> str:
    """The event's userId, else anonymousId; numbers are taken as text, blanks as missing."""
    for name in ("userId", "anonymousId"):
        value = event.get(name)
        if isinstance(value, (str, int, float)) and not isinstance(value, bool) and (text := str(value).strip()):
            return text
    return ""


def check_size(text: bytes, events: list[Event] | None) -> None:
    """Raises Refusal (413) above 4,096,000 bytes, unless any event is an audiencelist."""
    if len(text) > LARGEST_BODY and not any(event.get("type") == "audiencelist" for event in events or ()):
        raise refuse(413, "request size exceeds max limit")

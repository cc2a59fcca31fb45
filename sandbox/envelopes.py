"""How the App API words its refusals."""

from __future__ import annotations

import secrets
from typing import Any, Final

from sandbox.web import Reply, json_reply

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
WORDS: Final = {400: "bad request", 403: "forbidden", 404: "not found", 422: "unprocessable"}


def reference() -> str:
    """The support handle that ends every message, a ULID."""
    return "01" + "".join(secrets.choice(ALPHABET) for _ in range(24))


def error(status: int, detail: str = "", **more: Any) -> Reply:
    """The errors envelope."""
    words = detail or WORDS.get(status, "internal server error")
    found = {"detail": f"{words} (reference {reference()})", "status": str(status)} | more
    return json_reply({"errors": [found]}, status)


def failure(status: int, details: dict[str, Any]) -> Reply:
    """An ordered failure in the vendor's words, or in those of the order."""
    if "body" in details:
        kind = details.get("content_type", "application/json; charset=utf-8")
        return Reply(status, str(details["body"]).encode(), kind)
    if status == 401:
        return json_reply({"errors": [{"detail": "unauthorized", "status": "401"}]}, 401)
    if status == 429:
        return throttled(details.get("form", ""))
    return error(status)


def throttled(form: str = "") -> Reply:
    """429: the newest form, the old one without header and body, or the daily quota's without header."""
    if form == "old_429":
        return Reply(429, b"", "")
    if form == "daily_429":
        return error(429, "daily quota exceeded")
    reply = error(429, "rate limited to 10 requests per 1s")
    reply.headers.append(("Retry-After", "1"))
    return reply

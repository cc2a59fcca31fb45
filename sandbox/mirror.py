"""Reads the people of a Customer.io stand-in, so that the ad platforms know the same human beings."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import orjson

from sandbox.adplatform import Held
from sandbox.digests import held_by


def people_at(url: str, strict: bool) -> Iterator[tuple[str | None, list[Held]]]:
    """Every person's reference (`cio_id`) and identifiers. Raises OSError when nobody answers there."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port or 80, timeout=60)
    try:
        connection.request("GET", "/_sandbox/people")
        reply = connection.getresponse()
        if reply.status != 200:
            raise OSError(f"{url} answered {reply.status}")
        for line in reply:
            yield person_held(orjson.loads(line), strict)
    finally:
        connection.close()


def person_held(person: dict[str, Any], strict: bool) -> tuple[str, list[Held]]:
    """One person's identifiers; not strict: each form is good on every platform."""
    held = held_by(person)
    return person["cio_id"], held if strict else [(digest, "") for digest, _ in held]

"""Feeds, keys, and webhooks as Customer.io sends them, for tests."""

import time
from collections.abc import Sequence
from itertools import count
from typing import Any

import orjson
from django.test import Client
from django.utils import timezone
from django.utils.text import slugify

from audiences.models import Feed, Pipe, SigningKey, Workspace
from syncs.models import EventCount
from syncs.signature import signature
from tests import factories
from tests.vendors import Vendors

KEY = "whsec-of-a-test"
COUPON = [
    {"name": "coupon", "type": "text", "required": True, "why": "which one"},
    {"name": "value", "type": "number", "required": False, "why": "how much"},
]
_numbers = count(1)


def signing_key(space: Workspace, secret: str = KEY, **fields: Any) -> SigningKey:
    by = factories.person(role="administrator")
    values = {"added_by": by, "added_at": timezone.now(), "last4": secret[-4:]}
    return SigningKey.objects.create(workspace=space, secret=secret, **{**values, **fields})


def feed_of(
    space: Workspace, name: str = "", *, pipe: Pipe | None = None, properties: Sequence[Any] = (), **fields: Any
) -> Feed:
    """Make a live feed with an owner."""
    name = name or f"Event {next(_numbers)}"
    owner = factories.person()
    values: dict[str, Any] = {
        "slug": f"{slugify(name)}-{next(_numbers)}",
        "kind": Feed.Kind.OTHER,
        "state": Feed.State.LIVE,
        "meaning": "Something happened",
        "owner": owner,
        "created_by": owner,
        "created_at": timezone.now(),
    }
    return Feed.objects.create(
        workspace=space, name=name, pipe=pipe, properties=list(properties), **{**values, **fields}
    )


def piped(vendors: Vendors, space: Workspace, name: str = "", **fields: Any) -> Feed:
    """Make a live feed whose pipe ends at the stand-in's warehouse."""
    key = f"feed-key-{next(_numbers)}"
    vendors.source(key, "POSTGRES")
    return feed_of(space, name, pipe=factories.pipe(key, data_plane_url=vendors.rudder), **fields)


def action(name: str = "Coupon Shown", *, person: int = 1, journey: str = "j1", **more: Any) -> dict[str, Any]:
    """Return the body of a workflow's action by our contract."""
    return {
        "schema": 1,
        "event": name,
        "kind": "exposure",
        "cio_id": f"c{person:06d}",
        "id": f"user-{person}",
        "journey_id": journey,
        "occurred_at": "2026-11-20T09:20:00+00:00",
        "properties": {"coupon": "TEN", "value": 10},
        **more,
    }


def report(
    metric: str = "unsubscribed", *, person: int = 1, object_type: str = "customer", **data: Any
) -> dict[str, Any]:
    """Return the body of a reporting webhook."""
    identifiers = {"cio_id": f"c{person:06d}", "id": f"user-{person}", "email": f"person{person}@example.com"}
    return {
        "event_id": f"01E4C4CT6YDC7Y5M7FE1G{next(_numbers):05d}",
        "object_type": object_type,
        "metric": metric,
        "timestamp": int(time.time()),
        "data": {"identifiers": identifiers, "customer_id": f"user-{person}", **data},
    }


def headers_of(body: bytes, *, key: str = KEY, age: float = 0) -> dict[str, str]:
    stamp = f"{int(time.time() - age)}"
    return {"X-CIO-Timestamp": stamp, "X-CIO-Signature": signature(key, stamp, body)}


def post(space: Workspace | int, event: Any, *, key: str = KEY, age: float = 0, headers: Any = None) -> Any:
    """Post an event as Customer.io would, and return the answer."""
    body = event if isinstance(event, bytes) else orjson.dumps(event)
    number = space if isinstance(space, int) else space.pk
    return Client().generic(
        "POST",
        f"/webhooks/customerio/{number}/",
        body,
        content_type="application/json",
        headers=headers_of(body, key=key, age=age) if headers is None else headers,
    )


def counted(space: Workspace, name: str = "") -> dict[str, int]:
    """Return the counts of an event's name over all hours, without those that are 0."""
    names = ("received", "copies", "forwarded", "rejected", "dropped", "unsigned", "stale", "unreadable")
    rows = EventCount.objects.filter(workspace=space, name=name)
    found = {one: sum(getattr(row, one) for row in rows) for one in names}
    return {one: number for one, number in found.items() if number}

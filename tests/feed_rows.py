"""Feeds with what arrived of them, as rows."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from django.utils import timezone

from audiences.models import Destination, Feed, SigningKey, Workspace
from muster.models import Person
from syncs.models import Event, EventCount, EventState
from tests import factories

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
_numbers = count(1)


def signing_key(space: Workspace, secret: str = "signing-key-1", **fields: Any) -> SigningKey:
    values = {"last4": secret[-4:], "added_by": factories.person(role="administrator"), "added_at": timezone.now()}
    return SigningKey.objects.create(workspace=space, secret=secret, **{**values, **fields})


def feed(
    name: str = "Coupon Shown",
    *,
    space: Workspace | None = None,
    places: Iterable[Destination] | None = None,
    owner: Person | None = None,
    state: str = Feed.State.LIVE,
    **fields: Any,
) -> Feed:
    """Make a feed that lacks nothing, live unless told otherwise, in a workspace with a signing key."""
    space, owner, now = space or factories.workspace(), owner or factories.person(), timezone.now()
    if not space.signing_keys.filter(retired_at=None).exists():
        signing_key(space, f"signing-key-{next(_numbers)}")
    live = {"live_at": now - 60 * DAY, "live_by": factories.person(role="manager")}
    values: dict[str, Any] = {
        "slug": f"{name.lower().replace(' ', '-')}-{next(_numbers)}",
        "kind": Feed.Kind.EXPOSURE,
        "meaning": "A coupon was on screen",
        "drift_checker": factories.person(),
        "pipe": factories.pipe(),
        "properties": [{"name": "coupon", "type": "text", "required": True, "why": "To compare coupons"}],
        "created_by": owner,
        "created_at": now - 60 * DAY,
        "edited_by": owner,
        "edited_at": now - 61 * DAY,
        **({} if state == Feed.State.DRAFT else live),
    }
    made = Feed.objects.create(workspace=space, name=name, owner=owner, state=state, **{**values, **fields})
    made.destinations.set(places if places is not None else [factories.destination(platform="warehouse")])
    return made


def counted(whose: Feed | Workspace, hours_ago: float = 1, *, name: str = "", **counts: int) -> EventCount:
    """Write down what arrived in an hour: of a feed, or of a workspace under a name or none."""
    space, name = (whose.workspace, whose.name) if isinstance(whose, Feed) else (whose, name)
    hour = (timezone.now() - hours_ago * HOUR).replace(minute=0, second=0, microsecond=0)
    return EventCount.objects.create(workspace=space, name=name, hour=hour, **counts)


def a_week(whose: Feed, a_day: int) -> None:
    """Let so many have arrived and been forwarded on each of the 7 days before the last one."""
    counted(whose, 7 * 24 + 22)
    for day in range(1, 8):
        counted(whose, day * 24 + 2, received=a_day, forwarded=a_day)


def event(
    whose: Feed | None, *, space: Workspace | None = None, name: str = "", age: timedelta = HOUR / 2, **fields: Any
) -> Event:
    """Make one event: rejected for want of a person, unless told otherwise."""
    number, at = next(_numbers), timezone.now() - age
    owner = whose.workspace if whose else space
    assert owner is not None
    values: dict[str, Any] = {
        "name": whose.name if whose else name,
        "dedupe": f"{number:032}",
        "message_id": f"{number:032}",
        "occurred_at": at,
        "received_at": at,
        "state": EventState.REJECTED if whose else EventState.UNOWNED,
        "reason": "no_person" if whose else "",
        "words": "Nobody was named." if whose else "",
        "settled_at": at if whose else None,
    }
    return Event.objects.create(workspace=owner, feed=whose, **{**values, **fields})


def forwarded(whose: Feed, took: timedelta, age: timedelta = HOUR) -> Event:
    at: datetime = timezone.now() - age
    return event(whose, received_at=at, state=EventState.FORWARDED, reason="", words="", settled_at=at + took)

"""Reads what of each feed's events landed in a warehouse, week by week, and keeps it."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from django.utils import timezone

from audiences.connecting import told
from audiences.models import Feed
from muster.models import Installation
from muster.vendor_errors import VendorError

from .models import FeedWeek, ReadAccess
from .readers.warehouse import Landed, Warehouse
from .weeks import mondays

WEEKS: Final = 8
NO_TABLE: Final = "No table of this event is there yet; RudderStack makes it with the first row."


def zone() -> ZoneInfo:
    """Return the time zone of weeks."""
    return ZoneInfo(Installation.current().time_zone)


def starts_of(days: Sequence[date]) -> list[datetime]:
    """Return when these days begin, in the zone of weeks."""
    home = zone()
    return [datetime.combine(day, datetime.min.time(), home) for day in days]


def feeds_at(access: ReadAccess) -> list[Feed]:
    """Return the feeds in use that must arrive at a destination."""
    found = Feed.objects.filter(destinations=access.destination_id).exclude(state__in=[Feed.State.DRAFT])
    return list(found.exclude(state=Feed.State.RETIRED).order_by("pk"))


def read(access: ReadAccess, reader: Warehouse, *, at: datetime) -> int:
    """Read the last weeks of every feed that goes to this warehouse, and return of how many. What cannot be read is unknown,
    with the reason, and spoils no other figure.
    """
    feeds = feeds_at(access)
    if not feeds:
        return 0
    days = mondays(timezone.localdate(at, zone()), WEEKS)
    try:
        found = reader.events([one.name for one in feeds], starts_of(days), at)
    except VendorError as error:
        for feed in feeds:
            # What was read before stays; only a week that never was says why.
            FeedWeek.objects.get_or_create(
                feed=feed,
                destination=access.destination,
                monday=days[-1],
                defaults={"words": told(error)[:200], "read_at": at},
            )
        return 0
    for feed in feeds:
        _keep(access, feed, days, found[feed.name], NO_TABLE, at)
    return len(feeds)


def _keep(access: ReadAccess, feed: Feed, days: list[date], landed: Landed, without: str, at: datetime) -> None:
    counts = landed.counts or [(None, None)] * len(days)
    for day, (rows, ids) in zip(days, counts, strict=True):
        FeedWeek.objects.update_or_create(
            feed=feed,
            destination=access.destination,
            monday=day,
            defaults={"rows": rows, "ids": ids, "words": "" if rows is not None else without[:200], "read_at": at},
        )

"""Counts what becomes of events, by name and by the hour in which they were received."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from django.db import connection

from .models import Event, EventCount

COUNTS: Final = ("received", "copies", "forwarded", "rejected", "dropped", "unsigned", "stale", "unreadable")
TABLE: Final = EventCount._meta.db_table
COLUMNS: Final = ", ".join(("workspace_id", "name", "hour", *COUNTS))
MARKS: Final = ", ".join(["%s"] * (3 + len(COUNTS)))


def hour_of(at: datetime) -> datetime:
    """Return the hour that a moment is in."""
    return at.replace(minute=0, second=0, microsecond=0)


def count(workspace_id: int, name: str, at: datetime, **changes: int) -> None:
    """Add to the counts of an event's name in the hour of `at`; in the transaction of what is counted.

    One statement in SQL, a hundred times a second while the database is locked: building it by the ORM costs ten times
    what running it does.
    """
    whole = dict.fromkeys(COUNTS, 0) | changes
    added = ", ".join(f"{column} = {TABLE}.{column} + excluded.{column}" for column in changes)
    sql = (
        f"INSERT INTO {TABLE} ({COLUMNS}) VALUES ({MARKS}) ON CONFLICT (workspace_id, name, hour) DO UPDATE SET {added}"
    )
    hour = EventCount._meta.get_field("hour").get_db_prep_value(hour_of(at), connection)
    with connection.cursor() as cursor:
        cursor.execute(sql, [workspace_id, name, hour, *whole.values()])


def count_each(events: Iterable[Event], **changes: int) -> None:
    """Add the changes once for each event, to its own name and hour. Always in one order: nobody waits in a circle."""
    found = Counter((event.workspace_id, event.name, hour_of(event.received_at)) for event in events)
    for (workspace_id, name, hour), times in sorted(found.items()):
        count(workspace_id, name, hour, **{column: change * times for column, change in changes.items()})

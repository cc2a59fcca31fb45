"""Counts what becomes of events, by name and by the hour in which they were received."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from django.db import connection

from .models import Event, EventCount

TABLE: Final = EventCount._meta.db_table


def hour_of(at: datetime) -> datetime:
    """Return the hour that a moment is in."""
    return at.replace(minute=0, second=0, microsecond=0)


def count(workspace_id: int, name: str, at: datetime, **changes: int) -> None:
    """Add to the counts of an event's name in the hour of `at`; in the transaction of what is counted.

    The statement is written here, since it runs a hundred times a second while the database is locked: the ORM takes ten
    times as long to build it as the database to run it.
    """
    added = ", ".join(f"{column} = {column} + %s" for column in changes)
    sql = f"UPDATE {TABLE} SET {added} WHERE workspace_id = %s AND name = %s AND hour = %s"
    hour = EventCount._meta.get_field("hour").get_db_prep_value(hour_of(at), connection)
    with connection.cursor() as cursor:
        cursor.execute(sql, [*changes.values(), workspace_id, name, hour])
        if not cursor.rowcount:
            EventCount.objects.get_or_create(workspace_id=workspace_id, name=name, hour=hour_of(at))
            cursor.execute(sql, [*changes.values(), workspace_id, name, hour])


def count_each(events: Iterable[Event], **changes: int) -> None:
    """Add the changes once for each event, to its own name and hour. Always in one order: nobody waits in a circle."""
    found = Counter((event.workspace_id, event.name, hour_of(event.received_at)) for event in events)
    for (workspace_id, name, hour), times in sorted(found.items()):
        count(workspace_id, name, hour, **{column: change * times for column, change in changes.items()})

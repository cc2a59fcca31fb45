"""Counts what becomes of events, by name and by the hour in which they were received."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from django.db.models import F

from .models import Event, EventCount


def hour_of(at: datetime) -> datetime:
    """Return the hour that a moment is in."""
    return at.replace(minute=0, second=0, microsecond=0)


def count(workspace_id: int, name: str, at: datetime, **changes: int) -> None:
    """Add to the counts of an event's name in the hour of `at`; in the transaction of what is counted."""
    mine = EventCount.objects.filter(workspace_id=workspace_id, name=name, hour=hour_of(at))
    added = {column: F(column) + change for column, change in changes.items()}
    if not mine.update(**added):
        EventCount.objects.get_or_create(workspace_id=workspace_id, name=name, hour=hour_of(at))
        mine.update(**added)


def count_each(events: Iterable[Event], **changes: int) -> None:
    """Add the changes once for each event, to its own name and hour. Always in one order: nobody waits in a circle."""
    found = Counter((event.workspace_id, event.name, hour_of(event.received_at)) for event in events)
    for (workspace_id, name, hour), times in sorted(found.items()):
        count(workspace_id, name, hour, **{column: change * times for column, change in changes.items()})

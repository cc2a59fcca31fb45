"""Deletes what is kept for a while only: slots that no page shows any more, keys of rows that RudderStack refused, events."""

from datetime import datetime, timedelta
from typing import Final

from .models import Beat, Event, EventState, RejectedRow, Slot

SLOTS_KEPT: Final = timedelta(days=60)
REJECTED_KEPT: Final = timedelta(days=30)
# An hour longer than a signature may be old: while a request can come again, the event that it was is known.
EVENTS_KEPT: Final = timedelta(days=7, hours=1)
EVERY: Final = timedelta(hours=1)
AT_ONCE: Final = 5000
NAME: Final = "purge"


def purge(*, at: datetime) -> int:
    """Delete what is too old, at most once an hour and a part at a time, and return how many rows."""
    if Beat.objects.filter(name=NAME, at__gt=at - EVERY).exists():
        return 0
    settled = Slot.objects.filter(due__lt=at - SLOTS_KEPT).exclude(state=Slot.State.DUE)
    refused = RejectedRow.objects.filter(at__lt=at - REJECTED_KEPT)
    events = Event.objects.filter(received_at__lt=at - EVENTS_KEPT).exclude(state=EventState.WAITING)
    gone = sum(
        model.objects.filter(pk__in=list(old.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])).delete()[0]
        for model, old in ((Slot, settled), (RejectedRow, refused), (Event, events))
    )
    if gone < AT_ONCE:
        Beat.objects.update_or_create(name=NAME, defaults={"at": at, "count": gone, "working": True})
    return gone

"""Tries rejected events again, or drops them."""

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from django.db import transaction
from django.db.models import QuerySet

from audiences.models import Feed
from muster import audit
from muster.models import Person

from .doorbell import ring_for_events
from .event_counts import count_each
from .event_kept import Kept
from .event_reasons import Reason
from .models import Event, EventState
from .receiving import judge

FOR_GOOD = (Reason.ERASED, Reason.UNREADABLE, Reason.TEST)
AT_ONCE = 500


@dataclass(frozen=True)
class Retried:
    """How many events wait again, and how many were rejected again."""

    waiting: int
    rejected: int


def retry(events: QuerySet[Event], *, by: Person, at: datetime) -> Retried:
    """Judge rejected events by their feeds' rules as they are now; what passes is forwarded, in the order it came."""
    chosen = events.filter(state=EventState.REJECTED, feed__isnull=False).exclude(reason__in=FOR_GOOD)
    numbers = list(chosen.order_by("pk").values_list("pk", flat=True))
    again = rejected = 0
    for start in range(0, len(numbers), AT_ONCE):
        with transaction.atomic():
            found = locked(numbers[start : start + AT_ONCE], EventState.REJECTED)
            passed = []
            for event in found:
                assert event.feed is not None, "only events of feeds are asked for"
                judge(event, Kept.of(event.body), event.feed, at)
                event.save(update_fields=["state", "reason", "words", "settled_at"])
                passed += [event] if event.state == EventState.WAITING else []
            count_each(passed, rejected=-1)
        again, rejected = again + len(passed), rejected + len(found) - len(passed)
    for feed in Feed.objects.filter(events__in=numbers[:AT_ONCE]).distinct():
        audit.record(
            verb="tried rejected events again of",
            subject=feed,
            by=by,
            detail={"waiting": again, "rejected": rejected},
            at=at,
        )
        if feed.pipe_id is not None and again:
            ring_for_events(feed.pipe_id, at=at)
    return Retried(again, rejected)


def drop(events: QuerySet[Event], *, by: Person, reason: str, at: datetime) -> int:
    """Give up events that wait or were rejected, and return how many: nothing of them is kept but their count."""
    numbers = list(events.order_by("pk").values_list("pk", flat=True))
    gone: list[Event] = []
    for start in range(0, len(numbers), AT_ONCE):
        part = numbers[start : start + AT_ONCE]
        with transaction.atomic():
            for state, change in ((EventState.REJECTED, {"rejected": -1}), (EventState.WAITING, {})):
                found = locked(part, state)
                mine = Event.objects.filter(pk__in=[event.pk for event in found])
                mine.update(state=EventState.DROPPED, body="", person=b"", settled_at=at)
                count_each([event for event in found if event.name], dropped=1, **change)
                gone += found
    for feed, some in groupby(sorted(gone, key=lambda event: event.feed_id or 0), key=lambda event: event.feed):
        audit.record(
            verb="dropped events of", subject=feed, by=by, reason=reason, detail={"events": len(list(some))}, at=at
        )
    return len(gone)


def locked(numbers: list[int], state: EventState) -> list[Event]:
    """Return these events as far as they are in this state, for this transaction alone."""
    rows = Event.objects.filter(pk__in=numbers, state=state).select_related("feed").order_by("pk")
    return list(rows.select_for_update(of=("self",)))

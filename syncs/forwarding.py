"""Forwards the events that wait for a pipe: in order, in batches, each once in effect.

The events are the truth and their message ids never change, so whatever is not known to have been accepted is sent again.
One worker at a time has the right to a pipe (syncs/lease.py); what a worker writes names its fence.
"""

import random
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from audiences.models import Feed, Pipe
from muster import audit
from muster.http import RateLimited, Rejected, VendorError
from muster.redaction import excerpt

from .doorbell import ring_for_events
from .event_counts import count_each
from .event_kept import Kept, batch, refusal, track
from .event_reasons import Reason, words_of
from .lease import Lease
from .models import Event, EventState, Forwarding, Pause, Tombstone
from .permit import backoff
from .rudderstack import RudderStack, TooLarge

AT_ONCE: Final = 500  # events in a request
MANY_REFUSED: Final = 20  # one by one and none accepted between: then it is not about single events

Clock = Callable[[], datetime]


class Stopped(Exception):
    """Nothing more is forwarded now; the row says why."""


def forward(pipe_id: int, *, holder: str, clock: Clock = timezone.now) -> int:
    """Forward what waits for a pipe and may go, for a minute at most; return how many RudderStack accepted.

    Nobody else is waited for: 0 when another worker is at it. Raises LeaseLost and ClockOff.
    """
    row, _ = Forwarding.objects.get_or_create(pipe_id=pipe_id)
    if row.wake_at is not None and row.wake_at > clock():
        return 0
    lease = Lease.claim(row, holder=holder)
    if lease is None:
        return 0
    with lease:
        forwarder = Forwarder(lease, clock)
        try:
            forwarder.work()
        except Stopped:
            return forwarder.accepted
    # What came after the last look had no ring of its own if this one was too near.
    if waiting(pipe_id).exists():
        ring_for_events(pipe_id, at=clock())
    return forwarder.accepted


def waiting(pipe_id: int) -> QuerySet[Event]:
    """Return the events that may be forwarded through a pipe now, in the order in which they came."""
    feeds = Feed.objects.filter(pipe_id=pipe_id, state=Feed.State.LIVE, stopped_words="", pipe__archived_at=None)
    held_back = paused(feeds)
    open_feeds = [feed.pk for feed in feeds if feed.pk not in held_back]
    return Event.objects.filter(feed__in=open_feeds, state=EventState.WAITING).order_by("pk")


def paused(feeds: Iterable[Feed]) -> set[int]:
    """Return the feeds whose events a pause of everything, of one of their destinations or of their audience holds back."""
    pauses = list(Pause.objects.open().values_list("destination", "audience"))
    return {feed.pk for feed in feeds if any(_reaches(*pause, feed) for pause in pauses)}


def _reaches(destination: int | None, audience: int | None, feed: Feed) -> bool:
    if destination is None:
        return audience is None or audience == feed.audience_id
    return destination in {place.pk for place in feed.destinations.all()}


def ring_due(*, at: datetime) -> int:
    """Ring for every pipe that events wait for and that nobody works on; return how many."""
    feeds = Feed.objects.filter(state=Feed.State.LIVE, stopped_words="", pipe__isnull=False)
    some = feeds.filter(events__state=EventState.WAITING).values_list("pipe_id", flat=True)
    busy = Forwarding.objects.filter(Q(wake_at__gt=at) | Q(lease_until__gt=at)).values_list("pipe_id", flat=True)
    due = sorted(set(some.distinct()) - set(busy))
    return sum(ring_for_events(pipe_id, at=at) for pipe_id in due if waiting(pipe_id).exists())


class Forwarder:
    """One worker at one pipe, under one lease."""

    def __init__(self, lease: Lease, clock: Clock) -> None:
        self.lease, self.clock = lease, clock
        self.pipe = Pipe.objects.get(pk=lease.row.pipe_id)
        self.rudderstack = RudderStack(self.pipe)
        self.accepted = 0
        self._refused_in_row = 0
        self._until = time.monotonic() + settings.SLICE_SECONDS

    def work(self) -> None:
        """Send batch after batch until none is left or the slice is over. Raises Stopped and LeaseLost."""
        while time.monotonic() < self._until:
            events = list(waiting(self.pipe.pk).select_related("feed")[:AT_ONCE])
            if not events:
                return
            ready = self._ready(events)
            if ready:
                self._send(ready)

    def _ready(self, events: Sequence[Event]) -> list[tuple[Event, dict[str, Any]]]:
        """Return the events with what is sent of each; those that cannot be sent any more are rejected at once."""
        erased = self._erased(events)
        found = []
        for event in events:
            assert event.feed is not None, "events that wait have a feed"
            kept, rules = Kept.of(event.body), event.feed.properties
            if event.person and bytes(event.person) in erased:
                self._reject(event, Reason.ERASED, words_of(Reason.ERASED), person=b"", body="")
            elif refused := refusal(kept, rules):
                self._reject(event, refused.reason, refused.words)
            else:
                found.append(
                    (event, track(kept, rules, name=event.name, message_id=event.message_id, feed=event.feed.slug))
                )
        return found

    @staticmethod
    def _erased(events: Iterable[Event]) -> set[bytes]:
        keys = {(event.workspace_id, bytes(event.person)) for event in events if event.person}
        found = Tombstone.objects.filter(
            kind=Tombstone.Kind.KEY,
            workspace_id__in={space for space, _ in keys},
            value__in=[key for _, key in keys],
        )
        return {bytes(value) for value in found.values_list("value", flat=True)}

    def _send(self, ready: list[tuple[Event, dict[str, Any]]]) -> None:
        """Send some events, in parts where RudderStack refuses them together. Raises Stopped and LeaseLost."""
        self.lease.check(settings.REQUEST_TIMEOUT)
        try:
            self.rudderstack.send(batch([event for _, event in ready]))
        except VendorError as error:
            if isinstance(error, TooLarge) or (isinstance(error, Rejected) and error.status == 400):
                self._narrow(ready, error)
            elif error.retryable:
                self._wait(ready, error)
            else:
                self._stop_feeds(error)
        else:
            self._accept([event for event, _ in ready])

    def _narrow(self, ready: list[tuple[Event, dict[str, Any]]], error: VendorError) -> None:
        """Find the events that a refusal is about by halves. Where all are refused one by one, it is not about events."""
        if len(ready) > 1:
            middle = len(ready) // 2
            self._send(ready[:middle])
            self._send(ready[middle:])
            return
        self._refused_in_row += 1
        if self._refused_in_row >= MANY_REFUSED:
            self._stop_feeds(error)
        reason = Reason.TOO_LARGE if isinstance(error, TooLarge) else Reason.REFUSED
        self._reject(ready[0][0], reason, excerpt(f"{words_of(reason)} {error.detail}"))

    def _accept(self, events: list[Event]) -> None:
        self._refused_in_row = 0
        self.accepted += self._settle(events, EventState.FORWARDED, "forwarded")

    def _reject(self, event: Event, reason: Reason, words: str, **fields: Any) -> None:
        self._settle([event], EventState.REJECTED, "rejected", reason=reason, words=words, **fields)

    def _settle(self, events: Iterable[Event], state: EventState, column: str, **fields: Any) -> int:
        """Write what became of events that still wait, with their counts, and return how many. Raises LeaseLost."""
        numbers = [event.pk for event in events]
        with transaction.atomic():
            self.lease.write(failures_in_row=0, wake_at=None, words="")
            mine = Event.objects.filter(pk__in=numbers, state=EventState.WAITING)
            found = list(mine.select_for_update().order_by("pk").defer("body"))
            mine.update(state=state, settled_at=self.clock(), tries=F("tries") + 1, **fields)
            count_each(found, **{column: 1})
        return len(found)

    def _wait(self, ready: list[tuple[Event, dict[str, Any]]], error: VendorError) -> None:
        """Keep the events for later: nobody knows whether RudderStack has them. Raises Stopped."""
        failures = self.lease.row.failures_in_row + 1
        delay = backoff(failures, random.random())
        if isinstance(error, RateLimited) and error.retry_after:
            delay = max(delay, timedelta(seconds=min(error.retry_after, 3600)))
        words = f"{error} The events are kept and sent again by themselves."[:500]
        with transaction.atomic():
            self.lease.write(failures_in_row=failures, wake_at=self.clock() + delay, words=words)
            numbers = [event.pk for event, _ in ready]
            Event.objects.filter(pk__in=numbers, state=EventState.WAITING).update(tries=F("tries") + 1)
        raise Stopped

    def _stop_feeds(self, error: VendorError) -> None:
        """Stop the feeds of this pipe until somebody lets them go on; their events are kept and wait. Raises Stopped."""
        words = f"{error} The events are kept and wait. {error.words.next_step} Then let the feed go on."[:500]
        with transaction.atomic():
            self.lease.write(words=words)
            for feed in Feed.objects.filter(pipe=self.pipe, state=Feed.State.LIVE, stopped_words=""):
                Feed.objects.filter(pk=feed.pk).update(stopped_words=words)
                audit.record(verb="stopped forwarding of", subject=feed, reason=words, at=self.clock())
        raise Stopped

"""Lets a feed go on that stopped by itself."""

from datetime import datetime

from django.db import transaction

from audiences.models import Feed
from muster import audit
from muster.models import Person

from .doorbell import ring_for_events
from .models import Forwarding


def go_on(feed: Feed, *, by: Person, at: datetime) -> bool:
    """Take the stop away, and return whether there was one; what waits is forwarded at once."""
    with transaction.atomic():
        if not Feed.objects.filter(pk=feed.pk).exclude(stopped_words="").update(stopped_words=""):
            return False
        audit.record(verb="let go on", subject=feed, by=by, at=at)
    wake(feed, at=at)
    return True


def wake(feed: Feed, *, at: datetime) -> None:
    """Have what waits for a feed forwarded now, whatever wait a failure had left."""
    if feed.pipe_id is not None:
        Forwarding.objects.filter(pipe_id=feed.pipe_id).update(wake_at=None, failures_in_row=0, words="")
        ring_for_events(feed.pipe_id, at=at)

"""What the clock does for messages: makes the digests and what is raised, and rings for what is to leave.

Two ticks make one row, because its key is unique, and one ring, because a row is taken by a conditional update.
"""

from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from muster.models import Installation, Person
from syncs.doorbell import enqueue

from . import alerts, messages
from .digesting import Week
from .models import Delivery, Report
from .postbox import channels_of, post
from .turns import is_turn

JOB: Final = "reconciliation.jobs.send"
MAKE: Final = "reconciliation.jobs.make_messages"
SENT_AT: Final = time(7)
LATEST: Final = timedelta(days=2)  # a digest of a report frozen later says nothing that is still news
TAKEN: Final = timedelta(minutes=20)  # a lost job costs so long, then it is asked for again


def ring_due(*, at: datetime) -> int:
    """Ask for a worker that makes what is due, every five minutes, and return how many were asked."""
    return int(is_turn(at) and enqueue(MAKE, "messages", minute=int(at.timestamp()) // 60))


def make_due(*, at: datetime) -> int:
    """Make what is due: the week's digests, drifts raised to managers. Return how many messages are new."""
    return make_digests(at=at) + alerts.raise_unanswered(at=at)


def make_digests(*, at: datetime) -> int:
    """Make everybody's digest of last week from Monday 07:00 on, as soon as its report is frozen."""
    monday = digest_due(at)
    if monday is None:
        return 0
    prefix = f"digest:{monday:%G-W%V}"
    told = set(Delivery.objects.filter(key__startswith=f"{prefix}:").values_list("person", flat=True))
    left = [one for one in Person.objects.active().exclude(pk__in=told) if channels_of(one)]
    if not left:
        return 0
    week = Week(monday, at)
    return sum(post(prefix, one, messages.of_digest(week.digest(one)), at=at) for one in left)


def digest_due(at: datetime) -> date | None:
    """Return the Monday of the week whose digests may be made now; None outside of their two days or before the report."""
    local = at.astimezone(ZoneInfo(Installation.current().time_zone))
    this_monday = local.date() - timedelta(days=local.weekday())
    begins = datetime.combine(this_monday, SENT_AT, tzinfo=local.tzinfo)
    monday = this_monday - timedelta(days=7)
    if not begins <= local < begins + LATEST or not Report.objects.filter(monday=monday, frozen_at__lte=at).exists():
        return None
    return monday


def send_due(*, at: datetime) -> int:
    """Ask for a worker for each message that is due, each taken by one tick only, and return how many."""
    rang = 0
    due = Delivery.objects.filter(sent_at=None, next_at__lte=at).order_by("made_at", "pk")
    for pk, next_at in due.values_list("pk", "next_at")[:200]:
        if Delivery.objects.filter(pk=pk, sent_at=None, next_at=next_at).update(next_at=at + TAKEN):
            rang += enqueue(JOB, "message", delivery_id=pk)
    return rang

"""Loads an audience's coverage by day: of each day the newest complete reading of its segment."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Max
from django.db.models.functions import TruncDate
from django.utils import timezone

from syncs.models import Pull
from syncs.states import PullState

from .coverage import Day, day_of

DAYS: Final = 26 * 7


def of_segment(segment_id: int, now: datetime) -> list[Day]:
    """Return the days on which the segment was read completely, oldest first. One query."""
    return of_segments([segment_id], now).get(segment_id, [])


def of_segments(segments: Collection[int], now: datetime) -> dict[int, list[Day]]:
    """Return by segment the days on which it was read completely, oldest first. One query."""
    read = Pull.objects.filter(
        segment__in=segments, state=PullState.COMPLETE, finished_at__gt=now - timedelta(days=DAYS), finished_at__lte=now
    )
    zone = timezone.get_current_timezone()
    newest = read.order_by().values("segment", day=TruncDate("finished_at", tzinfo=zone)).annotate(newest=Max("pk"))
    rows = Pull.objects.filter(pk__in=newest.values("newest")).order_by("finished_at")
    found: dict[int, list[Day]] = {}
    for segment, at, counts in rows.values_list("segment", "finished_at", "counts"):
        if at is not None and (day := day_of(at.astimezone(zone).date(), counts)):
            found.setdefault(segment, []).append(day)
    return found

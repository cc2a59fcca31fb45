"""When a list is due: every so often, daily or weekly on a wall clock. Pure; every instant in and out is UTC.

A wall-clock time that a change of clocks leaves out is due that much later the same day; one that comes twice is due
the first time. An interval is counted in real time and does not know clocks. The jitter is a fixed part of each due
time, so that "next = last due + period" holds to the second.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from hashlib import blake2b
from typing import Final
from zoneinfo import ZoneInfo

MANUAL, INTERVAL, DAILY, WEEKLY = "manual", "interval", "daily", "weekly"
EPOCH: Final = datetime(2020, 1, 1, tzinfo=UTC)
LONGEST_JITTER: Final = timedelta(minutes=5)
DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class Rhythm:
    """How often: `minutes` of an interval; `at`, `weekday` (Monday is 0) and `zone` of a daily or weekly one."""

    kind: str
    minutes: int = 0
    at: time = time(0)
    weekday: int = 0
    zone: str = "UTC"
    jitter: timedelta = timedelta(0)


def jitter(audience_id: int, period: timedelta) -> timedelta:
    """Return an audience's share of the spread, in whole seconds: below a tenth of the period, at most five minutes."""
    widest = min(LONGEST_JITTER, period / 10)
    drawn = int.from_bytes(blake2b(str(audience_id).encode(), digest_size=8).digest())
    return timedelta(seconds=drawn % max(1, int(widest.total_seconds())))


def period(rhythm: Rhythm) -> timedelta | None:
    """Return the ordinary time between two due times; None for a manual rhythm."""
    if rhythm.kind == INTERVAL:
        return timedelta(minutes=rhythm.minutes)
    return {DAILY: DAY, WEEKLY: 7 * DAY}.get(rhythm.kind)


def due_after(rhythm: Rhythm, last: datetime) -> datetime | None:
    """Return the first due time after `last`; None for a manual rhythm."""
    if rhythm.kind == MANUAL:
        return None
    before = last - rhythm.jitter
    if rhythm.kind == INTERVAL:
        step = timedelta(minutes=rhythm.minutes)
        return EPOCH + ((before - EPOCH) // step + 1) * step + rhythm.jitter
    return _wall_after(rhythm, before) + rhythm.jitter


def due_between(rhythm: Rhythm, after: datetime, until: datetime) -> Iterator[datetime]:
    """Yield the due times after `after`, up to and including `until`."""
    found = due_after(rhythm, after)
    while found is not None and found <= until:
        yield found
        found = due_after(rhythm, found)


def _wall_after(rhythm: Rhythm, before: datetime) -> datetime:
    zone = ZoneInfo(rhythm.zone)
    day = before.astimezone(zone).date() - DAY
    while True:
        if rhythm.kind == DAILY or day.weekday() == rhythm.weekday:
            due = _instant(day, rhythm.at, zone)
            if due > before:
                return due
        day += DAY


def _instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at, tzinfo=zone).astimezone(UTC)

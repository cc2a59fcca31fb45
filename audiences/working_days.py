"""Spans of working days: Monday to Friday, in the time zone of the installation. Pure."""

from datetime import datetime, timedelta, tzinfo

SATURDAY = 5


def after(start: datetime, days: int, zone: tzinfo) -> datetime:
    """Return the same time of day, this many working days later. What begins on a weekend begins on the next Monday."""
    at = start.astimezone(zone)
    left = days
    while left > 0 or at.weekday() >= SATURDAY:
        at = at + timedelta(days=1)
        left -= at.weekday() < SATURDAY and left > 0
    return at

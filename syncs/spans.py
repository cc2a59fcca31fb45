"""Lengths and moments of time as pages say them: "2 h 24 m", "09:14", "Mon 23 Nov 09:14". Pure."""

from datetime import datetime, timedelta

from django.utils import timezone

STEPS = ((86_400, "d"), (3_600, "h"), (60, "m"), (1, "s"))


def span(length: timedelta | float) -> str:
    """Return a length of time in its two largest units; below zero counts as none."""
    seconds = max(0, int(length.total_seconds() if isinstance(length, timedelta) else length))
    for place, (size, unit) in enumerate(STEPS):
        if seconds >= size:
            rest = seconds % size
            smaller, name = STEPS[place + 1] if place + 1 < len(STEPS) else (1, "")
            return f"{seconds // size} {unit}" + (f" {rest // smaller} {name}" if name and rest // smaller else "")
    return "0 s"


def about(seconds: float) -> str:
    """Return a rough length for an estimate: "less than a minute", "about 2 min", "about 3 h"."""
    if seconds < 60:
        return "less than a minute"
    if seconds < 5_400:
        return f"about {round(seconds / 60)} min"
    return f"about {round(seconds / 3_600)} h"


def clock(at: datetime, now: datetime) -> str:
    """Return a moment in the current time zone: the time today, else with its day, else with its year."""
    local, today = timezone.localtime(at), timezone.localtime(now)
    if local.date() == today.date():
        return f"{local:%H:%M}"
    day = f"{local:%a} {local.day} {local:%b}" + (f" {local.year}" if local.year != today.year else "")
    return f"{day} {local:%H:%M}"

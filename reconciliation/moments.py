"""Reads points in time as people and spreadsheets write them. Pure."""

import re
from datetime import date, datetime, time, tzinfo

DAYS = ("%d %b %Y", "%d %B %Y", "%Y-%m-%d", "%d.%m.%Y", "%a %d %b %Y")
PARTS = re.compile(r"(?P<day>.+?)(?:\s*,\s*|\s+|T)(?P<clock>\d{1,2}:\d{2})(?::\d{2})?(?P<rest>(Z|[+-]\d{2}:?\d{2})?)")
WRONG = "Write day and time like 23 Nov 2026, 09:20 or 2026-11-23 09:20."


class NotAMoment(ValueError):
    """The text is no point in time; the sentence says how to write one."""


def moment(text: str, *, now: datetime, zone: tzinfo) -> datetime:
    """Return the point in time, aware. A day alone is its end, or now where it has not ended. Raises NotAMoment."""
    said = " ".join(text.split())
    if (parts := PARTS.fullmatch(said)) is None:
        end = datetime.combine(_day(said), time(23, 59), zone)
        return now if end > now and end.date() == now.astimezone(zone).date() else end
    rest = parts["rest"].replace("Z", "+00:00")
    try:
        clock = datetime.strptime(parts["clock"], "%H:%M").time()  # noqa: DTZ007 - the zone is put on below
        own = datetime.strptime(rest.replace(":", ""), "%z").tzinfo if rest else zone
        return datetime.combine(_day(parts["day"].rstrip(",")), clock, own)
    except ValueError:
        raise NotAMoment(WRONG) from None


def _day(text: str) -> date:
    for known in DAYS:
        try:
            found = datetime.strptime(text, known).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
        if 2000 <= found.year <= 2100:
            return found
    raise NotAMoment(WRONG)

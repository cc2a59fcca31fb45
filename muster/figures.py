"""How figures, spans of time and points in time are written on a page. Values in, text out; the clock is an argument."""

from datetime import datetime, tzinfo
from decimal import ROUND_HALF_UP, Decimal

MINUS, DASH = "\u2212", "\u2013"
NOT_KNOWN = "not known"  # never 0 and never blank
MINUTE, HOUR, DAY = 60, 3600, 86400


def number(value: int | float | Decimal | None, digits: int = 0) -> str:
    """Return a number with commas between thousands and U+2212 for minus; None is "not known"."""
    if value is None:
        return NOT_KNOWN
    text = f"{_rounded(value, digits):,.{digits}f}"
    return text.replace("-", MINUS)


def in_words(count: int) -> str:
    """Return a count as a sentence has it: "three"; from eleven on in figures."""
    words = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    return words[count] if 0 <= count < len(words) else number(count)


def signed(value: int | float | Decimal | None, digits: int = 0) -> str:
    """Return a difference: with a plus, a minus, or for nothing a plain 0."""
    text = number(value, digits)
    return f"+{text}" if value is not None and _rounded(value, digits) > 0 else text


def span(low: float | Decimal | None, high: float | Decimal | None, digits: int = 0) -> str:
    """Return "8,700–9,300", or one number when both ends read alike; an open end is said in words."""
    if low is None and high is None:
        return NOT_KNOWN
    if low is None or high is None:
        return f"at most {number(high, digits)}" if low is None else f"at least {number(low, digits)}"
    ends = number(low, digits), number(high, digits)
    return ends[0] if ends[0] == ends[1] else DASH.join(ends)


def percent(value: float | Decimal | None, digits: int = 0) -> str:
    """Return percents without a space: 12.34 is "12%"."""
    return NOT_KNOWN if value is None else f"{number(value, digits)}%"


def share(part: int | None, whole: int | None) -> str:
    """Return part of whole in whole percents. Neither "0%" nor "100%" is said of what is only nearly so."""
    if part is None or whole is None or whole <= 0:
        return NOT_KNOWN
    rounded = _rounded(Decimal(part) * 100 / Decimal(whole), 0)
    if part > 0 and rounded < 1:
        return "under 1%"
    if part < whole and rounded >= 100:
        return "over 99%"
    return percent(rounded)


def duration(seconds: float | None) -> str:
    """Return how long something took in its two largest units: "52 s", "1 m 18 s", "2 h 24 m", "3 d 4 h"."""
    if seconds is None:
        return NOT_KNOWN
    if 0 < seconds < 1:
        return "under 1 s"
    whole = max(0, int(seconds))
    for size, smaller, names in ((DAY, HOUR, "dh"), (HOUR, MINUTE, "hm"), (MINUTE, 1, "ms")):
        if whole >= size:
            first, rest = divmod(whole, size)
            return f"{first} {names[0]}" + (f" {rest // smaller} {names[1]}" if rest >= smaller else "")
    return f"{whole} s"


def at_most(seconds: float | None) -> str:
    """Return how long something took at most: "up to 4 s", and "under 1 s" as it is."""
    text = duration(seconds)
    return text if seconds is None or text.startswith("under") else f"up to {text}"


def age(seconds: float | None) -> str:
    """Return how old something is, seconds only within the first minute: "12 s", "20 m", "9 h 10 m", "2 d 3 h"."""
    if seconds is None or seconds < MINUTE:
        return duration(None if seconds is None else int(seconds))
    return duration(int(seconds) // MINUTE * MINUTE)


def target(minutes: int | None) -> str:
    """Return a freshness target: up to 60 in minutes, whole hours in hours: "30 min", "60 min", "24 h"."""
    if minutes is None:
        return NOT_KNOWN
    if minutes <= 60 or minutes % 60:
        return f"{number(minutes)} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} m"
    return f"{number(minutes // 60)} h"


def clock(at: datetime | None, zone: tzinfo, *, seconds: bool = False) -> str:
    """Return the time of day on a 24-hour clock: "09:14", with seconds "09:14:20"."""
    return NOT_KNOWN if at is None else at.astimezone(zone).strftime("%H:%M:%S" if seconds else "%H:%M")


def day(at: datetime | None, zone: tzinfo) -> str:
    """Return a day in full: "Mon 23 Nov 2026"."""
    return NOT_KNOWN if at is None else _day(at.astimezone(zone), with_year=True)


def when(at: datetime | None, now: datetime, zone: tzinfo, *, seconds: bool = False) -> str:
    """Return a point in time as short as it stays clear: "09:14" today, "Tue 17 Nov, 09:14", with the year if another."""
    if at is None:
        return NOT_KNOWN
    local, today = at.astimezone(zone), now.astimezone(zone)
    time = clock(at, zone, seconds=seconds)
    if local.date() == today.date():
        return time
    return f"{_day(local, with_year=local.year != today.year)}, {time}"


def full(at: datetime | None, zone: tzinfo) -> str:
    """Return day and time in full: "Mon 23 Nov 2026, 09:20"."""
    return NOT_KNOWN if at is None else f"{day(at, zone)}, {clock(at, zone)}"


def zone_name(zone: tzinfo) -> str:
    """Return a time zone as a person says it: "America/New York"."""
    return str(zone).replace("_", " ")


def _rounded(value: float | Decimal, digits: int) -> Decimal:
    # Half away from zero, as people round; -0.2 becomes 0 and not "−0".
    step = Decimal(1).scaleb(-digits)
    exact = Decimal(str(value)) if isinstance(value, float) else Decimal(value)
    return exact.quantize(step, ROUND_HALF_UP) + 0


# Not strftime's %a and %b: those follow the locale of the machine.
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _day(local: datetime, *, with_year: bool) -> str:
    text = f"{_DAYS[local.weekday()]} {local.day} {_MONTHS[local.month - 1]}"
    return f"{text} {local.year}" if with_year else text

"""The grid of due slots: a row a day on the reader's clock, a square a slot at its time of day. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Final

from .regularity import DAYS, Cell

LEFT: Final = 78.0
WIDTH: Final = 893.0
ROW: Final = 19.0
WIDEST: Final = 15.6
MINUTES: Final = 1440
HOURS: Final = (0, 6, 12, 18)
STEP: Final = 18
FIFTH: Final = 5
GLYPHS: Final = {
    "failed": ("slot-glyph", "M5 5l6 6m0-6l-6 6"),
    "held": ("slot-glyph-dark", "M6 5v6m4-6v6"),
    "skipped": ("slot-glyph-muted", "M5.5 5l3 3l-3 3m4.5-6v6"),
}


@dataclass(frozen=True)
class Square:
    """One slot on the grid, in its units; `glyph` is a class and a path, or nothing."""

    cell: Cell
    x: str
    y: str
    width: str
    glyph: tuple[str, str] | None


@dataclass(frozen=True)
class Grid:
    rows: list[tuple[str, str]]  # label and the height of its base line
    hours: list[tuple[str, str]]  # label and where it stands, all on the base line `foot`
    squares: list[Square]
    foot: str
    height: str


def grid(cells: Sequence[Cell], now: datetime, zone: tzinfo) -> Grid:
    """Return the squares of the last 14 days, today included and the rest of it still to come."""
    today = now.astimezone(zone).date()
    first = today - timedelta(days=DAYS - 1)
    width = min(WIDEST, max(4.0, WIDTH / max(1, _most_a_day(cells, zone)) - 3))
    squares = []
    for one in cells:
        local = one.due.astimezone(zone)
        if first <= local.date() <= today:
            x = LEFT + WIDTH * (local.hour * 60 + local.minute) / MINUTES
            glyph = GLYPHS.get(one.look) if width >= WIDEST else None
            squares.append(Square(one, f"{x:.1f}", f"{(local.date() - first).days * ROW:.1f}", f"{width:.1f}", glyph))
    days = [first + timedelta(days=n) for n in range(DAYS)]
    rows = [(f"{day:%a} {day.day}" if day != today else "Today", f"{n * ROW + 12:.1f}") for n, day in enumerate(days)]
    hours = [(f"{hour:02}:00", f"{LEFT + WIDTH * hour / 24:.1f}") for hour in HOURS]
    return Grid(rows, hours, squares, f"{DAYS * ROW + 13:.0f}", f"{DAYS * ROW + 18:.0f}")


def _most_a_day(cells: Sequence[Cell], zone: tzinfo) -> int:
    days = [one.due.astimezone(zone).date() for one in cells]
    return max((days.count(day) for day in set(days)), default=1)


@dataclass(frozen=True)
class Day:
    """One day of a strip: where its cell stands, how it looks, and what it says where a slot was not on time."""

    x: str
    look: str
    words: str
    glyph: tuple[str, str] | None = None


def strip(cells: Sequence[Cell], now: datetime, zone: tzinfo) -> list[Day]:
    """Return a cell a day for the last 14 days, today last."""
    today = now.astimezone(zone).date()
    found = []
    for place in range(DAYS):
        day = today - timedelta(days=DAYS - 1 - place)
        ended = [one for one in cells if one.settled and one.due.astimezone(zone).date() == day]
        late = sum(not one.on_time for one in ended)
        look = day_look(ended)
        words = f"{day:%a} {day.day}: {late} of {len(ended)} not on time" if late else ""
        left = 0.8 + place * STEP
        found.append(Day(f"{left:.1f}", look, words, day_glyph(look, left)))
    return found


def day_look(ended: Sequence[Cell]) -> str:
    """Return how a day looks by its slots that have ended, the worst first: a fifth or more failed, or missed; held."""
    if not ended:
        return "due"
    for look in ("failed", "missed"):
        if sum(one.look == look for one in ended) * FIFTH >= len(ended):
            return look
    if any(one.look == "held" for one in ended):
        return "held"
    return "done" if all(one.on_time for one in ended) else "some"


def day_glyph(look: str, left: float) -> tuple[str, str] | None:
    """Return the class and path of the mark on a day's cell; a day that was on time and one that was missed have none."""
    start = f"{left + 4.2:.1f}"
    marks = {
        "some": ("glyph", f"M{start} 9h6"),
        "failed": ("glyph", f"M{start} 6l6 6m0-6l-6 6"),
        "held": ("slot-glyph-dark", f"M{left + 5.2:.1f} 6v6m4-6v6"),
    }
    return marks.get(look)

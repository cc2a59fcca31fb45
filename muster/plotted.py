"""Where marks and words of a chart go: scales, ticks, and labels that do not cover each other. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

LETTER: Final = 6.3  # wide, of a 12 px text
LINE: Final = 15.0
FIRST_ROW: Final = 14.0
ROWS: Final = 4  # of words over the plot; an event beyond has its line, and its words in the table
MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
STEPS: Final = (
    1.0,
    2.0,
    5.0,
    10.0,
    20.0,
    25.0,
    50.0,
    *(part * 10.0**tens for tens in range(2, 11) for part in (1, 2, 5)),
)


@dataclass(frozen=True)
class Scale:
    """A linear way from values to coordinates, to a tenth."""

    low: float
    high: float
    start: float
    end: float
    kept_in: bool = False

    def at(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low) if self.high != self.low else 1.0
        share = min(max(share, 0.0), 1.0) if self.kept_in else share
        return round(self.start + share * (self.end - self.start), 1)


@dataclass(frozen=True)
class Text:
    """Words at a place; `anchor` is SVG's text-anchor, `look` their class."""

    x: float
    y: float
    words: str
    anchor: str = "start"
    look: str = ""


def ticks(low: float, high: float, *, least: float, most: float) -> list[float]:
    """Return the marks of an axis that holds low and high, spans at least `least`, and stays within 0 and `most`."""
    if high - low < least:
        middle = (low + high) / 2
        low, high = middle - least / 2, middle + least / 2
    if low < 0:
        low, high = 0.0, max(high, min(high - low, most))
    if high > most:
        low, high = max(0.0, min(low, most - least)), most
    step = next((one for one in STEPS if (high - low) / one <= 6), STEPS[-1])
    first, last = math.floor(low / step), math.ceil(high / step)
    return [step * mark for mark in range(first, last + 1) if step * mark <= most or mark == first]


def short(value: float) -> str:
    """Return a number as an axis has room for it: 20, 1.5k, 30k, 2m."""
    for size, letter in ((1e9, "bn"), (1e6, "m"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"


def dated(days: Sequence[date], across: Scale, y: float, count: int = 5) -> tuple[Text, ...]:
    """Return the days that are written below a chart, evenly apart, the first and the last among them."""
    if days[0] == days[-1]:
        return (Text(across.at(days[0].toordinal()), y, day_and_month(days[0]), "middle"),)
    last = len(days) - 1
    places = sorted({round(last * part / (count - 1)) for part in range(count)})
    return tuple(Text(across.at(days[one].toordinal()), y, day_and_month(days[one]), "middle") for one in places)


def day_and_month(day: date) -> str:
    return f"{day.day} {MONTHS[day.month - 1]}"


def placed(events: Sequence[tuple[float, str]], width: float) -> tuple[tuple[tuple[float, Text], ...], int]:
    """Return the events with their words, in rows so that no words cover others, and how many rows that takes.

    Words stand at the right of their line, at its left where the chart ends. Those that reach over a later event's line
    stand above it, so that lines do not cross words.
    """
    levels: list[tuple[float, tuple[float, float], int]] = []
    found: list[tuple[float, Text, int]] = []
    for x, words in sorted(events, key=lambda one: -one[0]):
        reach = len(words) * LETTER + 10
        right = x + reach <= width
        room = (x, x + reach) if right else (x - reach, x)
        level = 1 + max(
            (of for at, other, of in levels if not _apart(room, other) or room[0] < at < room[1]), default=-1
        )
        if level >= ROWS or room[0] < 0:
            found.append((x, Text(x, 0.0, ""), 0))
            continue
        levels.append((x, room, level))
        found.append((x, Text(x + 6, 0.0, words) if right else Text(x - 6, 0.0, words, "end"), level))
    rows = max((level for _, _, level in levels), default=-1) + 1
    shown = ((x, replace(text, y=FIRST_ROW + LINE * (rows - 1 - level))) for x, text, level in reversed(found))
    return tuple(shown), rows


def _apart(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return one[1] <= other[0] or other[1] <= one[0]


def labels_apart(labels: Sequence[Text]) -> tuple[Text, ...]:
    """Return labels at the same x moved down where they would cover each other, in order of height."""
    found: list[Text] = []
    for one in sorted(labels, key=lambda label: label.y):
        below = found[-1].y + LINE if found else one.y
        found.append(replace(one, y=max(one.y, below)))
    return tuple(found)

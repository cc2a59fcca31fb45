"""Geometry of the two charts of a report: audiences inside tolerance by week, people by cause. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from muster.figures import share, span

TOP, BOTTOM, LEFT, RIGHT = 18.0, 140.0, 42.0, 408.0
SLOT, BAR = 29.85, 20.0
LABELLED: Final = 3  # every third week has its name below
WIDEST, ROW = 300.0, 32.0


@dataclass(frozen=True)
class Column:
    """One week: `height` 0 with `known` False where no audience was judged."""

    x: float
    y: float
    height: float
    known: bool
    now: bool
    name: str
    value: str
    said: str

    @property
    def middle(self) -> float:
        return self.x + BAR / 2

    @property
    def label_y(self) -> float:
        return round(self.y - 6, 1)


@dataclass(frozen=True)
class Bar:
    """One cause: from nothing to `low`, and on to `high`."""

    y: float
    low: float
    high: float
    words: str
    value: str
    look: str

    @property
    def words_y(self) -> float:
        return self.y + 13

    @property
    def bar_y(self) -> float:
        return self.y + 19

    @property
    def value_y(self) -> float:
        return self.y + 30

    @property
    def value_x(self) -> float:
        return self.high + 8


@dataclass(frozen=True)
class Causes:
    missing: tuple[Bar, ...]
    kept: tuple[Bar, ...]
    line: float
    height: float


def columns(trend: Sequence[dict[str, Any]]) -> list[Column]:
    """Return a column for each week, the newest at the right, its share of the audiences judged as its height."""
    made = []
    best = max((one["inside"] / one["of"] for one in trend if one["of"]), default=0)
    start = RIGHT - SLOT * len(trend)
    told_best = False
    for place, one in enumerate(trend):
        part = one["inside"] / one["of"] if one["of"] else 0.0
        height = round(part * (BOTTOM - TOP), 1)
        now = place == len(trend) - 1
        is_best = bool(one["of"]) and part == best and not told_best
        told_best = told_best or is_best
        week = one["week"].partition("-")[2]
        told = f"{one['inside']}/{one['of']}" if now or place == 0 or is_best else ""
        named = week if (len(trend) - 1 - place) % LABELLED == 0 else ""
        said = f"{one['week']}: {one['inside']} of {one['of']}, {share(one['inside'], one['of'])}"
        x = round(start + place * SLOT + (SLOT - BAR) / 2, 1)
        made.append(Column(x, round(BOTTOM - height, 1), height, bool(one["of"]), now, named, told, said))
    return made


def causes(rows: Sequence[dict[str, Any]]) -> Causes:
    """Return the bars of missing people by cause, and below a line those of people not removed."""
    most = max((one["people"][1] for one in rows), default=0)
    sides: dict[str, list[Bar]] = {"missing": [], "not_removed": []}
    y, line = 0.0, 0.0
    for side in ("missing", "not_removed"):
        for one in (row for row in rows if row["side"] == side):
            sides[side].append(_bar(one, y, most))
            y += ROW + 6
        if side == "missing":
            line = y + 2
            y += 14 if sides["missing"] and any(row["side"] == "not_removed" for row in rows) else 0
    return Causes(tuple(sides["missing"]), tuple(sides["not_removed"]), line, y)


def _bar(one: dict[str, Any], y: float, most: int) -> Bar:
    low, high = one["people"]
    look = "s3" if one["side"] == "not_removed" else "s4" if one["cause"] == "unexplained" else "s1"
    lists = f", {one['lists']} lists" if one["lists"] > 1 else ""
    scale = WIDEST / most if most else 0.0
    words = f"{one['words']}{lists}"
    return Bar(y, round(scale * low, 1), round(scale * high, 1), words, span(low, high), look)

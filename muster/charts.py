"""Geometry of charts over time, from values alone: templates draw the elements, CSS colours them.

A value is a band (low, high) in the unit of the axis; one number has low == high, and None is a gap, never 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Final

from .plotted import Scale, Text, dated, labels_apart, placed, short, ticks

Band = tuple[float, float]
WIDTH, BOTTOM, LEFT, LABELS = 640, 38, 40, 124
PLOT_HEIGHT: Final = 188
HALF_WIDE: Final = 2.5  # of a band that stands alone
SPARK_WIDTH, SPARK_HEIGHT, SPARK_SPAN = 124.0, 32.0, 18.0


@dataclass(frozen=True)
class Series:
    """One value for each day of the chart. `look` is its class: s1 to s4; `label` stands at its end."""

    label: str
    look: str
    values: Sequence[Band | None]


@dataclass(frozen=True)
class Event:
    """Something that happened, as a dashed line with words."""

    on: date
    words: str


@dataclass(frozen=True)
class Asked:
    """What a chart is made of. `said` has a sentence for each day, for the read-out.

    `joins`: how many days apart two values may be and still be joined by a line; `span`: the least height of the axis.
    `unit` is written after the numbers of the axis, which are percents unless told otherwise.
    """

    days: Sequence[date]
    series: Sequence[Series]
    said: Sequence[str]
    expected: Sequence[Band | None] = ()
    expected_label: str = ""
    events: Sequence[Event] = ()
    joins: int = 7
    span: float = 18.0
    most: float = 100.0
    unit: str = "%"


@dataclass(frozen=True)
class Drawn:
    """A series as points of polygons and lines; `dots` are the ends of what is drawn."""

    look: str
    bands: tuple[str, ...]
    lines: tuple[str, ...]
    dot: tuple[float, float] | None
    out: bool


@dataclass(frozen=True)
class Stop:
    """One day under the pointer or the keyboard: where it is, its part of the width, and what is read out."""

    x: float
    left: float
    width: float
    ys: tuple[float, ...]
    said: str


@dataclass(frozen=True)
class Chart:
    """Everything a template needs, in the units of the viewBox."""

    height: float
    plot: tuple[float, float, float, float]
    grid: tuple[Text, ...]
    dates: tuple[Text, ...]
    expected: tuple[tuple[float, float, float, float], ...]
    edges: str
    drawn: tuple[Drawn, ...]
    labels: tuple[Text, ...]
    events: tuple[tuple[float, Text], ...]
    stops: tuple[Stop, ...]
    width: int = WIDTH

    @property
    def plot_height(self) -> float:
        return self.plot[3] - self.plot[1]


def chart(asked: Asked) -> Chart:
    """Return the geometry of a chart. Raises ValueError without a day."""
    if not asked.days:
        raise ValueError("a chart needs at least one day")
    right = WIDTH - LABELS
    across = Scale(asked.days[0].toordinal(), max(asked.days[-1], asked.days[0]).toordinal(), LEFT, right)
    events, rows = placed(
        [(across.at(min(max(one.on, asked.days[0]), asked.days[-1]).toordinal()), one.words) for one in asked.events],
        WIDTH,
    )
    top = 16.0 + 15 * rows
    bottom = top + PLOT_HEIGHT
    marks = ticks(*_reach(asked), least=asked.span, most=asked.most)
    up = Scale(marks[0], marks[-1], bottom, top)
    xs = [across.at(day.toordinal()) for day in asked.days]
    areas, edges = _expected(asked, xs, up)
    return Chart(
        height=bottom + BOTTOM,
        plot=(LEFT, top, right, bottom),
        grid=tuple(Text(LEFT - 8, up.at(mark), f"{short(mark)}{asked.unit}", "end") for mark in marks),
        dates=dated(asked.days, across, bottom + 26),
        expected=areas,
        edges=edges,
        drawn=tuple(_drawn(one, asked, xs, up) for one in asked.series),
        labels=_labels(asked, up, right + 12),
        events=events,
        stops=_stops(asked, xs, up, right),
    )


def _reach(asked: Asked) -> Band:
    known = [one for series in asked.series for one in series.values if one] + [one for one in asked.expected if one]
    return min((low for low, _ in known), default=0.0), max((high for _, high in known), default=asked.most)


def runs(values: Sequence[Band | None], days: Sequence[date], joins: int) -> list[list[int]]:
    """Return the places of values that are joined: known, and no more than so many days apart."""
    found: list[list[int]] = []
    for place, value in enumerate(values):
        if value is None:
            continue
        near = found and days[place] - days[found[-1][-1]] <= timedelta(joins)
        if near:
            found[-1].append(place)
        else:
            found.append([place])
    return found


def _drawn(series: Series, asked: Asked, xs: Sequence[float], up: Scale) -> Drawn:
    bands, lines, last = [], [], None
    for run in runs(series.values, asked.days, asked.joins):
        known = [(xs[place], *value) for place in run if (value := series.values[place])]
        if len(known) == 1:
            x, low, high = known[0]
            known = [(x - HALF_WIDE, low, high), (x + HALF_WIDE, low, high)]
        if any(low != high for _, low, high in known):
            bands.append(_points([(x, up.at(high)) for x, _, high in known] + _back(known, up)))
        lines.append(_points([(x, up.at((low + high) / 2)) for x, low, high in known]))
        last = run[-1]
    if last is None:
        return Drawn(series.look, (), (), None, False)
    value = series.values[last]
    assert value is not None, "runs hold known values"
    wanted = asked.expected[last] if asked.expected else None
    out = wanted is not None and (value[1] < wanted[0] or value[0] > wanted[1])
    return Drawn(series.look, tuple(bands), tuple(lines), (xs[last], up.at(sum(value) / 2)), out)


def _back(known: Sequence[tuple[float, float, float]], up: Scale) -> list[tuple[float, float]]:
    return [(x, up.at(low)) for x, low, _ in reversed(known)]


def _points(pairs: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{round(x, 1):g},{round(y, 1):g}" for x, y in pairs)


def _expected(
    asked: Asked, xs: Sequence[float], up: Scale
) -> tuple[tuple[tuple[float, float, float, float], ...], str]:
    """Return the rectangles (x, y, width, height) of what was expected while, and the path of their edges."""
    areas: list[tuple[float, float, float, float]] = []
    edges = []
    start = 0
    wanted = list(asked.expected)
    for place in range(1, len(wanted) + 1):
        if place < len(wanted) and wanted[place] == wanted[start]:
            continue
        if band := wanted[start]:
            left, right = xs[start], xs[min(place, len(xs) - 1)]
            above, below = up.at(band[1]), up.at(band[0])
            areas.append((left, above, round(max(right - left, 2 * HALF_WIDE), 1), round(below - above, 1)))
            edges.append(f"M{left:g} {above:g}H{right:g}M{left:g} {below:g}H{right:g}")
        start = place
    return tuple(areas), "".join(edges)


def _labels(asked: Asked, up: Scale, x: float) -> tuple[Text, ...]:
    """Return what stands at the right: each series at its newest value, and what is expected."""
    found = []
    for series in asked.series:
        newest = next((one for one in reversed(series.values) if one), None)
        if newest:
            found.append(Text(x, up.at(sum(newest) / 2) + 4, series.label, look=f"label {series.look}"))
    wanted = asked.expected[-1] if asked.expected else None
    if wanted and asked.expected_label:
        found.append(Text(x, up.at(sum(wanted) / 2) + 4, asked.expected_label, look="axis"))
    return labels_apart(found)


def _stops(asked: Asked, xs: Sequence[float], up: Scale, right: float) -> tuple[Stop, ...]:
    borders = [LEFT, *((one + other) / 2 for one, other in pairwise(xs)), right]
    return tuple(
        Stop(
            x,
            round(left, 1),
            round(after - left, 1),
            tuple(up.at(sum(value) / 2) for series in asked.series if (value := series.values[place])),
            said,
        )
        for place, (x, left, after, said) in enumerate(zip(xs, borders[:-1], borders[1:], asked.said, strict=True))
    )


@dataclass(frozen=True)
class Spark:
    """A sparkline in a box of 128 × 32: bands as polygons, the expected band behind, the newest value as a dot."""

    bands: tuple[str, ...]
    expected: tuple[float, float] | None
    end: tuple[float, float] | None
    out: bool
    marks: tuple[float, ...] = ()


def spark(values: Sequence[Band | None], expected: Band | None = None, marked: Sequence[int] = ()) -> Spark:
    """Return a sparkline. Its height is always 18 points, so that a flat line looks flat. `marked` are places of values."""
    known = [one for one in values if one]
    if not known:
        return Spark((), None, None, False)
    shown = [*known, expected] if expected else known
    middle = (min(low for low, _ in shown) + max(high for _, high in shown)) / 2
    newest = sum(known[-1]) / 2
    # What was long ago may leave the box; what is now stays in it.
    middle = min(max(middle, newest - SPARK_SPAN / 3), newest + SPARK_SPAN / 3)
    up = Scale(middle - SPARK_SPAN / 2, middle + SPARK_SPAN / 2, SPARK_HEIGHT, 0.0, kept_in=True)
    across = Scale(0, max(len(values) - 1, 1), 0.0, SPARK_WIDTH)
    days = [date.min + timedelta(place) for place in range(len(values))]
    bands = []
    for run in runs(values, days, 1):
        edge = [(across.at(place), *value) for place in run if (value := values[place])]
        if len(edge) == 1:
            edge = [(edge[0][0] - HALF_WIDE, *edge[0][1:]), (edge[0][0] + HALF_WIDE, *edge[0][1:])]
        bands.append(
            _points([(x, up.at(high) - 0.7) for x, _, high in edge] + [(x, y + 0.7) for x, y in _back(edge, up)])
        )
    last = max(place for place, one in enumerate(values) if one)
    area = (up.at(expected[1]), round(up.at(expected[0]) - up.at(expected[1]), 1)) if expected else None
    out = expected is not None and (known[-1][1] < expected[0] or known[-1][0] > expected[1])
    return Spark(tuple(bands), area, (across.at(last), up.at(newest)), out, tuple(across.at(one) for one in marked))

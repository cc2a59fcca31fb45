"""A list's match rate by week as a chart and as the table that says the same. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from muster.charts import Asked, Chart, Event, Series, chart
from muster.figures import number, span
from muster.plotted import day_and_month

from .expected_match import Expected, Source
from .markers import Marker
from .match_rate import Gap, Match
from .quantities import BASIS_WORDS
from .weeks import Week

LOOKS = {"google_ads": "s2"}
GAP_WORDS = {
    Gap.NOT_READ: "not read",
    Gap.NOT_REPORTED: "no rate reported",
    Gap.SETTLING: "still settling",
    Gap.NOBODY: "nobody accepted",
}


@dataclass(frozen=True)
class Line:
    """A week in words: what the table shows and what is read out of the chart."""

    week: Week
    match: str
    basis: str
    expected: str
    size: str
    accepted: str
    happened: str

    @property
    def said(self) -> str:
        """Return the week as a sentence."""
        parts = [f"Match {self.match}" if self.week.point else f"No match rate: {self.match}"]
        parts += [f"expected {self.expected}"] if self.expected and self.week.point else []
        parts += [f"{self.size} of {self.accepted} accepted"] if self.size and self.accepted else []
        parts += [self.happened] if self.happened else []
        return f"{self.week.name}, from {day_and_month(self.week.monday)}: {'; '.join(parts)}."


@dataclass(frozen=True)
class History:
    """`drawn` is None while no week has a match rate: a chart of nothing tells nothing."""

    lines: list[Line]
    conclusion: str
    drawn: Chart | None


def rate_words(low: float, high: float) -> str:
    """Return "54–58%"; a band within one percent keeps its digits, so that it is not told as a point."""
    digits = 1 if round(low) == round(high) and low != high else 0
    return f"{span(low, high, digits)}%"


def history_of(
    name: str, platform: str, weeks: Sequence[Week], expected: Sequence[Expected | None], markers: Sequence[Marker]
) -> History:
    """Return the history of a list called `name`. `expected` has what was expected in each week."""
    shown = [one for one in markers if one.on >= weeks[0].monday]
    lines = [_line(week, wanted, shown) for week, wanted in zip(weeks, expected, strict=True)]
    conclusion = _conclusion(name, lines, expected)
    known = any(week.point for week in weeks)
    return History(lines, conclusion, _drawn(platform, lines, expected, shown) if known else None)


def _line(week: Week, wanted: Expected | None, markers: Sequence[Marker]) -> Line:
    happened = [f"{day_and_month(one.on)}: {one.words}" for one in markers if _within(one.on, week.monday)]
    told = rate_words(wanted.low, wanted.high) if wanted else ""
    if week.point is None:
        return Line(week, GAP_WORDS[week.gap or Gap.NOT_READ], "", told, "", "", ", ".join(happened))
    point = week.point
    accepted = number(point.match.accepted) if point.match.accepted is not None else ""
    size = span(*point.size) if point.size else ""
    basis = "its own rate" if point.match.own else BASIS_WORDS[point.match.basis]
    return Line(week, match_words(point.match), basis, told, size, accepted, ", ".join(happened))


def match_words(match: Match) -> str:
    return rate_words(match.low, match.high)


def basis_words(match: Match) -> str:
    """Return whose rate it is: the platform's own, or worked out of a size that came about in this way."""
    return "the platform's own rate" if match.own else f"size ÷ people accepted; the size is {BASIS_WORDS[match.basis]}"


def _within(day: date, monday: date) -> bool:
    return timedelta() <= day - monday < timedelta(7)


def _conclusion(name: str, lines: Sequence[Line], expected: Sequence[Expected | None]) -> str:
    known = [line for line in lines if line.week.point]
    if not known:
        return f"No week of {name} has a match rate yet."
    newest = known[-1]
    told = f"{newest.match} in {newest.week.name}"
    told += f", expected {newest.expected} ({wanted.words})" if (wanted := expected[-1]) and newest.expected else ""
    first = known[0]
    was = f" It was {first.match} in {first.week.name}." if first is not newest else ""
    started = next(place for place, line in enumerate(lines) if line.week.point)
    gaps = sum(1 for line in lines[started:] if line.week.point is None)
    missing = f" Since then {number(gaps)} week{'s have' if gaps > 1 else ' has'} no rate." if gaps else ""
    return f"Match at {name}: {told}.{was}{missing}"


def _drawn(
    platform: str, lines: Sequence[Line], expected: Sequence[Expected | None], markers: Sequence[Marker]
) -> Chart:
    values = [(one.week.point.match.low, one.week.point.match.high) if one.week.point else None for one in lines]
    newest = next(line for line in reversed(lines) if line.week.point)
    wanted = expected[-1]
    return chart(
        Asked(
            days=[line.week.monday for line in lines],
            series=[Series(newest.match, LOOKS.get(platform, "s1"), values)],
            said=[line.said for line in lines],
            expected=[(one.low, one.high) if one else None for one in expected],
            expected_label=f"{_source(wanted)} {rate_words(wanted.low, wanted.high)}" if wanted else "",
            events=[Event(one.on, f"{one.words}, {day_and_month(one.on)}") for one in markers],
        )
    )


def _source(wanted: Expected) -> str:
    return {Source.DEFINITION: "expected", Source.HISTORY: "usual", Source.PUBLISHED: "published"}[wanted.source]

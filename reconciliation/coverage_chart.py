"""An audience's coverage by day as a chart, as alarms in sentences, and as the table that says the same. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from audiences.terms import joined
from muster.charts import Asked, Chart, Event, Series, chart
from muster.figures import number
from muster.plotted import day_and_month

from .coverage import IDENTIFIERS, Day, Fall, falls, shown
from .markers import Marker, Switched

LOOKS: Final = {"email": "s1", "phone": "s2", "external_id": "s3"}
RECENT: Final = timedelta(days=28)
TOLD: Final = 3


@dataclass(frozen=True)
class Line:
    """A day in words; `shares` in the order of the chart's identifiers."""

    day: Day
    shares: list[str]
    happened: str

    @property
    def said(self) -> str:
        """Return the day as a sentence."""
        parts = [f"{IDENTIFIERS[name].lower()} {number(share, 1)}%" for name, share in self.day.shares.items()]
        people = f"{number(self.day.people)} {'person' if self.day.people == 1 else 'people'}"
        told = f"{day_and_month(self.day.on)}: {', '.join(parts) or 'no identifier was asked for'}; {people}"
        return f"{told}; {self.happened}." if self.happened else f"{told}."


@dataclass(frozen=True)
class Coverage:
    """`fallen` and `switched` are recent and stand as alarms, newest first; `names` head the table's columns."""

    days: list[Line]
    names: list[str]
    fallen: list[Fall]
    switched: list[Switched]
    conclusion: str
    drawn: Chart


def coverage_of(
    days: Sequence[Day], markers: Sequence[Marker], switched: Sequence[Switched], today: date
) -> Coverage | None:
    """Return the coverage of an audience, None while no complete reading counted it."""
    names = shown(days)
    if not names:
        return None
    fell = falls(days)
    happened = [*markers, *(Marker(one.on, f"{IDENTIFIERS[one.identifier].lower()} fell") for one in fell)]
    happened = [one for one in sorted(happened, key=lambda one: one.on) if one.on >= days[0].on]
    lines = [_line(day, names, happened, before) for before, day in zip([None, *days], days, strict=False)]
    return Coverage(
        days=lines,
        names=[IDENTIFIERS[name] for name in names],
        fallen=[one for one in fell if today - one.on <= RECENT][:TOLD],
        switched=[one for one in sorted(switched, key=lambda one: one.on, reverse=True) if _recent(one.on, today)],
        conclusion=_conclusion(days, names),
        drawn=_drawn(days, names, lines, happened),
    )


def _recent(on: date, today: date) -> bool:
    return timedelta() <= today - on <= RECENT


def _line(day: Day, names: Sequence[str], markers: Sequence[Marker], before: Day | None) -> Line:
    # What happened on a day without a reading stands at the next one.
    since = before.on if before else day.on - timedelta(1)
    happened = [one.words for one in markers if since < one.on <= day.on]
    told = [f"{number(day.shares[name], 1)}%" if name in day.shares else "not asked for" for name in names]
    return Line(day, told, ", ".join(happened))


def _newest(days: Sequence[Day], name: str) -> float:
    return next(day.shares[name] for day in reversed(days) if name in day.shares)


def _conclusion(days: Sequence[Day], names: Sequence[str]) -> str:
    told = [f"{number(_newest(days, name), 1)}% have a usable {IDENTIFIERS[name].lower()}" for name in names]
    people = "1 person" if days[-1].people == 1 else f"{number(days[-1].people)} people"
    return f"Of {people} {joined(told)}."


def _drawn(days: Sequence[Day], names: Sequence[str], lines: Sequence[Line], markers: Sequence[Marker]) -> Chart:
    return chart(
        Asked(
            days=[day.on for day in days],
            series=[
                Series(
                    f"{IDENTIFIERS[name]} {number(_newest(days, name), 1)}%",
                    LOOKS[name],
                    [(day.shares[name], day.shares[name]) if name in day.shares else None for day in days],
                )
                for name in names
            ],
            said=[line.said for line in lines],
            events=[Event(one.on, f"{one.words}, {day_and_month(one.on)}") for one in markers],
        )
    )

"""One reading for each ISO week: the newest settled one. A week without one is a gap that says why. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Final

from .match_rate import Gap, Match

WEEKS: Final = 26


@dataclass(frozen=True)
class Point:
    """The match rate of a week, and the size it was made of where one was given.

    `behind`: by how many hours the platform's figure is older than the count of the people accepted.
    """

    match: Match
    as_of: datetime
    size: tuple[int, int] | None = None
    behind: float = 0.0


@dataclass(frozen=True)
class Week:
    """`point` is None where there is a `gap`."""

    monday: date
    point: Point | None = None
    gap: Gap | None = Gap.NOT_READ

    @property
    def key(self) -> str:
        return key(self.monday)

    @property
    def name(self) -> str:
        return f"W{self.monday.isocalendar().week}"


def key(day: date) -> str:
    """Return the ISO week of a day: "2026-W47"."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def mondays(today: date, count: int = WEEKS) -> list[date]:
    """Return the first days of the weeks up to today's, oldest first."""
    newest = monday_of(today)
    return [newest - timedelta(weeks=back) for back in reversed(range(count))]


def weekly(found: Iterable[tuple[datetime, Point | Gap]], zone: tzinfo) -> dict[str, Point | Gap]:
    """Return by week the newest point, or why there is none. `found` has the time by which each belongs to a week."""
    made: dict[str, Point | Gap] = {}
    for at, one in sorted(found, key=lambda pair: pair[0]):
        week = key(at.astimezone(zone).date())
        if isinstance(one, Point) or not isinstance(made.get(week), Point):
            made[week] = one
    return made


def history(known: Mapping[str, Point | Gap], today: date, count: int = WEEKS) -> list[Week]:
    """Return that many weeks up to today's, oldest first, the unknown ones as gaps."""
    made = []
    for monday in mondays(today, count):
        found = known.get(key(monday), Gap.NOT_READ)
        made.append(Week(monday, found, None) if isinstance(found, Point) else Week(monday, None, found))
    return made

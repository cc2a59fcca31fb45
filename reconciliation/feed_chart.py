"""A feed's events by day as a chart, and as the table that says the same. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from muster.charts import Asked, Chart, Series, chart
from muster.figures import number
from muster.plotted import day_and_month
from syncs.event_figures import Counted

DAYS: Final = 28
MOST: Final = 1e12


@dataclass(frozen=True)
class DayTold:
    on: date
    counted: Counted | None

    @property
    def said(self) -> str:
        one = self.counted
        if one is None:
            return f"{day_and_month(self.on)}: nothing arrived."
        told = f"{number(one.received)} received, {number(one.forwarded)} forwarded, {number(one.rejected)} rejected"
        return f"{day_and_month(self.on)}: {told}."


@dataclass(frozen=True)
class FeedChart:
    days: list[DayTold]
    conclusion: str
    drawn: Chart


def feed_chart(counts: Mapping[date, Counted], today: date) -> FeedChart | None:
    """Return the last four weeks of a feed, whole days; None where nothing arrived in them."""
    begun = min((day for day in counts if today > day >= today - timedelta(DAYS)), default=None)
    if begun is None:
        return None
    # Before its first event a feed has no zeros: it was not there. Today is not over.
    days = [DayTold(begun + timedelta(n), counts.get(begun + timedelta(n))) for n in range((today - begun).days)]
    found = [one.counted or Counted() for one in days]
    series = [
        Series("Received", "s1", [(one.received, one.received) for one in found]),
        Series("Forwarded", "s2", [(one.forwarded, one.forwarded) for one in found]),
        Series("Rejected", "s3", [(one.rejected, one.rejected) for one in found]),
    ]
    said = [one.said for one in days]
    drawn = chart(Asked(days=[one.on for one in days], series=series, said=said, joins=1, span=5, most=MOST, unit=""))
    return FeedChart(days, _conclusion(found), drawn)


def _conclusion(found: list[Counted]) -> str:
    total = sum(found, Counted())
    a_day = round(total.received / len(found))
    return (
        f"About {number(a_day)} a day. Of {number(total.received)} in {len(found)} day{'' if len(found) == 1 else 's'}, "
        f"{number(total.forwarded)} were forwarded and {number(total.rejected)} rejected."
    )

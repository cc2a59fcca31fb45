"""Who an ad can still reach at each account as a page shows it: the newest count, what is usual, where it moves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from audiences.models import RequiredSuppression
from muster.charts import Spark, spark
from muster.figures import number

from .exposure_level import Level, Point
from .exposures import Standing, of_required
from .models import Exposure

EARLIER: Final = timedelta(minutes=55)
DRAWN_FROM: Final = 3  # hours with a count
TALL: Final = 16.0  # of the 18 points of a sparkline: how tall the highest count is


@dataclass(frozen=True)
class Exposed:
    """The newest count of one required suppression."""

    newest: Exposure
    standing: Standing

    @property
    def missing(self) -> int | None:
        return self.newest.missing

    @property
    def counted_at(self) -> datetime:
        return self.standing.counted_at or self.newest.at

    @property
    def usual(self) -> Level | None:
        return self.standing.level

    @property
    def unusual(self) -> bool:
        return self.standing.is_above_usual

    @property
    def change(self) -> int | None:
        """Return by how many it moved within the hour; None where nobody knows."""
        earlier = [count for at, count in self.standing.hours if at <= self.counted_at - EARLIER]
        before = earlier[-1] if earlier else None
        return self.missing - before if self.missing is not None and before is not None else None

    @property
    def told(self) -> str:
        """Return the trend in words, for those who do not see it."""
        known = [count for _, count in self.standing.hours if count is not None]
        if not known:
            return "Nobody counted in seven days"
        return f"From {number(min(known))} to {number(max(known))} in seven days, now {number(self.missing)}"

    @property
    def drawn(self) -> Spark | None:
        return trend(self.standing.hours, self.usual)


def exposures(lines: Sequence[RequiredSuppression], now: datetime) -> dict[int, Exposed]:
    """Return how each line stands that was ever counted, by its key. Three queries."""
    found = of_required(lines, now)
    return {pk: Exposed(one.newest, one) for pk, one in found.items() if one.newest is not None}


def trend(hours: Sequence[Point], usual: Level | None) -> Spark | None:
    """Return the counts by hour as a sparkline with what is usual behind it; None for too few. A gap: nobody knew."""
    known = [count for _, count in hours if count is not None]
    if len(known) < DRAWN_FROM:
        return None
    scale = TALL / max(*known, usual.high if usual else 0, 1)
    drawn = [None if count is None else (count * scale, count * scale) for _, count in hours]
    return spark(drawn, (usual.low * scale, usual.high * scale) if usual else None)

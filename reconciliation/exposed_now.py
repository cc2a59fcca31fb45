"""Who an ad can still reach at each account, as it was counted last: the newest counts, what is usual, where it moves."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import OuterRef, Subquery

from audiences.models import RequiredSuppression

from .models import Exposure

HISTORY: Final = timedelta(days=3)
EARLIER: Final = timedelta(minutes=55)
ENOUGH: Final = 8  # counts, from which on a level is called usual
TENTH: Final = 0.1


@dataclass(frozen=True)
class Exposed:
    """The newest count of one required suppression. `usual` is from where to where it mostly was; `before` an hour ago."""

    newest: Exposure
    usual: tuple[int, int] | None = None
    before: int | None = None

    @property
    def missing(self) -> int | None:
        return self.newest.missing

    @property
    def change(self) -> int | None:
        """Return by how many it moved within the hour."""
        return self.missing - self.before if self.missing is not None and self.before is not None else None

    @property
    def unusual(self) -> bool:
        return bool(self.missing and self.usual and self.missing > self.usual[1])


def exposures(lines: Collection[int], now: datetime) -> dict[int, Exposed]:
    """Return the newest count of each line that was ever counted, by its key. Two queries."""
    of_line = Exposure.objects.filter(required=OuterRef("pk")).order_by("-at", "-pk").values("pk")[:1]
    newest = RequiredSuppression.objects.filter(pk__in=lines).annotate(newest=Subquery(of_line)).values("newest")
    rows = {one.required_id: one for one in Exposure.objects.filter(pk__in=newest)}
    past: dict[int, list[tuple[datetime, int]]] = {}
    known = Exposure.objects.filter(required__in=rows, at__gte=now - HISTORY, missing__isnull=False)
    for line, at, missing in known.order_by("at").values_list("required", "at", "missing"):
        past.setdefault(line, []).append((at, missing or 0))
    return {line: _exposed(row, past.get(line, [])) for line, row in rows.items()}


def usual_level(counts: Sequence[int]) -> tuple[int, int] | None:
    """Return between which counts the middle four fifths lie; None while there are too few to say."""
    if len(counts) < ENOUGH:
        return None
    ordered = sorted(counts)
    edge = round(TENTH * (len(ordered) - 1))
    return ordered[edge], ordered[-1 - edge]


def _exposed(row: Exposure, past: Sequence[tuple[datetime, int]]) -> Exposed:
    earlier = [count for at, count in past if at <= row.at - EARLIER]
    counts = [count for at, count in past if at < row.at]
    return Exposed(row, usual_level(counts), earlier[-1] if earlier else None)

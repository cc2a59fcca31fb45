"""What people entered of a list, one entry a row, newest first: who, when, what, and which of them is corrected."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from .csv_rows import rate_told
from .models import Reading
from .quantities import PERMILLE_IN_PERCENT, Quantity


@dataclass(frozen=True)
class Entered:
    """One entry. `corrected` says that a newer one has the same as-of, so that it counts no more."""

    at: datetime
    as_of: datetime
    by: str
    source: str
    size: Reading | None
    rate: Reading | None
    note: str
    corrected: bool

    @property
    def rate_told(self) -> str:
        """Return the match rate as it was given."""
        rate = self.rate
        return rate_told(rate.low / PERMILLE_IN_PERCENT if rate and rate.low is not None else None)


def history(readings: Sequence[Reading]) -> list[Entered]:
    """Return the entries of readings that are sorted by `fetched_at`, newest first."""
    made: list[Entered] = []
    seen: set[datetime] = set()
    for at, group in groupby(readings, key=lambda row: row.fetched_at):
        rows = {row.quantity: row for row in group}
        first = next(iter(rows.values()))
        made.append(
            Entered(
                at=at,
                as_of=first.as_of,
                by=first.by.full_name if first.by else "somebody",
                source=first.source,
                size=rows.get(Quantity.MEMBERS),
                rate=rows.get(Quantity.MATCH_RATE),
                note=first.words,
                corrected=first.as_of in seen,
            )
        )
        seen.add(first.as_of)
    return made

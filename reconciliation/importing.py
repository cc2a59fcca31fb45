"""Finds the lists that the rows of a CSV mean, and says of each row what storing it would do. Stores nothing."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from audiences.models import Activation, Lifecycle
from muster.figures import span

from .csv_rows import CsvRow, rate_told
from .entering import Entry, known
from .models import Reading
from .quantities import PERMILLE_IN_PERCENT, Quantity


@dataclass(frozen=True)
class Previewed:
    """One row with what it would store; `entry` is None where it cannot be stored or is stored already."""

    row: CsvRow
    activation: Activation | None
    errors: tuple[str, ...]
    entry: Entry | None = None
    told: str = ""


def lists() -> list[Activation]:
    """Return the lists that figures can be entered for, by name."""
    made = Activation.objects.filter(kind=Activation.Kind.PRODUCTION, audience__archived_at=None)
    found = made.exclude(lifecycle=Lifecycle.RETIRED).select_related("audience", "destination", "list_at")
    return list(found.order_by("audience__name", "destination__name"))


def preview(rows: Sequence[CsvRow]) -> list[Previewed]:
    """Return each row with its list, or with the sentences that say what is wrong with it. Two queries."""
    names = _names(lists())
    found = [(row, names.get(row.list.casefold(), [])) for row in rows]
    before = known([one for _, several in found for one in several])
    often = Counter((several[0].pk, row.as_of) for row, several in found if len(several) == 1 and row.as_of)
    return [_previewed(row, several, often, before) for row, several in found]


def _names(lists: Sequence[Activation]) -> dict[str, list[Activation]]:
    """Return the lists by everything they are called: audience at destination, name and id at the platform."""
    names: defaultdict[str, list[Activation]] = defaultdict(list)
    for one in lists:
        there = getattr(one, "list_at", None)
        called = {str(one), one.list_name, there.external_id if there else "", there.name_seen if there else ""}
        for name in {" ".join(name.split()).casefold() for name in called if name.strip()}:
            names[name].append(one)
    return names


def _previewed(
    row: CsvRow,
    several: Sequence[Activation],
    often: Counter[tuple[int, datetime]],
    before: dict[tuple[int, datetime], tuple[Reading, ...]],
) -> Previewed:
    errors = list(row.errors)
    if row.list and not several:
        errors.append("No list has this name or id. Write it as in the template, like “Audience at Destination”.")
    elif len(several) > 1:
        which = ", ".join(str(one) for one in several[:3])
        errors.append(f"Several lists have this name or id: {which}. Write it as in the template.")
    one = several[0] if len(several) == 1 else None
    if one and row.as_of and often[one.pk, row.as_of] > 1:
        errors.append("The same list stands here twice with the same as-of. Keep the row that is right.")
    if errors or one is None or row.as_of is None:
        return Previewed(row, one, tuple(errors))
    entry = Entry(one, row.as_of, row.low, row.high, row.rate, row.reported)
    stored = before.get((one.pk, row.as_of), ())
    if not stored:
        return Previewed(row, one, (), entry, "New.")
    who = stored[0].by.full_name if stored[0].by else "somebody"
    if _figures(stored) == (row.low, row.high, row.rate):
        return Previewed(row, one, (), None, f"Entered already by {who}, with the same figures: left out.")
    return Previewed(row, one, (), entry, f"Corrects what {who} entered: {said(stored)}. That stays in the history.")


def _figures(stored: Sequence[Reading]) -> tuple[int | None, int | None, float | None]:
    by = {row.quantity: row for row in stored}
    size, rate = by.get(Quantity.MEMBERS), by.get(Quantity.MATCH_RATE)
    return size.low if size else None, size.high if size else None, _percent(rate)


def _percent(rate: Reading | None) -> float | None:
    return None if rate is None or rate.low is None else rate.low / PERMILLE_IN_PERCENT


def said(stored: Sequence[Reading]) -> str:
    """Return one entry's figures in words."""
    parts = []
    for row in stored:
        if row.quantity == Quantity.MATCH_RATE:
            parts.append(f"{rate_told(_percent(row))} matched")
        elif row.low is None:
            parts.append("not reported")
        else:
            parts.append(f"{span(row.low, row.high)} people")
    return ", ".join(parts)

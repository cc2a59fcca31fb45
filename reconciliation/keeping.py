"""Turns what a reader saw of a list into readings. Written once, changed never."""

from datetime import datetime

from audiences.models import Activation
from muster.models import Person
from muster.redaction import excerpt

from .look import CHANGED
from .models import Reading
from .quantities import UNITS, Basis, Quantity
from .readers.seen import Figure, ListSeen, State

MUSTER = "muster"
NOT_THERE = State("list", "gone", "The platform does not know this id.")


def keep(
    activation: Activation, seen: ListSeen, *, source: str, at: datetime, by: Person | None = None
) -> list[Reading]:
    """Write what was seen of a list, beside how many people Muster held as accepted then. Returns the new readings."""
    held = Figure(Quantity.ACCEPTED, activation.distinct_members, activation.distinct_members, Basis.EXACT)
    as_of = min(seen.as_of, at) if seen.as_of else at
    rows = [_of_figure(held, source=MUSTER, as_of=at)]
    rows += [_of_figure(figure, source=source, as_of=as_of) for figure in seen.figures]
    changed = [State(CHANGED, seen.changed_at.isoformat(), "Its people changed last then.")] if seen.changed_at else []
    gone = [NOT_THERE] if seen.gone else []
    rows += [_of_state(state, source, as_of) for state in (*seen.states, *changed, *gone)]
    for row in rows:
        row.activation, row.fetched_at, row.by = activation, at, by
        row.version, row.external_id = seen.version[:20], seen.external_id[:120]
    return Reading.objects.bulk_create(rows)


def _of_figure(figure: Figure, *, source: str, as_of: datetime) -> Reading:
    return Reading(
        quantity=figure.quantity,
        axis=figure.axis[:60],
        low=figure.low,
        high=figure.high,
        unit=UNITS[figure.quantity],
        basis=figure.basis,
        source=source,
        as_of=as_of,
    )


def _of_state(state: State, source: str, as_of: datetime) -> Reading:
    return Reading(
        quantity=Quantity.STATE,
        axis=state.axis[:60],
        basis=Basis.REPORTED,
        source=source,
        as_of=as_of,
        code=state.code[:60],
        words=excerpt(state.words),
    )

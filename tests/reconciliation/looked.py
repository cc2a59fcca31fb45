"""Looks as tests want them: what a test cares about, it says."""

from datetime import UTC, datetime, timedelta
from typing import Any

from reconciliation.look import Look
from reconciliation.quantities import Basis, Quantity
from reconciliation.readers.seen import Figure, State

NOW = datetime(2026, 11, 23, 9, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)
READY = (State("delivery_status", "200", "This audience is ready."), State("operation_status", "200", "Normal"))


def figure(low: int | None, high: int | None = None, *, of: Quantity = Quantity.MEMBERS, **fields: Any) -> Figure:
    """Make a figure; one number where only `low` is given."""
    basis = fields.pop("basis", Basis.RANGE if high is not None else Basis.REPORTED)
    return Figure(of, low, low if high is None else high, basis, **fields)


def look(
    *figures: Figure,
    accepted: int | None = 16_051,
    states: tuple[State, ...] = (),
    ago: timedelta = HOUR,
    **fields: Any,
) -> Look:
    at = NOW - ago
    return Look(at, at, fields.pop("source", "meta"), figures, states, accepted)

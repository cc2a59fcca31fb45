"""Readings as a platform leaves them behind over weeks, for pages and for what is worked out of them."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from audiences.models import Activation
from reconciliation import arrived, match_trend
from reconciliation.keeping import keep
from reconciliation.models import ListAt, ReadAccess
from reconciliation.quantities import Basis, Quantity
from reconciliation.readers.seen import Figure, ListSeen, State
from syncs.models import Pull
from syncs.states import PullState

READY = (State("delivery_status", "200", "This audience is ready for use."), State("operation_status", "200", "Normal"))


def access(one: Activation, **fields: Any) -> ReadAccess:
    """Give reading access to the destination of a list, whose id there is known."""
    ListAt.objects.get_or_create(
        activation=one, defaults={"external_id": str(23_850_000_000 + one.pk), "set_at": one.created_at}
    )
    made, _ = ReadAccess.objects.get_or_create(
        destination=one.destination, defaults={"secret": '{"token": "made up"}', "check_state": "working", **fields}
    )
    return made


def read(
    one: Activation,
    at: datetime,
    low: int | None,
    high: int | None = None,
    *,
    accepted: int = 16_051,
    rate: int | None = None,
    states: Sequence[State] = READY,
    quantity: Quantity = Quantity.MEMBERS,
) -> None:
    """Let a list be read back once; `rate` is the platform's own."""
    one.members = accepted
    basis = Basis.RANGE if high is not None else Basis.ROUNDED
    figures = [Figure(quantity, low, low if high is None else high, basis)]
    if rate is not None:
        figures.append(Figure(Quantity.MATCH_RATE, rate * 10, rate * 10, Basis.REPORTED))
    seen = ListSeen(str(one.pk), figures=tuple(figures), states=tuple(states))
    keep(one, seen, source=one.destination.platform, at=at)


def kept(one: Activation, at: datetime) -> None:
    """Bring up to date what pages show of a list."""
    match_trend.keep(one.pk, at=at)
    arrived.keep(one.pk, at=at)


def weekly(one: Activation, now: datetime, mids: Iterable[float | None], *, accepted: int = 16_051) -> None:
    """Let a list be read once a week up to now, the newest last; None: the platform was down that week."""
    known = list(mids)
    for back, mid in zip(reversed(range(len(known))), known, strict=True):
        if mid is None:
            continue
        at = now - timedelta(weeks=back, hours=1)
        low, high = round(accepted * (mid - 2) / 100), round(accepted * (mid + 2) / 100)
        if one.destination.platform == "google_ads":
            read(one, at, low, accepted=accepted, rate=round(mid), states=(), quantity=Quantity.DISPLAY)
        else:
            read(one, at, low, high, accepted=accepted)
    kept(one, now)


def counted(one: Activation, at: datetime, **counts: int) -> Pull:
    """Let the segment of a list have been read completely, with what was counted."""
    return Pull.objects.create(
        segment=one.audience.segment,
        state=PullState.COMPLETE,
        counts=counts,
        created_at=at,
        began_at=at,
        finished_at=at,
    )

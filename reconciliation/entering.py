"""Stores figures that people read off a platform. Nothing is changed afterwards: a correction is a newer row."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from audiences.models import Activation
from muster import audit
from muster.models import Person
from muster.redaction import excerpt

from . import arrived, match_trend
from .models import ListAt, Reading
from .quantities import PERMILLE_IN_PERCENT, UNITS, Basis, Quantity

MANUAL, CSV = "manual", "csv"
BY_HAND = (MANUAL, CSV)
NOT_REPORTED = "not_reported"


@dataclass(frozen=True)
class Entry:
    """What somebody read of one list: a band of people, a rate in percent to one decimal, or (`reported` False) none."""

    activation: Activation
    as_of: datetime
    low: int | None = None
    high: int | None = None
    rate: float | None = None
    reported: bool = True
    note: str = ""


def enter(entries: Sequence[Entry], *, by: Person, at: datetime, source: str = MANUAL) -> list[Reading]:
    """Store the entries, all or none, and return the readings."""
    ids = dict(
        ListAt.objects.filter(activation__in={one.activation.pk for one in entries}).values_list(
            "activation", "external_id"
        )
    )
    readings = []
    with transaction.atomic():
        for number, entry in enumerate(entries):
            # Entries of one list in one import differ in as_of; as two looks they keep apart.
            fetched_at = at + timedelta(microseconds=number)
            readings += _readings(entry, ids.get(entry.activation.pk, ""), source, by, fetched_at)
        Reading.objects.bulk_create(readings)
        _note(entries, source, by, at)
        for pk in sorted({entry.activation.pk for entry in entries}):
            match_trend.keep(pk, at=at)
            arrived.keep(pk, at=at)
    return readings


def of_people(activation: Activation) -> list[Reading]:
    """Return what people entered of a list, newest entry first."""
    entered = Reading.objects.filter(activation=activation, source__in=BY_HAND).select_related("by")
    return list(entered.order_by("-fetched_at", "-quantity"))


def known(entries: Iterable[Activation]) -> dict[tuple[int, datetime], tuple[Reading, ...]]:
    """Return what people entered before, by list and as-of; the newest entry of each."""
    found: dict[tuple[int, datetime], list[Reading]] = {}
    rows = Reading.objects.filter(activation__in={one.pk for one in entries}, source__in=BY_HAND)
    for row in rows.select_related("by").order_by("-fetched_at", "-quantity"):
        same = found.setdefault((row.activation_id, row.as_of), [])
        if not same or same[0].fetched_at == row.fetched_at:
            same.append(row)
    return {key: tuple(same) for key, same in found.items()}


def _readings(entry: Entry, external_id: str, source: str, by: Person, at: datetime) -> list[Reading]:
    def made(quantity: Quantity, low: int | None, high: int | None) -> Reading:
        return Reading(
            activation=entry.activation,
            quantity=quantity,
            low=low,
            high=high,
            unit=UNITS[quantity],
            basis=Basis.MANUAL,
            source=source,
            external_id=external_id,
            as_of=entry.as_of,
            fetched_at=at,
            code="" if entry.reported or quantity != Quantity.MEMBERS else NOT_REPORTED,
            words=excerpt(entry.note),
            by=by,
        )

    sized = [made(Quantity.MEMBERS, entry.low, entry.high)] if entry.low is not None or not entry.reported else []
    if entry.rate is None:
        return sized
    permille = round(entry.rate * PERMILLE_IN_PERCENT)
    return [*sized, made(Quantity.MATCH_RATE, permille, permille)]


def _note(entries: Sequence[Entry], source: str, by: Person, at: datetime) -> None:
    lists = {one.activation.pk: one.activation for one in entries}
    for activation in lists.values():
        count = sum(one.activation.pk == activation.pk for one in entries)
        audit.record(
            verb="entered figures of",
            subject=activation,
            by=by,
            detail={"readings": count, "source": source},
            audience_id=activation.audience_id,
            at=at,
        )

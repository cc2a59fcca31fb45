"""Keeps the customer lists of an ad account that no list of Muster fills, and why one of them may stay."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from audiences.models import Destination
from muster import audit
from muster.models import Person
from muster.redaction import excerpt

from .attachment import names_of
from .models import ListAt, ReadAccess, UnknownList
from .quantities import Quantity
from .readers.seen import AdSetSeen, Figure, ListSeen

SIZES = (Quantity.MEMBERS, Quantity.DISPLAY, Quantity.SEARCH)
NAMED = 10  # in the event that tells of new ones


def keep(
    destination: Destination, seen: Sequence[ListSeen], ad_sets: Sequence[AdSetSeen] | None, *, at: datetime
) -> None:
    """Keep which lists of the account nobody knows. `seen` is all of the account: what is not in it is forgotten.

    `ad_sets` is None where ads could not be read: then what was last known of their use stays.
    """
    known = known_ids(destination)
    unknown = {one.external_id: one for one in seen if one.external_id not in known and not one.gone}
    used = used_in(ad_sets) if ad_sets is not None else None
    looked_before = ReadAccess.objects.filter(destination=destination, ads_read_at__lt=at).exists()
    with transaction.atomic():
        destination.unknown_lists.exclude(external_id__in=unknown).delete()
        rows = {row.external_id: row for row in destination.unknown_lists.all()}
        new = [
            UnknownList(destination=destination, external_id=external_id, first_seen_at=at)
            for external_id in unknown
            if external_id not in rows
        ]
        for row in (*rows.values(), *new):
            _fill(row, unknown[row.external_id], used, at)
        UnknownList.objects.bulk_create(new)
        UnknownList.objects.bulk_update(rows.values(), ["name", "low", "high", "last_seen_at", "used_in"], 200)
        if new and looked_before:
            names = sorted(str(row) for row in new)[:NAMED]
            audit.record(verb="found lists it does not fill at", subject=destination, detail={"now": names}, at=at)


def known_ids(destination: Destination) -> set[str]:
    """Return the ids of the lists of a destination that Muster knows as its own, retired ones too."""
    return set(ListAt.objects.filter(activation__destination=destination).values_list("external_id", flat=True))


def used_in(ad_sets: Sequence[AdSetSeen]) -> dict[str, list[str]]:
    """Return for each list id what is active and names it, sorted; where it is excluded, that is said."""
    names, found = names_of(ad_sets), defaultdict(list)
    for one in ad_sets:
        name = excerpt(names[one.kind, one.external_id])
        for external_id in one.includes:
            found[external_id].append(name)
        for external_id in one.excludes - one.includes:
            found[external_id].append(f"{name} (excluded)")
    return {external_id: sorted(set(where)) for external_id, where in found.items()}


def size_of(seen: ListSeen) -> Figure | None:
    """Return the figure that says how many people a list has, the platform's own first; None where none is known."""
    known = [one for one in seen.figures if one.quantity in SIZES and one.low is not None]
    return min(known, key=lambda one: SIZES.index(one.quantity), default=None)


def may_stay(unknown: UnknownList, *, reason: str, by: Person, at: datetime) -> None:
    """Record why a list that Muster does not fill may stay in the account; an empty reason takes that back."""
    with transaction.atomic():
        said = excerpt(reason, limit=300)
        unknown.known_reason, unknown.known_by, unknown.known_at = said, by if said else None, at if said else None
        unknown.save(update_fields=["known_reason", "known_by", "known_at"])
        audit.record(
            verb="said why a list may stay at" if said else "asked again about a list at",
            subject=unknown.destination,
            by=by,
            reason=f"{unknown}: {said}" if said else str(unknown),
            at=at,
        )


def _fill(row: UnknownList, one: ListSeen, used: dict[str, list[str]] | None, at: datetime) -> None:
    size = size_of(one)
    row.name, row.last_seen_at = excerpt(one.name), at
    row.low, row.high = (size.low, size.high) if size else (None, None)
    if used is not None:
        row.used_in = used.get(row.external_id, [])

"""Settles what is unknown: batches that left, or may have left, without an answer on record are sent again.

Same hash, same bytes. Where a new release or an erasure makes another body, the batch ends Superseded and its interval
is cut anew with the same message ids; people erased meanwhile are removed there, since they may have been added.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import F

from .lease import Lease
from .models import Batch
from .outbox import Parcel, body_of, note, settle, works_within
from .payload import VERSION
from .states import BatchState
from .work import Maker


def parcels_of(maker: Maker, lease: Lease, batches: list[Batch], at: datetime) -> list[Parcel]:
    """Return the parcels to send so that none of a run's batches stays unknown. Raises LeaseLost."""
    found: list[Parcel] = []
    for batch in batches:
        if batch.fence != lease.fence or batch.run_id != lease.row.pk:
            Batch.objects.filter(pk=batch.pk, attempts__gt=0, status=None).update(was_unknown=True)
        if maker.run.pull is None or maker.run.pull.dropped_at is not None:
            words = "The reading it was made from is gone; its people are sent again by the next run."
            with transaction.atomic():
                lease.write(progress=F("progress") + 1)
                settle(batch, BatchState.SUPERSEDED, at, words=words, was_unknown=True)
            continue
        found += remade(maker, lease, batch, at)
    return found


def remade(maker: Maker, lease: Lease, batch: Batch, at: datetime) -> list[Parcel]:
    """Return the batch as it was, or what replaces it."""
    span = (bytes(batch.key_from), bytes(batch.key_to))
    works = works_within(maker, batch.pass_name, span)
    data = body_of(maker, batch.pass_name, works)
    fresh = Parcel(batch, works, data)
    if fresh.digest == batch.body_hash and maker.run.payload_version == VERSION:
        return [fresh]
    with transaction.atomic():
        settle(batch, BatchState.SUPERSEDED, at, words="Replaced: its people or their form changed meanwhile.")
        replaced = [note(maker, lease, batch.pass_name, works, span, at, parent=batch)]
        if batch.attempts and any(len(work.lost_key) for work in works):
            replaced.append(note(maker, lease, "undo", works_within(maker, "undo", span), span, at, parent=batch))
    return replaced

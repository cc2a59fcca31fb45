"""The outbox: batches are noted before their first send, and settled in the transaction that moves the ledger.

A batch is a key interval of a pass. Its people come from `Maker`; the same interval makes the same body again.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.db import transaction
from django.db.models import F

from audiences.models import Activation
from muster import kept_change

from .lease import Lease, LeaseLost
from .models import Batch, RejectedRow
from .payload import body
from .states import BatchState
from .work import Maker, Work


@dataclass
class Parcel:
    """A batch with the people and the bytes it stands for."""

    batch: Batch
    works: list[Work]
    data: bytes
    tries: int = 0
    not_before: float = 0.0

    @property
    def digest(self) -> str:
        """The SHA-256 of the bytes; empty where nothing is sent."""
        return hashlib.sha256(self.data).hexdigest() if self.data else ""

    @property
    def people(self) -> int:
        return sum(len(work) for work in self.works)


def body_of(maker: Maker, pass_name: str, works: Sequence[Work]) -> bytes:
    """Return the bytes of a request for these people; none when nothing is to be sent of them."""
    first = next((work.key[:1].tobytes() for work in works if len(work)), bytes(16))
    return body(maker.terms.spec(pass_name), [work.rows for work in works], first)


def note(
    maker: Maker,
    lease: Lease,
    pass_name: str,
    works: list[Work],
    span: tuple[bytes, bytes],
    at: datetime,
    *,
    parent: Batch | None = None,
    leaves: bool = False,
    **fields: object,
) -> Parcel:
    """Write a batch before its first send, with what changes of the run besides, and return it. Raises LeaseLost.

    `leaves` says that it is sent at once, if there is something to send: then `sending` need not say so.
    """
    data = body_of(maker, pass_name, works)
    first = {"attempts": 1, "first_sent_at": at} if leaves and data else {}
    if first:
        fields["requests"] = F("requests") + 1
    with transaction.atomic():
        lease.write(progress=F("progress") + 1, **fields)
        batch = Batch(
            run=maker.run,
            activation=maker.run.activation,
            parent=parent,
            pass_name=pass_name,
            key_from=span[0],
            key_to=span[1],
            fence=lease.fence,
            body_hash=hashlib.sha256(data).hexdigest() if data else "",
            body_bytes=len(data),
            events=sum(int(work.rows.events.sum()) for work in works),
            people=sum(len(work) for work in works),
            created_at=at,
            **first,
        )
        kept_change.insert(batch)
    return Parcel(batch, works, data)


def sending(parcel: Parcel, lease: Lease, at: datetime) -> None:
    """Note that a parcel leaves now, under this fence. Raises LeaseLost."""
    with transaction.atomic():
        lease.write(requests=F("requests") + 1)
        mine = Batch.objects.filter(pk=parcel.batch.pk, state=BatchState.SENDING)
        first = {} if parcel.batch.first_sent_at else {"first_sent_at": at}
        if not mine.update(fence=lease.fence, attempts=F("attempts") + 1, status=None, **first):
            raise LeaseLost(f"{parcel.batch} was settled by somebody else")
    parcel.batch.first_sent_at = parcel.batch.first_sent_at or at


def accepted(parcel: Parcel, maker: Maker, lease: Lease, at: datetime) -> None:
    """Record an acceptance: batch, ledger shards and counts in one transaction. Raises LeaseLost."""
    batch, ledger = parcel.batch, maker.ledger
    ready = [ledger.prepared(work.number, work.change(), work.before) for work in parcel.works if len(work)]
    adding = batch.pass_name == "additions"
    gained = sum(one.gained for one in ready)
    with transaction.atomic():
        settle(
            batch,
            BatchState.ACCEPTED,
            at,
            adds=max(0, gained),
            removes=max(0, -gained),
            before={f"{ledger.generation}:{one.number}": [one.digest_before, one.members_before] for one in ready},
            after={f"{ledger.generation}:{one.number}": [one.digest, one.members] for one in ready},
        )
        ledger.store(ready)
        if gained:
            kept_change.update(Activation, {"pk": batch.activation_id}, {"members": F("members") + gained})
        counted = "accepted_adds" if adding else "accepted_removes"
        sent = sum(int(np.count_nonzero(work.rows.events)) for work in parcel.works)
        own = {counted: F(counted) + sent} if batch.run_id == lease.row.pk else {}
        lease.write(progress=F("progress") + 1, failures_in_row=0, **own)
    ledger.committed(ready)


def settle(batch: Batch, state: BatchState, at: datetime, **fields: object) -> None:
    """End a batch that is still open. Raises LeaseLost when it is settled already."""
    open_one, settled = {"pk": batch.pk, "state": BatchState.SENDING}, {"state": state, "settled_at": at, **fields}
    if not kept_change.update(Batch, open_one, settled):
        raise LeaseLost(f"{batch} was settled by somebody else")
    for name, value in {"state": state, **fields}.items():
        setattr(batch, name, value)


def rejected(parcel: Parcel, lease: Lease, at: datetime, words: str, status: int | None) -> None:
    """Record that RudderStack refused these people's rows by themselves. Raises LeaseLost."""
    with transaction.atomic():
        settle(parcel.batch, BatchState.REJECTED, at, words=words[:400], status=status)
        keys = [work.key[place : place + 1].tobytes() for work in parcel.works for place in range(len(work))]
        RejectedRow.objects.bulk_create(
            [
                RejectedRow(run=parcel.batch.run, key=key, pass_name=parcel.batch.pass_name, words=words[:300], at=at)
                for key in keys
            ],
            ignore_conflicts=True,
        )
        lease.write(progress=F("progress") + 1, rejected=F("rejected") + len(keys), failures_in_row=0)


def halves(parcel: Parcel) -> tuple[list[Work], list[Work]]:
    """Return a parcel's people in two parts; of two people or more neither is empty."""
    first: list[Work] = []
    second: list[Work] = []
    left = parcel.people // 2
    for work in parcel.works:
        cut = min(left, len(work))
        left -= cut
        first += [work.cut(0, cut)] if cut else []
        second += [work.cut(cut, len(work))] if cut < len(work) else []
    return first, second


def split(parcel: Parcel, maker: Maker, lease: Lease, at: datetime, status: int | None) -> list[Parcel]:
    """End a batch in favour of two with half of its people each. Raises LeaseLost."""
    batch = parcel.batch
    first, second = halves(parcel)
    border = second[0].key[:1].tobytes()
    with transaction.atomic():
        settle(batch, BatchState.SPLIT, at, status=status)
        spans = ((bytes(batch.key_from), border), (border, bytes(batch.key_to)))
        return [
            note(maker, lease, batch.pass_name, works, span, at, parent=batch)
            for works, span in zip((first, second), spans, strict=True)
        ]


def works_within(maker: Maker, pass_name: str, span: tuple[bytes, bytes]) -> list[Work]:
    """Return the people of a pass in a key interval, made anew."""
    maker.ask_who_is_out()
    last = prefix_of(span[1], maker.ledger.shards) if span[1] else maker.ledger.shards - 1
    numbers = range(prefix_of(span[0], maker.ledger.shards), last + 1)
    return [maker.work(pass_name, number, span) for number in numbers]


def prefix_of(key: bytes, shards: int) -> int:
    """Return the number of the shard that a key belongs to; the empty key is the first."""
    return int.from_bytes(key[:4].ljust(4, b"\0"), "big") >> (32 - (shards - 1).bit_length()) if key else 0


def debts_of(activation: Activation) -> list[Batch]:
    """Return the batches of a list whose answer is not recorded, oldest first."""
    rows = Batch.objects.filter(activation=activation, state=BatchState.SENDING)
    if not rows.exists():  # nearly always; the rows are wide
        return []
    return list(rows.select_related("run__pull", "run__definition").order_by("pk"))

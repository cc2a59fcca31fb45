"""The outbox against the stand-ins: what a batch is, what its acceptance does in one transaction, and how it is cut."""

from dataclasses import dataclass

import numpy as np
import pytest
from django.db.models import Sum
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from audiences.models import Activation
from syncs import debts, outbox, pipeline
from syncs.lease import Lease, LeaseLost
from syncs.models import Batch, LedgerShard, Pull, RejectedRow, Run
from syncs.outbox import prefix_of
from syncs.row_bytes import Rows
from syncs.start import start
from syncs.states import BatchState, RunState
from syncs.verify import verify
from syncs.work import Maker, Work
from tests import factories
from tests.syncs.running import synced, work_off
from tests.syncs.shards import key_of, keys
from tests.vendors import Vendors

PEOPLE = 7


@given(st.binary(min_size=16, max_size=16), st.integers(0, 20))
def test_a_key_belongs_to_the_shard_that_its_first_bits_name(key: bytes, bits: int) -> None:
    assert prefix_of(key, 1 << bits) == int.from_bytes(key, "big") >> (128 - bits)
    assert prefix_of(b"", 1 << bits) == 0


@given(st.lists(st.integers(0, 5), min_size=1, max_size=5).filter(lambda sizes: sum(sizes) > 1))
def test_halves_hold_everybody_once_and_neither_is_empty(sizes: list[int]) -> None:
    numbers = iter(sorted(key_of(number) for number in range(sum(sizes))))
    works = []
    for place, size in enumerate(sizes):
        mine = keys([next(numbers) for _ in range(size)])
        drop = np.zeros(size, np.uint8)
        ends = np.arange(1, size + 1, dtype=np.uint32)
        works.append(
            Work(place, mine, Rows.of(["{}"] * size, [1] * size), drop=drop, ends=ends, take=np.ones(size, np.uint8))
        )

    first, second = outbox.halves(outbox.Parcel(Batch(), works, b""))

    everybody = [key for work in works for key in work.key.tolist()]
    assert [key for work in (*first, *second) for key in work.key.tolist()] == everybody
    assert sum(map(len, first)) == len(everybody) // 2 > 0
    assert all(len(work.rows) == len(work.key) == len(work.ends) for work in (*first, *second))


@dataclass
class Stuck:
    """A run whose first request was sent, and of which nobody knows the answer, in the hands of a worker."""

    run: Run
    lease: Lease
    maker: Maker
    parcels: list[outbox.Parcel]

    @property
    def list(self) -> Activation:
        return Activation.objects.get(pk=self.run.activation_id)


@pytest.fixture
def stuck(vendors: Vendors) -> Stuck:
    made = factories.registered_audience(vendors, PEOPLE).activations.get()
    vendors.fault(vendors.rudder, "store_then_504", {"path": "/v1/batch"}, times=0)
    run = start(made, trigger=Run.Trigger.COMMAND, at=timezone.now())
    # So many failures that the next one parks the run at once.
    Run.objects.update(failures_in_row=6)
    pipeline.work(run.pk, holder="first")
    vendors.delete(vendors.rudder, "/_sandbox/faults")
    Run.objects.update(wake_at=timezone.now(), lease_until=None)
    lease = Lease.claim(run, holder="second")
    assert lease is not None
    run = Run.objects.select_related("activation__audience__segment__workspace", "definition", "pull").get(pk=run.pk)
    lease.row = run
    maker = Maker(run)
    return Stuck(run, lease, maker, debts.parcels_of(maker, lease, outbox.debts_of(made), timezone.now()))


pytestmark = [pytest.mark.engine]
at_vendors = pytest.mark.django_db(transaction=True)


def ledger_people() -> int:
    return LedgerShard.objects.aggregate(people=Sum("members"))["people"] or 0


@at_vendors
def test_what_is_unknown_is_made_again_to_the_byte(stuck: Stuck) -> None:
    (parcel,) = stuck.parcels
    batch = Batch.objects.get()

    assert (parcel.digest, len(parcel.data), parcel.people) == (batch.body_hash, batch.body_bytes, PEOPLE)
    assert (batch.state, batch.people, batch.events, batch.was_unknown) == (BatchState.SENDING, PEOPLE, PEOPLE, True)
    assert ledger_people() == 0, "the ledger moves with an answer only"


@at_vendors
def test_an_acceptance_moves_batch_ledger_and_figures_together_and_once(stuck: Stuck) -> None:
    (parcel,) = stuck.parcels
    outbox.accepted(parcel, stuck.maker, stuck.lease, timezone.now())

    batch, run = Batch.objects.get(), Run.objects.get()
    assert (batch.state, batch.adds, batch.removes) == (BatchState.ACCEPTED, PEOPLE, 0)
    assert (ledger_people(), stuck.list.members, run.accepted_adds) == (PEOPLE, PEOPLE, PEOPLE)
    assert {members for _, members in batch.before.values()} == {0}
    assert sum(members for _, members in batch.after.values()) == PEOPLE

    with pytest.raises(LeaseLost):
        outbox.accepted(parcel, stuck.maker, stuck.lease, timezone.now())

    assert (ledger_people(), stuck.list.members, Run.objects.get().accepted_adds) == (PEOPLE, PEOPLE, PEOPLE)
    assert [finding.invariant for finding in verify() if not finding.holds] == []


@at_vendors
def test_a_split_covers_the_whole_interval_with_everybody_once(stuck: Stuck) -> None:
    (parcel,) = stuck.parcels
    first, second = outbox.split(parcel, stuck.maker, stuck.lease, timezone.now(), 413)

    parent = Batch.objects.get(pk=parcel.batch.pk)
    spans = [(bytes(one.batch.key_from), bytes(one.batch.key_to)) for one in (first, second)]
    assert (parent.state, parent.status) == (BatchState.SPLIT, 413)
    assert (spans[0][0], spans[1][1]) == (bytes(parent.key_from), bytes(parent.key_to))
    assert spans[0][1] == spans[1][0] == second.works[0].key[:1].tobytes()
    assert (first.people, second.people) == (PEOPLE // 2, PEOPLE - PEOPLE // 2)
    assert {one.batch.parent_id for one in (first, second)} == {parent.pk}


@at_vendors
def test_a_refusal_keeps_its_people_out_of_the_ledger(stuck: Stuck) -> None:
    (parcel,) = stuck.parcels
    outbox.rejected(parcel, stuck.lease, timezone.now(), "Refused by itself.", 400)

    assert (Batch.objects.get().state, Run.objects.get().rejected) == (BatchState.REJECTED, PEOPLE)
    assert RejectedRow.objects.count() == PEOPLE
    assert (ledger_people(), stuck.list.members) == (0, 0)


@at_vendors
def test_a_batch_whose_reading_is_gone_is_replaced_by_the_next_run(stuck: Stuck) -> None:
    Pull.objects.update(dropped_at=timezone.now())
    stuck.maker.run.pull.refresh_from_db()  # type: ignore[union-attr]
    debts_now = outbox.debts_of(stuck.list)

    assert debts.parcels_of(stuck.maker, stuck.lease, debts_now, timezone.now()) == []

    batch = Batch.objects.get()
    assert (batch.state, batch.was_unknown, batch.reasserted) == (BatchState.SUPERSEDED, True, False)
    stuck.lease.write(lease_until=None)
    work_off(stuck.run)
    following = synced(stuck.list)
    assert (following.state, following.wanted, stuck.list.members) == (RunState.DONE, PEOPLE, PEOPLE)
    assert [finding.invariant for finding in verify() if not finding.holds] == []


@at_vendors
def test_who_was_taken_over_gives_up_no_batch(stuck: Stuck) -> None:
    Pull.objects.update(dropped_at=timezone.now())
    stuck.maker.run.pull.refresh_from_db()  # type: ignore[union-attr]
    Run.objects.update(fence=stuck.lease.fence + 1, holder="third")

    with pytest.raises(LeaseLost):
        debts.parcels_of(stuck.maker, stuck.lease, outbox.debts_of(stuck.list), timezone.now())

    assert Batch.objects.get().state == BatchState.SENDING

"""Lists of mixed cadence over virtual time, by the real engine and over real HTTP, while their people come and go.

Schedules start the runs; a worker that is away now and then works them off. Every slot is accounted for, each list
holds exactly who was in its segment when it was last read, and is as old as that reading.
"""

import random
from collections import Counter
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from audiences.models import Activation
from syncs import freshness, pipeline, slots, sweep
from syncs.models import Batch, Run, Slot
from syncs.schedule import DAILY, INTERVAL, Rhythm, due_between
from syncs.states import ARRIVED, BatchState
from syncs.verify import verify
from tests import factories
from tests.vendors import Vendors

MINUTE = timedelta(minutes=1)
BEGIN = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)
STEP = 5 * MINUTE
PEOPLE = 300
RHYTHMS = (
    *(Rhythm(INTERVAL, minutes=minutes) for minutes in (15, 30, 60, 120, 360)),
    Rhythm(DAILY, at=time(2, 30), zone="America/New_York"),
    Rhythm(DAILY, at=time(1, 30), zone="UTC"),
)
PURPOSES = ("retarget", "suppress", "winback")

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.engine]


class World:
    """Audiences of one workspace, each with a list and a schedule. `read`: who was in the segment, by reading.

    A run that is late is followed by one that may use the same reading: its list is then as old as that.
    """

    def __init__(self, vendors: Vendors, audiences: int, seed: int) -> None:
        self.vendors, self.draw, self.now = vendors, random.Random(seed), BEGIN
        self.away_until = BEGIN
        self.space = factories.workspace()
        self.cio_ids = vendors.upsert(*({"email": f"p{n}@shop.example"} for n in range(PEOPLE)))
        self.lists: list[Activation] = []
        self.inside: dict[int, set[str]] = {}
        self.read: dict[int, set[str]] = {}
        self.seen: dict[int, set[str]] = {}
        for number in range(audiences):
            self.lists.append(self.registered(number))
        vendors.mirror()

    def registered(self, number: int) -> Activation:
        members = self.draw.sample(self.cio_ids, 60)
        made = factories.registered_audience(
            self.vendors,
            [],
            space=self.space,
            name=f"Simulated {number}",
            platform=("meta", "google_ads")[number % 2],
            purpose=PURPOSES[number % 3],
            identifiers=["email"],
        )
        self.vendors.change_segment(made.segment.number, add=members)
        one = made.activations.select_related("pipe", "audience__segment").get()
        self.inside[one.pk] = set(members)
        slots.set_schedule(one, RHYTHMS[number % len(RHYTHMS)], by=None, at=BEGIN)
        return one

    def clock(self) -> datetime:
        return self.now

    def churn(self) -> None:
        """Let one or two people of some lists come or go: fewer than any guard minds."""
        for one in self.draw.sample(self.lists, max(1, len(self.lists) // 4)):
            inside = self.inside[one.pk]
            leaves = self.draw.choice(sorted(inside))
            comes = self.draw.choice([each for each in self.cio_ids if each not in inside])
            self.vendors.change_segment(one.audience.segment.number, add=[comes], remove=[leaves])
            inside.discard(leaves)
            inside.add(comes)

    def work(self) -> None:
        """Work off what is due, as a worker that was woken by the sweeper would."""
        for run in Run.objects.live().filter(wake_at__lte=self.now).order_by("pk"):
            pipeline.work(run.pk, holder="simulated", clock=self.clock)
            run.refresh_from_db()
            if run.state in ARRIVED and run.pull_id:
                self.seen[run.activation_id] = self.read.setdefault(run.pull_id, set(self.inside[run.activation_id]))

    def live_through(self, hours: float) -> None:
        ends = BEGIN + timedelta(hours=hours)
        while self.now < ends:
            self.churn()
            slots.keep(at=self.now)
            sweep.sweep(at=self.now)
            if self.away_until <= self.now:
                self.work()
                if self.draw.random() < 0.05:
                    self.away_until = self.now + self.draw.choice([10, 20, 40]) * MINUTE
            self.now += STEP
        self.work()

    def on_list(self, one: Activation) -> set[str]:
        assert one.pipe is not None
        held: dict[str, Any] = self.vendors.membership(one.pipe.write_key)
        assert not held["strangers"]
        return set(held["refs"])


@pytest.mark.parametrize(
    ("audiences", "hours"),
    [(4, 1), pytest.param(20, 48, marks=[pytest.mark.slow, pytest.mark.timeout(7200)])],
)
def test_lists_of_mixed_cadence_stay_exact_and_every_slot_is_accounted_for(
    audiences: int, hours: float, vendors: Vendors
) -> None:
    world = World(vendors, audiences, seed=audiences)

    world.live_through(hours)

    told: Counter[str] = Counter()
    for one in world.lists:
        made = one.schedule
        found = list(made.slots.filter(due__lte=world.now - STEP).order_by("due").select_related("run"))
        assert [slot.due for slot in found] == list(due_between(made.rhythm, BEGIN, world.now - STEP))
        started = [slot.run_id for slot in found if slot.state == Slot.State.STARTED]
        assert started == list(Run.objects.filter(activation=one).order_by("pk").values_list("pk", flat=True))
        told.update(f"{slot.state} {slot.why}".strip() for slot in found)
        if started:
            assert world.on_list(one) == world.seen[one.pk]
            newest = Run.objects.filter(activation=one, state__in=ARRIVED).order_by("-pk")[0]
            assert newest.pull is not None
            assert newest.pull.began_at is not None
            shown = freshness.of(freshness.with_freshness(Activation.objects.filter(pk=one.pk)).get(), world.now)
            assert shown.age == world.now - newest.pull.began_at
    states = Counter(Run.objects.values_list("state", flat=True))
    assert set(states) == {"done"}, states
    assert not Batch.objects.filter(state=BatchState.SENDING).exists()
    assert all(finding.holds for finding in verify())

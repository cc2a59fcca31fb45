"""Two weeks of schedules and slots alone: two clocks that come and go, and a runner that takes minutes and sometimes fails.

Every slot is accounted for, none is run twice, and every list is as old as it should be, to the minute.
"""

import heapq
import itertools
import random
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

import pytest

from audiences.models import Activation, Segment
from syncs import freshness, slots
from syncs.models import Pause, Pull, Run, Schedule, Slot
from syncs.schedule import DAILY, INTERVAL, WEEKLY, Rhythm, due_between
from syncs.start import AlreadyLive
from syncs.states import PullState, RunState
from tests import factories

MINUTE = timedelta(minutes=1)
BEGIN = datetime(2026, 10, 24, tzinfo=UTC)  # clocks change in Europe on the 25th, in America on 1 November
LOOK_EVERY = timedelta(hours=6)

pytestmark = [pytest.mark.django_db, pytest.mark.engine]


@dataclass(order=True)
class Going:
    """A run that is under way: when it ends, and how."""

    ends: datetime
    run: int
    whose: int
    state: str
    read_at: datetime


class World:
    """Lists of mixed cadence; time is a number. `read_at` is what the model believes of each list's newest person."""

    RHYTHMS = (
        *(Rhythm(INTERVAL, minutes=minutes) for minutes in (30, 60, 120, 360, 360, 720)),
        Rhythm(DAILY, at=time(2, 30), zone="America/New_York"),
        Rhythm(DAILY, at=time(6), zone="Europe/Berlin"),
        Rhythm(WEEKLY, at=time(1, 30), weekday=6, zone="America/New_York"),
        Rhythm(WEEKLY, at=time(9), weekday=0, zone="Asia/Tokyo"),
    )

    def __init__(self, lists: int, seed: int) -> None:
        self.draw = random.Random(seed)
        self.now = BEGIN
        self.away = [BEGIN, BEGIN]
        self.underway: list[Going] = []
        self.live: dict[int, Run] = {}
        self.started: dict[int, list[datetime]] = defaultdict(list)
        self.read_at: dict[int, datetime] = {}
        self.made: list[Schedule] = []
        self.looked = 0
        space, place, whose = factories.workspace(), factories.destination(), factories.person()
        self.segment: Segment = factories.segment_row(space)
        for number in range(lists):
            audience = factories.audience(segment=self.segment, owner=whose, drift_checker=whose)
            self.definition = factories.definition(audience, destinations=[place])
            one = factories.activation(audience, place)
            self.made.append(slots.set_schedule(one, self.RHYTHMS[number % len(self.RHYTHMS)], by=whose, at=BEGIN))

    def runner(self, activation: Activation, *, trigger: str, at: datetime) -> Run:
        """Start a run that reads at once, takes some minutes, and fails now and then."""
        if run := self.live.get(activation.pk):
            raise AlreadyLive(run)
        pull = Pull.objects.create(segment=self.segment, state=PullState.COMPLETE, created_at=at, began_at=at)
        run = Run.objects.create(
            activation=activation,
            definition=self.definition,
            trigger=trigger,
            created_at=at,
            started_at=at,
            state=RunState.RUNNING,
            pull=pull,
        )
        self.live[activation.pk] = run
        self.started[activation.pk].append(at)
        takes = timedelta(minutes=self.draw.choice([1, 3, 5, 20, 45]))
        state = self.draw.choices([RunState.DONE, RunState.DONE_WITH_REJECTS, RunState.FAILED], [90, 5, 5])[0]
        heapq.heappush(self.underway, Going(at + takes, run.pk, activation.pk, state, at))
        return run

    def live_through(self, days: int, step: timedelta) -> None:
        ends = self.now + timedelta(days=days)
        while self.now < ends:
            self.end_runs()
            for clock, until in enumerate(self.away):
                if until <= self.now:
                    slots.keep(at=self.now, starter=self.runner)
                    if self.draw.random() < 0.01 * (step / MINUTE):
                        self.away[clock] = self.now + timedelta(minutes=self.draw.choice([5, 60, 400, 1500]))
            if (self.now - BEGIN) % LOOK_EVERY < step:
                self.look_at_ages()
            self.now += step

    def end_runs(self) -> None:
        while self.underway and self.underway[0].ends <= self.now:
            one = heapq.heappop(self.underway)
            Run.objects.filter(pk=one.run).update(state=one.state, finished_at=one.ends)
            del self.live[one.whose]
            if one.state != RunState.FAILED:
                self.read_at[one.whose] = one.read_at

    def look_at_ages(self) -> None:
        """Assert that every list is as old as the model says, and warned of as the targets say."""
        for one in freshness.with_freshness(Activation.objects.order_by("pk")):
            found, read_at = freshness.of(one, self.now), self.read_at.get(one.pk)
            assert found.age == (self.now - read_at if read_at else None)
            passed = int(found.age / timedelta(minutes=found.minutes or 0)) if found.age is not None else -1
            assert found.tone == {-1: "unknown", 0: "ok", 1: "warn"}.get(passed, "bad")
            self.looked += 1


@pytest.mark.parametrize(
    ("lists", "days", "step"),
    [(10, 2, 10 * MINUTE), pytest.param(300, 14, MINUTE, marks=[pytest.mark.slow, pytest.mark.timeout(7200)])],
)
def test_every_slot_is_accounted_for_and_none_is_run_twice(lists: int, days: int, step: timedelta) -> None:
    world = World(lists, seed=lists)

    world.live_through(days, step)
    slots.keep(at=world.now, starter=world.runner)

    seen: Counter[str] = Counter()
    for one in world.made:
        found = list(one.slots.filter(due__lte=world.now).order_by("due").select_related("run"))
        assert [slot.due for slot in found] == list(due_between(one.rhythm, BEGIN, world.now))
        assert all(slot.settled_at is not None and slot.late >= timedelta(0) for slot in found)
        began = [slot.run.created_at for slot in found if slot.state == "started" and slot.run]
        assert began == world.started[one.activation_id]
        assert len(began) == Run.objects.filter(activation=one.activation_id).count()
        for slot, following in itertools.pairwise(found):  # never a burst
            assert slot.state != "started" or slot.due + slot.late <= following.due + step
        seen.update(slot.state for slot in found)
    assert set(seen) == {"started", "skipped", "missed"}
    assert not Slot.objects.filter(state="due", due__lte=world.now).exists()
    assert not Pause.objects.exists()
    assert world.looked == lists * days * 4

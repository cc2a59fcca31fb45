"""What two processes, or a person and a process, can do to each other at the worst moment; each has its name."""

import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections
from django.utils import timezone
from django_rq import get_worker
from django_rq.queues import get_queue
from pytest_django import Settings

from muster.models import Event, Person
from muster.rq_worker import QUEUE, BellWorker
from syncs import hold, sweep
from syncs.cancel import cancel
from syncs.models import Batch, Run, Tombstone
from syncs.start import AlreadyLive
from syncs.states import BatchState, RunState
from tests.faults.child import TOOK_OVER, Child, at_batch, frozen
from tests.faults.list_at_work import (
    BEFORE,
    NEW,
    AtWork,
    assert_all_is_well,
    assert_ids_mean_one_thing,
    assert_invariants,
    built,
    plain,
    resumed,
)
from tests.person_keys import key_of
from tests.redis_server import RedisServer
from tests.syncs.running import synced, work_off
from tests.vendors import Vendors

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.engine]

REMOVALS_AND_ONE_ADDITION = 4


@pytest.fixture
def world(vendors: Vendors, settings: Settings) -> AtWork:
    """One sender and rare renewals: whoever is frozen at a request then holds no lock of the database."""
    made = built(vendors, settings)
    settings.SENDERS, settings.RENEW_SECONDS = 1, 0.3
    return made


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param(lambda: at_batch(1, "request"), id="before-its-first-request"),
        pytest.param(lambda: at_batch(REMOVALS_AND_ONE_ADDITION, "request"), id="before-an-addition"),
        pytest.param(lambda: at_batch(REMOVALS_AND_ONE_ADDITION, "reply"), id="with-a-reply-in-hand"),
    ],
)
def test_a_frozen_worker_wakes_after_the_takeover(world: AtWork, settings: Settings, moment: object) -> None:
    assert callable(moment)
    # So rarely renewed that the thread which does it is not frozen with a lock in its hands.
    settings.LEASE_SECONDS, settings.RENEW_SECONDS = 4.0, 2.0
    run = world.started()
    child = Child(run.pk, moment(), frozen)
    assert child.frozen()

    run = resumed(run)
    sent = len(world.vendors.requests(world.write_key))
    fence, events = run.fence, Event.objects.count()
    child.thaw()

    assert child.ended() == TOOK_OVER
    assert len(world.vendors.requests(world.write_key)) == sent, "it sends nothing more"
    run.refresh_from_db()
    assert (run.fence, run.takeovers) == (fence, 1)
    assert Event.objects.count() == events, "it writes nothing more"
    assert_all_is_well(world, run)


def test_a_cancelled_run_stops_before_its_next_request_and_the_next_run_ends_the_work(
    world: AtWork, settings: Settings, manager: Person
) -> None:
    settings.LEASE_SECONDS = 20.0
    run = world.started()
    child = Child(run.pk, at_batch(2, "reply"), frozen)
    assert child.frozen()
    cancel(run, by=manager, at=timezone.now(), why="wrong audience")
    time.sleep(0.6)
    child.thaw()

    assert child.ended() == 0
    run.refresh_from_db()
    assert (run.state, run.reason, run.cancel_asked_by) == (RunState.CANCELLED, "cancelled", manager)
    assert world.on_list() != world.wanted()
    assert not Batch.objects.filter(state=BatchState.SENDING, attempts__gt=0).exists(), "every answer was awaited"
    assert len(world.vendors.requests(world.write_key)) < 3 + 2 + REMOVALS_AND_ONE_ADDITION

    assert_all_is_well(world, resumed(world.started()))


def test_a_cancelled_run_whose_worker_died_leaves_its_debt_to_the_next_run(world: AtWork, manager: Person) -> None:
    run = world.started()
    assert Child(run.pk, at_batch(REMOVALS_AND_ONE_ADDITION, "reply")).ended() == -signal.SIGKILL
    cancel(run, by=manager, at=timezone.now())

    run = resumed(run)

    assert run.state == RunState.CANCELLED
    debts = list(Batch.objects.filter(state=BatchState.SENDING).values_list("pk", flat=True))
    assert debts, "nobody knows whether these were accepted"

    following = resumed(world.started())

    assert set(Batch.objects.filter(pk__in=debts).values_list("state", flat=True)) == {BatchState.ACCEPTED}
    assert_all_is_well(world, following)


def test_of_a_hundred_triggers_at_once_one_starts_a_run(world: AtWork) -> None:
    gate = threading.Barrier(100)

    def trigger(_number: int) -> int:
        gate.wait(30)
        try:
            return world.started().pk
        except AlreadyLive as live:
            return -live.run.pk
        finally:
            connections.close_all()

    before = Run.objects.count()
    with ThreadPoolExecutor(100) as pool:
        told = list(pool.map(trigger, range(100)))

    assert Run.objects.count() == before + 1
    run = Run.objects.latest("pk")
    assert sorted(told) == [-run.pk] * 99 + [run.pk]
    workers = [Child(run.pk) for _ in range(4)]
    assert {worker.ended() for worker in workers} == {0}
    run.refresh_from_db()
    assert run.fence == 1, "four workers were woken and one worked"
    assert_all_is_well(world, run)


@pytest.fixture
def emptied(world: AtWork, redis: RedisServer, settings: Settings) -> Iterator[list[int]]:
    """Empties Redis again and again while the test runs, and gives how often there was something in it."""
    settings.SLICE_SECONDS = 0.05
    stop, lost = threading.Event(), [0]

    def empty() -> None:
        while not stop.wait(0.15):
            lost[0] += bool(redis.client.dbsize())
            redis.client.flushall()

    thread = threading.Thread(target=empty)
    thread.start()
    asked = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield lost
    stop.set()
    thread.join()
    # A worker takes these over and does not give them back.
    for number, handler in asked.items():
        signal.signal(number, handler)


def test_redis_is_emptied_again_and_again_while_a_run_goes_on(world: AtWork, emptied: list[int]) -> None:
    run = world.started()
    until = time.monotonic() + 90
    while run.is_live and time.monotonic() < until:
        sweep.sweep(at=timezone.now())
        get_worker(QUEUE, worker_class=BellWorker).work(burst=True, logging_level="ERROR")
        run.refresh_from_db()

    assert emptied[0] > 1
    assert get_queue(QUEUE).connection.ping()
    assert_all_is_well(world, resumed(run))


@pytest.mark.parametrize("fault", ["cut_after", "store_then_504"])
@pytest.mark.parametrize("after", [0, 3])
def test_what_was_accepted_and_then_reset_is_sent_again_with_the_same_ids(
    world: AtWork, fault: str, after: int
) -> None:
    world.vendors.fault(world.vendors.rudder, fault, {"path": "/v1/batch"}, after=after)

    run = resumed(world.started())

    twice = Batch.objects.filter(run=run, attempts__gt=1)
    assert [batch.state for batch in twice] == [BatchState.ACCEPTED]
    assert world.vendors.audit(world.write_key)["duplicates"]["repeated"] == twice.get().events
    assert_all_is_well(world, run)


@pytest.mark.parametrize("kind", ["request", "reply"])
def test_a_new_release_between_two_batches_replaces_what_is_unknown(world: AtWork, kind: str) -> None:
    run = world.started()
    assert Child(run.pk, at_batch(REMOVALS_AND_ONE_ADDITION, kind)).ended() == -signal.SIGKILL
    # As if the release before had made the plan, and other bytes of the same people.
    unknown = Batch.objects.filter(run=run, state=BatchState.SENDING)
    run.refresh_from_db()
    Run.objects.filter(pk=run.pk).update(payload_version=run.payload_version - 1)
    replaced = list(unknown.values_list("pk", flat=True))
    unknown.update(body_hash="0" * 64)

    run = resumed(run)

    assert replaced
    assert set(Batch.objects.filter(pk__in=replaced).values_list("state", flat=True)) == {BatchState.SUPERSEDED}
    anew = Batch.objects.filter(parent__in=replaced)
    assert set(anew.values_list("state", flat=True)) == {BatchState.ACCEPTED}
    assert_all_is_well(world, run)


def test_somebody_erased_while_a_run_is_held_is_never_added(
    vendors: Vendors, settings: Settings, manager: Person
) -> None:
    world = built(vendors, settings)
    more = vendors.upsert(*(plain(BEFORE + NEW + number) for number in range(60)))
    vendors.change_segment(world.audience.segment.number, add=more)
    vendors.mirror()
    held = synced(world.list)
    assert (held.state, held.reason) == (RunState.HELD, "guard")
    space = world.audience.segment.workspace
    newcomer, member = more[0], world.ids[BEFORE - 1]
    for erased in (newcomer, member):
        value = key_of(space.pk, erased)
        Tombstone.objects.create(workspace=space, kind=Tombstone.Kind.KEY, value=value, hint=0, at=timezone.now())
    before = {event["messageId"] for event in vendors.events(world.write_key)}
    vendors.mirror()

    run = work_off(
        hold.release(held, by=manager, max_removes=100, max_adds=100, reason="a campaign", at=timezone.now())
    )

    assert run.state == RunState.DONE
    assert world.on_list() == (world.wanted() | set(more)) - {newcomer, member}
    keys = {key_of(space.pk, one).hex() for one in (newcomer, member)}
    added = [
        event
        for event in vendors.events(world.write_key)
        if event["messageId"] not in before and event.get("action") != "delete" and event["userId"] in keys
    ]
    assert added == []
    assert_invariants()
    assert_ids_mean_one_thing(world)

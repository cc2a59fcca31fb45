"""Muster's real processes in real time: Redis is killed and emptied at random, a worker is killed in the middle of a run."""

import logging
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from django.db import close_old_connections
from django.utils import timezone

from audiences.models import Activation
from muster.models import Event
from syncs import slots
from syncs.models import Batch, Run, Slot
from syncs.schedule import INTERVAL, Rhythm, due_between, jitter
from syncs.start import start
from syncs.states import ARRIVED, BatchState, Stage
from syncs.verify import verify
from tests import factories
from tests.redis_server import RedisServer
from tests.vendors import Vendors

from .machinery import Doomed, Machinery, Process

log = logging.getLogger(__name__)

LISTS, PEOPLE = 6, 120
MINUTES = 10

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.timeout(1500)]


@pytest.fixture
def doomed() -> Iterator[Doomed]:
    with TemporaryDirectory(prefix="muster-redis-", dir="/tmp" if Path("/tmp").is_dir() else None) as folder:
        made = Doomed(Path(folder), RedisServer(Path(folder)), random.Random(20261128))
        yield made
        made.server.stop()


@pytest.fixture
def machinery(child_environment: Callable[..., dict[str, str]], doomed: Doomed, tmp_path: Path) -> Iterator[Machinery]:
    """A clock and two workers on the doomed Redis, with the settings as shipped."""
    made = Machinery(child_environment(REDIS_URL=doomed.server.url), tmp_path / "machinery.log")
    yield made
    made.stop()


def waited_for(found: Callable[[], Any], seconds: float, every: float = 0.25) -> Any:
    """Return what was found as soon as there is something, or the last nothing when the time is up."""
    until = time.monotonic() + seconds
    while not (told := found()) and time.monotonic() < until:
        time.sleep(every)
        close_old_connections()
    return told


def registered(vendors: Vendors) -> list[Activation]:
    space = factories.workspace()
    cio_ids = vendors.upsert(*({"email": f"p{n}@shop.example"} for n in range(PEOPLE)))
    found = []
    for number in range(LISTS):
        made = factories.registered_audience(
            vendors, [], space=space, name=f"Minute by minute {number}", identifiers=["email"], purpose="suppress"
        )
        vendors.change_segment(made.segment.number, add=cio_ids[number * 10 : number * 10 + 60])
        found.append(made.activations.select_related("pipe", "audience__segment").get())
    vendors.mirror()
    return found


def test_redis_is_killed_and_emptied_at_random_for_ten_minutes_and_nothing_is_lost(
    vendors: Vendors, doomed: Doomed, machinery: Machinery
) -> None:
    lists, began = registered(vendors), timezone.now()
    for one in lists:
        slots.set_schedule(one, Rhythm(INTERVAL, minutes=1), by=None, at=began)
    machinery.add("tick", "tick")
    for number in (1, 2):
        machinery.add(f"worker-{number}", "worker")
    machinery.watch()

    doomed.harm(60 * MINUTES)

    ended = timezone.now()
    for one in lists:
        slots.set_schedule(one, Rhythm("manual"), by=None, at=ended)
    assert waited_for(lambda: not Run.objects.live().exists(), 180), list(Run.objects.live().values())
    finals = [start(one, trigger=Run.Trigger.COMMAND, at=timezone.now()) for one in lists]
    assert waited_for(lambda: not Run.objects.live().exists(), 180), [run.pk for run in finals]
    assert min(doomed.killed, doomed.emptied) >= MINUTES
    log.info("Redis killed %d times, emptied %d times; %d runs", doomed.killed, doomed.emptied, Run.objects.count())
    assert_nothing_lost(lists, vendors, began, ended)


def assert_nothing_lost(lists: list[Activation], vendors: Vendors, began: datetime, ended: datetime) -> None:
    for one in lists:
        one.refresh_from_db()
        rhythm = Rhythm(INTERVAL, minutes=1, jitter=jitter(one.audience_id, timedelta(minutes=1)))
        found = list(one.schedule.slots.order_by("due"))
        assert [slot.due for slot in found] == list(due_between(rhythm, began, ended))
        started = [slot.run_id for slot in found if slot.state == Slot.State.STARTED]
        scheduled = Run.objects.filter(activation=one, trigger=Run.Trigger.SCHEDULE)
        assert started == list(scheduled.order_by("pk").values_list("pk", flat=True))
        assert {slot.state for slot in found if slot.due < ended - timedelta(seconds=30)} <= {
            "started",
            "skipped",
            "missed",
        }
        assert one.pipe is not None
        held = vendors.membership(one.pipe.write_key)
        assert set(held["refs"]) == {person["cio_id"] for person in vendors.members(one.audience.segment.number)}
    assert set(Run.objects.values_list("state", flat=True)) <= set(ARRIVED)
    assert not Batch.objects.filter(state=BatchState.SENDING).exists()
    assert all(finding.holds for finding in verify())


def test_a_killed_worker_is_noticed_and_its_run_resumed_within_90_seconds(
    vendors: Vendors, machinery: Machinery
) -> None:
    """With the settings as shipped: a lease of 45 s, renewed every 10 s, a clock that looks every 10 s."""
    machinery.environment |= {
        "MUSTER_LEASE_SECONDS": "45",
        "MUSTER_LEASE_RENEW_SECONDS": "10",
        "MUSTER_REQUEST_TIMEOUT": "15",
        "MUSTER_TICK_SECONDS": "10",
        "MUSTER_SLICE_SECONDS": "60",
        # Twelve requests one after the other, so that there is a middle to die in.
        "MUSTER_BATCH_PEOPLE": "5",
        "MUSTER_SENDERS": "1",
    }
    one = registered(vendors)[0]
    vendors.fault(vendors.rudder, "delay", {"path": "/v1/batch"}, seconds=4, times=0)
    machinery.add("tick", "tick")
    worker = machinery.add("worker-1", "worker")
    run = start(one, trigger=Run.Trigger.COMMAND, at=timezone.now())
    assert waited_for(lambda: Run.objects.filter(pk=run.pk, stage=Stage.ADDITIONS).exists(), 60)
    assert waited_for(lambda: Batch.objects.filter(run=run, state=BatchState.SENDING).exists(), 10)
    machinery.add("worker-2", "worker")

    worker.left_dead = True
    kill_with_its_job(worker, run)
    killed = timezone.now()
    vendors.delete(vendors.rudder, "/_sandbox/faults")

    taken_over = Event.objects.filter(run_id=run.pk, verb="was taken over")
    assert waited_for(taken_over.exists, 120), told(run, machinery)
    resumed = taken_over.get().at
    log.info("resumed %s after the kill", resumed - killed)
    assert resumed - killed <= timedelta(seconds=90), resumed - killed
    assert waited_for(lambda: Run.objects.filter(pk=run.pk, state__in=ARRIVED).exists(), 90)
    assert all(finding.holds for finding in verify())


def told(run: Run, machinery: Machinery) -> str:
    """Return what is known when it did not go on."""
    run.refresh_from_db()
    return f"{run.state} {run.stage} {run.lease_until} {run.words}\n{machinery.log.read_text()[-4000:]}"


def kill_with_its_job(worker: Process, run: Run) -> None:
    """Kill a worker and the process that works on its job, which leads a session of its own."""
    run.refresh_from_db()
    worker.kill()
    os.kill(int(run.holder.rpartition(":")[2]), signal.SIGKILL)

"""Pausing everything in real time: whatever stage a run is in, nothing but opt-out removals leaves more than 5 s later.

The requests are slow, so that a run is in the middle of a stage when it is paused; their times are RudderStack's own.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.utils import timezone
from pytest_django import Settings

from audiences.models import Activation
from muster.models import Person
from syncs import pausing, pipeline
from syncs.models import Batch, Run
from syncs.start import start
from syncs.states import BatchState, RunState, Stage
from tests import factories
from tests.syncs.running import synced, work_off
from tests.vendors import Vendors

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.engine]

WITHIN = timedelta(seconds=5)
ASKS: dict[str, Any] = {"require_true": ["ad_consent"], "not_true": [], "not_unsubscribed": False, "basis": "test"}
PARTS = 24  # people who withdraw, leave, come


def people(first: int, last: int) -> list[dict[str, str]]:
    return [{"id": f"s{n}", "email": f"s{n}@shop.example", "ad_consent": "true"} for n in range(first, last)]


@pytest.fixture
def turned(vendors: Vendors, settings: Settings) -> Activation:
    """A synced list; of its people 24 withdrew consent since, 24 left, and 24 others came: 12 requests of each kind."""
    audience = factories.registered_audience(vendors, people(0, 5 * PARTS), consent={"*": ASKS}, identifiers=["email"])
    made = audience.activations.get()
    vendors.mirror()
    assert synced(made).state == RunState.DONE
    ids = {one["id"]: one["cio_id"] for one in vendors.members(audience.segment.number)}
    vendors.upsert(*({"cio_id": ids[f"s{n}"], "ad_consent": "false"} for n in range(PARTS)))
    vendors.change_segment(audience.segment.number, remove=[ids[f"s{n}"] for n in range(PARTS, 2 * PARTS)])
    comers = vendors.upsert(*people(5 * PARTS, 6 * PARTS))
    vendors.change_segment(audience.segment.number, add=comers)
    vendors.mirror()
    settings.BATCH_PEOPLE, settings.SENDERS = 2, 2
    return Activation.objects.select_related("pipe").get(pk=made.pk)


class SlowDatabase:
    """Answers late when a run begins to compare, which is over too soon to be met otherwise."""

    def __init__(self, *, is_slow: bool = False) -> None:
        self.answers = threading.Event()
        if not is_slow:
            self.answers.set()

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        found = execute(sql, params, many, context)
        if sql.startswith("UPDATE") and Stage.COMPARING in (params or ()):
            assert self.answers.wait(90)
        return found


@contextmanager
def worked_on(run: Run, database: SlowDatabase) -> Iterator[None]:
    """Work on a run in another thread, as a worker would."""

    def work() -> None:
        with connection.execute_wrapper(database):
            pipeline.work(run.pk, holder="worker")
        connections.close_all()

    thread = threading.Thread(target=work)
    thread.start()
    yield
    thread.join(90)
    assert not thread.is_alive()


def reached(run: Run, stage: str) -> None:
    """Wait until requests of a stage leave; of a stage that sends nothing, until it began."""
    sends = stage not in {Stage.READING, Stage.COMPARING}
    until = time.monotonic() + 90
    while time.monotonic() < until:
        there = Run.objects.filter(pk=run.pk, stage=stage).exists()
        if there and (not sends or Batch.objects.filter(run=run, pass_name=stage).count() > 2):
            return
        time.sleep(0.02)
    raise AssertionError(f"the run never came to {stage}")


def left(vendors: Vendors, made: Activation, after: datetime) -> list[datetime]:
    """Return when requests came to RudderStack after a time."""
    assert made.pipe is not None
    times = [datetime.fromtimestamp(float(one["at"]), UTC) for one in vendors.requests(made.pipe.write_key)]
    return [at for at in times if at > after]


@pytest.mark.parametrize("stage", [Stage.READING, Stage.COMPARING, Stage.OPTOUTS, Stage.REMOVALS, Stage.ADDITIONS])
def test_nothing_but_optouts_leaves_five_seconds_after_everything_was_paused(
    stage: str, vendors: Vendors, turned: Activation, manager: Person
) -> None:
    vendors.fault(vendors.rudder, "delay", {"path": "/v1/batch"}, ms=200, times=0)
    vendors.fault(vendors.us, "delay", {"path": "/v1/segments"}, ms=300, times=2)
    run = start(turned, trigger=Run.Trigger.COMMAND, at=timezone.now())
    database = SlowDatabase(is_slow=stage == Stage.COMPARING)

    with worked_on(run, database):
        reached(run, stage)
        held_by = pausing.pause(by=manager, reason="Wrong offer.", at=timezone.now())
        database.answers.set()

    run.refresh_from_db()
    assert (run.state, run.reason) == (RunState.WAITING, "paused")
    late = Batch.objects.filter(run=run, first_sent_at__gt=held_by.at + WITHIN)
    assert not late.exclude(pass_name="optouts").exists()
    if stage in {Stage.REMOVALS, Stage.ADDITIONS}:
        assert all(at - held_by.at <= WITHIN for at in left(vendors, turned, held_by.at)), "by RudderStack's clock too"
    optouts = Batch.objects.filter(run=run, pass_name="optouts", state=BatchState.ACCEPTED)
    assert sum(optouts.values_list("people", flat=True)) == PARTS, "opt-outs were sent to the last one"
    quiet = timezone.now()
    pipeline.work(run.pk, holder="another")
    assert not left(vendors, turned, quiet), "whoever takes it up again sends nothing either"

    vendors.delete(vendors.rudder, "/_sandbox/faults")
    pausing.unpause(held_by, by=manager, reason="Corrected.", at=timezone.now())
    assert work_off(run).state == RunState.DONE


def test_a_request_that_waits_for_its_turn_is_stopped_too(
    vendors: Vendors, turned: Activation, manager: Person, settings: Settings
) -> None:
    """RudderStack says no for seconds; the next try falls into the pause and is not made."""
    vendors.fault(vendors.rudder, "503", {"path": "/v1/batch"}, times=0, after=15)
    run = start(turned, trigger=Run.Trigger.COMMAND, at=timezone.now())

    with worked_on(run, SlowDatabase()):
        reached(run, Stage.REMOVALS)
        held_by = pausing.pause(by=manager, reason="Wrong offer.", at=timezone.now())

    assert all(at - held_by.at <= WITHIN for at in left(vendors, turned, held_by.at))
    run.refresh_from_db()
    assert run.state == RunState.WAITING

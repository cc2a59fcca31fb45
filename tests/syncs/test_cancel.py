"""Cancelling: nothing more is sent, what was accepted stays, and the next run goes on from there."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django_rq import get_queue
from pytest_django import Settings

from audiences.models import Activation
from muster.models import Event, Person
from syncs import moves, pipeline
from syncs.cancel import NotLive, cancel
from syncs.models import Run
from syncs.start import start
from syncs.states import FINISHED, LIVE, RunState
from syncs.stops import Park
from syncs.verify import verify
from tests import factories
from tests.redis_server import RedisServer
from tests.syncs.run_rows import AT, run_of
from tests.syncs.running import synced, work_off
from tests.vendors import Vendors

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.engine]


def test_a_run_that_nobody_works_on_yet_sends_nothing(vendors: Vendors, marketer: Person) -> None:
    made = factories.registered_audience(vendors, 3).activations.get()
    run = start(made, trigger=Run.Trigger.BUTTON, at=timezone.now())

    cancel(run, by=marketer, at=timezone.now(), why="The wrong list")
    work_off(run)

    assert (run.state, run.reason, run.requests) == (RunState.CANCELLED, "cancelled", 0)
    assert run.words.startswith(f"Cancelled by {marketer}. What RudderStack had accepted stays accepted")
    assert made.pipe is not None
    assert vendors.requests(made.pipe.write_key) == []
    event = Event.objects.get(run_id=run.pk, verb="asked to cancel")
    assert (event.actor, event.reason) == (marketer, "The wrong list")


def test_what_was_accepted_stays_and_the_next_run_sends_the_rest(
    vendors: Vendors, settings: Settings, marketer: Person
) -> None:
    """A failing gateway makes the run wait in the middle of its plan; there it is cancelled."""
    settings.BATCH_PEOPLE, settings.SENDERS = 2, 1
    made = factories.registered_audience(vendors, 6).activations.get()
    assert made.pipe is not None
    key = made.pipe.write_key
    with_two_a_request(vendors, made.pk, marketer)
    before = vendors.membership(key, identifiers=0)["people"]

    run = Run.objects.get()
    assert run.state == RunState.CANCELLED
    assert 0 < before < 6
    assert run.accepted_adds == before

    after = synced(made)

    assert after.state == RunState.DONE
    assert len(vendors.events(key)) == 6, "nobody is sent twice"
    assert vendors.membership(key, identifiers=0)["people"] == 6
    assert [finding for finding in verify() if not finding.holds] == []


def with_two_a_request(vendors: Vendors, made_id: int, by: Person) -> None:
    """Sync a list two people at a time; the second request meets a refusal to hurry, and the run is cancelled."""
    vendors.fault(vendors.rudder, "status", {"path": "/v1/batch"}, after=1, times=0, status=429, body="slow down")
    run = start(Activation.objects.get(pk=made_id), trigger=Run.Trigger.BUTTON, at=timezone.now())
    Run.objects.filter(pk=run.pk).update(failures_in_row=6)
    pipeline.work(run.pk, holder="test")
    run.refresh_from_db()
    assert (run.state, run.reason) == (RunState.WAITING, "rate_limited")
    vendors.delete(vendors.rudder, "/_sandbox/faults")
    cancel(run, by=by, at=timezone.now())
    work_off(run)


@pytest.mark.parametrize("wait", [timedelta(minutes=5), None])
def test_a_wish_during_the_last_request_does_not_wait_as_long_as_the_run(
    vendors: Vendors, redis: RedisServer, marketer: Person, wait: timedelta | None
) -> None:
    made = factories.registered_audience(vendors, 3).activations.get()
    run = start(made, trigger=Run.Trigger.BUTTON, at=timezone.now())
    lease = moves.claim(run.pk, holder="test", clock=timezone.now)
    assert lease is not None
    cancel(run, by=marketer, at=timezone.now())
    before = get_queue("muster").count

    with lease:
        moves.park(lease.row, lease, Park("rate_limited", "It asked to wait.", wait), timezone.now())

    run.refresh_from_db()
    assert run.state == RunState.WAITING
    assert run.wake_at is not None
    assert run.wake_at <= timezone.now()
    assert get_queue("muster").count == before + 1
    assert work_off(run).state == RunState.CANCELLED


@pytest.mark.parametrize("state", sorted(FINISHED - LIVE))
def test_what_has_ended_cannot_be_cancelled(marketer: Person, state: str) -> None:
    run = run_of(state=state)

    with pytest.raises(NotLive, match="has ended already"):
        cancel(run, by=marketer, at=AT)

    assert not Event.objects.exists()

"""What stops the next request: a cancellation, a pause (opt-outs excepted), a stopped list, the slice, the lease."""

from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from audiences.models import Activation
from muster.models import Person
from syncs import pausing
from syncs.lease import Lease, LeaseLost
from syncs.models import Run
from syncs.permit import Permit, backoff
from syncs.states import RunState
from syncs.stops import End, Park, SliceOver
from tests.syncs import run_rows

pytestmark = pytest.mark.django_db
PASSES = ("optouts", "removals", "additions")


@pytest.fixture
def run() -> Run:
    return run_rows.run_of(state=RunState.WAITING)


@pytest.fixture
def permit(run: Run) -> Permit:
    lease = Lease.claim(run, holder="test")
    assert lease is not None
    return Permit(run, lease)


@pytest.mark.parametrize("name", PASSES)
def test_nothing_in_the_way_lets_every_pass_go(permit: Permit, name: str) -> None:
    permit.may_send(name)


def test_a_cancellation_ends_the_run_and_says_who(permit: Permit, run: Run, manager: Person) -> None:
    Run.objects.filter(pk=run.pk).update(cancel_asked_at=timezone.now(), cancel_asked_by=manager)

    for ask in (permit.cancelled, permit.beat, lambda: permit.may_send("additions")):
        with pytest.raises(End, match=r"Cancelled by Grace Osei\. What RudderStack had accepted stays") as stop:
            ask()
        assert stop.value.state == RunState.CANCELLED


@pytest.mark.parametrize("optouts_too", [False, True])
def test_a_pause_parks_the_run_and_lets_opt_outs_through_unless_it_says_so(
    permit: Permit, manager: Person, optouts_too: bool
) -> None:
    pausing.pause(by=manager, reason="Wrong prices.", at=timezone.now(), optouts_too=optouts_too)

    if not optouts_too:
        permit.may_send("optouts")
    for name in PASSES if optouts_too else PASSES[1:]:
        with pytest.raises(Park, match=r"Everything is paused by Grace Osei: Wrong prices\.") as park:
            permit.may_send(name)
        assert (park.value.reason, park.value.wait) == ("paused", None)


def test_a_stopped_list_ends_the_run_in_its_words(permit: Permit, run: Run) -> None:
    Activation.objects.filter(pk=run.activation_id).update(stopped_words="RudderStack refused the key (401).")

    with pytest.raises(End, match="refused the key") as stop:
        permit.may_send("additions")
    assert (stop.value.state, stop.value.reason) == (RunState.FAILED, "stopped")


def test_the_database_is_asked_twice_a_second_at_most_but_for_each_pass(
    permit: Permit, run: Run, manager: Person
) -> None:
    permit.may_send("removals")
    Run.objects.filter(pk=run.pk).update(cancel_asked_at=timezone.now(), cancel_asked_by=manager)

    permit.may_send("removals")
    with pytest.raises(End):
        permit.may_send("additions")


def test_a_slice_ends(run: Run, settings: Settings) -> None:
    settings.SLICE_SECONDS = -1
    lease = Lease.claim(run, holder="test")
    assert lease is not None

    with pytest.raises(SliceOver):
        Permit(run, lease).may_send("additions")


def test_a_lease_that_ends_before_an_answer_could_come_lets_nothing_go(run: Run, settings: Settings) -> None:
    settings.LEASE_SECONDS, settings.REQUEST_TIMEOUT = 5.0, 10.0
    lease = Lease.claim(run, holder="test")
    assert lease is not None
    permit = Permit(run, lease)

    permit.beat()
    with pytest.raises(LeaseLost):
        permit.may_send("additions")


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_waits_double_from_half_a_second_to_five_minutes(failures: int, chance: float) -> None:
    longest = min(300.0, 2.0 ** min(failures, 12) / 2)

    assert timedelta(seconds=longest / 2) <= backoff(failures, chance) <= timedelta(seconds=longest)
    assert backoff(failures + 1, chance) >= backoff(failures, chance)

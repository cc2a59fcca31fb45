"""The right to work on a row: one claims it, who is taken over loses it, and what a loser leaves alone."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone
from pytest_django import Settings

from syncs.lease import ClockOff, Lease, LeaseLost
from syncs.models import Run
from syncs.states import RunState
from tests.syncs import run_rows

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.engine]


@pytest.fixture
def run() -> Run:
    return run_rows.run_of(state=RunState.WAITING)


def claimed(run: Run, holder: str = "one", **more: Any) -> Lease:
    lease = Lease.claim(run, holder=holder, **more)
    assert lease is not None
    return lease


def run_out(run: Run) -> None:
    """Let the lease be over."""
    Run.objects.filter(pk=run.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def stored(run: Run) -> Run:
    return Run.objects.get(pk=run.pk)


def test_a_claim_takes_the_row_and_raises_the_fence(run: Run) -> None:
    lease = claimed(run, fields=lambda row: {"takeovers": row.takeovers + 3})

    held = stored(run)
    assert (lease.fence, held.fence, held.holder, held.state, held.takeovers) == (1, 1, "one", "running", 3)
    assert held.lease_until is not None
    assert timedelta(0) < held.lease_until - timezone.now() <= timedelta(seconds=60)
    assert not lease.died


def test_what_somebody_holds_is_not_claimed(run: Run) -> None:
    claimed(run)

    assert Lease.claim(run, holder="two") is None
    assert (stored(run).holder, stored(run).fence) == ("one", 1)


def test_what_ran_out_is_claimed_and_says_that_its_holder_died(run: Run) -> None:
    claimed(run)
    run_out(run)

    second = claimed(run, "two")

    assert second.died
    assert second.old_until is not None
    assert (second.fence, stored(run).holder) == (2, "two")


@pytest.mark.parametrize("state", sorted(set(RunState) - {RunState.WAITING, RunState.RUNNING}))
def test_what_has_ended_is_not_claimed(state: str) -> None:
    assert Lease.claim(run_rows.run_of(state=state), holder="one") is None


def test_what_is_not_there_is_not_claimed() -> None:
    assert Lease.claim(Run(pk=999_999), holder="one") is None


def came_and_went(run: Run) -> None:
    """Somebody claims the row and gives it back."""
    with claimed(run, "two"):
        pass


@pytest.mark.parametrize("meanwhile", [lambda run: claimed(run, "two"), came_and_went], ids=["holds", "came and went"])
def test_of_two_who_claim_at_once_one_gets_it(run: Run, meanwhile: Callable[[Run], object]) -> None:
    def another_is_faster(_row: Run) -> dict[str, Any]:
        meanwhile(run)
        return {}

    assert Lease.claim(run, holder="one", fields=another_is_faster) is None
    assert (stored(run).holder, stored(run).fence) == ("two", 1)


def test_a_clock_that_is_off_claims_nothing(run: Run) -> None:
    with pytest.raises(ClockOff, match="differs from the database's by"):
        Lease.claim(run, holder="one", now=lambda: Now() + timedelta(seconds=45))
    assert stored(run).fence == 0


def test_a_holder_writes(run: Run) -> None:
    lease = claimed(run)

    lease.write(words="Well.", progress=F("progress") + 1)

    assert (stored(run).words, stored(run).progress, lease.row.words) == ("Well.", 1, "Well.")


def test_a_loser_writes_nothing_and_knows_it_from_then_on(run: Run) -> None:
    first = claimed(run)
    run_out(run)
    claimed(run, "two")
    assert first.still_held(), "nothing told it yet"

    with pytest.raises(LeaseLost):
        first.write(words="Mine.")

    assert stored(run).words == ""
    assert not first.still_held()
    with pytest.raises(LeaseLost):
        first.check()


def test_a_loser_renews_nothing(run: Run) -> None:
    first = claimed(run)
    run_out(run)
    claimed(run, "two")
    until = stored(run).lease_until

    assert not first.renew()
    assert (stored(run).lease_until, first.still_held()) == (until, False)


def test_a_loser_gives_back_nothing(run: Run) -> None:
    with claimed(run):
        run_out(run)
        claimed(run, "two")
        until = stored(run).lease_until

    assert stored(run).lease_until == until is not None


def test_nothing_is_written_to_a_row_that_has_ended(run: Run) -> None:
    lease = claimed(run)
    Run.objects.filter(pk=run.pk).update(state=RunState.CANCELLED, finished_at=timezone.now())

    with pytest.raises(LeaseLost):
        lease.write(words="Still here.")


def test_an_orderly_end_gives_the_row_back_and_an_error_does_not(run: Run) -> None:
    with claimed(run):
        pass
    assert stored(run).lease_until is None

    with pytest.raises(ZeroDivisionError), claimed(run, "two"):
        1 / 0  # noqa: B018
    assert stored(run).lease_until is not None
    run_out(run)
    assert claimed(run, "three").died


def test_it_is_renewed_while_its_holder_lives(run: Run, settings: Settings) -> None:
    settings.LEASE_SECONDS, settings.RENEW_SECONDS = 3.0, 0.05
    with claimed(run) as lease:
        until = stored(run).lease_until
        assert until is not None
        deadline = time.monotonic() + 10
        while stored(run).lease_until == until and time.monotonic() < deadline:
            time.sleep(0.02)
        renewed = stored(run)
        assert lease.still_held()

    assert renewed.lease_until is not None
    assert renewed.lease_until > until
    assert renewed.heartbeat_at is not None


def test_it_is_over_by_the_monotonic_clock_when_nobody_renews_it(run: Run, settings: Settings) -> None:
    settings.LEASE_SECONDS = 0.2
    lease = claimed(run)
    assert lease.still_held()
    assert not lease.still_held(margin=0.3), "it would end before an answer could be waited for"

    time.sleep(0.25)

    with pytest.raises(LeaseLost):
        lease.check()

"""A worker is killed at every step of a run in turn; another goes on, and nothing is lost and nothing is wrong."""

import signal
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from tests.faults.child import Child, at_number
from tests.faults.list_at_work import assert_all_is_well, built, resumed
from tests.vendors import Vendors

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.engine]

# PostgreSQL begins its transactions without a statement, so that there are fewer steps.
STEPS = {"sqlite": {"retarget": 264, "suppress": 221}, "postgresql": {"retarget": 226, "suppress": 192}}[
    connection.vendor
]
EVERY, PHASE = 8, 3
SLOW_EVERY = {"retarget": 1, "suppress": 3}


@pytest.mark.parametrize("purpose", STEPS)
def test_the_points_cover_the_whole_run(vendors: Vendors, settings: Settings, purpose: str) -> None:
    world = built(vendors, settings, purpose=purpose)
    run = world.started()

    child = Child(run.pk)

    assert child.ended() == 0
    assert child.told == STEPS[purpose]
    run.refresh_from_db()
    assert_all_is_well(world, run)


def points() -> list[Any]:
    """Return every point of the targeting list and a third of the suppression list's; `make test` takes every 8th."""
    return [
        pytest.param(
            purpose, number, marks=() if purpose == "retarget" and number % EVERY == PHASE else pytest.mark.slow
        )
        for purpose, steps in STEPS.items()
        for number in range(1, steps + 1, SLOW_EVERY[purpose])
    ]


@pytest.mark.parametrize(("purpose", "number"), points())
def test_a_death_at_this_step_loses_nothing(vendors: Vendors, settings: Settings, purpose: str, number: int) -> None:
    world = built(vendors, settings, purpose=purpose)
    run = world.started()

    assert Child(run.pk, at_number(number)).ended() == -signal.SIGKILL

    assert_all_is_well(world, resumed(run))

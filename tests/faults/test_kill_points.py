"""A worker is killed at every step of a run in turn; another goes on, and nothing is lost and nothing is wrong.

Several lists that share nothing are prepared together, a worker of each dies at a step of its own, and one wait is enough
for all their leases to end: a third of what a point would take by itself.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from tests.faults.child import Child, at_number
from tests.faults.list_at_work import (
    assert_all_is_well,
    assert_exact,
    assert_invariants,
    assert_rest,
    built,
    built_together,
    resumed,
)
from tests.vendors import Vendors

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.engine]

# PostgreSQL begins its transactions without a statement, so that there are fewer steps.
STEPS = {"sqlite": {"retarget": 233, "suppress": 200}, "postgresql": {"retarget": 207, "suppress": 178}}[
    connection.vendor
]
EVERY, PHASE = 8, 3
TOGETHER = 12
# A busy machine may renew or look once less or more, so that the very last steps are not there to die at.
FEWER = 3


@pytest.mark.parametrize("purpose", STEPS)
def test_the_points_cover_the_whole_run(vendors: Vendors, settings: Settings, purpose: str) -> None:
    world = built(vendors, settings, purpose=purpose)
    run = world.started()

    child = Child(run.pk)

    assert child.ended() == 0
    assert abs(child.told - STEPS[purpose]) <= FEWER
    run.refresh_from_db()
    assert_all_is_well(world, run)


def points() -> list[Any]:
    """Return every point of both lists, some together; `make test` takes every 8th of the targeting list."""
    often = range(PHASE, STEPS["retarget"] + 1, EVERY)
    rest = [(purpose, n) for purpose, steps in STEPS.items() for n in range(1, steps + 1)]
    return [
        *(pytest.param("retarget", some, id=named("retarget", some)) for some in parts(list(often))),
        *(
            pytest.param(purpose, some, id=named(purpose, some), marks=pytest.mark.slow)
            for purpose in STEPS
            for some in parts([n for of, n in rest if of == purpose and (purpose != "retarget" or n not in often)])
        ),
    ]


def parts(numbers: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(numbers), TOGETHER):
        yield numbers[start : start + TOGETHER]


def named(purpose: str, numbers: list[int]) -> str:
    return f"{purpose}-{numbers[0]}-to-{numbers[-1]}"


@contextmanager
def told_apart(purpose: str, number: int) -> Iterator[None]:
    """Say of a failure at which step the worker was killed."""
    try:
        yield
    except AssertionError as error:
        error.add_note(f"The worker on the {purpose} list was killed at step {number}.")
        raise


@pytest.mark.parametrize(("purpose", "numbers"), points())
def test_a_death_at_any_of_these_steps_loses_nothing(
    vendors: Vendors, settings: Settings, purpose: str, numbers: list[int]
) -> None:
    worlds = built_together(vendors, settings, len(numbers), purpose=purpose)
    runs = [world.started() for world in worlds]
    # Long enough for a machine that is busy with other things: there is one wait for all of them.
    settings.LEASE_SECONDS = 4.0
    for run, number in zip(runs, numbers, strict=True):
        with told_apart(purpose, number):
            child = Child(run.pk, at_number(number))
            assert child.ended() == -signal.SIGKILL or number - FEWER <= child.told < number

    resumed(*runs)

    assert_invariants()
    for world, run, number in zip(worlds, runs, numbers, strict=True):
        with told_apart(purpose, number):
            assert_exact(world, run)
            assert_rest(world)
    assert_invariants()

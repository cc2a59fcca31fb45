"""Which list passes its freshness target first while everything is paused."""

from datetime import timedelta
from typing import Any

import pytest

from audiences.models import Activation, Lifecycle
from syncs.first_to_pass import first_to_pass
from syncs.states import PullState

from . import run_rows
from .run_rows import AT

NOW = AT

pytestmark = pytest.mark.django_db


def read(activation: Activation, minutes_ago: int, **fields: Any) -> None:
    """Let the newest person on a list have been read some minutes ago."""
    began = NOW - timedelta(minutes=minutes_ago)
    pull = run_rows.pull_of(activation, state=PullState.COMPLETE, began_at=began)
    run_rows.done(activation, at=began, pull=pull, **fields)


def test_the_first_list_and_the_first_suppression(django_assert_num_queries: Any) -> None:
    soon = run_rows.list_of("Cart abandoners")  # target 120 minutes
    later = run_rows.list_of("Bought lately", purpose="suppress")
    read(soon, 90)
    read(later, 30)
    read(run_rows.list_of("Much later"), 1)

    with django_assert_num_queries(1):
        found = first_to_pass(NOW)

    assert [target.name.split(" at ")[0] for target in found] == ["Cart abandoners", "Bought lately"]
    assert found[0].at == NOW + timedelta(minutes=30)
    assert not found[0].passed


def test_a_suppression_that_is_the_first_is_named_once() -> None:
    read(run_rows.list_of("Bought lately", purpose="suppress"), 150)

    (only,) = first_to_pass(NOW)

    assert only.suppresses
    assert only.passed


def test_lists_that_never_arrived_and_lists_that_are_not_live_are_not_named() -> None:
    run_rows.list_of("Never arrived")
    read(run_rows.list_of("Retired", lifecycle=Lifecycle.RETIRED), 500)
    dry = run_rows.list_of("Only tried")
    run_rows.dry(dry, pull=run_rows.pull_of(dry))

    assert first_to_pass(NOW) == []


def test_the_newest_arrival_counts() -> None:
    activation = run_rows.list_of()
    read(activation, 500)
    read(activation, 10)

    assert first_to_pass(NOW)[0].at == NOW + timedelta(minutes=110)

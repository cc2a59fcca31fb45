"""The age of a list against its target."""

from datetime import timedelta
from typing import Any

import pytest

from audiences.models import Activation
from syncs import freshness
from syncs.pausing import pause
from syncs.states import PullState, RunState
from tests import factories

from . import run_rows

NOW = run_rows.AT

pytestmark = [pytest.mark.django_db, pytest.mark.engine]


def read(activation: Activation, minutes_ago: float, state: str = RunState.DONE) -> None:
    began = NOW - timedelta(minutes=minutes_ago)
    pull = run_rows.pull_of(activation, state=PullState.COMPLETE, began_at=began)
    run_rows.run_of(activation, state=state, created_at=began, pull=pull)


def fresh(activation: Activation) -> freshness.Freshness:
    return freshness.of(freshness.with_freshness(Activation.objects.filter(pk=activation.pk)).get(), NOW)


@pytest.mark.parametrize(
    ("minutes", "tone"), [(1, "ok"), (119.9, "ok"), (120, "warn"), (239.9, "warn"), (240, "bad"), (9000, "bad")]
)
def test_warn_at_the_target_and_breach_at_twice_it(minutes: float, tone: str) -> None:
    made = run_rows.list_of()  # target 120 minutes
    read(made, minutes)

    assert fresh(made).tone == tone


def test_only_an_arrival_makes_it_younger() -> None:
    made = run_rows.list_of()
    read(made, 130)
    read(made, 10, RunState.FAILED)
    read(made, 5, RunState.HELD)

    assert fresh(made).words == "Newest person read 2 h 10 m ago, target 2 h: past its target."


def test_what_never_arrived_is_unknown() -> None:
    found = fresh(run_rows.list_of())

    assert (found.tone, found.word) == ("unknown", "Unknown")
    assert "no sync has arrived" in found.words


def test_a_paused_list_ages(django_assert_num_queries: Any) -> None:
    made = run_rows.list_of("Bought lately", purpose="suppress")
    read(made, 300)
    read(run_rows.list_of("Winback"), 3000)
    young = run_rows.list_of("Refunded", purpose="suppress")
    read(young, 10)
    pause(by=factories.person(role="manager"), reason="sale", at=NOW)

    with django_assert_num_queries(1):
        found = freshness.breached_suppressions(NOW)

    assert [one for one, _ in found] == [made]
    assert "are not suppressed there" in found[0][1].words

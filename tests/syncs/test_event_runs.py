"""An entry rings an early run of a fast audience: at most once in so long, never beside another run, never in a pause."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from audiences.models import Activation, Audience, Feed, Lifecycle, Pipe
from muster.models import Person
from syncs import event_runs, pausing
from syncs.models import Run
from syncs.states import RunState
from tests import factories
from tests.syncs.events import action, feed_of, post, signing_key

pytestmark = [pytest.mark.django_db, pytest.mark.engine]


def fast(**clauses: Any) -> Activation:
    made = factories.audience()
    factories.definition(made, **{"freshness_minutes": 30, **clauses})
    return factories.activation(made)


def enter(whose: Audience, *, event_id: str = "", **fields: Any) -> Feed:
    """Make an entry feed of an audience and let somebody enter."""
    space = whose.segment.workspace
    signing_key(space)
    feed = feed_of(space, "Entered", **{"kind": Feed.Kind.ENTRY, "audience": whose, **fields})
    assert post(space, action("Entered", event_id=event_id)).status_code == 200
    return feed


def rung(*, later: timedelta = timedelta(0)) -> list[str]:
    event_runs.ring_early(at=timezone.now() + later)
    return list(Run.objects.filter(trigger=Run.Trigger.EVENT).order_by("pk").values_list("why", flat=True))


def ended(activation: Activation, *, ago: timedelta, **fields: Any) -> Run:
    at = timezone.now() - ago
    return Run.objects.create(
        activation=activation,
        definition=activation.audience.definitions.get(),
        **{"trigger": Run.Trigger.SCHEDULE, "created_at": at, "state": RunState.DONE, "finished_at": at, **fields},
    )


def test_an_entry_rings_once() -> None:
    activation = fast()
    enter(activation.audience)

    assert rung() == ["People entered by an event."]
    assert len(rung()) == 1


def test_a_test_of_the_workflows_block_rings_nothing() -> None:
    enter(fast().audience, event_id="unsent")

    assert rung() == []


@pytest.mark.parametrize(
    "change",
    [
        {"kind": Feed.Kind.EXIT},
        {"audience": None},
        {"state": Feed.State.PAUSED},
    ],
)
def test_other_feeds_ring_for_nobody(change: dict[str, Any]) -> None:
    activation = fast()
    enter(activation.audience, **change)

    assert rung() == []


def test_a_slow_audience_waits_for_its_slot() -> None:
    activation = fast(freshness_minutes=1440)
    enter(activation.audience)

    assert rung() == []


@pytest.mark.parametrize("lifecycle", [Lifecycle.DRAFT, Lifecycle.IN_PILOT, Lifecycle.PAUSED, Lifecycle.RETIRED])
def test_only_live_lists_are_run(lifecycle: str) -> None:
    activation = fast()
    Activation.objects.update(lifecycle=lifecycle)
    enter(activation.audience)

    assert rung() == []


def test_after_a_run_it_waits_the_shortest_time(settings: Settings) -> None:
    settings.EARLY_RUN_SECONDS = 300
    activation = fast()
    ended(activation, ago=timedelta(seconds=200))
    enter(activation.audience)

    assert rung() == []
    assert rung(later=timedelta(seconds=90)) == []
    assert len(rung(later=timedelta(seconds=110))) == 1


def test_a_run_that_began_after_the_entry_has_seen_it(settings: Settings) -> None:
    settings.EARLY_RUN_SECONDS = 1
    activation = fast()
    enter(activation.audience)
    ended(activation, ago=timedelta(seconds=-1))

    assert rung(later=timedelta(minutes=5)) == []


def test_beside_a_live_run_none_is_started(settings: Settings) -> None:
    settings.EARLY_RUN_SECONDS = 1
    activation = fast()
    ended(activation, ago=timedelta(minutes=5), state=RunState.WAITING, finished_at=None)
    enter(activation.audience)

    assert rung() == []


def test_a_pause_is_obeyed(manager: Person) -> None:
    activation = fast()
    enter(activation.audience)
    pausing.pause(by=manager, reason="Wait", at=timezone.now(), audience=activation.audience)

    assert rung() == []


@pytest.mark.parametrize(("budget", "sent", "runs"), [(None, 900, 1), (1000, 900, 1), (1000, 1000, 0)])
def test_a_spent_budget_is_obeyed(budget: int | None, sent: int, runs: int, settings: Settings) -> None:
    settings.EARLY_RUN_SECONDS = 0.1
    activation = fast()
    Pipe.objects.update(events_a_month=budget)
    ended(activation, ago=timedelta(seconds=1), accepted_adds=sent - 100, accepted_removes=100)
    enter(activation.audience)

    assert len(rung()) == runs


def test_an_old_entry_rings_no_more() -> None:
    activation = fast()
    enter(activation.audience)

    assert rung(later=timedelta(hours=2)) == []

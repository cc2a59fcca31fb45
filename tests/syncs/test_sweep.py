"""Which runs are rung for, which plans are thrown away, and that sweeping twice changes nothing more."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from muster.models import Person
from syncs import pausing, sweep
from syncs.models import Batch, PlanShard, Run
from syncs.states import BatchState, RunState
from tests.syncs import run_rows

pytestmark = pytest.mark.django_db
AT = timezone.now()
BEFORE, AFTER = AT - timedelta(seconds=1), AT + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("fields", "due"),
    [
        ({"state": RunState.WAITING, "wake_at": BEFORE}, True),
        ({"state": RunState.WAITING, "wake_at": AT}, True),
        ({"state": RunState.WAITING, "wake_at": AFTER}, False),
        ({"state": RunState.WAITING, "wake_at": None}, False),
        ({"state": RunState.RUNNING, "lease_until": None}, True),
        ({"state": RunState.RUNNING, "lease_until": BEFORE}, True),
        ({"state": RunState.RUNNING, "lease_until": AFTER}, False),
        ({"state": RunState.HELD, "wake_at": BEFORE}, False),
        ({"state": RunState.DONE, "wake_at": BEFORE}, False),
    ],
)
@pytest.mark.parametrize(
    ("rang", "quiet"), [(None, True), (timedelta(seconds=9), False), (timedelta(seconds=11), True)]
)
def test_what_is_due_and_was_not_rung_for_lately_is_rung_for(
    fields: dict[str, Any], due: bool, rang: timedelta | None, quiet: bool, settings: Settings
) -> None:
    settings.RING_SECONDS = 10
    run = run_rows.run_of(**fields, rang_at=rang and AT - rang)

    assert list(sweep.due(AT)) == ([run] if due and quiet else [])


def test_a_run_whose_pause_has_ended_is_woken_and_another_is_not(manager: Person) -> None:
    over, under = (
        run_rows.run_of(run_rows.list_of(), state=RunState.WAITING, reason="paused", wake_at=None) for _ in range(2)
    )
    pausing.pause(by=manager, reason="Wait.", at=AT, audience=under.activation.audience)

    sweep.wake_unpaused(AT)

    assert list(Run.objects.order_by("pk").values_list("wake_at", flat=True)) == [AT, None]
    assert list(sweep.due(AT)) == [over]


def planned(state: str, *, ended: timedelta | None, owing: bool = False) -> Run:
    run = run_rows.run_of(run_rows.list_of(), state=state, finished_at=ended and AT - ended)
    PlanShard.objects.create(run=run, number=0, blob=b"plan")
    if owing:
        batch = {"key_from": b"", "key_to": b"", "fence": 1, "created_at": AT, "state": BatchState.SENDING}
        Batch.objects.create(run=run, activation=run.activation, pass_name="additions", **batch)
    return run


def test_plans_go_when_nothing_can_be_made_from_them_any_more() -> None:
    long, short = timedelta(hours=2), timedelta(minutes=5)
    planned(RunState.DONE, ended=long)
    planned(RunState.CANCELLED, ended=long)
    kept = [
        planned(RunState.DONE, ended=short),
        planned(RunState.CANCELLED, ended=long, owing=True),
        planned(RunState.RUNNING, ended=None),
    ]

    assert sweep.drop_plans(AT) == 2
    assert sweep.drop_plans(AT) == 0
    assert {shard.run for shard in PlanShard.objects.all()} == set(kept)

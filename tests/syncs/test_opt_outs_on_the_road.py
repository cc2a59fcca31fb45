"""Somebody who unsubscribes is removed by the next run, which is asked for at once, and is not added by one under way."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from audiences.models import Activation, Audience
from muster.models import Person
from syncs import event_runs, pausing, pipeline
from syncs.models import OptOut, Run
from syncs.opted_out import BEHIND
from syncs.start import start
from syncs.states import RunState
from tests import factories
from tests.syncs.events import post, report, signing_key
from tests.syncs.running import synced, work_off
from tests.vendors import Vendors

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.engine]
CONSENT = {"*": {"require_true": [], "not_true": [], "not_unsubscribed": True, "basis": "a test"}}


def list_of(vendors: Vendors, **clauses: Any) -> tuple[Audience, Activation, list[str]]:
    made = factories.registered_audience(
        vendors,
        [{"id": f"user-{n}", "email": f"person{n}@example.com", "unsubscribed": "false"} for n in range(1, 5)],
        **clauses,
    )
    signing_key(made.segment.workspace)
    vendors.mirror()
    return made, made.activations.get(), [member["cio_id"] for member in vendors.members(made.segment.number)]


def unsubscribe(made: Audience, cio_id: str, **data: Any) -> None:
    identifiers = {"cio_id": cio_id, "id": "", "email": ""}
    assert post(made.segment.workspace, report("unsubscribed", identifiers=identifiers, **data)).status_code == 200


def asked(made: Audience) -> list[Run]:
    event_runs.ask_for_removals(made.segment.workspace_id, at=timezone.now())
    return list(Run.objects.filter(trigger=Run.Trigger.EVENT).order_by("pk"))


def on_list(vendors: Vendors, activation: Activation) -> int:
    assert activation.pipe is not None
    return int(vendors.membership(activation.pipe.write_key)["people"])


@pytest.mark.parametrize("consent", [factories.EVERYBODY_MAY, CONSENT])
def test_somebody_on_a_list_is_removed_by_a_run_of_its_own(vendors: Vendors, consent: Any) -> None:
    made, activation, members = list_of(vendors, consent=consent)
    synced(activation)
    unsubscribe(made, members[0])

    [run] = asked(made)
    work_off(run)

    run.refresh_from_db()
    assert (run.state, run.optouts, run.left_out) == (RunState.DONE, 1, {"unsubscribed": 1})
    assert on_list(vendors, activation) == 3
    assert asked(made) == [run]
    assert not OptOut.objects.filter(asked_at=None).exists()
    assert synced(activation).adds == 0


def test_somebody_on_no_list_asks_for_no_run(vendors: Vendors) -> None:
    made, activation, _ = list_of(vendors)
    synced(activation)
    unsubscribe(made, "somebody-else")

    assert asked(made) == []


def test_a_suppression_list_keeps_them(vendors: Vendors) -> None:
    made, activation, members = list_of(vendors, purpose="suppress")
    synced(activation)
    unsubscribe(made, members[0])

    assert asked(made) == []
    assert synced(activation).wanted == 4
    assert on_list(vendors, activation) == 4


def test_by_address_alone_every_targeting_list_is_asked(vendors: Vendors) -> None:
    made, activation, _ = list_of(vendors)
    synced(activation)
    post(made.segment.workspace, report("unsubscribed", identifiers={"email": "PERSON2@example.com"}))

    [run] = asked(made)
    work_off(run)

    assert on_list(vendors, activation) == 3


def test_who_unsubscribes_after_the_plan_is_not_added(vendors: Vendors, settings: Settings) -> None:
    settings.BATCH_PEOPLE = 1
    made, activation, members = list_of(vendors)
    vendors.fault(vendors.rudder, "503")
    run = start(activation, trigger=Run.Trigger.BUTTON, at=timezone.now())
    settings.SLICE_SECONDS = 0.0
    pipeline.work(run.pk, holder="test")
    run.refresh_from_db()
    assert run.planned_at is not None
    settings.SLICE_SECONDS = 60.0
    for member in members:
        unsubscribe(made, member)

    work_off(run)

    assert on_list(vendors, activation) == 0


def test_a_reading_takes_it_back(vendors: Vendors) -> None:
    made, activation, members = list_of(vendors, consent=CONSENT)
    unsubscribe(made, members[0])
    assert synced(activation).wanted == 3
    OptOut.objects.update(received_at=timezone.now() - BEHIND - timedelta(minutes=1))

    assert synced(activation).wanted == 4
    assert not OptOut.objects.filter(lifted_at=None).exists()
    assert on_list(vendors, activation) == 4


def test_in_a_pause_the_removal_still_flows(vendors: Vendors, manager: Person) -> None:
    made, activation, members = list_of(vendors)
    synced(activation)
    vendors.change_segment(made.segment.number, remove=[members[1]])
    pausing.pause(by=manager, reason="Wait", at=timezone.now())
    unsubscribe(made, members[0])

    [run] = asked(made)
    work_off(run)

    run.refresh_from_db()
    assert (run.state, run.reason) == (RunState.CANCELLED, "paused")
    assert on_list(vendors, activation) == 3


def test_a_stop_of_everything_holds_it_back_and_it_is_asked_for_later(vendors: Vendors, administrator: Person) -> None:
    made, activation, members = list_of(vendors)
    synced(activation)
    stop = pausing.pause(by=administrator, reason="Stop", at=timezone.now(), optouts_too=True)
    unsubscribe(made, members[0])
    assert asked(made) == []

    pausing.unpause(stop, by=administrator, reason="Go", at=timezone.now())

    [run] = asked(made)
    work_off(run)
    assert on_list(vendors, activation) == 3


def test_a_run_that_has_compared_already_is_followed_by_another(vendors: Vendors, settings: Settings) -> None:
    made, activation, members = list_of(vendors)
    synced(activation)
    live = Run.objects.create(
        activation=activation,
        definition=made.definitions.get(),
        trigger=Run.Trigger.BUTTON,
        created_at=timezone.now(),
        stage="additions",
    )
    unsubscribe(made, members[0])
    assert asked(made) == []
    assert OptOut.objects.filter(asked_at=None).exists()

    Run.objects.filter(pk=live.pk).update(state=RunState.DONE, finished_at=timezone.now())

    assert len(asked(made)) == 1


def test_many_who_leave_share_a_run(vendors: Vendors, settings: Settings) -> None:
    made, activation, members = list_of(vendors)
    synced(activation)
    unsubscribe(made, members[0])
    [run] = asked(made)
    work_off(run)
    unsubscribe(made, members[1])
    unsubscribe(made, members[2])
    assert asked(made) == [run]

    settings.EARLY_RUN_SECONDS = 0.0
    _, second = asked(made)
    work_off(second)

    assert on_list(vendors, activation) == 1
    assert second.optouts == 2

"""What is held: only the pass over its limit; figures are released for a day, or the parked part is dropped."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from audiences.models import Activation
from muster.models import Event, Person
from syncs import hold
from syncs.hold import NotHeld
from syncs.models import Pull, Release, Run
from syncs.start import AlreadyLive
from syncs.states import RunState
from tests import factories
from tests.syncs import run_rows
from tests.syncs.run_rows import AT
from tests.syncs.running import synced, work_off
from tests.vendors import Vendors

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.engine]


def released(run: Run, by: Person, **more: Any) -> Run:
    figures = {"max_removes": 1291, "max_adds": 0, **more}
    at = figures.pop("at", AT)
    return hold.release(run, by=by, reason="Narrowed on purpose", at=at, **figures)


def people_at(vendors: Vendors, made: Activation) -> int:
    assert made.pipe is not None
    return int(vendors.membership(made.pipe.write_key, identifiers=0)["people"])


@pytest.fixture
def narrowed(vendors: Vendors) -> Activation:
    """A list of 200 people whose segment has lost 60 of them and gained 5: over the limit of 50."""
    audience = factories.registered_audience(vendors, 205)
    made = audience.activations.get()
    number = audience.segment.number
    vendors.change_segment(number, generated={"to": 200})
    assert synced(made).state == RunState.DONE
    vendors.change_segment(number, generated={"from": 60, "to": 205})
    return Activation.objects.get(pk=made.pk)


def test_only_the_pass_over_its_limit_is_parked(vendors: Vendors, narrowed: Activation) -> None:
    run = synced(narrowed)

    assert (run.state, run.reason) == (RunState.HELD, "guard")
    assert set(run.held) == {"removes"}
    assert (run.accepted_removes, run.accepted_adds) == (0, 5)
    assert people_at(vendors, narrowed) == 205
    assert "60 removals are parked" in run.words
    assert "The other part was sent." in run.words


def test_a_release_of_the_figures_lets_the_next_run_send_them(
    vendors: Vendors, narrowed: Activation, manager: Person
) -> None:
    held = synced(narrowed)

    run = work_off(released(held, manager, max_removes=60, at=timezone.now()))

    assert (run.state, run.trigger, run.accepted_removes) == (RunState.DONE, "release", 60)
    assert run.verdict["removes"]["released"]
    assert people_at(vendors, narrowed) == 145
    assert Release.objects.get().used_by == run


def test_a_plan_beyond_the_released_figures_is_held_again(
    vendors: Vendors, narrowed: Activation, manager: Person
) -> None:
    held = synced(narrowed)
    vendors.change_segment(narrowed.audience.segment.number, generated={"from": 61, "to": 205})
    Pull.objects.update(began_at=timezone.now() - timedelta(hours=3))  # older than its target, so it is read again

    run = work_off(released(held, manager, max_removes=60, at=timezone.now()))

    assert (run.state, run.verdict["removes"]["figure"]) == (RunState.HELD, 61)
    assert people_at(vendors, narrowed) == 205


def test_a_release_is_over_after_a_day(vendors: Vendors, narrowed: Activation, manager: Person) -> None:
    held = synced(narrowed)
    long_ago = timezone.now() - timedelta(hours=24, seconds=1)

    run = work_off(released(held, manager, max_removes=60, at=long_ago))

    assert run.state == RunState.HELD


def test_an_empty_segment_holds_and_needs_its_own_word(vendors: Vendors, manager: Person) -> None:
    audience = factories.registered_audience(vendors, 3)
    made = audience.activations.get()
    synced(made)
    vendors.change_segment(audience.segment.number, generated={"share": 0.0})

    held = synced(made)
    still = work_off(released(held, manager, max_removes=3, at=timezone.now()))
    done = work_off(released(still, manager, max_removes=3, may_empty=True, at=timezone.now()))

    assert (held.state, held.reason, still.reason, done.state) == (RunState.HELD, "empty", "empty", RunState.DONE)
    assert people_at(vendors, made) == 0


def test_a_first_sync_is_not_judged_for_growth(vendors: Vendors) -> None:
    run = synced(factories.registered_audience(vendors, 120).activations.get())

    assert (run.state, run.accepted_adds) == (RunState.DONE, 120)


def test_a_release_is_written_down(manager: Person) -> None:
    held = run_rows.held()

    run = released(held, manager)

    made = Release.objects.get()
    assert (made.run, made.by, made.max_removes, made.until) == (held, manager, 1291, AT + timedelta(hours=24))
    assert (run.trigger, run.actor, run.why) == ("release", manager, "Narrowed on purpose")
    event = Event.objects.get(run_id=held.pk, verb="released")
    assert (event.reason, event.detail["max_removes"]) == ("Narrowed on purpose", 1291)


@pytest.mark.parametrize("fields", [{"state": RunState.DONE}, {"reason": "definition_changed"}])
def test_there_is_nothing_to_release(manager: Person, fields: dict[str, Any]) -> None:
    held = run_rows.held()
    Run.objects.filter(pk=held.pk).update(**fields)

    with pytest.raises(NotHeld):
        released(held, manager)

    assert not Release.objects.exists()


def test_a_newer_run_replaces_what_is_held(manager: Person) -> None:
    held = run_rows.held()
    run_rows.run_of(held.activation)

    with pytest.raises(NotHeld, match="A newer run has planned afresh"):
        released(held, manager)


def test_a_second_release_of_the_same_run_finds_the_first_ones_run(manager: Person) -> None:
    held = run_rows.held()
    released(held, manager)

    with pytest.raises((NotHeld, AlreadyLive)):
        released(held, manager)

    assert Release.objects.count() == 1


def test_dropping_ends_the_run_and_changes_no_list(vendors: Vendors, narrowed: Activation, manager: Person) -> None:
    held = synced(narrowed)

    hold.drop(held, by=manager, reason="The segment was broken.", at=timezone.now())

    held.refresh_from_db()
    assert (held.state, held.words) == (RunState.CANCELLED, "The parked part was dropped: The segment was broken.")
    assert people_at(vendors, narrowed) == 205
    with pytest.raises(NotHeld, match="no longer holds anything"):
        hold.drop(held, by=manager, reason="Again", at=timezone.now())
    assert synced(narrowed).state == RunState.HELD, "the next one plans afresh, and judges afresh"

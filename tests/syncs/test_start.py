"""A run starts once, however many ask at once, and says why when it does not."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from audiences.models import Activation, Definition, Lifecycle
from muster.models import Event, Person
from syncs import pausing
from syncs.models import Run
from syncs.start import AlreadyLive, CannotStart, start
from syncs.states import RunState
from tests import factories
from tests.syncs.run_rows import AT, list_of, run_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.engine]


def begun(made: Activation, **more: Any) -> Run:
    return start(made, trigger=Run.Trigger.BUTTON, at=AT, **more)


def test_a_run_waits_with_what_it_goes_by(marketer: Person) -> None:
    made = list_of()

    run = begun(made, by=marketer, why="The campaign starts")

    assert (run.state, run.kind, run.actor, run.created_at, run.wake_at) == (RunState.WAITING, "sync", marketer, AT, AT)
    assert (run.definition.number, run.payload) == (1, made.payload)
    event = Event.objects.get(run_id=run.pk)
    assert (event.verb, event.actor, event.reason) == ("started a sync", marketer, "The campaign starts")


def test_a_hundred_triggers_at_once_make_one_run() -> None:
    made = list_of()

    def trigger(_number: int) -> int:
        try:
            return -begun(made).pk
        except AlreadyLive as refusal:
            return refusal.run.pk
        finally:
            connections.close_all()

    with ThreadPoolExecutor(20) as pool:
        told = list(pool.map(trigger, range(100)))

    run = Run.objects.get()
    assert sorted(told) == [-run.pk, *[run.pk] * 99], "one starts it, the others are led to it"
    assert Event.objects.filter(verb="started a sync").count() == 1


def test_a_second_trigger_is_led_to_the_live_run() -> None:
    made = list_of()
    run = begun(made)

    with pytest.raises(AlreadyLive, match="is still going") as refusal:
        begun(made, kind=Run.Kind.REASSERT)

    assert refusal.value.run == run
    assert str(refusal.value).endswith("Nothing was started; follow that one.")


@pytest.mark.parametrize("state", [state for state in RunState if state not in {RunState.WAITING, RunState.RUNNING}])
def test_a_run_that_has_ended_is_in_nobodys_way(state: str) -> None:
    made = list_of()
    run_of(made, state=state)

    assert begun(made).is_live


def test_dry_runs_go_beside_anything() -> None:
    made = list_of()
    begun(made)

    for _ in range(2):
        assert begun(made, kind=Run.Kind.DRY_RUN).is_live


def unlocked(made: Activation, _by: Person) -> None:
    made.audience.definitions.update(state=Definition.State.PAST)


def retired(made: Activation, _by: Person) -> None:
    made.lifecycle = Lifecycle.RETIRED
    made.save()


def archived(made: Activation, _by: Person) -> None:
    made.audience.archived_at = AT
    made.audience.save()


def without_pipe(made: Activation, _by: Person) -> None:
    made.pipe = None
    made.save()


def stopped(made: Activation, _by: Person) -> None:
    made.stopped_words = "RudderStack refused the key (401)."
    made.save()


def paused(made: Activation, by: Person) -> None:
    pausing.pause(by=by, reason="Black Friday.", at=AT, audience=made.audience)


def all_paused(_made: Activation, by: Person) -> None:
    pausing.pause(by=by, reason="Black Friday.", at=AT)


def place_paused(made: Activation, by: Person) -> None:
    pausing.pause(by=by, reason="Black Friday.", at=AT, destination=made.destination)


REFUSALS = [
    (unlocked, "No version of the definition is in use yet", False),
    (retired, "retired; nothing is sent", False),
    (archived, "retired; nothing is sent", False),
    (without_pipe, "no pipe yet. Ask an administrator", False),
    (stopped, "refused the key", True),
    (paused, "is paused since 23 Nov 09:14 UTC: Black Friday.", True),
    (all_paused, "Everything is paused since 23 Nov 09:14 UTC: Black Friday.", True),
    (place_paused, "is paused since 23 Nov 09:14 UTC: Black Friday.", True),
]


@pytest.mark.parametrize(("hinder", "words", "dry_may"), REFUSALS, ids=[row[0].__name__ for row in REFUSALS])
def test_a_refusal_says_why(manager: Person, hinder: Any, words: str, dry_may: bool) -> None:
    made = list_of()
    hinder(made, manager)
    made = Activation.objects.get(pk=made.pk)

    with pytest.raises(CannotStart, match=words):
        begun(made)
    if dry_may:
        assert begun(made, kind=Run.Kind.DRY_RUN).is_live
    else:
        with pytest.raises(CannotStart, match=words):
            begun(made, kind=Run.Kind.DRY_RUN)

    assert not Run.objects.exclude(kind=Run.Kind.DRY_RUN).exists()


def test_another_audiences_pause_hinders_nobody(manager: Person) -> None:
    pausing.pause(by=manager, reason="Wait.", at=timezone.now() - timedelta(hours=1), audience=factories.audience())

    assert begun(list_of()).is_live

"""A pause stops sending within a request and lets opt-outs through; what waited goes on when it ends."""

from typing import Any

import pytest
from django.utils import timezone

from audiences.models import Activation
from muster.models import Event, Person
from syncs import pausing, pipeline
from syncs.models import Pause, Run
from syncs.pausing import PauseConflict
from syncs.start import start
from syncs.states import RunState
from tests import factories
from tests.syncs.run_rows import AT, list_of
from tests.syncs.running import synced, work_off
from tests.vendors import Vendors

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.engine]

ASKS: dict[str, Any] = {"require_true": ["ad_consent"], "not_true": [], "not_unsubscribed": False, "basis": "test"}


@pytest.fixture
def turned(vendors: Vendors) -> Activation:
    """A synced list of which one person has since left, one has withdrawn consent, and which one has entered."""
    people = [{"id": f"s{n}", "email": f"s{n}@shop.example", "ad_consent": "true"} for n in range(4)]
    audience = factories.registered_audience(vendors, people, consent={"*": ASKS})
    made = audience.activations.get()
    vendors.mirror()
    assert synced(made).state == RunState.DONE
    ids = {one["id"]: one["cio_id"] for one in vendors.members(audience.segment.number)}
    vendors.upsert({"cio_id": ids["s0"], "ad_consent": "false"})
    newcomer = vendors.upsert({"id": "s9", "email": "s9@shop.example", "ad_consent": "true"})
    vendors.change_segment(audience.segment.number, remove=[ids["s1"]])
    vendors.change_segment(audience.segment.number, add=newcomer)
    vendors.mirror()
    return Activation.objects.get(pk=made.pk)


def on_list(vendors: Vendors, made: Activation) -> set[str]:
    assert made.pipe is not None
    refs = set(vendors.membership(made.pipe.write_key)["refs"])
    return {one["id"] for one in vendors.get(vendors.us, "/_sandbox/people") if one["cio_id"] in refs}


def begun_and_paused(made: Activation, by: Person, *, optouts_too: bool) -> tuple[Run, Pause]:
    run = start(made, trigger=Run.Trigger.COMMAND, at=timezone.now())
    held_by = pausing.pause(by=by, reason="Wrong offer.", at=timezone.now(), optouts_too=optouts_too)
    pipeline.work(run.pk, holder="test")
    run.refresh_from_db()
    assert (run.state, run.reason, run.wake_at) == (RunState.WAITING, "paused", None)
    assert run.words == f"Everything is paused by {by}: Wrong offer. The run goes on when that ends."
    return run, held_by


@pytest.mark.parametrize(("optouts_too", "there"), [(False, {"s1", "s2", "s3"}), (True, {"s0", "s1", "s2", "s3"})])
def test_opt_outs_still_flow_unless_they_are_stopped_too(
    vendors: Vendors, turned: Activation, manager: Person, optouts_too: bool, there: set[str]
) -> None:
    run, held_by = begun_and_paused(turned, manager, optouts_too=optouts_too)
    assert on_list(vendors, turned) == there

    pausing.unpause(held_by, by=manager, reason="Corrected.", at=timezone.now())

    run.refresh_from_db()
    assert run.wake_at is not None, "it is woken, not forgotten"
    assert work_off(run).state == RunState.DONE
    assert on_list(vendors, turned) == {"s2", "s3", "s9"}


@pytest.mark.parametrize("reach", ["destination", "audience", ""])
def test_a_pause_reaches_its_lists_and_no_others(manager: Person, reach: str) -> None:
    one, other = list_of(), list_of()
    whole: dict[str, Any] = {reach: getattr(one, reach)} if reach else {}

    made = pausing.pause(by=manager, reason="Wait.", at=AT, **whole)

    assert Pause.objects.over(one).get() == made
    assert Pause.objects.over(other).exists() == (reach == "")
    assert made.is_total == (reach == "")
    event = Event.objects.get(verb="paused")
    assert (event.actor, event.reason) == (manager, "Wait.")


@pytest.mark.parametrize(
    ("reach", "words"), [("destination", ""), ("audience", ""), ("", "Everything is paused already")]
)
def test_what_is_paused_is_not_paused_again(manager: Person, reach: str, words: str) -> None:
    made = list_of()
    whole: dict[str, Any] = {reach: getattr(made, reach)} if reach else {}
    pausing.pause(by=manager, reason="Wait.", at=AT, **whole)

    with pytest.raises(PauseConflict, match=words or f"{getattr(made, reach)} is paused already"):
        pausing.pause(by=manager, reason="Wait again.", at=AT, **whole)

    assert Pause.objects.count() == 1
    assert Event.objects.filter(verb="paused").count() == 1


def test_stopping_opt_outs_too_adds_to_a_pause_that_lets_them_through(manager: Person, administrator: Person) -> None:
    made = list_of()
    pausing.pause(by=manager, reason="Wait.", at=AT)

    stop = pausing.pause(by=administrator, reason="Leak.", at=AT, optouts_too=True)

    assert list(Pause.objects.over(made).filter(optouts_too=True)) == [stop]
    for optouts_too in (False, True):
        with pytest.raises(PauseConflict, match="Everything is paused already"):
            pausing.pause(by=manager, reason="Wait again.", at=AT, optouts_too=optouts_too)


def test_a_pause_ends_once_and_may_then_begin_again(manager: Person, administrator: Person) -> None:
    audience = factories.audience()
    made = pausing.pause(by=manager, reason="Wait.", at=AT, audience=audience)

    pausing.unpause(made, by=administrator, reason="Go on.", at=AT)

    made.refresh_from_db()
    assert (made.ended_at, made.ended_by) == (AT, administrator)
    assert Event.objects.get(verb="ended the pause of").reason == "Go on."
    with pytest.raises(PauseConflict, match="has ended already"):
        pausing.unpause(made, by=manager, reason="Go on.", at=AT)
    assert pausing.pause(by=manager, reason="Wait.", at=AT, audience=audience).pk != made.pk

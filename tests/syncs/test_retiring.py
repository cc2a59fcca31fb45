"""Retiring: who remains is said, two people remove everybody first, by no accident, and until the end there is a way back."""

import signal
from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import Sum
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from audiences.approving import NeedsSomebodyElse
from audiences.models import Activation, Audience, Lifecycle
from audiences.registering import NotPossible
from muster.models import Event, Person
from syncs import hold, retiring
from syncs.attention import needs
from syncs.models import LedgerShard, Release, Run
from syncs.remaining import remaining
from syncs.start import CannotStart, start
from syncs.states import RunState
from tests import factories
from tests.faults.child import Child, at_batch
from tests.faults.list_at_work import assert_invariants, built, resumed
from tests.syncs.run_rows import held, list_of, run_of
from tests.syncs.running import synced, work_off
from tests.vendors import Vendors

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.engine]
AT = timezone.now()
PEOPLE = 60
Signed = Callable[[Person], Client]


@pytest.fixture
def live(vendors: Vendors) -> Audience:
    """A live audience with 60 people on its list."""
    made = factories.registered_audience(vendors, PEOPLE, name="VIP")
    assert synced(made.activations.get()).state == RunState.DONE
    return made


def list_now(whose: Audience) -> Activation:
    return whose.activations.select_related("audience", "destination", "pipe").get()


def prepared(whose: Audience, by: Person) -> Run:
    """Have everybody's removal prepared, and return the run as it is held."""
    (begun,) = retiring.remove_everybody(whose, by=by, reason="The campaign is over", at=timezone.now())
    assert begun.run is not None, begun.words
    return work_off(begun.run)


def released(run: Run, by: Person, **more: Any) -> Run:
    figures = {"max_removes": run.held["removes"]["figure"], "max_adds": 0, "may_empty": True, **more}
    return hold.release(run, by=by, reason="Yes", at=timezone.now(), **figures)


def at_the_platform(vendors: Vendors, made: Activation) -> int:
    assert made.pipe is not None
    return int(vendors.membership(made.pipe.write_key, identifiers=0)["people"])


def in_ledger(made: Activation) -> int:
    return LedgerShard.objects.filter(activation=made).aggregate(people=Sum("members"))["people"] or 0


@pytest.mark.parametrize("purpose", ["retarget", "suppress"])
def test_two_people_remove_everybody(vendors: Vendors, marketer: Person, manager: Person, purpose: str) -> None:
    whose = factories.registered_audience(vendors, PEOPLE, name="VIP", purpose=purpose)
    made = list_now(whose)
    assert synced(made).state == RunState.DONE

    run = prepared(whose, marketer)

    assert (run.kind, run.state, run.reason, run.accepted_removes) == ("clear", RunState.HELD, "clear", 0)
    assert (
        run.words == f"{PEOPLE} removals are parked: everybody leaves the list, which a second person has to release."
    )
    assert list_now(whose).lifecycle == Lifecycle.RETIRED
    assert at_the_platform(vendors, made) == PEOPLE
    assert [one.run for need in needs(timezone.now()) for one in need.runs] == [run]
    with pytest.raises(NeedsSomebodyElse, match=r"You started this run.*Ask Grace Osei"):
        released(run, marketer)

    done = work_off(released(run, manager))

    assert (done.kind, done.trigger, done.state) == ("clear", "release", RunState.DONE)
    assert (done.accepted_removes, done.accepted_adds) == (PEOPLE, 0)
    assert (at_the_platform(vendors, made), in_ledger(made), list_now(whose).members) == (0, 0, 0)
    (told,) = remaining(whose, timezone.now())
    assert (told.words, told.holds) == (f"Nobody remains; {PEOPLE} people removed", False)
    assert retiring.retire(whose, by=marketer, reason="Over", at=timezone.now())
    assert list(
        Event.objects.filter(audience_id=whose.pk, actor=marketer).order_by("pk").values_list("verb", flat=True)
    ) == [
        "stopped the lists of",
        "started a removal of everybody",
        "retired",
    ]


def test_whoever_opted_out_leaves_at_once_and_the_others_wait(
    vendors: Vendors, live: Audience, marketer: Person
) -> None:
    consent = {"require_true": [], "not_true": [], "not_unsubscribed": True, "basis": "test"}
    live.definitions.update(consent={"*": consent})
    gone = vendors.members(live.segment.number)[0]["cio_id"]
    vendors.upsert({"cio_id": gone, "unsubscribed": "true"})

    run = prepared(live, marketer)

    assert (run.optouts, run.accepted_removes, run.held["removes"]["figure"]) == (1, 1, PEOPLE - 1)


def test_killed_midway_it_goes_on_to_the_last_person(
    vendors: Vendors, settings: Settings, marketer: Person, manager: Person
) -> None:
    world = built(vendors, settings)
    run = released(prepared(world.audience, marketer), manager)

    assert Child(run.pk, at_batch(2, "reply")).ended() == -signal.SIGKILL
    assert 0 < len(world.on_list()) < world.list.members + 20
    run = resumed(run)

    assert (run.state, run.takeovers) == (RunState.DONE, 1)
    assert (world.on_list(), in_ledger(world.list), world.list.members) == (set(), 0, 0)
    assert_invariants()


def test_nothing_but_two_people_empties_a_list(live: Audience, marketer: Person, manager: Person) -> None:
    made = list_now(live)
    with pytest.raises(CannotStart, match=r"only from a list that is retired.*Nobody was removed"):
        start(made, trigger=Run.Trigger.BUTTON, at=AT, kind=Run.Kind.CLEAR)
    # What was let pass for a sync says nothing about removing everybody, and the other way round.
    sync = held(made)
    given = {"max_removes": 1000, "max_adds": 1000, "may_empty": True, "reason": "Meant", "by": manager}
    Release.objects.create(run=sync, activation=made, at=AT, until=AT + hold.RELEASE_LASTS, **given)

    run = prepared(live, marketer)

    assert (run.state, run.accepted_removes) == (RunState.HELD, 0)
    Release.objects.all().delete()
    Release.objects.create(run=run, activation=made, at=AT, until=AT + hold.RELEASE_LASTS, **given)
    retiring.take_back(live, by=marketer, reason="A mistake", at=AT)
    live.definitions.update(exclusions=[{"segment": live.segment.number, "reason": "Everybody"}])
    emptied = synced(list_now(live))
    assert (emptied.state, emptied.reason, emptied.accepted_removes) == (RunState.HELD, "empty", 0)


def test_a_retired_list_is_synced_no_more_and_can_be_taken_back(
    vendors: Vendors, live: Audience, marketer: Person, manager: Person
) -> None:
    run = prepared(live, marketer)
    with pytest.raises(CannotStart, match="This list is retired"):
        start(list_now(live), trigger=Run.Trigger.SCHEDULE, at=AT)
    going = released(run, manager)
    with pytest.raises(NotPossible, match=f"Run {going.pk} is removing people right now. Cancel it first"):
        retiring.take_back(live, by=marketer, reason="A mistake", at=AT)
    # Somebody else's hand: the list is live again although the run waits.
    Activation.objects.update(lifecycle=Lifecycle.LIVE)
    ended = work_off(going)
    assert (ended.state, ended.accepted_removes) == (RunState.CANCELLED, 0)
    Activation.objects.update(lifecycle=Lifecycle.RETIRED)

    assert retiring.take_back(live, by=marketer, reason="A mistake", at=AT) == 1

    assert synced(list_now(live)).state == RunState.DONE
    with pytest.raises(NotPossible, match="None of its lists is stopped"):
        retiring.take_back(live, by=marketer, reason="A mistake", at=AT)


def test_a_sync_on_its_way_ends_when_its_list_is_retired(live: Audience, marketer: Person, vendors: Vendors) -> None:
    run = start(list_now(live), trigger=Run.Trigger.SCHEDULE, at=AT)

    (begun,) = retiring.remove_everybody(live, by=marketer, reason="Over", at=AT)

    assert begun.run is None
    assert begun.words == f"Run {run.pk} was asked to stop, and ends before its next request. Prepare the removal then."
    assert work_off(run).state == RunState.CANCELLED
    late = run_of(
        list_now(live), state=RunState.WAITING, created_at=AT
    )  # started by a scheduler that was a moment slow
    assert (work_off(late).state, late.requests) == (RunState.CANCELLED, 0)
    assert prepared(live, marketer).state == RunState.HELD


def test_retired_without_removal_its_people_stay_and_are_told(
    vendors: Vendors, live: Audience, marketer: Person, manager: Person
) -> None:
    assert retiring.retire(live, by=marketer, reason="Over", at=AT)
    assert not retiring.retire(live, by=marketer, reason="Over", at=AT)

    (told,) = remaining(live, AT)
    assert told.words == f"{PEOPLE} people are on it"
    assert at_the_platform(vendors, list_now(live)) == PEOPLE
    with pytest.raises(NotPossible, match=r"retired for good. Register it anew"):
        retiring.take_back(live, by=marketer, reason="A mistake", at=AT)
    # They can still be removed afterwards.
    assert work_off(released(prepared(live, marketer), manager)).accepted_removes == PEOPLE
    assert in_ledger(list_now(live)) == 0


# The page


def test_the_page_says_who_is_on_the_lists_and_what_each_way_means(marketer: Person, signed_in: Signed) -> None:
    made = list_of("Buyers", purpose="suppress", members=3_193)
    run_of(made, accepted_adds=3_193)

    page = signed_in(marketer).get("/audiences/buyers/retire/").content.decode()

    place = made.destination.name
    assert "3,193 people are on its lists now." in page
    assert f"3,193 people stay excluded from ads at {place}, for good; nobody new is excluded from now on." in page
    assert "This is a suppression list: whoever is removed can be shown ads again." in page
    assert "Nobody besides you may release it yet" in page


def test_members_of_several_lists_are_not_told_as_so_many_people(marketer: Person, signed_in: Signed) -> None:
    made = list_of("Buyers", members=40)
    factories.activation(made.audience, factories.destination(platform="google_ads"), members=38)

    page = signed_in(marketer).get("/audiences/buyers/retire/").content.decode()

    assert "78 members are on its lists now." in page
    assert "A person counts once a list." in page
    assert "78 people" not in page


def test_the_whole_way_over_the_page(live: Audience, marketer: Person, manager: Person) -> None:
    mine, theirs = Client(), Client()
    mine.force_login(marketer)
    theirs.force_login(manager)
    page = "/audiences/vip/retire/"

    empty = mine.post(f"{page}remove/", {"remove-reason": ""}).content.decode()
    assert "Say why: it stays with the run" in empty
    asked = mine.post(f"{page}remove/", {"remove-reason": "Over"}, follow=True).content.decode()
    assert "Nobody is removed yet: the removal from 1 list waits for a second person." in asked
    assert "Follow run" in asked
    assert f'hx-get="{page}"' in asked
    run = work_off(Run.objects.latest("pk"))
    waits = mine.get(page).content.decode()
    assert "60 remain; their removal waits for a second person." in waits
    assert "Take its lists back" in waits
    assert "Prepare to remove" not in waits
    assert "Ask Grace Osei" in mine.get(f"/runs/{run.pk}/").content.decode()
    shown = theirs.get(f"/runs/{run.pk}/").content.decode()
    assert "This empties the list: nobody is left on it afterwards" in shown
    figures = {"release-max_removes": "60", "release-may_empty": "on", "release-reason": "Yes"}
    theirs.post(f"/runs/{run.pk}/release/", figures)
    work_off(Run.objects.latest("pk"))
    assert "Nobody remains; 60 people removed." in mine.get(page).content.decode()
    done = mine.post(page, {"retire-reason": "Over"}, follow=True).content.decode()
    assert "VIP is retired. Nothing is sent for it any more." in done
    assert "Nothing is left to decide" in done
    assert "Who remains" in mine.get("/audiences/vip/").content.decode()


@pytest.mark.parametrize("role", ["paid_media", "administrator"])
def test_who_may_not_retire_sees_whom_to_ask(role: str, marketer: Person, signed_in: Signed) -> None:
    run_of(list_of("Buyers", members=7), accepted_adds=7)
    client = signed_in(factories.person(role=role))

    page = client.get("/audiences/buyers/retire/").content.decode()

    assert "7 people are on its lists now." in page
    assert "Ask " in page
    assert "Mara Keller" in page
    assert "<form" not in page.split('id="retire"')[1]
    for address in ("", "remove/", "back/"):
        assert client.post(f"/audiences/buyers/retire/{address}", {}).status_code == 403
    assert Activation.objects.get().lifecycle == Lifecycle.LIVE

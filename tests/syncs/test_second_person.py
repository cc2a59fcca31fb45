"""A release and a re-assert by a second person: who began it × what they did × role; and who ends the ramp step."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from audiences.approving import NeedsSomebodyElse
from audiences.models import Activation
from muster.access import Role
from muster.models import Event, Person
from syncs import asking, growing, hold
from syncs.models import Release, Run
from syncs.reassert import reassert
from syncs.second_person import others, refusal, starter_of
from syncs.start import CannotStart
from syncs.states import RunState
from tests import factories
from tests.syncs.run_rows import held, list_of, run_of

AT = timezone.now()
FIGURES: dict[str, Any] = {"max_removes": 2000, "max_adds": 0, "reason": "Narrowed on purpose"}
MAY = {"marketer": False, "manager": True, "paid_media": False, "administrator": False, "deputy": True}
pytestmark = pytest.mark.django_db


def somebody(role: str, manager: Person) -> Person:
    if role != "deputy":
        return factories.person(role=role)
    deputy = factories.person(role=Role.MARKETER)
    Person.objects.filter(pk=manager.pk).update(deputy=deputy)
    return deputy


@pytest.mark.parametrize("hand", ["none", "started", "asked"])
@pytest.mark.parametrize("role", MAY)
def test_who_releases(role: str, hand: str, manager: Person, marketer: Person) -> None:
    who = somebody(role, manager)
    run = held()
    Run.objects.filter(pk=run.pk).update(actor=who if hand == "started" else marketer)
    run.refresh_from_db()
    if hand == "asked":
        asking.ask_to_release(run, by=who, reason="Meant", at=AT)

    if MAY[role] and hand == "none":
        assert hold.release(run, by=who, at=AT, **FIGURES).is_live
        return
    with pytest.raises(NeedsSomebodyElse, match=r"Ask .*Grace Osei") as refused:
        hold.release(run, by=who, at=AT, **FIGURES)
    assert str(refused.value).endswith(".")
    assert not Release.objects.exists()


def test_who_started_it_is_not_the_second_person_one_release_later(
    manager: Person, marketer: Person, administrator: Person
) -> None:
    another = factories.person(role="manager", full_name="Mo Ito")
    run = held()
    Run.objects.filter(pk=run.pk).update(actor=another)
    run.refresh_from_db()
    released = hold.release(run, by=manager, at=AT, **FIGURES)
    again = Run.objects.get(pk=released.pk)

    assert starter_of(again) == another.pk
    assert refusal(again, another, set()).startswith("You started this run, so somebody else releases")
    assert refusal(again, manager, set()) == ""


def test_where_nobody_else_may_release_it_says_whom_to_invite(manager: Person, administrator: Person) -> None:
    run = held()
    Run.objects.filter(pk=run.pk).update(actor=manager)
    run.refresh_from_db()

    assert others(manager.pk) == []
    assert "Ask Ada Novak to invite a manager" in refusal(run, manager, set())


@pytest.mark.parametrize("looked", [True, False])
@pytest.mark.parametrize("role", MAY)
def test_who_sends_everybody_again(role: str, looked: bool, manager: Person, marketer: Person) -> None:
    who = somebody(role, manager)
    made = list_of()
    run_of(made, kind=Run.Kind.DRY_RUN, actor=who if looked else marketer, created_at=AT)

    if MAY[role] and not looked:
        assert reassert(made, by=who, why="Recreated", at=AT).kind == "reassert"
        return
    with pytest.raises(NeedsSomebodyElse, match=r"Ask .*Grace Osei"):
        reassert(made, by=who, why="Recreated", at=AT)


@pytest.mark.parametrize("role", MAY)
@pytest.mark.parametrize("state", ["ramp", "all", "nothing arrived"])
def test_who_ends_the_ramp_step(state: str, role: str, manager: Person) -> None:
    who = somebody(role, manager)
    made = list_of(ramp=100 if state == "all" else 10)
    if state != "nothing arrived":
        run_of(made, accepted_adds=7, adds=7)

    if not MAY[role]:
        with pytest.raises(NeedsSomebodyElse, match=r"Ask .*Grace Osei"):
            growing.grow(made, by=who, reason="Matched", at=AT)
    elif state == "ramp":
        growing.grow(made, by=who, reason="Matched", at=AT)
        grown = Activation.objects.get(pk=made.pk)
        assert (grown.ramp, grown.grown_at) == (100, AT)
        assert Event.objects.latest("pk").verb == "grew to everybody"
        assert growing.is_growing(run_of(grown, state=RunState.RUNNING, created_at=AT))
    else:
        with pytest.raises(CannotStart, match=r"already|not arrived yet"):
            growing.grow(made, by=who, reason="Matched", at=AT)


@pytest.mark.parametrize("purpose", ["retarget", "suppress"])
def test_who_judges_and_until_when_is_said(purpose: str, manager: Person, marketer: Person, client: Client) -> None:
    made = list_of("Cart", purpose=purpose, ramp=10)
    client.force_login(marketer)
    page = "/audiences/cart/runs/"
    assert "nobody has arrived yet" in client.get(page).content.decode()
    assert growing.judgement_of(made, AT) is None
    first = run_of(made, accepted_adds=7, adds=7, created_at=AT - timedelta(hours=71))
    assert first.finished_at is not None

    found = growing.judgement_of(made, AT)

    assert found is not None
    assert (found.due, found.overdue) == (first.finished_at + timedelta(hours=72), False)
    assert not growing.holds_growth(first, found.due - timedelta(seconds=1))
    assert growing.holds_growth(first, found.due) is (purpose == "retarget")
    Run.objects.filter(pk=first.pk).update(finished_at=AT - timedelta(hours=73))
    told = client.get(page).content.decode()
    assert "The judgement was due" in told
    assert "Ask Grace Osei to judge it" in told
    assert ("Nobody is added until somebody says what they saw" in told) is (purpose == "retarget")
    client.force_login(manager)
    wrong = client.post(f"/lists/{made.pk}/grow/", {"reason": "Matched", "shown": "many"}, follow=True)
    assert "how many as a number. Nothing was changed." in wrong.content.decode()
    client.post(f"/lists/{made.pk}/grow/", {"reason": "Matched", "shown": "6"})
    assert Event.objects.latest("pk").detail == {"sent": made.members, "shown there": 6}
    assert growing.judgement_of(Activation.objects.get(pk=made.pk), AT) is None

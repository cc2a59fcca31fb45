"""One-time links: used once, for seven days, replaced by newer ones, and nothing told to strangers."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client

from muster import invitations
from muster.access import Role
from muster.models import Event, Invitation, Person
from tests import factories

AT = datetime(2026, 11, 23, 9, 20, tzinfo=UTC)
NEW = "four words nobody guesses"
pytestmark = pytest.mark.django_db


@pytest.fixture
def invited(administrator: Person) -> tuple[Person, str]:
    return invitations.invite(
        email="sven@team.example", full_name="Sven Olsen", role=Role.MANAGER, by=administrator, at=AT
    )


def test_the_whole_way(client: Client, invited: tuple[Person, str]) -> None:
    person, token = invited
    url = f"/invitation/{token}/"
    with time_machine.travel(AT + timedelta(hours=1), tick=False):
        page = client.get(url).content.decode()
        assert "Sven Olsen" in page
        assert "sven@team.example" in page
        response = client.post(url, {"password": NEW})
        assert response["Location"] == "/"
        assert client.get("/profile/").status_code == 200
        assert Person.objects.get(pk=person.pk).check_password(NEW)
        assert Client().get(url).status_code == 410
        assert Client().post(url, {"password": "another long password"}).status_code == 410
        assert Person.objects.get(pk=person.pk).check_password(NEW)
    verbs = list(Event.objects.order_by("pk").values_list("verb", flat=True))
    assert verbs == ["invited", "set a password with an invitation link"]


def test_it_ends_after_seven_days(invited: tuple[Person, str]) -> None:
    _, token = invited
    assert invitations.find(token, at=AT + timedelta(days=7) - timedelta(seconds=1))
    with pytest.raises(invitations.NoLonger):
        invitations.find(token, at=AT + timedelta(days=7))


@pytest.mark.parametrize("password", ["", "short", "password1234", "123456789012", "sven@team.example"])
def test_a_weak_password_is_told_and_the_link_kept(client: Client, invited: tuple[Person, str], password: str) -> None:
    _, token = invited
    with time_machine.travel(AT, tick=False):
        page = client.post(f"/invitation/{token}/", {"password": password})
        assert page.status_code == 200
        assert 'aria-invalid="true"' in page.content.decode()
        assert client.get(f"/invitation/{token}/").status_code == 200


def test_every_dead_link_reads_alike(client: Client, administrator: Person) -> None:
    with time_machine.travel(AT + timedelta(days=1), tick=False):
        dead = []
        for number, fate in enumerate(("used", "expired", "replaced", "disabled")):
            person, token = invitations.invite(
                email=f"p{number}@team.example", full_name="P", role=Role.MARKETER, by=administrator, at=AT
            )
            dead.append(token)
            if fate == "used":
                invitations.accept(token, NEW, at=AT)
            elif fate == "expired":
                Invitation.objects.filter(person=person).update(expires_at=AT)
            elif fate == "replaced":
                invitations.renew(person, by=administrator, at=AT)
            else:
                Person.objects.filter(pk=person.pk).update(is_active=False)
        answers = {client.get(f"/invitation/{token}/").content for token in (*dead, "never-was")}
    assert len(answers) == 1
    assert "This link does not work" in answers.pop().decode()


def test_the_role_given_meanwhile_counts(invited: tuple[Person, str], administrator: Person) -> None:
    from muster import people

    person, token = invited
    people.change_role(person, Role.PAID_MEDIA, by=administrator, at=AT)
    assert invitations.accept(token, NEW, at=AT).role == Role.PAID_MEDIA


@pytest.mark.engine
@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_wins(administrator: Person) -> None:
    from concurrent.futures import ThreadPoolExecutor

    from django.db import connection

    person, token = invitations.invite(
        email="sven@team.example", full_name="Sven", role=Role.MARKETER, by=administrator, at=AT
    )

    def act(password: str) -> str:
        try:
            invitations.accept(token, password, at=AT)
            return password
        except invitations.NoLonger:
            return ""
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(act, ["the first long password", "the second long password"]))
    assert outcomes[0] == ""
    assert Person.objects.get(pk=person.pk).check_password(outcomes[1])


def test_a_reset_voids_links_made_before(administrator: Person) -> None:
    somebody = factories.person()
    first = invitations.reset(somebody, by=administrator, at=AT)
    second = invitations.reset(somebody, by=administrator, at=AT)
    with pytest.raises(invitations.NoLonger):
        invitations.find(first, at=AT)
    assert invitations.find(second, at=AT).person == somebody

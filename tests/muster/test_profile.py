"""What a person sets for themselves, and what it does to the pages they see."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import time_machine
from django.test import Client

from muster import audit
from muster.models import Event, Installation, Person
from tests import factories

SAID = {"full_name": "Mara Keller", "time_zone": "", "theme": "", "deputy": ""}
NEW = "four words nobody guesses"
pytestmark = pytest.mark.django_db


def test_the_theme_is_the_servers_word(marketer: Person, signed_in: Callable[[Person], Client]) -> None:
    client = signed_in(marketer)
    assert "data-theme" not in client.get("/profile/").content.decode()
    client.post("/profile/", {**SAID, "theme": "dark"})
    assert '<html lang="en" data-theme="dark">' in client.get("/profile/").content.decode()
    assert client.post("/profile/", {**SAID, "theme": "pink"}).status_code == 200
    assert Person.objects.get(pk=marketer.pk).theme == "dark"


def test_times_are_in_the_readers_zone_else_the_installations(
    marketer: Person, signed_in: Callable[[Person], Client]
) -> None:
    client = signed_in(marketer)
    audit.record(verb="looked", by=marketer, at=datetime(2026, 11, 23, 23, 30, tzinfo=UTC))
    Installation.current()
    Installation.objects.update(time_zone="America/New_York")
    with time_machine.travel(datetime(2026, 11, 24, 9, 0, tzinfo=UTC), tick=False):
        page = client.get("/log/").content.decode()
        assert "All times America/New York" in page
        assert ">Mon 23 Nov, 18:30:00</time>" in page
        client.post("/profile/", {**SAID, "time_zone": "Asia/Tokyo"})
        page = client.get("/log/").content.decode()
        assert "All times Asia/Tokyo" in page
        assert ">08:30:00</time>" in page
        assert "looked" in client.get("/log/?day=2026-11-24").content.decode()
        assert "looked" not in client.get("/log/?day=2026-11-23").content.decode()


def test_one_request_leaves_no_zone_to_the_next(marketer: Person, signed_in: Callable[[Person], Client]) -> None:
    client = signed_in(marketer)
    client.post("/profile/", {**SAID, "time_zone": "Asia/Tokyo"})
    assert "All times Asia/Tokyo" in client.get("/profile/").content.decode()
    other = Client()
    factories.sign_in(other, factories.person())
    assert "All times UTC" in other.get("/profile/").content.decode()


def test_a_deputy_is_named_and_written_down(
    marketer: Person, manager: Person, signed_in: Callable[[Person], Client]
) -> None:
    client = signed_in(manager)
    said = {**SAID, "full_name": manager.full_name}
    client.post("/profile/", {**said, "deputy": marketer.pk})
    assert Person.objects.get(pk=manager.pk).deputy == marketer
    client.post("/profile/", {**said, "deputy": marketer.pk})
    client.post("/profile/", said)
    assert list(Event.objects.order_by("pk").values_list("verb", "object_label")) == [
        ("named as deputy", "Mara Keller"),
        ("named nobody as deputy any more", ""),
    ]


def test_who_cannot_be_a_deputy(manager: Person, signed_in: Callable[[Person], Client]) -> None:
    client = signed_in(manager)
    said = {**SAID, "full_name": manager.full_name}
    for nobody in (
        manager,
        factories.person(is_active=False),
        factories.person(role="paid_media"),
        factories.person(role="administrator"),
    ):
        page = client.post("/profile/", {**said, "deputy": nobody.pk})
        assert page.status_code == 200
        assert 'aria-invalid="true"' in page.content.decode()
    assert Person.objects.get(pk=manager.pk).deputy is None


def test_the_profile_says_whose_deputy_one_is(marketer: Person, signed_in: Callable[[Person], Client]) -> None:
    factories.person(full_name="Grace Osei", role="manager", deputy=marketer)
    assert "You are the deputy of Grace Osei" in signed_in(marketer).get("/profile/").content.decode()


def test_a_profile_cannot_change_role_or_email(marketer: Person, signed_in: Callable[[Person], Client]) -> None:
    signed_in(marketer).post("/profile/", {**SAID, "role": "administrator", "email": "x@x.example", "is_active": ""})
    after = Person.objects.get(pk=marketer.pk)
    assert (after.role, after.email, after.is_active) == (marketer.role, marketer.email, True)


def test_another_password_ends_the_other_sessions(marketer: Person, signed_in: Callable[[Person], Client]) -> None:
    here, there = signed_in(marketer), Client()
    factories.sign_in(there, marketer)
    response = here.post("/profile/password/", {"old_password": factories.PASSWORD, "password": NEW})
    assert response["Location"] == "/profile/"
    assert here.get("/profile/").status_code == 200
    assert there.get("/profile/").status_code == 302
    assert Person.objects.get(pk=marketer.pk).check_password(NEW)
    assert Event.objects.get().verb == "changed the own password"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("wrong", NEW, "This is not your password now"),
        (factories.PASSWORD, "short", "too short"),
        (factories.PASSWORD, "Mara Keller", "too"),
        ("", "", "This field is required"),
    ],
)
def test_a_password_that_is_not_taken(
    marketer: Person, signed_in: Callable[[Person], Client], old: str, new: str, words: str
) -> None:
    page = signed_in(marketer).post("/profile/password/", {"old_password": old, "password": new})
    assert page.status_code == 200
    assert words in page.content.decode()
    assert Person.objects.get(pk=marketer.pk).check_password(factories.PASSWORD)

"""The first visit: one token, one administrator, and then closed."""

from datetime import UTC, datetime

import pytest
from django.test import Client

from muster import set_up
from muster.models import Event, Installation, Person
from tests import factories

AT = datetime(2026, 11, 23, 9, 20, tzinfo=UTC)
SAID = {
    "installation_name": "Northwind Outfitters",
    "time_zone": "America/New_York",
    "full_name": "Ada Novak",
    "email": "Ada@Northwind.example",
    "password": "four words nobody guesses",
}
pytestmark = pytest.mark.django_db


def test_the_first_administrator(client: Client) -> None:
    assert "Open the setup link" in client.get("/sign-in/").content.decode()
    token = set_up.new_token()
    assert token not in str(Installation.current().__dict__)
    assert client.get("/setup/", {"token": token}).status_code == 200
    response = client.post("/setup/", {**SAID, "token": token})
    assert response["Location"] == "/"
    ada = Person.objects.get()
    assert (ada.email, ada.role, ada.check_password(SAID["password"])) == (
        "ada@northwind.example",
        "administrator",
        True,
    )
    here = Installation.current()
    assert (here.name, here.time_zone, here.setup_token_hash) == ("Northwind Outfitters", "America/New_York", "")
    page = client.get("/people/").content.decode()
    assert "Northwind Outfitters" in page
    assert "All times America/New York" in page
    assert Event.objects.get().actor == ada
    assert "Ask an administrator" in Client().get("/sign-in/").content.decode()


def test_it_works_once(client: Client) -> None:
    token = set_up.new_token()
    client.post("/setup/", {**SAID, "token": token})
    again = Client().post("/setup/", {**SAID, "email": "other@x.example", "token": token})
    assert again.status_code == 410
    assert "set up already" in again.content.decode()
    assert Person.objects.count() == 1
    with pytest.raises(set_up.Closed):
        set_up.new_token()


@pytest.mark.parametrize("token", ["", "-", "wrong", "x" * 5000])
def test_a_wrong_token_makes_nobody(client: Client, token: str) -> None:
    set_up.new_token()
    for response in (client.get("/setup/", {"token": token}), client.post("/setup/", {**SAID, "token": token})):
        assert response.status_code == 410
        assert "does not work" in response.content.decode()
    assert not Person.objects.exists()


def test_without_a_printed_token_nothing_opens_it(client: Client) -> None:
    assert client.get("/setup/", {"token": ""}).status_code == 410
    assert client.get("/setup/", {"token": "-"}).status_code == 410


def test_a_newer_token_replaces_the_older(client: Client) -> None:
    old, new = set_up.new_token(), set_up.new_token()
    assert client.get("/setup/", {"token": old}).status_code == 410
    assert client.get("/setup/", {"token": new}).status_code == 200


def test_an_administrator_closes_it_even_with_the_right_token(client: Client) -> None:
    token = set_up.new_token()
    factories.person(role="administrator", is_active=False)
    assert client.post("/setup/", {**SAID, "token": token}).status_code == 410


@pytest.mark.parametrize(
    "wrong",
    [
        {"password": "short"},
        {"password": "Ada Novak ada"},
        {"time_zone": "Mars/Olympus"},
        {"email": "none"},
        {"installation_name": " "},
        {"full_name": ""},
    ],
)
def test_what_is_wrong_is_said_and_the_rest_kept(client: Client, wrong: dict[str, str]) -> None:
    token = set_up.new_token()
    page = client.post("/setup/", {**SAID, **wrong, "token": token})
    assert page.status_code == 200
    assert 'aria-invalid="true"' in page.content.decode()
    assert "Northwind" in page.content.decode()
    assert not Person.objects.exists()
    assert client.post("/setup/", {**SAID, "token": token}).status_code == 302


@pytest.mark.engine
@pytest.mark.django_db(transaction=True)
def test_two_who_hold_the_token_make_one_administrator() -> None:
    from concurrent.futures import ThreadPoolExecutor

    from django.db import connection

    token = set_up.new_token()

    def act(email: str) -> str:
        said = {**SAID, "email": email}
        try:
            set_up.create_first_administrator(token, **said, at=AT)
            return "made"
        except set_up.Closed:
            return "closed"
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(act, ["a@x.example", "b@x.example"]))
    assert outcomes == ["closed", "made"]
    assert Person.objects.count() == 1

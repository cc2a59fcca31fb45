"""Signing in: throttled, and the same in words and work whether or not the account exists."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth import hashers
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from muster.models import Event, Person, SignInAttempt
from muster.sign_in import KEPT, TRIES, TRIES_OF_ALL
from tests import factories

NOW = datetime(2026, 11, 23, 9, 20, tzinfo=UTC)
URL = "/sign-in/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def mara() -> Person:
    return factories.person(email="mara@team.example", full_name="Mara Keller")


def attempt(client: Client, password: str = "wrong", email: str = "mara@team.example", **more: Any) -> Any:
    return client.post(URL, {"email": email, "password": password, **more.pop("data", {})}, **more)


def is_in(client: Client) -> bool:
    return client.get("/profile/").status_code == 200


def test_in_and_out(client: Client, mara: Person) -> None:
    before = client.get(URL)
    assert before.status_code == 200
    response = attempt(client, factories.PASSWORD, " MARA@team.example ")
    assert (response.status_code, response["Location"]) == (302, "/")
    assert is_in(client)
    assert Event.objects.get(verb="signed in").actor == mara
    assert client.get("/sign-out/").status_code == 405
    assert is_in(client)
    response = client.post("/sign-out/")
    assert response["Location"] == URL
    assert not is_in(client)
    assert Event.objects.get(verb="signed out").actor == mara
    assert "You are signed out" in client.get(URL).content.decode()


def test_the_session_gets_another_key(client: Client, mara: Person) -> None:
    session = client.session  # as if somebody had planted a key before
    session["left"] = "by a stranger"
    session.save()
    client.cookies["sessionid"] = planted = session.session_key or ""
    attempt(client, factories.PASSWORD)
    assert client.cookies["sessionid"].value != planted
    assert is_in(client)
    stranger = Client()
    stranger.cookies["sessionid"] = planted
    assert not is_in(stranger)


@pytest.mark.parametrize(
    ("asked", "gets"),
    [
        ("/log/?day=2026-11-23", "/log/?day=2026-11-23"),
        ("", "/"),
        ("https://elsewhere.example/", "/"),
        ("//elsewhere.example/", "/"),
        ("/\\elsewhere.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("http:///elsewhere.example", "/"),
        ("log/", "/"),
    ],
)
def test_only_addresses_of_ours_are_gone_on_to(client: Client, mara: Person, asked: str, gets: str) -> None:
    response = attempt(client, factories.PASSWORD, data={"next": asked})
    assert response["Location"] == gets
    assert client.get(URL, {"next": asked})["Location"] == gets  # who is in already


def test_five_tries_lock_for_fifteen_minutes_from_the_fifth_to_the_last(client: Client, mara: Person) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        for _ in range(TRIES):
            assert "do not fit together" in attempt(client).content.decode()
            clock.shift(60)
        locked = attempt(client, factories.PASSWORD)  # even with the right one
        assert not is_in(client)
        assert "Locked for 15 minutes" in locked.content.decode()
        assert "Try again after" in locked.content.decode()
        assert ">09:35</time>" in locked.content.decode()
        clock.move_to(NOW + timedelta(minutes=15) - timedelta(seconds=1))
        attempt(client, factories.PASSWORD)
        assert not is_in(client)
        clock.move_to(NOW + timedelta(minutes=15))
        attempt(client, factories.PASSWORD)
        assert is_in(client)


def test_tries_while_locked_do_not_lengthen_the_lock(client: Client, mara: Person) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        for _ in range(TRIES + 20):
            attempt(client)
        assert SignInAttempt.objects.count() == TRIES
        clock.move_to(NOW + timedelta(minutes=15))
        assert "do not fit together" in attempt(client).content.decode()


def test_signing_in_forgets_the_failures_before_it(client: Client, mara: Person) -> None:
    with time_machine.travel(NOW, tick=False):
        for _ in range(3):
            for _ in range(TRIES - 1):
                attempt(client)
            attempt(client, factories.PASSWORD)
            assert is_in(client)
            client.post("/sign-out/")


def test_the_lock_is_for_one_account_from_one_address(client: Client, mara: Person) -> None:
    factories.person(email="oskar@team.example")
    for _ in range(TRIES):
        attempt(client)
    attempt(client, factories.PASSWORD, "oskar@team.example")
    assert is_in(client)
    elsewhere = Client(REMOTE_ADDR="192.0.2.7")
    attempt(elsewhere, factories.PASSWORD)
    assert is_in(elsewhere)


def test_ipv6_addresses_of_one_network_count_as_one(mara: Person) -> None:
    for number in range(TRIES):
        attempt(Client(REMOTE_ADDR=f"2001:db8:1:2::{number:x}"))
    neighbour = Client(REMOTE_ADDR="2001:db8:1:2:ffff::1")
    assert "Locked" in attempt(neighbour, factories.PASSWORD).content.decode()
    other_network = Client(REMOTE_ADDR="2001:db8:1:3::1")
    attempt(other_network, factories.PASSWORD)
    assert is_in(other_network)


def test_many_failures_over_all_accounts_stop_new_places_but_not_known_ones(mara: Person) -> None:
    known = Client(REMOTE_ADDR="192.0.2.1")
    with time_machine.travel(NOW, tick=False):
        attempt(known, factories.PASSWORD)
        known.post("/sign-out/")
        for number in range(TRIES_OF_ALL):
            attempt(Client(REMOTE_ADDR=f"198.51.100.{number}"), email=f"guess{number}@team.example")
        stopped = attempt(Client(REMOTE_ADDR="203.0.113.5"), factories.PASSWORD)
        assert "stopped for a while" in stopped.content.decode()
        assert ">09:35</time>" in stopped.content.decode()
        attempt(known, factories.PASSWORD)
        assert is_in(known)


@pytest.fixture
def accounts(mara: Person) -> dict[str, str]:
    factories.person(email="gone@team.example", is_active=False)
    factories.person(email="invited@team.example").set_unusable_password()
    invited = Person.objects.get(email="invited@team.example")
    invited.set_unusable_password()
    invited.save()
    return {
        "wrong password": "mara@team.example",
        "unknown": "nobody@team.example",
        "disabled": "gone@team.example",
        "invited": "invited@team.example",
    }


def test_an_answer_does_not_say_whether_an_account_exists(client: Client, accounts: dict[str, str]) -> None:
    answers = {}
    for kind, email in accounts.items():
        pages = [attempt(Client(), email=email) for _ in range(TRIES + 1)]
        assert "Locked" in pages[-1].content.decode()
        answers[kind] = [page.content.decode().replace(email, "…") for page in pages]
    first = [blank(page) for page in answers["wrong password"]]
    for kind, pages in answers.items():
        assert [blank(page) for page in pages] == first, kind
    disabled = attempt(Client(REMOTE_ADDR="192.0.2.9"), factories.PASSWORD, accounts["disabled"])
    assert blank(disabled.content.decode().replace(accounts["disabled"], "…")) == first[0]


def blank(page: str) -> str:
    """Return a page without its token and times, which differ each time."""
    return "\n".join(line for line in page.splitlines() if "csrfmiddlewaretoken" not in line and "<time" not in line)


def test_every_try_hashes_one_password(
    client: Client, accounts: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    hasher = type(hashers.get_hasher())
    real, counted = hasher.encode, []

    def encode(self: Any, password: str, salt: str, *rest: Any) -> str:
        counted.append(password)
        return str(real(self, password, salt, *rest))

    monkeypatch.setattr(hasher, "encode", encode)
    work = {}
    for kind, email in accounts.items():
        counted.clear()
        attempt(client, email=email)
        work[kind] = len(counted)
    assert work == dict.fromkeys(accounts, 1)


def test_what_a_stranger_typed_is_not_kept(client: Client, mara: Person) -> None:
    attempt(client, "correct horse", "mara@team.example")
    kept = SignInAttempt.objects.values().get()
    assert "mara" not in str(kept)
    assert "127.0.0.1" not in str(kept)
    assert len(kept["account"]) == len(kept["address"]) == 32


def test_old_tries_are_forgotten(client: Client, mara: Person) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        attempt(client)
        clock.move_to(NOW + KEPT + timedelta(seconds=1))
        attempt(client)
    assert SignInAttempt.objects.count() == 1


def test_a_lock_is_written_down_once_and_names_an_account_that_exists(client: Client, mara: Person) -> None:
    for email in ("mara@team.example", "nobody@team.example"):
        for _ in range(TRIES + 3):
            attempt(client, email=email)
    locks = Event.objects.filter(verb__startswith="locked the sign-in").order_by("pk")
    assert [lock.object_label for lock in locks] == ["Mara Keller", ""]
    assert "nobody" not in "".join(str(event) for event in Event.objects.all())


@pytest.mark.parametrize("data", [{}, {"email": "", "password": ""}, {"email": "x" * 300, "password": "y"}])
def test_forms_without_sense_are_told_so(client: Client, data: dict[str, str]) -> None:
    response = client.post(URL, data)
    assert response.status_code == 200
    assert 'aria-invalid="true"' in response.content.decode()
    assert not SignInAttempt.objects.exists()


def test_a_null_byte_is_no_failure_of_ours(client: Client) -> None:
    assert attempt(client, "a\0b", "a\0@team.example").status_code == 200


def test_the_page_keeps_what_was_asked_for_over_a_wrong_password(client: Client, mara: Person) -> None:
    page = attempt(client, data={"next": "/log/"}).content.decode()
    assert '<input type="hidden" name="next" value="/log/">' in page
    assert "mara@team.example" in page
    assert "wrong" not in page.replace("wrong password", "")


def test_forms_need_their_token(mara: Person) -> None:
    strict = Client(enforce_csrf_checks=True)
    response = attempt(strict, factories.PASSWORD)
    assert response.status_code == 403
    assert "This form is too old" in response.content.decode()
    assert "Nothing was done" in response.content.decode()
    strict.get(URL)
    response = attempt(strict, factories.PASSWORD, data={"csrfmiddlewaretoken": strict.cookies["csrftoken"].value})
    assert response.status_code == 302


def test_the_cookies(client: Client, mara: Person) -> None:
    client.get(reverse("sign-in"))
    attempt(client, factories.PASSWORD)
    for name in ("sessionid", "csrftoken"):
        assert client.cookies[name]["httponly"]
        assert client.cookies[name]["samesite"] == "Lax"


def test_a_session_ends_with_its_time_and_with_the_account(client: Client, mara: Person) -> None:
    client.force_login(mara)
    Session.objects.update(expire_date=timezone.now() + timedelta(seconds=60))
    assert is_in(client)
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert not is_in(client)
    client.force_login(mara)
    assert is_in(client)
    Person.objects.update(is_active=False)
    assert not is_in(client)

"""Pausing and going on, as the page of pauses posts it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from muster.models import Person
from syncs import pausing
from syncs.models import Pause

from . import run_rows

Signed = Callable[[Person], Client]
URL = "/pauses/"

pytestmark = pytest.mark.django_db


def test_everything_is_paused_and_every_page_says_so(signed_in: Signed, manager: Person) -> None:
    run_rows.list_of()
    client = signed_in(manager)

    html = client.post(URL, {"reach": "everything", "reason": "Prices are wrong"}, follow=True).content.decode()

    made = Pause.objects.get()
    assert made.is_total
    assert (made.by, made.reason, made.optouts_too) == (manager, "Prices are wrong", False)
    assert "Paused: everything." in html
    banner = client.get(reverse("syncs:banner")).content.decode()
    assert "Prices are wrong" in banner
    assert "Grace Osei" in banner
    assert "Syncing is on" not in client.get(reverse("syncs:strip")).content.decode()


@pytest.mark.parametrize("kind", ["destination", "audience"])
def test_one_destination_or_audience_is_paused(kind: str, signed_in: Signed, manager: Person) -> None:
    activation = run_rows.list_of()
    reached = getattr(activation, kind)

    signed_in(manager).post(URL, {"reach": f"{kind}:{reached.pk}", "reason": "Moves"})

    assert getattr(Pause.objects.get(), kind) == reached
    assert not Pause.objects.get().is_total


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"reason": ""}, "Say why"),
        ({"reach": "audience:999"}, "That is not there any more"),
        ({"until": "soon"}, "Write a time like 10:30"),
        ({"until": "2020-01-01 10:00"}, "This is in the past"),
        ({"until": "2099-01-01 10:00"}, "more than a year away"),
    ],
)
def test_what_is_not_understood_pauses_nothing(
    change: dict[str, str], said: str, signed_in: Signed, manager: Person
) -> None:
    html = signed_in(manager).post(URL, {"reach": "everything", "reason": "Moves", **change}).content.decode()

    assert said in html
    assert not Pause.objects.exists()


def test_what_is_paused_already_is_not_paused_twice(signed_in: Signed, manager: Person) -> None:
    client = signed_in(manager)
    for _ in range(2):
        html = client.post(URL, {"reach": "everything", "reason": "Moves"}, follow=True).content.decode()

    assert "Nothing changed:" in html
    assert Pause.objects.count() == 1


@pytest.mark.parametrize("name", ["marketer", "paid_media"])
def test_who_may_not_pause_sees_but_does_not_do(name: str, signed_in: Signed, request: pytest.FixtureRequest) -> None:
    client = signed_in(request.getfixturevalue(name))

    assert client.get(URL).status_code == 200
    assert client.post(URL, {"reach": "everything", "reason": "Moves"}).status_code == 403
    assert not Pause.objects.exists()


def test_an_administrator_stops_everything_with_opt_outs_and_nothing_less(
    signed_in: Signed, manager: Person, administrator: Person
) -> None:
    place = run_rows.list_of().destination
    paused = pausing.pause(by=manager, reason="Moves", at=timezone.now())
    client = signed_in(administrator)
    page = client.get(URL).content.decode()
    assert "Stop everything" in page
    assert "people who opt out stay on every list until this ends" in page
    assert reverse("syncs:unpause", args=[paused.pk]) not in page

    assert client.post(URL, {"reach": f"destination:{place.pk}", "reason": "Leak"}).status_code == 200
    assert client.post(reverse("syncs:unpause", args=[paused.pk]), {"reason": "Go on"}).status_code == 403
    client.post(URL, {"reach": "everything", "reason": "Leak"})

    stop = Pause.objects.exclude(pk=paused.pk).get()
    assert (stop.is_total, stop.optouts_too, stop.by) == (True, True, administrator)
    url = reverse("syncs:unpause", args=[stop.pk])
    assert url in client.get(URL).content.decode()
    client.post(url, {"reason": "Found it"})
    assert list(Pause.objects.open()) == [paused]


def test_a_pause_ends_with_a_reason(signed_in: Signed, manager: Person) -> None:
    made = pausing.pause(by=manager, reason="Moves", at=timezone.now() - timedelta(hours=1))
    client = signed_in(manager)
    url = reverse("syncs:unpause", args=[made.pk])

    assert "The pause goes on" in client.post(url, follow=True).content.decode()
    assert Pause.objects.open().exists()

    html = client.post(url, {"reason": "Prices are right again"}, follow=True).content.decode()
    assert "The pause has ended" in html
    assert "Nothing is paused." in html
    assert not Pause.objects.open().exists()
    assert client.post(url, {"reason": "Twice"}, follow=True).status_code == 200

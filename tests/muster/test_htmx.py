"""Fragment or page, and what htmx is answered."""

from collections.abc import Callable

import pytest
from django.contrib import messages
from django.contrib.messages.storage.fallback import FallbackStorage
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from muster.htmx import onward, varied, wants_fragment, with_messages
from muster.models import Person

HTMX = {"HX-Request": "true"}


@pytest.mark.parametrize(
    ("headers", "fragment"),
    [
        ({}, False),
        (HTMX, True),
        ({**HTMX, "HX-Boosted": "true"}, False),
        ({**HTMX, "HX-History-Restore-Request": "true"}, False),
        ({**HTMX, "HX-Boosted": "true", "HX-History-Restore-Request": "true"}, False),
        ({"HX-Boosted": "true"}, False),
        ({"HX-Request": "false"}, False),
    ],
)
@pytest.mark.django_db
def test_a_fragment_is_given_only_where_it_is_swapped_in(
    headers: dict[str, str], fragment: bool, marketer: Person, signed_in: Callable[[Person], Client]
) -> None:
    assert wants_fragment(RequestFactory().get("/", headers=headers)) is fragment
    response = signed_in(marketer).get("/log/", headers=headers)
    text = response.content.decode()
    assert ("<html" in text) is not fragment
    assert 'id="events"' in text
    assert {"HX-Request", "HX-Boosted", "HX-History-Restore-Request"} <= set(response["Vary"].split(", "))


def test_varied_keeps_what_varied_before() -> None:
    response = varied(HttpResponse(headers={"Vary": "Cookie"}))
    assert response["Vary"] == "Cookie, HX-Request, HX-Boosted, HX-History-Restore-Request"


def with_storage(headers: dict[str, str]) -> HttpRequest:
    request = RequestFactory().get("/", headers=headers)
    request.session = {}  # type: ignore[assignment]
    request._messages = FallbackStorage(request)  # type: ignore[attr-defined]
    return request


@pytest.mark.django_db
def test_messages_come_beside_a_fragment_and_are_text(marketer: Person) -> None:
    request = with_storage(HTMX)
    request.user = marketer
    messages.error(request, "Not started: <b>run 7</b> is live.")
    text = with_messages(request, HttpResponse("<p>rows</p>")).content.decode()
    assert text.startswith("<p>rows</p>")
    assert 'hx-swap-oob="true"' in text
    assert 'role="alert"' in text
    assert "&lt;b&gt;run 7" in text


@pytest.mark.django_db
def test_a_page_keeps_its_messages_for_its_own_place() -> None:
    request = with_storage({})
    messages.info(request, "Sync started.")
    assert with_messages(request, HttpResponse("page")).content == b"page"
    assert len(messages.get_messages(request)) == 1


def test_onward() -> None:
    plain = onward(RequestFactory().post("/"), "people:edit", 7)
    assert (plain.status_code, plain["Location"]) == (302, "/people/7/")
    asked = onward(RequestFactory().post("/", headers=HTMX), "people:edit", pk=7)
    assert (asked.status_code, asked["HX-Redirect"]) == (200, "/people/7/")

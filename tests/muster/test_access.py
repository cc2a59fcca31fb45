"""Deny by default: every address × method × role, as tests/access_table.py says."""

import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.cookie import SimpleCookie
from django.test import Client, RequestFactory
from django.urls import URLResolver, get_resolver, include, path
from pytest_django import DjangoAssertNumQueries, DjangoDbBlocker, Settings

from muster import access, declared
from muster.access import Permission, Role, allow, can, public, who_can
from muster.models import Installation
from tests import factories
from tests.access_table import ADMINISTRATOR, ROLES, STRANGER, TABLE

METHODS = ("GET", "POST", "PUT", "DELETE")
EXAMPLES = {"int": "999999", "slug": "nothing-here", "str": "nothing", "path": "nothing", "uuid": "0" * 32}


def routes(resolver: URLResolver, prefix: str = "", *, admin: bool = False) -> Iterator[tuple[str, bool]]:
    """Yield every route of the project, and whether it belongs to Django's admin."""
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from routes(entry, prefix + str(entry.pattern), admin=admin or entry.app_name == "admin")
        else:
            yield prefix + str(entry.pattern), admin


ALL: dict[str, bool] = {}
for _route, _admin in routes(get_resolver()):
    ALL.setdefault(_route, _admin)  # where two rows have the same route, the first is called
OURS = sorted(route for route, admin in ALL.items() if not admin)
ADMIN = sorted(route for route, admin in ALL.items() if admin)


def example(route: str) -> str:
    """Return an address that the route matches, of things that do not exist."""
    route = re.sub(r"\(\?P<\w+>\.\*\)", "nothing", route)  # regular expressions of the admin: anything,
    route = re.sub(r"\(\?P<\w+>(\w+)[^)]*\)", r"\1", route)  # and one of its apps
    filled = re.sub(r"<(?:(\w+):)?\w+>", lambda found: EXAMPLES[found[1] or "str"], route)
    return "/" + filled.replace("^", "").replace("$", "")


def client_of(role: str) -> Client:
    client = Client(raise_request_exception=False)
    if role != STRANGER:
        client.force_login(factories.person(role=role))
    return client


@pytest.fixture
def _refusals_are_not_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands are asked for here, and to write each down three times takes a tenth of the time."""
    monkeypatch.setattr(logging.getLogger("django.request"), "disabled", True)


def leads_to_sign_in(response: Any) -> bool:
    return bool(response.status_code == 302) and str(response["Location"]).startswith("/sign-in/?next=")


def test_every_address_has_a_row() -> None:
    assert set(OURS) - set(TABLE) == set(), "say in tests/access_table.py who may call these"
    assert set(TABLE) - set(OURS) == set(), "these addresses are gone"


def allowed(url: str, response: Any) -> bool:
    """Whether the answer is one to somebody who may; "not ready" is an answer too: nothing works in this test."""
    working = response.status_code < 500 or (url, response.status_code) == ("/readyz", 503)
    return working and response.status_code not in {403, 405} and not leads_to_sign_in(response)


def as_declared(route: str, method: str, role: str, response: Any) -> bool:
    """Whether an answer is what the table says of this cell."""
    row = TABLE[route]
    if role in row.get(method, ()):
        return allowed(example(route), response)
    if method not in row and any(role in who for who in row.values()):
        return bool(response.status_code == 405)
    return leads_to_sign_in(response) if role == STRANGER else bool(response.status_code == 403)


@pytest.mark.django_db
@pytest.mark.usefixtures("_refusals_are_not_logged")
@pytest.mark.parametrize("role", ROLES)
def test_the_back_office_is_for_administrators(role: str) -> None:
    client = client_of(role)
    for route in ADMIN:
        for method in ("GET", "POST"):
            response = client.generic(method, example(route))
            said = f"{method} {example(route)} as {role}: {response.status_code}"
            if role == STRANGER:
                assert leads_to_sign_in(response), said
            elif role != ADMINISTRATOR:
                assert response.status_code == 403, said
            else:
                assert response.status_code < 500, said
                assert not leads_to_sign_in(response), said


def test_rqs_dashboard_has_no_address() -> None:
    assert not [route for route in ALL if "rq" in route or "dashboard" in route]


# The system check


def undeclared(request: HttpRequest) -> HttpResponse:
    return HttpResponse("seen")


@public
def for_everybody(request: HttpRequest) -> HttpResponse:
    return HttpResponse("seen")


urlpatterns = [
    path("deep/", include([path("undeclared/<int:pk>/", undeclared)])),
    path("public/", for_everybody),
    path("read/", allow(Permission.READ)(undeclared)),
]


def test_a_view_that_does_not_declare_fails_the_system_check(settings: Settings) -> None:
    settings.ROOT_URLCONF = __name__
    found = [error for error in run_checks() if error.id == "muster.E001"]
    assert [error.msg for error in found] == ["The view of /deep/undeclared/<int:pk>/ does not declare whom it is for."]


def test_every_view_of_the_project_declares() -> None:
    assert declared.every_view_declares(app_configs=None) == []


@pytest.mark.django_db
def test_an_undeclared_view_is_refused_even_to_administrators(settings: Settings) -> None:
    settings.ROOT_URLCONF = __name__
    request = RequestFactory().get("/deep/undeclared/1/")
    request.user = factories.person(role=ADMINISTRATOR)
    middleware = access.DenyByDefault(lambda _request: HttpResponse())
    with pytest.raises(PermissionDenied):
        middleware.process_view(request, undeclared, (), {})


# Roles


@pytest.mark.django_db
def test_administrators_do_not_approve_and_paid_media_do_nothing_but_ask() -> None:
    administrator, buyer = factories.person(role="administrator"), factories.person(role="paid_media")
    assert not can(administrator, Permission.APPROVE)
    assert not can(administrator, Permission.RELEASE)
    assert {permission for permission in Permission if can(buyer, permission)} == {
        Permission.READ,
        Permission.READ_LOG,
        Permission.ASK,
    }


@pytest.mark.django_db
@pytest.mark.parametrize(("role", "may"), [("marketer", True), ("paid_media", False), ("administrator", False)])
def test_a_deputy_of_a_manager_approves_if_a_marketer(role: str, may: bool) -> None:
    deputy = factories.person(role=role)
    manager = factories.person(role="manager", deputy=deputy)
    assert can(deputy, Permission.APPROVE) is may
    assert (deputy in who_can(Permission.APPROVE)) is may
    manager.is_active = False
    manager.save()
    assert not can(type(deputy).objects.get(pk=deputy.pk), Permission.APPROVE)
    assert deputy not in who_can(Permission.APPROVE)


@pytest.mark.django_db
def test_whom_to_ask_is_one_question(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    deputy = factories.person()
    named = [factories.person(role="manager", deputy=deputy), deputy]
    factories.person(role="marketer", deputy=factories.person())  # no approver named that one
    with django_assert_num_queries(1):
        found = who_can(Permission.APPROVE)
    assert {one.pk for one in found} == {one.pk for one in named}


@pytest.mark.django_db
def test_nobody_who_is_disabled_can_do_anything() -> None:
    for role in Role:
        gone = factories.person(role=role, is_active=False)
        assert not [permission for permission in Permission if can(gone, permission)]


# What people meet


@pytest.mark.django_db
def test_strangers_come_back_to_the_page_they_wanted(client: Client) -> None:
    response = client.get("/log/?day=2026-11-23")
    assert response.status_code == 302
    assert response["Location"] == "/sign-in/?next=%2Flog%2F%3Fday%3D2026-11-23"


@pytest.mark.django_db
def test_a_fragment_moves_the_whole_page_to_sign_in(client: Client) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/profile/?a=1"}
    response = client.get("/log/", headers=headers)
    assert response.status_code == 200
    assert response["HX-Redirect"] == "/sign-in/?next=%2Fprofile%2F"
    assert not response.content


@pytest.mark.django_db
@pytest.mark.parametrize("url", ["http://[", "https://[::1", "http://a]b/", "//\u2100/", ""])
def test_a_page_that_is_no_address_leads_back_to_the_start(client: Client, url: str) -> None:
    response = client.get("/log/", headers={"HX-Request": "true", "HX-Current-URL": url})
    assert response.status_code == 200
    assert response["HX-Redirect"] in {"/sign-in/?next=%2F", "/sign-in/?next="}


@pytest.mark.django_db
def test_the_refusal_says_whom_to_ask(client: Client) -> None:
    factories.person(role="administrator", full_name="Ada Novak")
    factories.sign_in(client, factories.person(role="marketer"))
    response = client.get("/people/")
    assert response.status_code == 403
    assert "Ask Ada Novak" in response.content.decode()
    assert "nothing was done" in response.content.decode()


# Every cell of the table. These come last: whom they have signed in is there from the first of them on.


@pytest.fixture(scope="module")
def signed_in_once(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[dict[str, Client]]:
    """Somebody of each role, signed in once for all addresses, in one transaction that is rolled back."""
    with django_db_blocker.unblock(), transaction.atomic():
        Installation.current()  # else each request makes the row anew
        yield {role: client_of(role) for role in ROLES}
        transaction.set_rollback(True)


@pytest.mark.django_db
@pytest.mark.usefixtures("_refusals_are_not_logged")
@pytest.mark.parametrize("route", sorted(TABLE.keys() & set(OURS)))
def test_address_method_role(signed_in_once: dict[str, Client], route: str) -> None:
    wrong = []
    for role, client in signed_in_once.items():
        signed_in = client.cookies.output(header="", sep=";")
        for method in METHODS:
            client.cookies = SimpleCookie(signed_in)
            with transaction.atomic():  # what one cell does, the next does not see
                response = client.generic(method, example(route))
                transaction.set_rollback(True)
            if not as_declared(route, method, role, response):
                wrong.append(f"{method} {example(route)} as {role}: {response.status_code}")
        client.cookies = SimpleCookie(signed_in)
    assert wrong == []

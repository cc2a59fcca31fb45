"""Bad input: every form and every address × generated requests. Nothing breaks, and each refusal is a sentence.

The addresses come from the project's own resolver, what exists behind them and which fields their forms have from the
pages themselves: a new page is covered without a line here. What else is asked of every page stands here too, on the
same site: it is made once a process, and that takes longer than most of these tests.
"""

import html
import re
import socket
from collections.abc import Iterator
from itertools import combinations
from random import Random
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.db import connection, transaction
from django.http.cookie import SimpleCookie
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audiences.models import Destination
from muster import set_up
from muster.models import Person
from tests.access_table import ADMINISTRATOR, MANAGER, MARKETER, PAID_MEDIA, STRANGER, TABLE
from tests.hostile import nasty
from tests.hostile.crawl import Page, route_of
from tests.hostile.markup import Markup
from tests.hostile.more import more
from tests.hostile.site import CLOSED, Site, no_such_name, some_pages
from tests.muster.test_access import ADMIN, OURS

PARAMETER = re.compile(r"<(?:\w+:)?\w+>|\(\?P<\w+>[^)]*\)\)?")
SENTENCE = re.compile(r"[A-Z0-9“\"'][^.?!]{8,}[.?!]")
ERRORS = re.compile(r'class="error-text"[^>]*>(.*?)</div>', re.DOTALL)
HIDDEN = re.compile(r"<(script|style|svg|head)\b.*?</\1>", re.DOTALL)
TAG = re.compile(r"<[^>]+>")
ROUTES = [*OURS, "back-office/"]  # Django's own pages are met together


def methods(route: str) -> list[str]:
    """Return the methods that somebody may use there."""
    return sorted(TABLE.get(route, {"GET": "", "POST": ""}))


BATCH = 10  # requests in one example
REQUESTS = 200  # to each address
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def site(django_db_setup: None, django_db_blocker: Any) -> Iterator[Site]:
    """Made once for all tests of this module, in one transaction that is rolled back."""
    private = frozenset({CLOSED.removeprefix("http://")})
    hosts = {"us": CLOSED, "eu": CLOSED}
    with (
        django_db_blocker.unblock(),
        pytest.MonkeyPatch.context() as patch,
        override_settings(CUSTOMERIO_HOSTS=hosts, PRIVATE_HOSTS=private, REQUEST_TIMEOUT=0.5),
        transaction.atomic(),
    ):
        patch.setattr(socket, "getaddrinfo", no_such_name)
        yield Site()
        transaction.set_rollback(True)


def text_of(body: str) -> str:
    """Return what a person reads of a page."""
    return " ".join(html.unescape(TAG.sub(" ", HIDDEN.sub(" ", body))).split())


def check(asked: nasty.Asked, role: str, response: Any) -> None:
    """Assert that nothing broke and that whatever was refused is said in a sentence."""
    said = f"{role}: {asked!r} -> {response.status_code}"
    if asked.path == "/readyz" and response.status_code == 503:
        return  # what it says to machines while no worker is known: the answer, not a failure
    assert response.status_code < 500, said
    body = "" if response.streaming else response.content.decode(errors="replace")
    assert "Traceback (most recent" not in body, said
    if response.status_code >= 400:
        assert SENTENCE.search(text_of(body)), f"{said}: {text_of(body)[:300]!r}"
    for error in ERRORS.findall(body):
        assert text_of(error).endswith((".", "?")), f"{said}: {text_of(error)!r}"
    if hasattr(response, "wsgi_request") and hasattr(response.wsgi_request, "_messages"):
        for message in get_messages(response.wsgi_request):
            assert re.search(r"[.?!](\s|$)", text_of(str(message))), f"{said}: {message}"


def ask(site: Site, route: str, method: str, asked: nasty.Asked, role: str) -> None:
    """Send one request, look at the answer, and take back whatever it changed."""
    with transaction.atomic():
        if route == "setup/":
            Person.objects.filter(role=ADMINISTRATOR).update(role="marketer")
            query = f"token={set_up.new_token()}&{asked.query}"
            asked = nasty.Asked(asked.path, query, asked.body, asked.content_type, asked.headers)
        given_headers: dict[str, Any] = {"QUERY_STRING": asked.query, **asked.headers}
        if "HTTP_COOKIE" not in asked.headers:
            client = site.client(role)
        else:
            client = site.clients[role]
            client.cookies = SimpleCookie()
        response = client.generic(method, asked.path, asked.body, asked.content_type, **given_headers)
        check(asked, role, response)
        transaction.set_rollback(True)


def requests(chance: Random, site: Site, route: str) -> tuple[str, str, nasty.Asked]:
    """A role that has the right, a method, and a request of this route."""
    method = chance.choice([*methods(route) * 5, *WRONG_METHODS])
    if route not in TABLE:
        route = chance.choice(ADMIN)
    row = TABLE.get(route, {})
    roles = row.get(method) or frozenset().union(*row.values()) or {ADMINISTRATOR}
    role = chance.choice(sorted(roles))
    path = nasty.path_of(chance, route, sorted(site.found.paths.get(route, ())), PARAMETER)
    asked = nasty.encoded(nasty.pairs_of(chance, site.found.queries.get(route, {})))
    query = asked if chance.randrange(2) else chance.choice(QUERIES)
    body, kind = nasty.body_of(chance, site.found.forms.get(route, {})) if method == "POST" else (b"", nasty.FORM)
    return role, method, nasty.Asked(path, query, body, kind, nasty.headers_of(chance))


WRONG_METHODS = ["PUT", "DELETE", "OPTIONS"]
QUERIES = ["", "", "%", "page=%ff&page=-1", "&&==&%00=%00", "=" * 1_200, "q=\xff\xfe", "a=1;b=2"]


def attack(site: Site, route: str, examples: int) -> None:
    """Send so many generated requests, BATCH of them for each seed that hypothesis draws: drawing every piece costs more.

    Everything is taken back after each, so that a request that was made before would be answered as it was: it is
    not sent again.
    """
    sent: set[object] = set()

    @settings(max_examples=examples // BATCH, suppress_health_check=list(HealthCheck), derandomize=True, deadline=None)
    @given(st.integers(0, (1 << 64) - 1))
    def each(seed: int) -> None:
        chance = Random(f"{route}{seed}")
        for _ in range(BATCH):
            role, method, asked = requests(chance, site, route)
            if (known := (role, method, *asked.parts)) not in sent:
                ask(site, route, method, asked, role)
                sent.add(known)

    each()


@pytest.mark.parametrize("route", ROUTES)
def test_nothing_breaks(site: Site, route: str) -> None:
    attack(site, route, REQUESTS)


@pytest.mark.slow
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("route", ROUTES)
def test_nothing_breaks_however_long(site: Site, route: str) -> None:
    attack(site, route, 5_000)


@pytest.mark.parametrize("role", [STRANGER, MANAGER])
def test_no_two_headers_break_a_fragment(site: Site, role: str) -> None:
    """By chance two that break something together meet once in a hundred thousand requests."""
    one_by_one = [(name, value) for name, values in nasty.HEADERS.items() for value in values]
    for first, second in combinations(one_by_one, 2):
        headers = {"HTTP_HX_REQUEST": "true", **dict([first, second])}
        ask(site, "log/", "GET", nasty.Asked("/log/", "", b"", nasty.FORM, headers), role)


POLLED_ONLY = re.compile(r"/runs/\d+/live/|/readyz")  # the first goes on to its page, the second is for machines
TOKEN = re.compile(r"\b[A-Za-z0-9]{64}\b")


def read(site: Site, path: str, **headers: Any) -> tuple[int, str]:
    """Return status and words of a page as the administrator reads it, without what differs each time."""
    with transaction.atomic():
        response = site.client(ADMINISTRATOR).get(path, **headers)
        transaction.set_rollback(True)
    body = "" if response.streaming else TOKEN.sub("", response.content.decode(errors="replace"))
    return (204 if "HX-Redirect" in response else response.status_code), " ".join(body.split())


def page_and_part(site: Site, path: str) -> tuple[tuple[int, str], tuple[int, str]]:
    """Read a page and what is polled of it, again where the page itself became another one in between (a new minute)."""
    whole = read(site, path)
    for _ in range(10):
        part = read(site, path, HTTP_HX_REQUEST="true")
        if part[1] in whole[1] or whole == (whole := read(site, path)):
            return whole, part
    raise AssertionError(f"{path} is another page each time it is read")


def test_what_is_polled_is_a_part_of_its_page(site: Site) -> None:
    """A fragment made by itself lacks what the page around it set, and a browser asks for it a minute after the page."""
    for path in some_pages(site):
        if POLLED_ONLY.match(path):
            continue
        whole, part = page_and_part(site, path)
        assert part[0] in {whole[0], 204}, path
        assert part[1] in whole[1], path


@pytest.mark.parametrize("role", [MARKETER, PAID_MEDIA, ADMINISTRATOR])
def test_pages_are_sound_and_lead_only_where_their_reader_may_go(site: Site, role: str) -> None:
    for path in some_pages(site):
        with transaction.atomic():
            response: Any = site.client(role).get(path)
            transaction.set_rollback(True)
        page = Page(path)
        if response.status_code == 200 and response["Content-Type"].startswith("text/html"):
            page.feed(response.content.decode())
            assert Markup(response.content.decode()).faults == [], path
        for row in (TABLE.get(route_of(address) or "") for address in page.links):
            assert row is None or any(role in who for who in row.values()), path


# One a row that is shown, and no more rows are shown than a page holds: each is a look at the end of an index.
A_ROW_EACH = {"events/", "connections/destinations/<int:pk>/changes/"}


def of_many(site: Site) -> list[str]:
    """Return two pages of each kind, and all of the audience and the account of which `more` makes more."""
    place = Destination.objects.get(activations__audience__name="Live").pk
    grows = re.compile(rf"/audiences/live/|/destinations/{place}/|/runs/$")
    return sorted({*some_pages(site, 2), *filter(grows.search, some_pages(site))})


def queries(site: Site, paths: list[str]) -> dict[str, int]:
    """Return how often each page asks the database."""
    counted: dict[str, int] = {}
    for path in paths:
        for role in (MANAGER, ADMINISTRATOR):
            with CaptureQueriesContext(connection) as asked:
                answered = site.client(role).get(path).status_code
            if answered == 200:
                counted[path] = len(asked.captured_queries)
                break
    return counted


def test_no_page_asks_the_database_more_often_where_there_is_more(site: Site) -> None:
    paths = of_many(site)
    with transaction.atomic():
        more(site.people, "1")
        queries(site, paths)  # what is kept of a first time
        few = queries(site, paths)
        for name in "2345":
            more(site.people, name)
        many = queries(site, paths)
        transaction.set_rollback(True)
    grown = {path: (few[path], many[path]) for path in few if path in many and many[path] - few[path] > 1}
    assert {route_of(path) for path in grown} == A_ROW_EACH, grown


def test_the_pages_lead_everywhere(site: Site) -> None:
    """Else the requests above would meet nothing but pages that are not there."""
    unseen = {route for route in OURS if not site.found.paths.get(route)}
    assert unseen == set()

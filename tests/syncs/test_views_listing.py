"""The list of runs: health, filters, pages, and rows that are polled while one of them may move."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from muster.models import Installation, Person
from syncs.states import RunState

from . import run_rows

Signed = Callable[[Person], Client]
HTMX = {"HX-Request": "true"}
SIGNING_IN = 3
URL = "/runs/"

pytestmark = pytest.mark.django_db


def rows_tag(html: str) -> str:
    found = re.search(r'<div class="stack" id="rows"[^>]*>', html)
    assert found
    return found.group()


def test_nothing_has_run_yet(signed_in: Signed, marketer: Person) -> None:
    html = signed_in(marketer).get(URL).content.decode()

    assert "Nothing has run yet" in html
    assert "start with a dry run" in html
    assert "hx-" not in rows_tag(html)


def test_filters_that_nothing_fits_can_be_cleared(signed_in: Signed, marketer: Person) -> None:
    run_rows.done()

    html = signed_in(marketer).get(URL, {"state": "lost"}).content.decode()

    assert "Nothing fits these filters" in html
    assert "Clear filters" in html


def test_the_page_says_first_what_is_going_on(signed_in: Signed, marketer: Person) -> None:
    run_rows.sending()
    run_rows.run_of(state=RunState.WAITING)
    run_rows.held()
    replaced = run_rows.held()
    run_rows.done(replaced.activation)

    html = signed_in(marketer).get(URL).content.decode()

    assert "1 is running, 1 waits, 1 is held." in html


def test_the_fragment_holds_the_rows_alone(signed_in: Signed, marketer: Person) -> None:
    run = run_rows.sending()

    answer = signed_in(marketer).get(URL, headers=HTMX)

    html = answer.content.decode()
    assert "<html" not in html
    assert html.lstrip().startswith('<div class="stack" id="rows"')
    assert reverse("syncs:run", args=[run.pk]) in html
    assert "HX-Request" in answer.headers["Vary"]


@pytest.mark.parametrize("name", ["HX-Boosted", "HX-History-Restore-Request"])
def test_boosted_links_and_restored_history_get_the_page(name: str, signed_in: Signed, marketer: Person) -> None:
    html = signed_in(marketer).get(URL, headers={**HTMX, name: "true"}).content.decode()

    assert "<html" in html
    assert "Health" in html


def test_rows_are_polled_with_their_filters_only_while_one_may_move(signed_in: Signed, marketer: Person) -> None:
    run_rows.done()
    client = signed_in(marketer)
    still = client.get(URL, {"q": "Audience"}, headers=HTMX).content.decode()
    run_rows.sending()

    moving = client.get(URL, {"q": "Audience"}, headers=HTMX).content.decode()
    elsewhere = client.get(URL, {"state": "done"}, headers=HTMX).content.decode()

    assert "hx-" not in rows_tag(still)
    assert 'hx-get="/runs/?q=Audience"' in rows_tag(moving)
    assert 'hx-trigger="every 5s"' in rows_tag(moving)
    assert "hx-" not in rows_tag(elsewhere)


def test_the_filters_are_a_form_that_works_without_a_script(signed_in: Signed, marketer: Person) -> None:
    html = signed_in(marketer).get(URL, {"q": 'a"b', "state": "held"}).content.decode()

    form = html[html.index("<form") :]
    assert 'method="get" action="/runs/"' in form
    assert 'hx-push-url="true"' in form
    assert 'value="a&quot;b"' in form
    assert '<option value="held" selected>' in form


def test_pages_of_runs(signed_in: Signed, marketer: Person) -> None:
    activation = run_rows.list_of()
    made = [run_rows.done(activation) for _ in range(60)]
    client = signed_in(marketer)

    first = client.get(URL).content.decode()
    second = client.get(URL, {"page": "2", "q": activation.audience.name}).content.decode()

    assert f"/runs/{made[-1].pk}/" in first
    assert f"/runs/{made[0].pk}/" not in first
    assert f"/runs/{made[0].pk}/" in second
    assert "1–50 of 60" in first
    assert "page=1" in second


@pytest.mark.parametrize(("page", "status"), [("99", 200), ("0", 404), ("-1", 404), ("x", 404), ("²", 404)])
def test_pages_that_are_not_there(page: str, status: int, signed_in: Signed, marketer: Person) -> None:
    assert signed_in(marketer).get(URL, {"page": page}).status_code == status


def test_fifty_runs_need_as_few_questions_as_one(
    signed_in: Signed, marketer: Person, django_assert_max_num_queries: Any
) -> None:
    for _ in range(25):
        activation = run_rows.list_of()
        run_rows.done(activation, actor=marketer)
        run_rows.sending(activation, pull=run_rows.pull_of(activation, rows=5, count=9))
    client = signed_in(marketer)
    Installation.current()  # the very first request of all would make its row

    with django_assert_max_num_queries(SIGNING_IN + 3):
        client.get(URL, headers=HTMX)
    with django_assert_max_num_queries(SIGNING_IN + 6):
        client.get(URL)


def test_health_is_read_from_the_database_alone(signed_in: Signed, marketer: Person) -> None:
    run_rows.beats()
    run_rows.run_of(state=RunState.WAITING, started_at=None, created_at=timezone.now() - timedelta(seconds=340))

    html = signed_in(marketer).get(URL).content.decode()

    assert "2 of 2 workers, Redis answers, 1 run waiting 5 m." in html
    assert "health-on-target" in html


def test_health_that_was_not_seen_lately_is_grey(signed_in: Signed, marketer: Person) -> None:
    run_rows.beats(timezone.now() - timedelta(minutes=10))

    html = signed_in(marketer).get(reverse("syncs:health")).content.decode()

    assert "health-unknown" in html
    assert "health-on-target" not in html
    assert "runs may not start by themselves" in html


def test_a_run_that_waits_for_a_known_reason_is_not_counted_as_waiting_for_a_worker(
    signed_in: Signed, marketer: Person
) -> None:
    run_rows.beats()
    run_rows.run_of(state=RunState.WAITING, reason="paused")

    assert "no run waiting" in signed_in(marketer).get(reverse("syncs:health")).content.decode()


def test_strangers_are_sent_to_sign_in(client: Client, db: None) -> None:
    assert client.get(URL).headers["Location"].startswith("/sign-in/")
    assert client.get(URL, headers=HTMX).headers["HX-Redirect"].startswith("/sign-in/")

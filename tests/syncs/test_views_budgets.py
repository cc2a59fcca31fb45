"""The budget of an audience on its page, and beside a draft's form before anything is saved."""

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from audiences.models import Activation, Definition, Destination
from syncs import slots
from syncs.schedule import DAILY, INTERVAL, Rhythm
from tests import factories

from . import run_rows

HTMX = {"HX-Request": "true"}

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    client = Client()
    client.force_login(factories.person())
    return client


def told(client: Client, made: Activation, **sent: Any) -> str:
    answer = client.get(f"/audiences/{made.audience.slug}/budget/", sent, headers=HTMX)
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def history(made: Activation, runs: int = 4) -> None:
    for _ in range(runs):
        run_rows.done(made, at=timezone.now(), finished_at=timezone.now())


def test_a_form_that_is_not_saved_is_judged(client: Client) -> None:
    made = run_rows.list_of("Carts")
    history(run_rows.list_of("Another audience of the company"))
    Destination.objects.update(lag_minutes=7)
    before = Definition.objects.get(audience=made.audience)

    shown = told(
        client,
        made,
        cadence="every day",
        freshness_minutes="240",
        window_hours="4",
        **{f"list-{made.destination_id}-use": "on"},
    )

    assert "Every day cannot serve a 4-hour audience: worst age 24 h 7 m." in shown
    assert "No sync of this workspace has arrived" in shown  # the other audience belongs to another workspace
    assert "Platform lag 7 m, declared" in shown
    assert "Segment lag is not declared and not counted." in shown
    after = Definition.objects.get(audience=made.audience)
    assert (after.cadence, after.revision) == (before.cadence, before.revision)


def test_the_audiences_own_runs_are_told_by_list(client: Client) -> None:
    made = run_rows.list_of("Carts")
    Definition.objects.update(cadence="every 30 minutes", window_hours=3)
    history(made)

    shown = told(client, made)

    assert "Every 30 minutes keeps the newest person under 2 h: worst age 35 m, 20 m on average." in shown
    assert "Of 180 min in this segment about 159 are left when ads can start." in shown
    assert "measured on 4 syncs of Carts in four weeks" in shown
    assert f"{made.destination.name} 4 4 s up to 4 s 52 s up to 52 s 1 m 18 s up to 1 m 18 s 3 m 37 s" in shown
    assert "documents" not in shown
    assert "Meta usually shows changes within 24 h" in shown


def test_a_list_that_is_synced_less_often_is_named(client: Client) -> None:
    made = run_rows.list_of("Carts")
    Definition.objects.update(cadence="every hour")

    assert f"{made.destination.name} is not scheduled as often" in told(client, made)
    slots.set_schedule(made, Rhythm(INTERVAL, minutes=60), by=None, at=timezone.now())
    assert "not scheduled as often" not in told(client, made)
    slots.set_schedule(made, Rhythm(DAILY), by=None, at=timezone.now())
    assert "not scheduled as often" in told(client, made)


@pytest.mark.parametrize(
    "sent",
    [
        {"cadence": ""},
        {"cadence": "now and then", "freshness_minutes": "−1", "window_hours": "9" * 30},
        {"cadence": "every day", "list-x-use": "on", "list--use": "", f"list-{'9' * 40}-use": "on"},
        {"cadence": "every week", "window_hours": "1,000", "freshness_minutes": "1e9"},
    ],
)
def test_whatever_stands_in_the_form_is_answered(client: Client, sent: dict[str, str]) -> None:
    shown = told(client, run_rows.list_of(), **sent)

    assert ("Choose a cadence" in shown) is (sent["cadence"] not in {"every day", "every week"})


def test_the_page_by_itself_and_an_audience_that_is_not_there(client: Client) -> None:
    made = run_rows.list_of("Carts")

    assert "<h1>Cadence against dwell</h1>" in client.get(f"/audiences/{made.audience.slug}/budget/").content.decode()
    assert client.get("/audiences/nobody/budget/").status_code == 404


def test_few_questions(client: Client, django_assert_max_num_queries: Any) -> None:
    made = run_rows.list_of("Carts")
    history(made, 30)
    told(client, made)

    with django_assert_max_num_queries(3 + 8):
        told(client, made)


def test_both_pages_ask_for_it(client: Client) -> None:
    made = run_rows.list_of("Carts")
    factories.definition(made.audience, state="draft", destinations=[made.destination])

    for page in ("", "definition/"):
        shown = client.get(f"/audiences/{made.audience.slug}/{page}").content.decode()
        assert f'hx-get="/audiences/{made.audience.slug}/budget/"' in shown

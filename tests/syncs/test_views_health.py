"""The health page in each state of the machinery, and the two addresses that machines ask."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from muster.models import Person
from syncs import pausing, slots
from syncs.models import Beat
from syncs.schedule import INTERVAL, Rhythm
from syncs.states import RunState
from syncs.views import probes
from tests import factories

from . import run_rows


@pytest.fixture
def client() -> Client:
    client = Client()
    client.force_login(factories.person(role="paid_media"))
    return client


def page(client: Client) -> str:
    answer = client.get("/health/")
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.django_db
def test_all_is_well(client: Client) -> None:
    run_rows.beats()
    run_rows.run_of(state=RunState.RUNNING, started_at=timezone.now() - timedelta(minutes=7))
    slots.set_schedule(run_rows.list_of("Carts"), Rhythm(INTERVAL, minutes=30), by=None, at=timezone.now())

    shown = page(client)

    assert "<strong>The machinery works.</strong>" in shown
    assert "1 run<" in shown
    assert "Carts at " in shown
    assert "none due yet" in shown


@pytest.mark.django_db
def test_redis_is_gone(client: Client) -> None:
    run_rows.beats(redis=False)

    shown = page(client)

    assert "<strong>Redis does not answer.</strong>" in shown
    assert "does not answer" in shown
    assert "they cannot be counted while Redis does not answer" in shown


@pytest.mark.django_db
def test_the_worst_list_comes_first(client: Client) -> None:
    now = timezone.now()
    for name, hours in (("A good one", 0), ("Z bad one", 9)):
        slots.set_schedule(
            run_rows.list_of(name), Rhythm(INTERVAL, minutes=60), by=None, at=now - timedelta(hours=hours)
        )
    slots.keep(at=now)

    shown = page(client).split("All lists")[1]

    assert shown.index("Z bad one") < shown.index("A good one")
    assert "not on time" in shown


@pytest.mark.django_db
def test_many_lists_need_as_few_questions_as_one(client: Client, django_assert_max_num_queries: Any) -> None:
    now = timezone.now()
    for _ in range(12):
        slots.set_schedule(run_rows.list_of(), Rhythm(INTERVAL, minutes=60), by=None, at=now - timedelta(hours=30))
    client.get("/health/")

    with django_assert_max_num_queries(3 + 15):
        client.get("/health/")


@pytest.mark.django_db
def test_pauses_say_why_slots_were_missed(client: Client, manager: Person) -> None:
    made, now = run_rows.list_of(), timezone.now()
    slots.set_schedule(made, Rhythm(INTERVAL, minutes=60), by=None, at=now)
    old = pausing.pause(by=manager, reason="Long over.", at=now - timedelta(days=20))
    pausing.unpause(old, by=manager, reason="Over.", at=now - timedelta(days=19))
    pausing.pause(by=manager, reason="Wrong offer.", at=now - timedelta(hours=2), destination=made.destination)

    shown = page(client)

    assert f"now: {made.destination.name} was paused by {manager.full_name}: “Wrong offer.”" in shown
    assert "Long over." not in shown


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "status"),
    [({}, 200), ({"redis": False}, 200), ({"workers": 0}, 503), ({"at": timezone.now() - timedelta(hours=1)}, 503)],
)
def test_ready_while_work_can_be_done(fields: dict[str, Any], status: int) -> None:
    run_rows.beats(**fields)

    answer = Client().get("/readyz")

    # Without Redis nobody knows about the workers.
    assert answer.status_code == (503 if "redis" in fields else status)
    assert answer.json()["database"] == "ok"
    assert answer.json()["ready"] is (answer.status_code == 200)


def test_alive_asks_no_database() -> None:
    answer = Client().get("/healthz")  # a query would fail: this test has no database

    assert (answer.status_code, answer.content) == (200, b"alive\n")


def test_not_ready_without_a_database(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: object, **__: object) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr(Beat.objects, "all", gone)

    answer = Client().get("/readyz")

    assert answer.status_code == 503
    assert answer.json() == {
        "ready": False,
        "database": "bad",
        "scheduler": "unknown",
        "workers": "unknown",
        "redis": "unknown",
        "queue": "unknown",
    }
    assert set(probes.PARTS) < set(answer.json())


@pytest.mark.django_db
def test_keys_are_shown_to_those_who_see_connections(client: Client) -> None:
    run_rows.beats()
    factories.pipe("write-key-9d0e", name="carts-meta", check_state="refused", check_words="Not known there.")
    factories.workspace(name="Shop")
    inside = Client()
    inside.force_login(factories.person(role="administrator"))

    shown = page(inside)

    assert shown.index("RudderStack, carts-meta, ends 9d0e") < shown.index("Customer.io, Shop, ends -key")
    assert "Problems first; 1 not working" in shown
    assert "write-key-9d0e" not in shown
    assert "Keys and tokens" not in page(client)


@pytest.mark.django_db
def test_a_suppression_out_of_date_is_the_first_thing_said(client: Client) -> None:
    run_rows.beats()
    made = run_rows.list_of("Bought lately", purpose="suppress")
    long_ago = timezone.now() - timedelta(hours=9)
    pull = run_rows.pull_of(made, state="complete", began_at=long_ago)
    run_rows.run_of(made, created_at=long_ago, pull=pull)

    shown = page(client)

    assert "The machinery works, but 1 suppression list is out of date." in shown
    assert "Newest person read 9 h ago, target 2 h: people who entered since are not suppressed there." in shown


@pytest.mark.django_db
def test_every_list_says_how_often_and_how_regular(client: Client) -> None:
    now = timezone.now()
    slots.set_schedule(run_rows.list_of(), Rhythm(INTERVAL, minutes=60), by=None, at=now - timedelta(hours=9))
    slots.keep(at=now)

    shown = page(client)

    assert re.search(r'data-label="Every"><div>1 h</div>', shown)
    assert re.search(r'data-label="On time"><div>0 of [89]</div>', shown)
    assert "nothing arrived" in shown
    assert "slot-missed" in shown
    assert re.search(r"0 of [89] slots were on time in 14 days", shown)


@pytest.mark.django_db
def test_the_figures_are_polled_by_themselves(client: Client) -> None:
    run_rows.beats()

    answer = client.get("/health/", headers={"HX-Request": "true"})

    shown = answer.content.decode()
    assert shown.lstrip().startswith('<dl class="stats stats-6" id="figures"')
    assert 'hx-trigger="every 15s"' in shown
    assert re.search(r"answered in \d+ ms", shown)

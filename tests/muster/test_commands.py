"""The commands that an operator types or a supervisor starts: sync, tick, worker, setup_link."""

import json
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, OperationalError, connection
from django.utils import timezone
from rq import Worker

from audiences.models import Activation, Audience, Lifecycle, Workspace
from muster.management.commands import tick
from muster.models import Person
from syncs.models import Beat, Run
from syncs.start import start
from syncs.states import RunState
from tests import factories
from tests.redis_server import RedisServer
from tests.syncs.running import working
from tests.vendors import Vendors

pytestmark = pytest.mark.django_db(transaction=True)


def told(*words: str) -> tuple[dict[str, Any], int]:
    """Return what `manage.py sync … --json` says, and its exit status."""
    out = StringIO()
    try:
        call_command("sync", *words, "--json", stdout=out)
    except SystemExit as ended:
        return json.loads(out.getvalue()), int(str(ended.code))
    return json.loads(out.getvalue()), 0


@pytest.fixture
def audience(vendors: Vendors) -> Audience:
    return factories.registered_audience(vendors, 5, platforms=["meta", "google_ads"], name="Carts")


# sync


def test_sync_starts_every_live_list_and_does_not_wait(audience: Audience) -> None:
    paused = factories.activation(audience, factories.destination(platform="meta"), lifecycle=Lifecycle.PAUSED)

    said, status = told("carts", "--why", "before the sale")

    assert status == 0
    assert [one["state"] for one in said["lists"]] == ["waiting", "waiting"]
    runs = Run.objects.all()
    assert {(run.trigger, run.kind, run.why) for run in runs} == {("command", "sync", "before the sale")}
    assert paused.runs.count() == 0


def test_sync_waits_for_the_end_and_tells_the_figures(audience: Audience) -> None:
    with working():
        said, status = told("carts", "--wait", "--timeout", "60")

    assert status == 0
    assert said["audience"] == "carts"
    assert {(one["state"], one["live"], one["adds"], one["accepted_adds"]) for one in said["lists"]} == {
        ("done", False, 5, 5)
    }


def test_a_dry_run_sends_nothing(audience: Audience, vendors: Vendors) -> None:
    with working():
        said, status = told("carts", "--wait", "--dry-run")

    assert status == 0
    assert [one["adds"] for one in said["lists"]] == [5, 5]
    assert all(one.pipe and vendors.requests(one.pipe.write_key) == [] for one in audience.activations.all())


def test_sync_joins_a_run_that_is_going(audience: Audience) -> None:
    made = audience.activations.order_by("pk").first()
    assert made is not None
    live = start(made, trigger=Run.Trigger.BUTTON, at=timezone.now())

    said, status = told("carts")

    assert status == 0
    assert [(one["run"] == live.pk, one["joined"]) for one in said["lists"]] == [(True, True), (False, False)]


def test_sync_says_what_cannot_start(audience: Audience) -> None:
    Activation.objects.filter(destination__platform="meta").update(pipe=None)

    said, status = told("carts")

    assert status == 2
    assert [bool(one["refused"]) for one in said["lists"]] == [True, False]
    assert "has no pipe yet" in said["lists"][0]["refused"]


def test_a_run_that_does_not_arrive_is_the_exit_status(audience: Audience, vendors: Vendors) -> None:
    vendors.order(vendors.us, "/_sandbox/keys", {"key": "sandbox-us-key", "scope": None})

    with working():
        said, status = told("carts", "--wait")

    assert status == 1
    assert {one["state"] for one in said["lists"]} == {RunState.FAILED}
    assert all(one["words"] for one in said["lists"])


def test_what_still_goes_when_the_time_is_up_is_the_exit_status(audience: Audience) -> None:
    said, status = told("carts", "--wait", "--timeout", "0.1")

    assert status == 3
    assert all(one["live"] for one in said["lists"])


def test_an_unknown_audience_is_said_with_those_that_are_known(audience: Audience) -> None:
    with pytest.raises(CommandError, match=r"no audience 'cart'\. Known: carts") as refused:
        call_command("sync", "cart")
    assert refused.value.returncode == 2


def test_an_audience_without_live_lists_is_said() -> None:
    factories.audience(name="Only a draft")

    with pytest.raises(CommandError, match="Lock its definition of done first") as refused:
        call_command("sync", "only-a-draft")
    assert refused.value.returncode == 2


def test_sync_tells_a_person_in_lines(audience: Audience) -> None:
    out = StringIO()
    with working():
        call_command("sync", "carts", "--wait", stdout=out)

    first = out.getvalue().splitlines()[0]
    assert ", Done. +5 added, 0 changed, 0 removed, 0 unchanged." in first


# tick


def test_tick_rings_for_what_nobody_rang_for(audience: Audience, redis: RedisServer) -> None:
    made = audience.activations.first()
    assert made is not None
    run = start(made, trigger=Run.Trigger.BUTTON, at=timezone.now())
    redis.client.flushall()
    later = timezone.now() + timedelta(minutes=2)
    Workspace.objects.update(watched_at=later)

    done = tick.tick(later)

    assert done["rang"] == 1
    assert done["judged"] == audience.activations.count()  # nobody has judged them yet
    jobs = [str(one, "ascii") for one in redis.client.lrange("rq:queue:muster", 0, -1) if isinstance(one, bytes)]
    assert [one.split("-")[1] for one in jobs if one.startswith("run-")] == [str(run.pk)]
    assert Beat.objects.get(name="tick").at == later


def test_tick_survives_without_redis() -> None:
    tick.tick(timezone.now())

    assert Beat.objects.get(name="tick").working
    assert not Beat.objects.get(name="redis").working


@pytest.mark.parametrize("error", [OperationalError("gone"), DatabaseError("gone"), ConnectionResetError("gone")])
def test_tick_survives_an_outage_and_connects_anew(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    connection.ensure_connection()

    def fail() -> None:
        raise error

    tick.survives("sweep", fail)

    assert connection.connection is None
    assert "sweep did not work this time" in caplog.text


def test_tick_does_not_survive_what_nobody_foresaw() -> None:
    def fail() -> None:
        raise KeyError("a mistake of ours")

    with pytest.raises(KeyError):
        tick.survives("sweep", fail)


# worker


def test_the_worker_never_asks_the_database_and_works_on_one_queue(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Callable[[int], Any]
) -> None:
    seen: list[Worker] = []
    monkeypatch.setattr(Worker, "work", lambda self, **_options: seen.append(self))

    with django_assert_num_queries(0):
        call_command("worker")

    assert seen[0].queue_names() == ["muster"]
    assert (seen[0].worker_ttl, seen[0].maintenance_interval, seen[0].job_monitoring_interval) == (35, 20, 5)


# setup_link


def test_setup_link_opens_the_setup_page(client: Any) -> None:
    out = StringIO()
    call_command("setup_link", stdout=out)

    assert out.getvalue().startswith("http://127.0.0.1:8000/setup/?token=")
    assert client.get(out.getvalue().strip()).status_code == 200


def test_setup_link_is_refused_once_there_is_an_administrator(administrator: Person) -> None:
    with pytest.raises(CommandError, match="There is an administrator already"):
        call_command("setup_link")


@pytest.mark.parametrize(
    ("hosts", "secure", "address"),
    [
        (["localhost", "127.0.0.1"], False, "http://127.0.0.1:8000"),
        (["muster.example.com"], True, "https://muster.example.com"),
        ([".example.com"], True, "https://example.com"),
    ],
)
def test_the_link_names_the_host_that_people_use(hosts: list[str], secure: bool, address: str, settings: Any) -> None:
    settings.ALLOWED_HOSTS, settings.SECURE = hosts, secure
    out = StringIO()

    call_command("setup_link", stdout=out)

    assert out.getvalue().startswith(f"{address}/setup/?token=")

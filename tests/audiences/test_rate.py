"""One pace for all requests to a workspace, whoever asks: processes and threads take their turns from one row."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from audiences import rate
from audiences.customerio import CustomerIo
from audiences.models import RequestSlot
from muster.http import RateLimited
from tests import factories
from tests.vendors import ROOT, Vendors

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.engine]

SECONDS = 2.5
# Four threads of one process ask as fast as they may.
ASK = f"""
import django, threading, time
django.setup()
from django.db import connection
from audiences.customerio import CustomerIo
from audiences.models import Workspace

until = time.monotonic() + {SECONDS}

def ask():
    client = CustomerIo(Workspace.objects.get())
    while time.monotonic() < until:
        client.people()
    connection.close()

threads = [threading.Thread(target=ask) for _ in range(4)]
for one in threads: one.start()
for one in threads: one.join()
"""


@pytest.fixture
def true_speed(vendors: Vendors, settings: Settings, tmp_path: Path) -> Iterator[Vendors]:
    """Customer.io at the pace that it truly allows, and Muster at the pace that it truly takes."""
    running = Vendors(tmp_path, speed=1)
    settings.CUSTOMERIO_HOSTS = {"us": running.us, "eu": running.eu}
    settings.PRIVATE_HOSTS = frozenset(running.hosts)
    settings.CUSTOMERIO_RATE = 8
    yield running
    running.stop()


def most_in_a_second(times: list[float]) -> int:
    return max(sum(start <= one < start + 1 for one in times) for start in times)


def test_processes_and_threads_stay_within_the_limit(
    true_speed: Vendors, child_environment: Callable[..., dict[str, str]]
) -> None:
    factories.workspace()
    environment = child_environment(DJANGO_SETTINGS_MODULE="tests.settings")

    # A machine that stalls between a turn and its request bunches requests; a pace that is wrong fails every time.
    for last in (False, False, True):
        true_speed.delete(true_speed.us, "/_sandbox/requests")
        asked, took = ask_from_three_processes(true_speed, environment)
        if last or {one["status"] for one in asked} == {200}:
            break

    assert {one["status"] for one in asked} == {200}
    assert most_in_a_second([one["at"] for one in asked]) <= 10
    # All twelve threads wanted more than this; each ends with the turn that it waits for.
    assert SECONDS * 8 * 0.6 <= len(asked) <= took * 8 + 1


def ask_from_three_processes(at: Vendors, environment: dict[str, str]) -> tuple[list[dict[str, Any]], float]:
    """Return the requests that reached Customer.io, and the seconds that they took."""
    began = time.monotonic()
    children = [
        subprocess.Popen([sys.executable, "-c", ASK], cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    told = [child.communicate(timeout=60)[1] for child in children]
    assert [child.returncode for child in children] == [0] * 3, told
    return at.cio_requests(), time.monotonic() - began


def test_turns_are_spaced_evenly(vendors: Vendors, settings: Settings) -> None:
    settings.CUSTOMERIO_RATE = 10
    space = factories.workspace()
    turns: list[float] = []

    for _ in range(10):
        rate.take_turn(space.pk, patience=5, sleep=lambda seconds: turns.append(time.monotonic() + seconds))

    # The first turn is at once; nobody slept, so that from the second to the tenth it is eight tenths of a second.
    assert len(turns) == 9
    assert turns == sorted(turns)
    assert 0.6 <= turns[-1] - turns[0] <= 1.0


def test_workspaces_do_not_wait_for_each_other(vendors: Vendors) -> None:
    held, free = factories.workspace(), factories.workspace()
    rate.hold_back(held.pk, 60)
    waited: list[float] = []

    rate.take_turn(free.pk, patience=0.5, sleep=waited.append)

    assert waited == []
    with pytest.raises(RateLimited):
        rate.take_turn(held.pk, patience=0.5, sleep=waited.append)


def test_whoever_wakes_late_takes_another_turn(vendors: Vendors, settings: Settings) -> None:
    settings.CUSTOMERIO_RATE = 8
    space = factories.workspace()
    rate.hold_back(space.pk, 0.05)
    slept: list[float] = []

    def oversleep(seconds: float) -> None:
        time.sleep(seconds + (0 if slept else rate.LATE + 0.1))
        slept.append(seconds)

    before = time.time()
    rate.take_turn(space.pk, patience=5, sleep=oversleep)

    # The second turn begins where the first oversleeper woke: at least two turns are used up.
    assert RequestSlot.objects.get(workspace=space).next_at >= before + 0.05 + 2 / 8


def test_a_turn_too_far_away_is_not_taken(vendors: Vendors) -> None:
    space = factories.workspace()
    rate.hold_back(space.pk, 30)
    due = RequestSlot.objects.get(workspace=space).next_at

    with pytest.raises(RateLimited) as refused:
        CustomerIo(space, patience=1).people()

    assert 29 <= (refused.value.retry_after or 0) <= 30
    assert RequestSlot.objects.get(workspace=space).next_at == due
    assert vendors.cio_requests() == []


def test_what_customerio_asks_to_wait_all_wait(vendors: Vendors) -> None:
    space = factories.workspace()
    vendors.fault(vendors.us, "429", {"path": "/v1/workspaces"})

    with pytest.raises(RateLimited) as refused:
        CustomerIo(space).people()
    began = time.monotonic()
    CustomerIo(space).people()

    assert refused.value.retry_after == 1
    assert time.monotonic() - began >= 0.9
    assert [one["status"] for one in vendors.cio_requests()] == [429, 200]


@pytest.mark.parametrize("form", ["old_429", "daily_429"])
def test_too_many_without_a_time_holds_nobody_back(vendors: Vendors, form: str) -> None:
    space = factories.workspace()
    vendors.fault(vendors.us, form, {"path": "/v1/workspaces"})

    with pytest.raises(RateLimited) as refused:
        CustomerIo(space).people()

    assert not refused.value.retry_after
    assert RequestSlot.objects.get(workspace=space).next_at < (timezone.now() + timedelta(seconds=0.5)).timestamp()


def test_a_longer_hold_is_not_cut_short(vendors: Vendors) -> None:
    space = factories.workspace()
    rate.hold_back(space.pk, 30)
    due = RequestSlot.objects.get(workspace=space).next_at

    rate.hold_back(space.pk, 1)

    assert RequestSlot.objects.get(workspace=space).next_at == due

"""What the other tests stand on: no outside call, nothing from the caller's shell, vendors and Redis that answer."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from syncs import doorbell
from tests import factories
from tests.conftest import OutsideCall
from tests.redis_server import RedisServer
from tests.vendors import ROOT, Vendors


@pytest.mark.parametrize("address", [("192.0.2.1", 443), ("93.184.216.34", 80), ("10.0.0.1", 22)])
def test_no_socket_reaches_another_machine(address: tuple[str, int]) -> None:
    for call in (
        lambda: socket.create_connection(address, timeout=1),
        lambda: socket.socket().connect_ex(address),
        lambda: socket.socket(type=socket.SOCK_DGRAM).sendto(b"?", address),
        lambda: urllib.request.urlopen(f"http://{address[0]}:{address[1]}/"),
    ):
        with pytest.raises(OutsideCall):
            call()


def test_no_name_is_looked_up() -> None:
    with pytest.raises(OutsideCall):
        socket.getaddrinfo("api.customer.io", 443)


def test_the_callers_settings_do_not_reach_the_tests() -> None:
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "import tests.settings as s; print(s.HOME, s.DATABASES['default']['ENGINE'], s.REDIS_URL)",
        ],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "MUSTER_HOME": "/srv/muster",
            "DATABASE_URL": "postgres://live.example.com/muster",
            "REDIS_URL": "redis://live.example.com/0",
        },
        capture_output=True,
        text=True,
        check=True,
    )

    home, engine, redis_url = told.stdout.split()
    assert Path(home).name == "main"
    assert not Path(home).is_relative_to("/srv")
    assert not Path(home).exists()
    assert engine == "django.db.backends.sqlite3"
    assert "example.com" not in redis_url


def test_the_vendors_answer_and_forget(vendors: Vendors) -> None:
    assert vendors.people(5) == 5
    assert settings.CUSTOMERIO_HOSTS["us"] == vendors.us

    vendors.reset()

    assert vendors.get(vendors.us, "/_sandbox/people") == []


@pytest.mark.django_db
def test_a_registered_audience_is_known_on_both_sides(vendors: Vendors) -> None:
    made = factories.registered_audience(vendors, 4, platforms=["meta", "google_ads"])

    assert len(vendors.members(made.segment.number)) == 4
    keys = [row.pipe.write_key for row in made.activations.all() if row.pipe]
    assert [vendors.membership(key)["people"] for key in keys] == [0, 0]


@pytest.mark.django_db(transaction=True)
def test_without_redis_a_ring_is_lost_at_once() -> None:
    began = time.monotonic()

    assert doorbell.ring(1) is False
    assert time.monotonic() - began < 1


@pytest.mark.django_db(transaction=True)
def test_with_redis_a_ring_is_heard(redis: RedisServer) -> None:
    assert doorbell.ring(1) is True
    assert redis.client.llen("rq:queue:muster") == 1


@pytest.mark.django_db(transaction=True)
def test_a_child_process_meets_the_same_rows(
    vendors: Vendors, redis: RedisServer, child_environment: Callable[..., dict[str, str]]
) -> None:
    factories.person(full_name="Known to Both")
    asked = (
        "import django; django.setup()\n"
        "from django.conf import settings\n"
        "from muster.models import Person\n"
        "print(Person.objects.get().full_name, settings.CUSTOMERIO_HOSTS['eu'], settings.REDIS_URL, sep='|')"
    )

    told = subprocess.run(
        [sys.executable, "-c", asked], cwd=ROOT, env=child_environment(), capture_output=True, text=True, check=True
    )

    assert told.stdout.strip() == f"Known to Both|{vendors.eu}|{redis.url}"


@pytest.mark.django_db
def test_the_database_has_a_home_of_its_own() -> None:
    if connection.vendor == "sqlite":
        assert Path(str(connection.settings_dict["NAME"])).is_relative_to(os.environ["MUSTER_TEST_FOLDER"])
    assert settings.HOME.is_relative_to(os.environ["MUSTER_TEST_FOLDER"])

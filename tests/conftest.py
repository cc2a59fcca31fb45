"""What every test may ask for: people to act as, the stand-ins of the vendors, a Redis. No test reaches the outside."""

import gc
import os
import socket
import tempfile
from collections.abc import Callable, Iterator, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import django_rq
import hypothesis
import pytest
from _pytest import runner
from django.conf import settings as django_settings
from django.contrib.contenttypes.management import create_contenttypes
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.models.signals import post_migrate
from django.template import Template
from django.test import Client
from pytest_django import Settings

from muster.models import Person
from muster.stack_room import in_room
from tests import factories
from tests.redis_server import RedisServer
from tests.vendors import Vendors

hypothesis.settings.register_profile("muster", database=None, deadline=None, print_blob=True)
hypothesis.settings.load_profile("muster")

# As Django renders; while it tests, it also copies every context for tests that read `response.context`, and none does.
RENDER: Any = vars(Template)["_render"]
LOCAL_NAMES = {None, "", "localhost", b"localhost"}


class OutsideCall(AssertionError):
    """A test was about to leave this machine. Not an OSError: nobody may mistake it for a vendor that is down."""


def is_local(host: object) -> bool:
    """Whether a host, as given to the socket module, is this machine."""
    if host in LOCAL_NAMES:
        return True
    try:
        return ip_address(host.decode() if isinstance(host, bytes) else str(host)).is_loopback
    except ValueError:
        return False


def refuse_outside(patch: pytest.MonkeyPatch) -> None:
    """Let sockets connect to loopback addresses and Unix sockets only, and let only local names be looked up."""

    def guarded(name: str) -> Callable[..., Any]:
        real = getattr(socket.socket, name)

        def call(self: socket.socket, *arguments: Any) -> Any:
            address = arguments[-1]
            if self.family in {socket.AF_INET, socket.AF_INET6} and not is_local(address[0]):
                raise OutsideCall(f"{name} to {address}")
            return real(self, *arguments)

        return call

    look_up = socket.getaddrinfo

    def getaddrinfo(host: Any, *arguments: Any, **options: Any) -> Any:
        if not is_local(host) and not options.get("flags", 0) & socket.AI_NUMERICHOST:
            raise OutsideCall(f"look-up of {host}")
        return look_up(host, *arguments, **options)

    for name in ("connect", "connect_ex", "sendto"):
        patch.setattr(socket.socket, name, guarded(name))
    patch.setattr(socket, "getaddrinfo", getaddrinfo)


@pytest.fixture(scope="session", autouse=True)
def _stay_inside() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        refuse_outside(patch)
        yield


def pytest_collection_finish() -> None:
    """Thousands of collected tests are no garbage: leave them out of every search for it, and search less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> object:
    """Run each test as pytest does, where deep stacks have room: a test begins deep already."""
    return in_room(runner.pytest_runtest_protocol, item, nextitem)


@pytest.fixture(scope="session", autouse=True)
def _plain_rendering(django_test_environment: None) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Template, "_render", RENDER)
        yield


@pytest.fixture(scope="session", autouse=True)
def _no_permissions_of_djangos() -> None:
    """Make nothing anew of what nobody asks for: it is twelve thirteenths of what emptying the database takes."""
    post_migrate.disconnect(create_contenttypes)
    post_migrate.disconnect(dispatch_uid="django.contrib.auth.management.create_permissions")


@pytest.fixture(scope="session", autouse=True)
def _only_full_tables_are_emptied(django_test_environment: None) -> Iterator[None]:
    """After a test most tables are as empty as before; to truncate all of them takes PostgreSQL a fifth of a second."""

    def sql_flush(ops: Any, style: Any, tables: Sequence[str], **_how: Any) -> list[str]:
        with ops.connection.cursor() as cursor:
            looks = (f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {ops.quote_name(name)})" for name in tables)
            cursor.execute(" UNION ALL ".join(looks))
            return [f"DELETE FROM {ops.quote_name(name)}" for (name,) in cursor.fetchall()]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(connection.ops), "sql_flush", sql_flush)
        yield


@pytest.fixture(autouse=True)
def _no_content_types_of_before() -> None:
    """Django makes them where they are asked for, and remembers those that went with the test before."""
    ContentType.objects.clear_cache()


@pytest.fixture(scope="session")
def django_db_modify_db_settings_xdist_suffix(request: pytest.FixtureRequest) -> None:
    """Replaces pytest-django's: on SQLite each process has its own home and the file in it keeps its name."""
    worker = getattr(request.config, "workerinput", {}).get("workerid")
    database: dict[str, Any] = django_settings.DATABASES["default"]
    if worker and connection.vendor != "sqlite":
        database.setdefault("TEST", {})["NAME"] = f"test_{database['NAME']}_{worker}"


# The cast


@pytest.fixture
def marketer(db: None) -> Person:
    return factories.person(role="marketer", full_name="Mara Keller")


@pytest.fixture
def other_marketer(db: None) -> Person:
    return factories.person(role="marketer", full_name="Oskar Lind")


@pytest.fixture
def manager(db: None) -> Person:
    return factories.person(role="manager", full_name="Grace Osei")


@pytest.fixture
def paid_media(db: None) -> Person:
    return factories.person(role="paid_media", full_name="Pia Bauer")


@pytest.fixture
def administrator(db: None) -> Person:
    return factories.person(role="administrator", full_name="Ada Novak")


@pytest.fixture
def signed_in(client: Client) -> Callable[[Person], Client]:
    """Signs somebody in and gives the client back: `signed_in(marketer).get("/")`."""

    def sign(somebody: Person) -> Client:
        factories.sign_in(client, somebody)
        return client

    return sign


# The vendors


@pytest.fixture(scope="session")
def _vendors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vendors]:
    running = Vendors(tmp_path_factory.mktemp("vendors"))
    yield running
    running.stop()


@pytest.fixture
def vendors(_vendors: Vendors, settings: Settings) -> Vendors:
    """The stand-ins with nothing in them; Muster's settings point at them."""
    _vendors.reset()
    settings.CUSTOMERIO_HOSTS = {"us": _vendors.us, "eu": _vendors.eu}
    settings.PLATFORM_HOSTS = {name: _vendors.at(name) for name in settings.PLATFORM_HOSTS}
    settings.SANDBOX_RUDDER = _vendors.rudder
    settings.PRIVATE_HOSTS = frozenset(_vendors.hosts)
    settings.CUSTOMERIO_RATE = 400
    settings.REQUEST_TIMEOUT = 3.0
    return _vendors


# Redis


@pytest.fixture(scope="session")
def _redis() -> Iterator[RedisServer]:
    with tempfile.TemporaryDirectory(prefix="muster-redis-", dir="/tmp" if Path("/tmp").is_dir() else None) as folder:
        server = RedisServer(Path(folder))
        yield server
        server.stop()


@pytest.fixture
def redis(_redis: RedisServer, settings: Settings) -> Iterator[RedisServer]:
    """An empty Redis; RQ's queue is on it. Without this fixture RQ meets a closed port."""
    _redis.client.flushall()
    settings.REDIS_URL = _redis.url
    queue = {name: value for name, value in settings.RQ_QUEUES["muster"].items() if name.isupper()}
    for name in ("HOST", "PORT", "REDIS_CLIENT_KWARGS"):
        queue.pop(name, None)
    settings.RQ_QUEUES = {"muster": {**queue, "UNIX_SOCKET_PATH": str(_redis.socket), "DB": 0}}
    yield _redis
    django_rq.get_connection("muster").close()


# Processes that a test starts

AS_SET: dict[str, str] = {
    "MUSTER_LEASE_SECONDS": "LEASE_SECONDS",
    "MUSTER_LEASE_RENEW_SECONDS": "RENEW_SECONDS",
    "MUSTER_REQUEST_TIMEOUT": "REQUEST_TIMEOUT",
    "MUSTER_TICK_SECONDS": "TICK_SECONDS",
    "MUSTER_SLICE_SECONDS": "SLICE_SECONDS",
    "MUSTER_SENDERS": "SENDERS",
    "MUSTER_CUSTOMERIO_RATE": "CUSTOMERIO_RATE",
    "MUSTER_SANDBOX_RUDDER": "SANDBOX_RUDDER",
}


@pytest.fixture
def child_environment(settings: Settings) -> Callable[..., dict[str, str]]:
    """Gives the environment for a process that works on this test's database, vendors and Redis, as settings are now.

    Only committed rows are seen there: mark the test `django_db(transaction=True)`.
    """

    def environment(**more: str) -> dict[str, str]:
        values = {name: str(getattr(settings, attribute)) for name, attribute in AS_SET.items()}
        values |= {
            "MUSTER_CUSTOMERIO_US": settings.CUSTOMERIO_HOSTS["us"],
            "MUSTER_CUSTOMERIO_EU": settings.CUSTOMERIO_HOSTS["eu"],
            "MUSTER_PLATFORM_HOSTS": ",".join(f"{name}={url}" for name, url in settings.PLATFORM_HOSTS.items()),
            "MUSTER_PRIVATE_HOSTS": ",".join(settings.PRIVATE_HOSTS),
        }
        if "UNIX_SOCKET_PATH" in settings.RQ_QUEUES["muster"]:
            values["REDIS_URL"] = settings.REDIS_URL
        if connection.vendor != "sqlite":
            known, name = os.environ["DATABASE_URL"], str(connection.settings_dict["NAME"])
            place, mark, query = known.partition("?")
            values["DATABASE_URL"] = f"{place.rpartition('/')[0]}/{name}{mark}{query}"
        return {**os.environ, **values, **more}

    return environment

"""No raw email or phone of anybody read is written anywhere: tables and their log, spool, output, Redis."""

import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import redis
from django.conf import settings
from django.db import connection
from django.test import Client

from muster.columns import KEY
from syncs.people import Asked, Columnist
from syncs.spool import AT_ONCE, IN_MEMORY, Spool
from syncs.states import RunState
from tests import factories
from tests.redis_server import RedisServer
from tests.vendors import Vendors

from .running import synced

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = [
    {"id": "c-1", "email": "canary.one@example.com", "phone": "+12125550147"},
    {"id": "c-2", "email": " Canary.Two+x@GMail.com ", "phone": "(212) 555-0148"},
    {"id": "c-3", "email": "canary three@example.com", "phone": "+1 212 555 0149 ext. 3"},
    {"id": "canary.four@example.com", "email": "canary.four@example.com", "phone": "0044 7946 095812"},
    # In the file of an export this cell is quoted.
    {"id": "c-5", "email": '"canary,five"@example.com', "phone": "n/a"},
]
NAMES = re.compile(rb"canary|212[ .)-]*555[ -]*01\d\d|7946[ ]*095812", re.IGNORECASE)
EMAILS = re.compile(rb"canary[^\s\"']{0,20}@", re.IGNORECASE)


def files() -> Iterator[tuple[Path, bytes]]:
    """Every file under Muster's home, the database and what it writes ahead with it."""
    for path in sorted(settings.HOME.rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield path, path.read_bytes()


def held(client: redis.Redis) -> Iterator[bytes]:
    """Every key of a Redis and its value."""
    read = {
        b"string": client.get,
        b"hash": client.hgetall,
        b"set": client.smembers,
        b"list": lambda key: client.lrange(key, 0, -1),
        b"zset": lambda key: client.zrange(key, 0, -1),
    }
    for key in client.scan_iter():
        kind = client.type(key)
        yield repr((key, read[kind](key) if kind in read else client.xrange(key))).encode()


def assert_nowhere(server: RedisServer, said: str) -> None:
    if connection.vendor == "sqlite":
        assert any(content.startswith(b"SQLite format 3") for _, content in files())
        assert any(path.name.endswith("-wal") and content for path, content in files())
    found = [str(path) for path, content in files() if NAMES.search(content)]
    assert found == []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            for row in cursor:
                cells = [bytes(cell) if isinstance(cell, memoryview | bytes) else str(cell).encode() for cell in row]
                assert not NAMES.search(b"\n".join(cells)), table
    values = list(held(server.client))
    assert values, "nothing was rung for: the ring is what would be there"
    assert not any(NAMES.search(value) for value in values)
    assert not NAMES.search(said.encode())


@pytest.mark.parametrize("by_export", [False, True])
def test_nothing_raw_is_left_of_a_sync(
    vendors: Vendors,
    redis: RedisServer,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    by_export: bool,
) -> None:
    caplog.set_level(logging.DEBUG)
    made = factories.registered_audience(
        vendors, PEOPLE, platforms=["meta", "google_ads"], identifiers=["email", "phone", "external_id"]
    )
    number = made.segment.number
    tree = {"and": [{"event": {"type": "event", "name": "seen by canary.one@example.com"}}]}
    vendors.change_segment(number, name="for canary.two@gmail.com", conditions=tree)
    if by_export:
        vendors.fault(vendors.us, "short_page", {"path": "/membership"}, times=0, drop=0, next="more")

    runs = [synced(one) for one in made.activations.order_by("pk")]

    assert [run.state for run in runs] == [RunState.DONE] * 2
    assert {run.pull and run.pull.via for run in runs} == {"export" if by_export else "membership"}
    sent = b"".join(
        json.dumps(vendors.events(one.pipe.write_key)).encode() for one in made.activations.all() if one.pipe
    )
    assert b"record" in sent
    assert not EMAILS.search(sent)
    out, err = capfd.readouterr()
    assert_nowhere(redis, out + err + caplog.text)


@pytest.mark.parametrize("by_export", [False, True])
def test_a_surprise_attribute_reaches_nothing_and_wrong_types_are_counted(
    vendors: Vendors,
    redis: RedisServer,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    client: Client,
    by_export: bool,
) -> None:
    """What is not on the allow-list is never asked for: not stored, not logged, not sent, though the source holds it."""
    caplog.set_level(logging.DEBUG)
    factories.trait("orders", type="number")
    factories.trait("tier", type="text")
    surprise = {"canary_surprise": "canary value", "diagnosis": "canary illness"}
    people = [
        {"id": f"c-{place}", "orders": orders, **surprise} for place, orders in enumerate(["3", "many", "4.5", ""])
    ]
    made = factories.registered_audience(
        vendors, people, platform="amplitude", traits=[{"name": "orders", "reason": "By number of orders"}]
    )
    if by_export:
        vendors.fault(vendors.us, "short_page", {"path": "/membership"}, times=0, drop=0, next="more")
    one = made.activations.select_related("pipe").get()

    run = synced(one)

    assert (run.state, run.pull and run.pull.via) == (RunState.DONE, "export" if by_export else "membership")
    assert {code: count for code, count in run.unusable.items() if code.startswith("trait:")} == {"trait:orders": 1}
    assert one.pipe is not None
    sent = json.dumps(vendors.events(one.pipe.write_key))
    assert '"orders": 4.5' in sent
    assert "canary" not in sent
    assert "many" not in sent
    assert "tier" not in sent
    out, err = capfd.readouterr()
    assert_nowhere(redis, out + err + caplog.text)
    factories.sign_in(client, factories.person())
    page = client.get(f"/runs/{run.pk}/").content.decode()
    assert "<strong>1</strong> person has a <code>orders</code> that is not a number." in page


@pytest.mark.parametrize(
    ("path", "kind", "body"),
    [
        (
            "/membership",
            "status",
            '{"errors": [{"detail": "no canary.one@example.com, +12125550147", "status": "400"}]}',
        ),
        ("/customers/attributes", "status", "canary.one@example.com may not be read: 212 555 0147"),
        ("/v1/segments$", "status", '{"errors": [{"detail": "Canary.Two@gmail.com", "status": "422"}]}'),
    ],
)
def test_what_a_vendor_says_of_somebody_is_not_kept(
    vendors: Vendors, redis: RedisServer, capfd: pytest.CaptureFixture[str], path: str, kind: str, body: str
) -> None:
    made = factories.registered_audience(vendors, PEOPLE)
    vendors.fault(vendors.us, kind, {"path": path}, times=0, status=400, body=body)

    run = synced(made.activations.get())

    assert run.state == RunState.FAILED
    out, err = capfd.readouterr()
    assert_nowhere(redis, out + err)


def test_what_the_spool_writes_out_is_sealed(tmp_path: Path) -> None:
    asked = Asked(email=True, phone=False, country="", flags=(), traits=("note",))
    columnist = Columnist(asked, workspace_id=1, secret=b"s" * 32)
    count = AT_ONCE + 5
    values = {
        "cio_id": [f"canary{number:07d}" for number in range(count)],
        "id": ["canary"] * count,
        "email": ["canary@example.com"] * count,
        "note": ["canary"] * count,
    }
    with Spool(IN_MEMORY + 1, tmp_path) as spool:
        spool.add(columnist.columns(values))

        assert list(tmp_path.iterdir()) == []
        spool._sealed.file.seek(0)
        written = spool._sealed.file.read()
        assert len(written) > count * KEY.itemsize
        assert b"canary" not in written
        parts = list(spool.by_prefix(columnist.columns({name: [] for name in values})))
    assert sum(len(people["key"]) for people, _ in parts) == count
    assert all(np.all(people["key"][1:] > people["key"][:-1]) for people, _ in parts)

"""What PostgreSQL refuses, in words for a person; where it may be, and what goes to it over TLS only."""

import os
import re
import signal
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pytest_django import Settings

from muster.vendor_errors import AddressRefused, BadCredentials, Gone, Unreachable, VendorError
from reconciliation.readers.warehouse import Warehouse as Reader
from reconciliation.readers.warehouse import reader
from reconciliation.readers.warehouse_errors import from_connection
from reconciliation.readers.warehouse_session import connection_parameters, protection, session_at
from tests.postgres import USER
from tests.reconciliation.warehouses import (
    DATABASE,
    PASSWORD,
    READER,
    SCHEMA,
    SECRETS,
    TRAIT,
    Warehouse,
    at,
    look,
    options,
)

A_VIEW = (
    "CREATE VIEW {s}.identifies AS SELECT 'i'::text AS id, 'a'::text AS user_id, now() AS \"timestamp\", "
    "now() AS received_at, "
)
# What PostgreSQL refuses


def refused(kind: type[VendorError], act: Callable[[], Any]) -> VendorError:
    """Return the error; nothing of names, hosts or passwords is in its words, nor is PostgreSQL's own error chained."""
    with pytest.raises(kind) as caught:
        act()
    error = caught.value
    told = " ".join((str(error), *error.words, error.detail))
    assert not any(word in told for word in (PASSWORD, READER, DATABASE, SCHEMA, "127.0.0.1", "nobody_7"))
    assert error.__cause__ is None
    assert error.__suppress_context__ or error.__context__ is None
    return error


REFUSALS: dict[str, tuple[dict[str, str], dict[str, str], type[VendorError], str]] = {
    "wrong password": ({}, {"password": "wrong-9"}, BadCredentials, "refused the user or the password"),
    "no such user": ({"user": "nobody_7"}, SECRETS, BadCredentials, "refused the user or the password"),
    "not let in": ({"user": "unwelcome"}, SECRETS, BadCredentials, "lets this user not in"),
    "no such database": ({"database": "nobody_7"}, SECRETS, Gone, "no database of this name"),
    "no such schema": ({"schema": "nobody_7"}, SECRETS, Gone, "no schema of this name"),
    "no permission": ({"user": "stranger"}, SECRETS, BadCredentials, "does not let this user read the tables"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_refusal_says_what_to_do(landed: Warehouse, case: str) -> None:
    other, secrets, kind, words = REFUSALS[case]
    landed.land(("1", "a", at(0), at(1), True))

    error = refused(kind, lambda: reader(options(landed, **other), secrets).lists([TRAIT]))
    assert words in str(error)
    assert error.words.effect == "Nothing was read; figures of before stay, with their dates."


def test_a_schema_without_rudderstacks_tables_is_gone(warehouse: Warehouse) -> None:
    warehouse.schema()
    error = refused(Gone, lambda: look(warehouse))
    assert str(error) == "The warehouse has neither identifies nor audience_entered in this schema."
    assert "first load makes them" in error.words.next_step


def test_a_table_of_that_name_that_somebody_else_made(warehouse: Warehouse) -> None:
    warehouse.schema()
    warehouse.execute("CREATE TABLE {s}.identifies (user_id text, context_traits_muster_aud_vip boolean)", s=SCHEMA)
    assert "columns are missing. PostgreSQL's code is 42703." in str(refused(Gone, lambda: look(warehouse)))


def test_a_table_that_is_locked_ends_at_the_time_limit(landed: Warehouse) -> None:
    with psycopg.connect(landed.connection.info.dsn, user="muster") as other:
        other.execute(f"LOCK TABLE {SCHEMA}.identifies IN ACCESS EXCLUSIVE MODE")
        began = time.monotonic()
        error = refused(Unreachable, lambda: Reader(options(landed), SECRETS, seconds=0.3).lists([TRAIT]))
        assert time.monotonic() - began < 5
        other.rollback()
    assert str(error) == "The warehouse did not count within the time limit. PostgreSQL's code is 55P03."


def test_a_count_that_takes_too_long_is_cancelled(warehouse: Warehouse) -> None:
    warehouse.schema()
    warehouse.execute(
        A_VIEW + "pg_sleep(9) IS NOT NULL AS context_traits_muster_aud_vip",
        s=SCHEMA,
    )
    error = refused(Unreachable, lambda: Reader(options(warehouse), SECRETS, seconds=0.3).lists([TRAIT]))
    assert str(error) == "The warehouse did not count within the time limit. PostgreSQL's code is 57014."
    assert error.retryable


def test_a_server_that_ends_the_session_is_not_ready(warehouse: Warehouse) -> None:
    warehouse.schema()
    warehouse.execute(
        "CREATE FUNCTION {s}.ended() RETURNS boolean SECURITY DEFINER LANGUAGE sql AS "
        "'SELECT pg_terminate_backend(pg_backend_pid())'",
        s=SCHEMA,
    )
    warehouse.execute(
        A_VIEW + "{s}.ended() AS context_traits_muster_aud_vip",
        s=SCHEMA,
    )
    assert "takes no connection now" in str(refused(Unreachable, lambda: look(warehouse)))


def test_a_server_that_falls_silent_is_hung_up_on(warehouse: Warehouse, settings: Settings) -> None:
    settings.REQUEST_TIMEOUT = 0.3
    backend = 0

    def ask() -> None:
        nonlocal backend
        with session_at(options(warehouse), SECRETS, None, 0.3) as session:
            (found,) = session.rows("SELECT pg_backend_pid() AS pid")
            backend = int(found["pid"])
            os.kill(backend, signal.SIGSTOP)
            session.rows("SELECT 1")

    began = time.monotonic()
    try:
        error = refused(Unreachable, ask)
    finally:
        os.kill(backend, signal.SIGCONT)
    assert time.monotonic() - began < 5
    assert str(error) == "The warehouse did not count within the time limit."


def test_nobody_listens(warehouse: Warehouse, settings: Settings) -> None:
    settings.PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    error = refused(Unreachable, lambda: reader(options(warehouse, port="1"), SECRETS).lists([TRAIT]))
    assert str(error) == "The warehouse cannot be reached at this host and port."


def test_the_session_cannot_write(landed: Warehouse) -> None:
    landed.execute("GRANT INSERT, DELETE ON {s}.identifies TO {r}", s=SCHEMA, r=READER)
    with session_at(options(landed), SECRETS, None, 120) as session:
        told = session.rows(
            "SELECT current_setting('transaction_read_only') AS w, current_setting('statement_timeout') AS t"
        )
    assert told == [{"w": "on", "t": "2min"}]


def test_the_documented_role_reads_what_lands_later_and_writes_nothing(warehouse: Warehouse) -> None:
    (script,) = re.findall(r"```sql\n(.*?)```", Path("docs/connecting.md").read_text(), re.DOTALL)
    script = (
        script.replace("muster_reader", "documented")
        .replace("rudder ", "loader ")
        .replace("'a long one'", f"'{PASSWORD}'")
    )
    assert (DATABASE in script, SCHEMA in script) == (True, True)
    for role in ("documented", "loader"):
        warehouse.drop_role(role)
    warehouse.execute("CREATE ROLE loader")
    warehouse.schema(granted=False)
    warehouse.execute("GRANT ALL ON SCHEMA {s} TO loader", s=SCHEMA)
    warehouse.execute(script)
    warehouse.execute("SET ROLE loader")
    warehouse.identifies()
    warehouse.land(("1", "a", at(0), at(1), True))
    warehouse.execute("RESET ROLE")

    seen = look(warehouse, user="documented")
    assert seen.figures[0].low == 1
    with session_at(options(warehouse, user="documented"), SECRETS, None, 120) as session:
        asked = "SELECT has_table_privilege(%(t)s, 'INSERT') OR has_table_privilege(%(t)s, 'DELETE') AS writes"
        (told,) = session.rows(asked, t=f"{SCHEMA}.identifies")
    assert told == {"writes": False}


# Where it may be


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "localhost", "::1"])
def test_a_private_host_is_called_only_if_the_environment_lists_it(settings: Settings, host: str) -> None:
    settings.PRIVATE_HOSTS = frozenset({"other.example.com"})
    place = {"host": host, "port": "5432", "database": "d", "schema": "s", "user": "u"}
    with pytest.raises(AddressRefused, match="not public"):
        connection_parameters(place, SECRETS)


def test_the_judged_address_is_the_one_that_is_called(settings: Settings) -> None:
    settings.PRIVATE_HOSTS = frozenset({"localhost:5432"})
    place = {"host": "localhost", "port": "5432", "database": "d", "schema": "s", "user": "u"}
    made = connection_parameters(place, SECRETS)
    assert (made["host"], made["hostaddr"] in {"127.0.0.1", "::1"}, made["sslmode"]) == ("localhost", True, "prefer")


@pytest.mark.parametrize(
    ("address", "private", "wanted"),
    [
        ("127.0.0.1", True, {"sslmode": "prefer"}),
        ("::1", True, {"sslmode": "prefer"}),
        ("10.0.0.7", True, {"sslmode": "require", "require_auth": "!password"}),
        ("8.8.8.8", True, {"sslmode": "require", "require_auth": "!password"}),
        ("8.8.8.8", False, {"sslmode": "require", "require_auth": "scram-sha-256", "channel_binding": "require"}),
    ],
)
def test_off_loopback_nothing_goes_unencrypted(address: str, private: bool, wanted: dict[str, str]) -> None:
    assert protection(address, private=private) == wanted


def as_from_afar(warehouse: Warehouse, user: str = READER, **other: str) -> psycopg.Connection[Any]:
    """Connect over loopback with what protects a connection over the internet."""
    made = connection_parameters(options(warehouse, user=user, **other), SECRETS)
    return psycopg.connect(**{**made, **protection("8.8.8.8", private=False)})


def test_a_server_from_afar_proves_over_tls_that_it_knows_the_password(warehouse: Warehouse) -> None:
    with as_from_afar(warehouse) as connection:
        told = connection.execute("SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()").fetchone()
    assert told is not None
    assert told[0]
    assert told[1] in {"TLSv1.2", "TLSv1.3"}


def test_a_server_that_asks_for_no_proof_gets_no_password(warehouse: Warehouse) -> None:
    with pytest.raises(psycopg.OperationalError) as caught:
        as_from_afar(warehouse, USER)
    assert "cannot prove over TLS" in str(from_connection(caught.value))


def test_a_server_without_tls_gets_no_password(warehouse: Warehouse, settings: Settings) -> None:
    received = []

    def answer(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection:
            received.append(connection.recv(1000))
            connection.sendall(b"N")
            received.append(connection.recv(1000))

    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        settings.PRIVATE_HOSTS = frozenset({"127.0.0.1"})
        threading.Thread(target=answer, args=(listening,), daemon=True).start()
        with pytest.raises(psycopg.OperationalError) as caught:
            as_from_afar(warehouse, port=str(port))
    assert "cannot prove over TLS" in str(from_connection(caught.value))
    assert not any(PASSWORD.encode() in part or READER.encode() in part for part in received)

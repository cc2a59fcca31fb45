"""A PostgreSQL as RudderStack fills it, on a throw-away server that asks for passwords over TCP."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import psycopg
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from psycopg import sql

from reconciliation.readers.seen import ListSeen
from reconciliation.readers.warehouse import Warehouse as Reader
from tests.postgres import USER, cluster

READER, PASSWORD = "muster_reader", "only-reads-7Q"
DATABASE, SCHEMA = "landing", "prod_source"
TRAIT = "muster_aud_vip"
COLUMN: Final = f"context_traits_{TRAIT}"
ACCESS: Final = f"""
local all all trust
host all {USER} 127.0.0.1/32 trust
host all unwelcome 127.0.0.1/32 reject
host all all 127.0.0.1/32 scram-sha-256
"""
EVERY_TABLE: Final = (
    "id text, user_id text, anonymous_id text, received_at timestamptz, sent_at timestamptz, "
    '"timestamp" timestamptz, original_timestamp timestamptz, uuid_ts timestamptz'
)


@dataclass
class Warehouse:
    """A running server. `execute` speaks as its owner."""

    port: int
    connection: psycopg.Connection[tuple[Any, ...]]

    def execute(self, statement: str, rows: list[tuple[Any, ...]] | None = None, **names: str) -> None:
        """Carry a statement out, once a row where there are rows; {names} are quoted."""
        made = sql.SQL(statement).format(**{key: sql.Identifier(name) for key, name in names.items()})
        with self.connection.cursor() as cursor:
            if rows is None:
                cursor.execute(made)
            else:
                cursor.executemany(made, rows)

    def drop_role(self, name: str) -> None:
        """Drop a role with what it owns, if there is one."""
        if self.connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [name]).rowcount:
            self.execute("DROP OWNED BY {name} CASCADE", name=name)
            self.execute("DROP ROLE {name}", name=name)

    def schema(self, name: str = SCHEMA, *, granted: bool = True) -> None:
        """Make an empty schema, which the reader may read unless told otherwise."""
        self.execute("CREATE SCHEMA {name}", name=name)
        if granted:
            self.execute("GRANT USAGE ON SCHEMA {name} TO {reader}", name=name, reader=READER)
            self.execute(
                "ALTER DEFAULT PRIVILEGES IN SCHEMA {name} GRANT SELECT ON TABLES TO {reader}", name=name, reader=READER
            )

    def identifies(
        self, column: str = COLUMN, *, schema: str = SCHEMA, table: str = "identifies", type: str = "boolean"
    ) -> None:
        """Make the table of identifies with the trait's column."""
        self.execute(
            f"CREATE TABLE {{schema}}.{{table}} ({EVERY_TABLE}, {{column}} {type})",
            schema=schema,
            table=table,
            column=column,
        )

    def events(self, table: str, *, schema: str = SCHEMA) -> None:
        """Make an event's table with what Muster sends as properties."""
        columns = "event text, event_text text, audience_id bigint, audience_name text, run_id bigint, definition_version bigint"
        self.execute(f"CREATE TABLE {{schema}}.{{table}} ({EVERY_TABLE}, {columns})", schema=schema, table=table)

    def land(
        self, *rows: tuple[Any, ...], column: str = COLUMN, schema: str = SCHEMA, table: str = "identifies"
    ) -> None:
        """Insert identifies: (id, user_id, timestamp, received_at, value of the trait)."""
        self.execute(
            'INSERT INTO {schema}.{table} (id, user_id, "timestamp", received_at, {column}) VALUES (%s, %s, %s, %s, %s)',
            list(rows),
            schema=schema,
            table=table,
            column=column,
        )

    def happen(self, table: str, *rows: tuple[Any, ...], schema: str = SCHEMA) -> None:
        """Insert events: (id, user_id, timestamp, received_at, audience_id, audience_name)."""
        self.execute(
            'INSERT INTO {schema}.{table} (id, user_id, "timestamp", received_at, audience_id, audience_name) '
            "VALUES (%s, %s, %s, %s, %s, %s)",
            list(rows),
            schema=schema,
            table=table,
        )


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
SECRETS = {"password": PASSWORD}


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def options(warehouse: Warehouse, **other: str) -> dict[str, str]:
    return {
        "host": "127.0.0.1",
        "port": str(warehouse.port),
        "database": DATABASE,
        "schema": SCHEMA,
        "user": READER,
    } | other


def look(warehouse: Warehouse, one: str = TRAIT, cut: datetime | None = None, **other: str) -> ListSeen:
    return Reader(options(warehouse, **other), SECRETS, cut=cut).lists([one])[one]


@contextmanager
def running_server(**more: str) -> Iterator[tuple[int, Path]]:
    """Run a server on a free port of loopback and give the port and the folder of its socket. Raises Unusable."""
    port = free_port()
    with cluster({"listen_addresses": "127.0.0.1", "port": str(port), **more}) as home:
        (home / "data" / "pg_hba.conf").write_text(ACCESS)
        certify(home / "data")
        with psycopg.connect(host=str(home), port=port, user=USER, dbname="postgres", autocommit=True) as owner:
            owner.execute("ALTER SYSTEM SET ssl = on")
            owner.execute("SELECT pg_reload_conf()")
            for role in (READER, "unwelcome", "stranger"):
                owner.execute(
                    sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(role), sql.Literal(PASSWORD))
                )
            owner.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
        yield port, home


def certify(folder: Path) -> None:
    """Give a server the key and the certificate for TLS that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "warehouse.test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "server.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "server.key").write_bytes(key.private_bytes(serialization.Encoding.PEM, *plain))
    owner = folder.stat()
    for one in ("server.crt", "server.key"):
        os.chown(folder / one, owner.st_uid, owner.st_gid)
        (folder / one).chmod(0o600)


def emptied(port: int) -> psycopg.Connection[tuple[Any, ...]]:
    """Return an owner's connection to a database with no schema of ours in it."""
    owner = psycopg.connect(host="127.0.0.1", port=port, user=USER, dbname=DATABASE, autocommit=True)
    names = owner.execute(
        "SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema|public)'"
    ).fetchall()
    for (name,) in names:
        owner.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(name)))
    return owner

"""State in SQLite: one connection a thread, one writer at a time."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

Arguments = Sequence[Any]
SETTINGS: Final = """
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""


class Reader:
    """Something that answers queries."""

    def connection(self) -> sqlite3.Connection:
        """The connection that answers."""
        raise NotImplementedError

    def rows(self, sql: str, arguments: Arguments = ()) -> list[sqlite3.Row]:
        """All rows of a query."""
        return self.connection().execute(sql, arguments).fetchall()

    def row(self, sql: str, arguments: Arguments = ()) -> sqlite3.Row | None:
        """The first row of a query."""
        found: sqlite3.Row | None = self.connection().execute(sql, arguments).fetchone()
        return found

    def value(self, sql: str, arguments: Arguments = ()) -> Any:
        """The first column of the first row, or None."""
        found = self.row(sql, arguments)
        return None if found is None else found[0]


class Snapshot(Reader):
    """The state as it was at one moment, whatever is written meanwhile (WAL keeps it)."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()

    def connection(self) -> sqlite3.Connection:
        """The connection that holds the snapshot."""
        return self._connection

    def close(self) -> None:
        """Let go of the snapshot."""
        self._connection.close()


class Store(Reader):
    """A SQLite file in WAL mode without fsync: a sandbox may lose its state with the machine, not its speed."""

    def __init__(self, path: Path, schema: str) -> None:
        self.path = path
        self.schema = schema
        self._local = threading.local()
        self._writing = threading.RLock()
        path.parent.mkdir(parents=True, exist_ok=True)
        self.connection().executescript(schema)

    def connection(self) -> sqlite3.Connection:
        """This thread's connection."""
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            found = self._local.connection = self.connect()
        return found

    def connect(self) -> sqlite3.Connection:
        """A new connection, for a reader that wants its own snapshot."""
        made = sqlite3.connect(self.path, isolation_level=None, timeout=60, check_same_thread=False)
        made.row_factory = sqlite3.Row
        for pragma in ("journal_mode=WAL", "synchronous=OFF", "temp_store=MEMORY", "cache_size=-65536"):
            made.execute(f"PRAGMA {pragma}")
        return made

    def snapshot(self) -> Snapshot:
        """A reader of the present state, usable in another thread."""
        return Snapshot(self.connect())

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A transaction; nested use joins the outer one."""
        with self._writing:
            connection = self.connection()
            if connection.in_transaction:
                yield connection
                return
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def execute(self, sql: str, arguments: Arguments = ()) -> int:
        """One statement in its own transaction; returns the last row id."""
        with self.write() as connection:
            return connection.execute(sql, arguments).lastrowid or 0

    def clear(self, tables: Sequence[str]) -> None:
        """Empty the tables."""
        with self.write() as connection:
            for table in tables:
                connection.execute(f"DELETE FROM {table}")


def setting(reader: Reader, name: str, default: Any) -> Any:
    """A stored setting, or the default."""
    found = reader.value("SELECT value FROM settings WHERE name = ?", (name,))
    return default if found is None else json.loads(found)


def keep_setting(store: Store, name: str, value: Any) -> None:
    """Store a setting."""
    store.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, json.dumps(value, sort_keys=True)))

"""What each RudderStack source received: bodies as they came in one growing file, an index of them in SQLite."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
import zlib
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import orjson

from sandbox.gateway import SINGLE, Event
from sandbox.store import Store

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS sources (id INTEGER PRIMARY KEY, name TEXT NOT NULL, write_key TEXT UNIQUE NOT NULL,
    enabled INTEGER NOT NULL, unparsed INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS destinations (id INTEGER PRIMARY KEY, source INTEGER NOT NULL, name TEXT NOT NULL,
    type TEXT NOT NULL, enabled INTEGER NOT NULL, config TEXT NOT NULL, UNIQUE (source, name));
CREATE TABLE IF NOT EXISTS requests (id INTEGER PRIMARY KEY, source INTEGER, at REAL NOT NULL, method TEXT NOT NULL,
    path TEXT NOT NULL, status INTEGER NOT NULL, stored INTEGER NOT NULL, bytes INTEGER NOT NULL, body_bytes INTEGER NOT NULL,
    events INTEGER NOT NULL, messages INTEGER NOT NULL, sha256 TEXT NOT NULL, sha256_raw TEXT NOT NULL, encoding TEXT NOT NULL,
    start INTEGER NOT NULL, run TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS requests_source ON requests (source, id);
"""
TABLES: Final = ("sources", "destinations", "requests")


class Inbox:
    """Sources, their destinations, and the requests they got."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store = store
        self.path = folder / "bodies"
        self._file = self.path.open("ab")
        self._lock = threading.Lock()
        self._known: dict[str, sqlite3.Row] = {}

    def source(self, write_key: str) -> sqlite3.Row | None:
        """The source with this write key."""
        found = self._known.get(write_key)
        if found is None:
            found = self.store.row("SELECT * FROM sources WHERE write_key = ?", (write_key,))
            if found is not None:
                self._known[write_key] = found
        return found

    def put_source(self, wanted: dict[str, Any]) -> int:
        """Create a source, or change its settings; destinations that keep name and type keep what they hold."""
        key = str(wanted["write_key"])
        with self.store.write() as connection:
            connection.execute(
                "INSERT INTO sources (name, write_key, enabled, unparsed) VALUES (?, ?, ?, ?) ON CONFLICT (write_key) "
                "DO UPDATE SET name = excluded.name, enabled = excluded.enabled, unparsed = excluded.unparsed",
                (wanted.get("name", key), key, int(wanted.get("enabled", True)), int(wanted.get("unparsed", False))),
            )
            number: int = self.store.value("SELECT id FROM sources WHERE write_key = ?", (key,))
            for place in wanted.get("destinations", []):
                connection.execute(
                    "INSERT INTO destinations (source, name, type, enabled, config) VALUES (?, ?, ?, ?, ?) ON CONFLICT "
                    "(source, name) DO UPDATE SET type = excluded.type, enabled = excluded.enabled, config = excluded.config",
                    (
                        number,
                        place.get("name", place["type"]),
                        place["type"],
                        int(place.get("enabled", True)),
                        json.dumps(place.get("config", {})),
                    ),
                )
            self._known.clear()
        return number

    def destinations(self, source: int) -> list[sqlite3.Row]:
        """A source's destinations."""
        return self.store.rows("SELECT * FROM destinations WHERE source = ? ORDER BY id", (source,))

    def keep(self, source: int, request: dict[str, Any], raw: bytes, text: bytes, events: list[Event] | None) -> int:
        """Store a body. Returns the request's number; numbers ascend in the order of storing."""
        digest, raw_digest = sha256(text).hexdigest(), sha256(raw).hexdigest()
        messages = len({str(event.get("messageId")) for event in events or ()})
        with self._lock:
            start = self._file.tell()
            self._file.write(raw)
            self._file.flush()
            return self.store.execute(
                "INSERT INTO requests (source, at, method, path, status, stored, bytes, body_bytes, events, messages, sha256, "
                "sha256_raw, encoding, start, run) VALUES (?, ?, ?, ?, 200, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    source,
                    time.time(),
                    request["method"],
                    request["path"],
                    len(raw),
                    len(text),
                    len(events or ()),
                    messages,
                    digest,
                    raw_digest,
                    request["encoding"],
                    start,
                    request["run"],
                ),
            )

    def note(self, source: int | None, method: str, path: str, status: int, size: int) -> None:
        """Record a request of which nothing was stored; status 0 means that no reply was sent."""
        self.store.execute(
            "INSERT INTO requests (source, at, method, path, status, stored, bytes, body_bytes, events, messages, sha256, "
            "sha256_raw, encoding, start, run) VALUES (?, ?, ?, ?, ?, 0, ?, 0, 0, 0, '', '', '', 0, '')",
            (source, time.time(), method, path, status, size),
        )

    def restate(self, number: int, status: int) -> None:
        """A stored request was answered otherwise."""
        self.store.execute("UPDATE requests SET status = ? WHERE id = ?", (status, number))

    def bodies(self, source: int, after: int = 0) -> Iterator[tuple[sqlite3.Row, list[Event]]]:
        """The stored requests after a number, in order, with their events."""
        rows = self.store.rows(
            "SELECT * FROM requests WHERE source = ? AND id > ? AND stored = 1 ORDER BY id", (source, after)
        )
        with self.path.open("rb") as file:
            for row in rows:
                file.seek(row["start"])
                raw = file.read(row["bytes"])
                text = zlib.decompress(raw, wbits=31) if row["encoding"] == "gzip" else raw
                yield row, _events(row["path"].rpartition("/")[2], text)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self.store.clear(TABLES)
            self._known.clear()
            self._file.truncate(0)
            self._file.seek(0)


def _events(endpoint: str, text: bytes) -> list[Event]:
    value = orjson.loads(text)
    if endpoint in SINGLE:
        return [value | {"type": endpoint}]
    batch = value["batch"]
    return batch if isinstance(batch, list) else [batch]

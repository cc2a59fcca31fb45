"""One Customer.io workspace: its state, its switches, its clock."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from sandbox import exports, faults, population, segments
from sandbox.envelopes import error
from sandbox.exports import Exports
from sandbox.people import Person
from sandbox.population import People
from sandbox.segments import Segments
from sandbox.store import SETTINGS, Store, setting
from sandbox.web import Refusal

REQUESTS: Final = """
CREATE TABLE IF NOT EXISTS requests (id INTEGER PRIMARY KEY, at REAL NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL,
    query TEXT NOT NULL, has_bearer INTEGER NOT NULL, status INTEGER NOT NULL);
"""
SCHEMA: Final = "".join((SETTINGS, population.SCHEMA, segments.SCHEMA, exports.SCHEMA, faults.SCHEMA, REQUESTS))
TABLES: Final = ("settings", "people", "segments", "members", "exports", "faults", "requests")
OPTIONS: Final[dict[str, Any]] = {
    "export_seconds": 2.0,
    "omit_conditions": False,
    "id_only": False,
    "ip_refused": 0,
    "rate_limit": 10,
    "workspace": {"id": 101, "name": "Shop"},
}


class Workspace:
    """State in SQLite, exports in a folder beside it."""

    def __init__(self, region: str, data: Path, speed: float) -> None:
        self.region, self.speed = region, speed
        self.store = Store(data / "customerio.sqlite3", SCHEMA)
        self.exports = Exports(self.store, data / "exports", speed)

    def options(self) -> dict[str, Any]:
        """The switches, with their defaults."""
        chosen: dict[str, Any] = OPTIONS | setting(self.store, "options", {})
        return chosen

    def keys(self) -> dict[str, str]:
        """App API keys with their scope: `full` or `none`."""
        found: dict[str, str] = setting(self.store, "keys", {f"sandbox-{self.region}-key": "full"})
        return found

    def people(self) -> People:
        """The people as they are now."""
        return People(self.store)

    def segments(self) -> Segments:
        """The segments as they are now."""
        return Segments(self.store, self.speed)

    def segment(self, text: str) -> sqlite3.Row:
        """A segment's row. Raises Refusal (404) for a missing one, and for what is no integer."""
        found = self.segments().get(int(text)) if text.isdecimal() and len(text) < 16 else None
        if found is None:
            raise Refusal(error(404))
        return found

    def identifiers(self, people: Iterable[Person]) -> list[dict[str, str | None]]:
        """What membership and search show of people: never the phone, no email key in id-only workspaces."""
        if self.options()["id_only"]:
            return [{"cio_id": person["cio_id"], "id": person.get("id")} for person in people]
        return [{"cio_id": person["cio_id"], "id": person.get("id"), "email": person.get("email")} for person in people]

    def reset(self) -> None:
        """Forget everything."""
        self.exports.clear()
        self.store.clear(TABLES)

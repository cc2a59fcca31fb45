"""Carries what a source stored to its destinations, when somebody asks what they hold; in order, each body once."""

from __future__ import annotations

import json
import sqlite3
import threading
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from sandbox import analytics
from sandbox.adplatform import AdPlatform
from sandbox.analytics import Analytics
from sandbox.gateway import Event
from sandbox.inbox import Inbox
from sandbox.rows import AD_PLATFORMS, GOOGLE, META, Failed, Filtered, Operation, Row, operations
from sandbox.store import Store
from sandbox.troubles import carried

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS progress (destination INTEGER PRIMARY KEY, request INTEGER NOT NULL, adds INTEGER NOT NULL,
    removes INTEGER NOT NULL, filtered INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS uploads (destination INTEGER NOT NULL, request INTEGER NOT NULL, at REAL NOT NULL,
    adds INTEGER NOT NULL, removes INTEGER NOT NULL, invalid INTEGER NOT NULL, PRIMARY KEY (destination, request))
    WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS failures (id INTEGER PRIMARY KEY, destination INTEGER NOT NULL, request INTEGER NOT NULL,
    message TEXT, code INTEGER NOT NULL, reason TEXT NOT NULL);
"""
TABLES: Final = ("progress", "uploads", "failures")
NAMES: Final = {
    META: "Facebook Custom Audience",
    GOOGLE: "Google Ads Remarketing Lists (Customer Match)",
    "AMPLITUDE": "Amplitude",
    "MIXPANEL": "Mixpanel",
    "POSTHOG": "PostHog",
    "POSTGRES": "Postgres",
}
ROWS_AT_ONCE: Final = 50_000
UNREADABLE: Final = 400  # by the platform; any other failure is RudderStack's, and the platform never hears of it
Pending = tuple[sqlite3.Row, Event]


@dataclass
class Upload:
    """What one request brought to a platform, in rows: added, removed, and those that it could not read."""

    at: float
    adds: int = 0
    removes: int = 0
    invalid: int = 0

    def count(self, made: list[Operation]) -> None:
        for operation, rows in made:
            if operation == "add":
                self.adds += len(rows)
            else:
                self.removes += len(rows)


def upload_of(uploads: dict[int, Upload], request: sqlite3.Row) -> Upload:
    """The upload of a request."""
    return uploads.setdefault(request["id"], Upload(request["at"]))


def wanted_by(kind: str, event: Event) -> bool:
    """Whether the event's `integrations` let it through to this type; two destinations of a type cannot be told apart."""
    chosen = event.get("integrations")
    if not isinstance(chosen, dict):
        return True
    named = chosen.get(NAMES.get(kind, kind), chosen.get(kind))
    return bool(chosen.get("All", True)) if named is None else bool(named)


class Delivery:
    """What became of the stored events at each destination."""

    def __init__(self, inbox: Inbox, store: Store) -> None:
        self.inbox, self.store = inbox, store
        self.platform, self.analytics = AdPlatform(store), Analytics(store)
        self._lock = threading.Lock()

    def catch_up(self, destination: sqlite3.Row) -> dict[str, int]:
        """Apply what arrived since the last look. Returns the totals."""
        with self._lock:
            row = self.store.row("SELECT * FROM progress WHERE destination = ?", (destination["id"],))
            totals = (
                dict(row)
                if row
                else {"destination": destination["id"], "request": 0, "adds": 0, "removes": 0, "filtered": 0}
            )
            pending: list[Pending] = []
            for request, events in self.inbox.bodies(destination["source"], totals["request"]):
                pending += [(request, event) for event in events]
                totals["request"] = request["id"]
                if len(pending) >= ROWS_AT_ONCE:
                    self._settle(destination, pending, totals)
                    pending = []
            self._settle(destination, pending, totals)
            return totals

    def _settle(self, destination: sqlite3.Row, pending: list[Pending], totals: dict[str, int]) -> None:
        failures: list[tuple[int, int, Any, int, str]] = []
        with self.store.write() as connection:
            if destination["type"] in AD_PLATFORMS:
                self._to_platform(destination, pending, totals, failures)
            else:
                self._to_analytics(destination, pending, totals, failures)
            connection.executemany(
                "INSERT INTO failures (destination, request, message, code, reason) VALUES (?, ?, ?, ?, ?)", failures
            )
            connection.execute(
                "INSERT OR REPLACE INTO progress VALUES (:destination, :request, :adds, :removes, :filtered)", totals
            )

    def _to_platform(
        self,
        destination: sqlite3.Row,
        pending: list[Pending],
        totals: dict[str, int],
        failures: list[tuple[int, int, Any, int, str]],
    ) -> None:
        config = json.loads(destination["config"])
        done: list[tuple[Operation, float]] = []
        uploads: dict[int, Upload] = {}
        for request, event in pending:
            try:
                carried(config, self._admitted(destination, event))
                made = operations(destination["type"], config, event)
                done += [(one, request["at"]) for one in made]
                upload_of(uploads, request).count(made)
            except Filtered:
                totals["filtered"] += 1
            except Failed as failed:
                failures.append((destination["id"], request["id"], event.get("messageId"), failed.code, failed.reason))
                if failed.code == UNREADABLE:
                    upload_of(uploads, request).invalid += 1
        self._note(destination, uploads)
        for (operation, at), group in groupby(done, key=lambda one: (one[0][0], one[1])):
            rows: list[Row] = [row for (_, some), _ in group for row in some]
            totals["adds" if operation == "add" else "removes"] += len(rows)
            self.platform.apply(destination["id"], destination["type"], operation, rows, at)

    def _note(self, destination: sqlite3.Row, uploads: dict[int, Upload]) -> None:
        """Keep what reached the platform, by request."""
        rows = [(destination["id"], number, *vars(one).values()) for number, one in uploads.items()]
        with self.store.write() as connection:
            connection.executemany("INSERT OR REPLACE INTO uploads VALUES (?, ?, ?, ?, ?, ?)", rows)

    def changed(self, destination: int) -> float | None:
        """When people were last added or removed by something that came through, in real time."""
        found = self.store.value(
            "SELECT max(at) FROM uploads WHERE destination = ? AND adds + removes > 0", (destination,)
        )
        return None if found is None else float(found)

    def uploads(self, destination: int) -> list[sqlite3.Row]:
        """What reached the platform of each request that added people, or tried to, the newest first."""
        return self.store.rows(
            "SELECT * FROM uploads WHERE destination = ? AND adds + invalid > 0 ORDER BY request DESC", (destination,)
        )

    def _to_analytics(
        self,
        destination: sqlite3.Row,
        pending: list[Pending],
        totals: dict[str, int],
        failures: list[tuple[int, int, Any, int, str]],
    ) -> None:
        kept = []
        for request, event in pending:
            try:
                analytics.check(self._admitted(destination, event))
                kept.append(event)
            except Filtered:
                totals["filtered"] += 1
            except Failed as failed:
                failures.append((destination["id"], request["id"], event.get("messageId"), failed.code, failed.reason))
        totals["adds"] += len(kept)
        self.analytics.apply(destination["id"], kept)

    def _admitted(self, destination: sqlite3.Row, event: Event) -> Event:
        if not destination["enabled"] or not wanted_by(destination["type"], event):
            raise Filtered(str(event.get("type")))
        return event

    def failed(self, destination: int, most: int = 1000) -> list[dict[str, Any]]:
        """The events a destination could not use, oldest first."""
        return [
            {"request": row["request"], "message_id": row["message"], "code": row["code"], "reason": row["reason"]}
            for row in self.store.rows(
                "SELECT * FROM failures WHERE destination = ? ORDER BY id LIMIT ?", (destination, most)
            )
        ]

    def duplicates(self, source: int) -> dict[str, Any]:
        """Message ids that a source received more than once."""
        with self.store.write() as connection:
            connection.execute("CREATE TEMP TABLE IF NOT EXISTS messages (message TEXT)")
            connection.execute("DELETE FROM temp.messages")
            for _, events in self.inbox.bodies(source):
                connection.executemany(
                    "INSERT INTO temp.messages VALUES (?)",
                    ((event["messageId"],) for event in events if isinstance(event.get("messageId"), str)),
                )
            twice = connection.execute(
                "SELECT message, count(*) FROM temp.messages GROUP BY message HAVING count(*) > 1 ORDER BY message"
            ).fetchall()
            received = connection.execute("SELECT count(*), count(DISTINCT message) FROM temp.messages").fetchone()
        return {
            "received": received[0],
            "distinct": received[1],
            "repeated": len(twice),
            "messages": [{"message_id": row[0], "times": row[1]} for row in twice[:1000]],
        }

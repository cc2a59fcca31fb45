"""Analytics tools and the warehouse: traits of users by identify, events by track. They know no record and no audiencelist."""

from __future__ import annotations

import json
from typing import Any, Final

from sandbox.gateway import Event, identity
from sandbox.rows import Failed, Filtered
from sandbox.store import Store

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS users (destination INTEGER NOT NULL, user TEXT NOT NULL, traits TEXT NOT NULL,
    PRIMARY KEY (destination, user)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS events (id INTEGER PRIMARY KEY, destination INTEGER NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL,
    user TEXT NOT NULL, message TEXT NOT NULL, properties TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS events_name ON events (destination, kind, name);
"""
TABLES: Final = ("users", "events")
TYPES: Final = ("AMPLITUDE", "MIXPANEL", "POSTHOG", "POSTGRES")


def check(event: Event) -> None:
    """Raises Failed for what these destinations cannot take."""
    kind = event.get("type")
    if kind in {"record", "audiencelist"} or kind not in {
        "identify",
        "track",
        "page",
        "screen",
        "group",
        "alias",
        "merge",
    }:
        raise Failed(400, "Unknown event type")
    if kind not in {"identify", "track"}:
        raise Filtered(str(kind))


class Analytics:
    """Users with traits, and events."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def apply(self, destination: int, events: list[Event]) -> None:
        """Take checked events in order. A trait keeps its newest value."""
        traits: dict[str, dict[str, Any]] = {}
        with self.store.write() as connection:
            for event in events:
                if event["type"] == "identify":
                    traits.setdefault(identity(event), {}).update(_traits(event))
            for user, newest in traits.items():
                found = connection.execute(
                    "SELECT traits FROM users WHERE destination = ? AND user = ?", (destination, user)
                ).fetchone()
                merged = (json.loads(found[0]) if found else {}) | newest
                connection.execute(
                    "INSERT OR REPLACE INTO users VALUES (?, ?, ?)", (destination, user, json.dumps(merged))
                )
            connection.executemany(
                "INSERT INTO events (destination, kind, name, user, message, properties) VALUES (?, ?, ?, ?, ?, ?)",
                (
                    (
                        destination,
                        event["type"],
                        str(event.get("event", "")),
                        identity(event),
                        str(event.get("messageId", "")),
                        json.dumps(event.get("properties") or {}),
                    )
                    for event in events
                ),
            )

    def members(self, destination: int, trait: str) -> list[str]:
        """Users whose trait is true, sorted."""
        return [
            row[0]
            for row in self.store.rows(
                "SELECT user FROM users u WHERE destination = ? AND EXISTS (SELECT 1 FROM json_each(u.traits) t "
                "WHERE t.key = ? AND t.type = 'true') ORDER BY user",
                (destination, trait),
            )
        ]

    def summary(self, destination: int) -> dict[str, Any]:
        """Users, true traits, and events by name with their distinct messages."""
        true = self.store.rows(
            "SELECT t.key, count(*) FROM users u, json_each(u.traits) t WHERE destination = ? "
            "AND t.type = 'true' GROUP BY t.key ORDER BY t.key",
            (destination,),
        )
        named = self.store.rows(
            "SELECT name, count(*), count(DISTINCT message), count(DISTINCT user) FROM events "
            "WHERE destination = ? AND kind = 'track' GROUP BY name ORDER BY name",
            (destination,),
        )
        users = self.store.value("SELECT count(*) FROM users WHERE destination = ?", (destination,))
        return {
            "users": users,
            "traits": {row[0]: row[1] for row in true},
            "events": {row[0]: {"rows": row[1], "messages": row[2], "users": row[3]} for row in named},
        }

    def traits(self, destination: int, user: str) -> dict[str, Any] | None:
        """All traits of one user, or None."""
        found = self.store.value("SELECT traits FROM users WHERE destination = ? AND user = ?", (destination, user))
        return None if found is None else dict(json.loads(found))

    def empty(self, destination: int) -> None:
        """Forget a destination's users and events."""
        with self.store.write() as connection:
            connection.execute("DELETE FROM users WHERE destination = ?", (destination,))
            connection.execute("DELETE FROM events WHERE destination = ?", (destination,))


def _traits(event: Event) -> dict[str, Any]:
    context = event.get("context")
    inner = context.get("traits") if isinstance(context, dict) else None
    found: dict[str, Any] = {}
    for source in (inner, event.get("traits")):
        if isinstance(source, dict):
            found.update(source)
    return found

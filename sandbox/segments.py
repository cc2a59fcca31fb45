"""Segments: how they are described, how they build, and who is in them at a moment."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable
from typing import Any, Final

from sandbox.population import NAMED, People
from sandbox.roster import Ring, Roster
from sandbox.store import Reader, Store

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS segments (id INTEGER PRIMARY KEY, name TEXT NOT NULL, description TEXT NOT NULL, type TEXT NOT NULL,
    state TEXT NOT NULL, progress INTEGER, finish_in REAL, moving_since REAL NOT NULL, conditions TEXT, tags TEXT,
    created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, generated TEXT, epoch INTEGER NOT NULL DEFAULT 0,
    count_lag INTEGER NOT NULL DEFAULT 0, used_by TEXT NOT NULL DEFAULT '{}');
CREATE TABLE IF NOT EXISTS members (segment INTEGER NOT NULL, number INTEGER NOT NULL, present INTEGER NOT NULL,
    PRIMARY KEY (segment, number)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS members_number ON members (number);
"""
STATES: Final = ("events", "build", "events_queued", "build_queued", "finished")
PATCHABLE: Final = (
    "name",
    "description",
    "type",
    "state",
    "progress",
    "finish_in",
    "conditions",
    "tags",
    "generated",
    "epoch",
    "count_lag",
    "used_by",
)
IN_JSON: Final = ("conditions", "tags", "generated", "used_by")
EDITS: Final = frozenset({"name", "description", "conditions", "tags"})
NOBODY: Final = Ring(0, 0, 0, 0, 1)


def sample_conditions(name: str) -> dict[str, Any]:
    """A condition tree in the form observed on the real API."""
    change = {
        "type": "attribute_change",
        "name": "ltv_tier",
        "id": 17,
        "filters": {"and": [{"field": "to", "operator": "eq", "value": name, "inverse": False}]},
    }
    return {"and": [{"event": change, "ui_type": "attribute", "inverse": False, "times": 1, "within": 0}]}


class Segments:
    """The segments as one reader sees them at one moment."""

    def __init__(self, reader: Reader, speed: float, now: float | None = None) -> None:
        self.reader = reader
        self.speed = speed
        self.now = time.time() if now is None else now

    def all(self) -> list[sqlite3.Row]:
        """Every segment, ascending id."""
        return self.reader.rows("SELECT * FROM segments ORDER BY id")

    def get(self, number: int) -> sqlite3.Row | None:
        """One segment, or None."""
        return self.reader.row("SELECT * FROM segments WHERE id = ?", (number,))

    def state(self, segment: sqlite3.Row) -> tuple[str, int | None]:
        """State and progress now; a segment told to finish in n seconds moves by the clock."""
        state, progress = segment["state"], segment["progress"]
        if state == "finished":
            return state, None
        if segment["finish_in"] is not None:
            done = (self.now - segment["moving_since"]) * self.speed / max(segment["finish_in"], 1e-6)
            progress = int((progress or 0) + (100 - (progress or 0)) * done)
            if progress >= 100:
                return "finished", None
        return state, progress or 0

    def roster(self, segment: sqlite3.Row) -> Roster:
        """Who is in it now; while it builds only the share given by its progress, with no hint."""
        people = People(self.reader)
        ring = self._ring(segment, people.count)
        extra, gone = self._overrides(segment["id"], ring, people.count)
        state, progress = self.state(segment)
        whole = Roster(ring, gone, extra)
        if state == "finished":
            return whole
        return Roster(ring, gone, extra, whole.full_size() * (progress or 0) // 100)

    def _ring(self, segment: sqlite3.Row, count: int) -> Ring:
        rule = json.loads(segment["generated"]) if segment["generated"] else None
        if rule is None:
            return NOBODY
        epoch = segment["epoch"]
        if rule.get("every"):
            epoch += int((self.now - segment["moving_since"]) * self.speed / rule["every"])
        stop = min(count, rule.get("to", count))
        ring = Ring.keyed(segment["id"], rule.get("from", 0), stop, rule.get("share", 1.0), 0)
        step = round(ring.size * rule.get("step", 0.01))
        return Ring.keyed(segment["id"], ring.start, stop, rule.get("share", 1.0), epoch * step)

    def _overrides(self, segment: int, ring: Ring, count: int) -> tuple[list[int], list[int]]:
        """Extra members, and the sorted ranks of the ring's members who are out."""
        rows = self.reader.rows(
            "SELECT m.number, m.present, coalesce(p.deleted, 0) FROM members m LEFT JOIN people p USING (number) "
            "WHERE m.segment = ? ORDER BY m.number",
            (segment,),
        )
        extra = [
            number
            for number, present, deleted in rows
            if present and not deleted and ring.rank(number) is None and (number < count or number >= NAMED)
        ]
        out = {number for number, present, _ in rows if not present}
        out.update(
            row[0] for row in self.reader.rows("SELECT number FROM people WHERE deleted = 1 AND number < ?", (NAMED,))
        )
        ranks = (ring.rank(number) for number in out)
        return extra, sorted(rank for rank in ranks if rank is not None)

    def shown(self, segment: sqlite3.Row, with_conditions: bool) -> dict[str, Any]:
        """A segment as the App API shows it."""
        state, progress = self.state(segment)
        shown: dict[str, Any] = {
            "id": segment["id"],
            "deduplicate_id": f"{segment['id']}:{segment['updated_at']}",
            "name": segment["name"],
            "description": segment["description"],
            "state": state,
            "progress": progress,
            "type": segment["type"],
            "tags": json.loads(segment["tags"]) if segment["tags"] else None,
            "created_at": segment["created_at"],
            "updated_at": segment["updated_at"],
        }
        if with_conditions and segment["conditions"]:
            shown["conditions"] = json.loads(segment["conditions"])
        if segment["id"] % 3 == 0:
            shown["added_without_notice"] = {"since": "2026"}
        return shown


def put(store: Store, wanted: dict[str, Any], now: float) -> int:
    """Create a segment, or replace it with its overrides. Returns its id."""
    number = int(wanted.get("id") or (store.value("SELECT max(id) FROM segments") or 0) + 1)
    kind = wanted.get("type", "dynamic")
    name = wanted.get("name", f"Segment {number}")
    values: dict[str, Any] = {
        "id": number,
        "name": name,
        "description": wanted.get("description", ""),
        "type": kind,
        "state": wanted.get("state", "finished"),
        "progress": wanted.get("progress"),
        "finish_in": wanted.get("finish_in"),
        "moving_since": now,
        "conditions": wanted.get("conditions", sample_conditions(name) if kind == "dynamic" else None),
        "tags": wanted.get("tags"),
        "created_at": wanted.get("created_at", int(now)),
        "updated_at": wanted.get("updated_at", int(now)),
        "generated": wanted.get("generated"),
        "epoch": wanted.get("epoch", 0),
        "count_lag": wanted.get("count_lag", 0),
        "used_by": wanted.get("used_by", {}),
    }
    with store.write() as connection:
        connection.execute("DELETE FROM members WHERE segment = ?", (number,))
        _save(store, values)
        change_members(store, number, wanted.get("members") or [], True)
    return number


def _save(store: Store, values: dict[str, Any]) -> None:
    stored = {
        name: json.dumps(value) if name in IN_JSON and value is not None else value for name, value in values.items()
    }
    marks = ", ".join("?" * len(stored))
    store.execute(f"INSERT OR REPLACE INTO segments ({', '.join(stored)}) VALUES ({marks})", list(stored.values()))


def patch(store: Store, segment: sqlite3.Row, wanted: dict[str, Any], now: float) -> None:
    """Change some of a segment's values and members; an edit of the definition moves `updated_at`."""
    with store.write() as connection:
        number = segment["id"]
        if wanted.get("delete"):
            connection.execute("DELETE FROM segments WHERE id = ?", (number,))
            connection.execute("DELETE FROM members WHERE segment = ?", (number,))
            return
        values = {
            name: json.loads(value) if name in IN_JSON and value is not None else value
            for name, value in dict(segment).items()
        }
        values.update({name: wanted[name] for name in PATCHABLE if name in wanted})
        values["epoch"] += wanted.get("advance", 0)
        if "state" in wanted or "generated" in wanted:
            values["moving_since"] = now
        if EDITS & wanted.keys():
            values["updated_at"] = max(int(now), values["updated_at"] + 1)
        values["updated_at"] = wanted.get("updated_at", values["updated_at"])
        _save(store, values)
        change_members(store, number, wanted.get("add") or [], True)
        change_members(store, number, wanted.get("remove") or [], False)


def change_members(store: Store, segment: int, cio_ids: Iterable[str], present: bool) -> None:
    """Put people in, or take them out, whatever the generated rule says."""
    people = People(store)
    numbers = [number for cio_id in cio_ids for number in people.find("cio_id", cio_id)]
    set_members(store, segment, numbers, present)


def set_members(store: Store, segment: int, numbers: Iterable[int], present: bool) -> None:
    """The same by number."""
    with store.write() as connection:
        connection.executemany(
            "INSERT OR REPLACE INTO members VALUES (?, ?, ?)", ((segment, number, int(present)) for number in numbers)
        )

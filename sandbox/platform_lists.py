"""The lists of one platform as it shows them: found by the id in a destination's config, matched in part, late, expiring."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sandbox.delivery import Delivery
from sandbox.inbox import Inbox
from sandbox.platform_clock import DAY, Clock
from sandbox.rows import AD_PLATFORMS
from sandbox.store import SETTINGS, Store, keep_setting, setting

SCHEMA: Final = (
    SETTINGS
    + """
CREATE TABLE IF NOT EXISTS lists (external TEXT PRIMARY KEY, wanted TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS looks (external TEXT PRIMARY KEY, changed REAL NOT NULL, computed REAL NOT NULL,
    people INTEGER NOT NULL, matched INTEGER NOT NULL) WITHOUT ROWID;
"""
)
TABLES: Final = ("settings", "lists", "looks")
OPTIONS: Final[dict[str, Any]] = {"match": 0.7, "seed": 1, "settle_seconds": 0.0, "life_span_days": None}
ID: Final = "audienceId"


@dataclass(frozen=True)
class Behind:
    """What a platform's stand-in is made from: the sources, what became of their events, where files lie, the speed."""

    inbox: Inbox
    delivery: Delivery
    data: Path
    speed: float


@dataclass(frozen=True)
class Held:
    """A list. `place` is the destination that fills it, None for one that Muster does not know; `wanted`: the orders."""

    external_id: str
    name: str
    place: sqlite3.Row | None
    config: dict[str, Any]
    wanted: dict[str, Any]


@dataclass(frozen=True)
class Look:
    """What the platform shows. While it is settling `people` and `matched` are the ones before, None where there were none.

    `people`: distinct people on the list within its life span; `matched`: those whom the platform recognised. `changed`
    and `computed` are in the platform's time, None where nothing ever came.
    """

    people: int | None
    matched: int | None
    settling: bool
    changed: float | None
    computed: float | None


Measure = Callable[[Held, float], tuple[int, int]]


class PlatformLists:
    """State of one platform: clock, options, lists. `type` is RudderStack's; `options` come on top of OPTIONS.

    `measure` counts (people, matched) of a list among those added after a real moment; without it, people of ad lists.
    """

    def __init__(
        self, store: Store, behind: Behind, type: str, options: dict[str, Any], measure: Measure | None = None
    ) -> None:
        self.store, self.behind, self.type = store, behind, type
        self.clock = Clock(store)
        self.defaults = OPTIONS | options
        self.measure = measure or self.recognised

    def options(self) -> dict[str, Any]:
        """The switches, with their defaults."""
        return self.defaults | dict(setting(self.store, "options", {}))

    def choose(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """Turn switches. Raises ValueError for those that are not there."""
        if unknown := set(wanted) - set(self.defaults):
            raise ValueError(f"unknown options: {', '.join(sorted(unknown))}")
        keep_setting(self.store, "options", dict(setting(self.store, "options", {})) | wanted)
        return self.options()

    def order(self, external: str, wanted: dict[str, Any]) -> None:
        """Change how a list shows itself, or make one that no destination fills (`members`: how many are on it)."""
        found = self.store.value("SELECT wanted FROM lists WHERE external = ?", (external,))
        merged = (json.loads(found) if found else {}) | wanted
        self.store.execute("INSERT OR REPLACE INTO lists VALUES (?, ?)", (external, json.dumps(merged)))

    def all(self) -> list[Held]:
        """Every list, also those Muster does not know, by id; without the deleted ones."""
        ordered = {
            str(row["external"]): dict(json.loads(row["wanted"])) for row in self.store.rows("SELECT * FROM lists")
        }
        placed: dict[str, tuple[sqlite3.Row, dict[str, Any]]] = {}
        for row in self.behind.inbox.store.rows("SELECT * FROM destinations WHERE type = ? ORDER BY id", (self.type,)):
            config = dict(json.loads(row["config"]))
            if config.get(ID):
                placed[str(config[ID])] = (row, config)
        return [
            held
            for external in sorted({*ordered, *placed})
            if not (held := _held(external, placed.get(external), ordered.get(external, {}))).wanted.get("deleted")
        ]

    def find(self, external: str) -> Held | None:
        """One list by its id."""
        return next((held for held in self.all() if held.external_id == external), None)

    def look(self, held: Held) -> Look:
        """What the platform shows of it now."""
        now, options = self.clock.now(), self.options() | held.wanted
        if held.place is None:
            made = float(held.wanted.get("changed_at", now - DAY))
            count = held.wanted.get("members")
            matched = held.wanted.get("matched", count)
            return Look(count, matched, bool(held.wanted.get("settling")), made, made)
        self.behind.delivery.catch_up(held.place)
        changed = self.changed_at(held.place)
        if changed is None:
            return Look(0, 0, False, None, None)
        moment = self.clock.at(changed)
        if held.wanted.get("settling") or now < moment + float(options["settle_seconds"]):
            old = self.store.row("SELECT * FROM looks WHERE external = ?", (held.external_id,))
            before = (old["people"], old["matched"], old["computed"]) if old else (None, None, None)
            return Look(before[0], before[1], True, moment, before[2])
        return self._computed(held, options, moment, now)

    def changed_at(self, place: sqlite3.Row) -> float | None:
        """When a list's people last changed, in real time; what RudderStack took and did not deliver changes nothing."""
        if self.type in AD_PLATFORMS:
            return self.behind.delivery.changed(place["id"])
        found = self.behind.inbox.store.value(
            "SELECT max(at) FROM requests WHERE source = ? AND stored = 1", (place["source"],)
        )
        return None if found is None else float(found)

    def _computed(self, held: Held, options: dict[str, Any], moment: float, now: float) -> Look:
        days = options["life_span_days"]
        since = self.clock.real(now - float(days) * DAY) if days else 0.0
        people, matched = self.measure(held, since)
        self.store.execute(
            "INSERT OR REPLACE INTO looks VALUES (?, ?, ?, ?, ?)", (held.external_id, moment, now, people, matched)
        )
        return Look(people, matched, False, moment, now)

    def recognised(self, held: Held, since: float) -> tuple[int, int]:
        """People on an ad platform's list, and those of them whom it knows."""
        assert held.place is not None
        options = self.options() | held.wanted
        seed = zlib.crc32(f"{self.type}:{options['seed']}".encode())
        return self.behind.delivery.platform.recognised(held.place["id"], seed, float(options["match"]), since)

    def forget(self) -> None:
        """Forget orders and what was shown."""
        self.store.clear(TABLES)


def _held(external: str, placed: tuple[sqlite3.Row, dict[str, Any]] | None, wanted: dict[str, Any]) -> Held:
    place, config = placed or (None, {})
    name = wanted.get("name") or config.get("audienceName") or (place["name"] if place is not None else external)
    return Held(external, str(name), place, config, wanted)


def two_digits(number: int) -> int:
    """The number rounded to two significant digits."""
    unit: int = 10 ** max(0, len(str(number)) - 2)
    return (number + unit // 2) // unit * unit

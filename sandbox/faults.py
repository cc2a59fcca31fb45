"""Faults to order: which request goes wrong, how, how often."""

from __future__ import annotations

import json
import re
import threading
from typing import Any, Final

from sandbox.store import Store

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS faults (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, method TEXT, path TEXT, write_key TEXT,
    times INTEGER NOT NULL, after INTEGER NOT NULL, seen INTEGER NOT NULL DEFAULT 0, details TEXT NOT NULL);
"""
STATUS_KINDS: Final = {"401": 401, "403": 403, "404": 404, "429": 429, "500": 500, "502": 502, "503": 503}
KINDS: Final = frozenset(STATUS_KINDS) | {
    "status",
    "delay",
    "slow",
    "cut_before",
    "cut_after",
    "truncate",
    "short_page",
    "loop_cursor",
    "repeat_page",
    "html",
    "count_off",
    "mutate_between_pages",
    "expired_link",
    "never_finish",
    "export_failed",
    "missing_column",
    "old_429",
    "daily_429",
    "rebuild",
    "wrong_total",
    "orders",
    "store_then_504",
    "reject_if_contains",
}


class UnknownFault(ValueError):
    """There is no such fault; the text says what there is."""


class Faults:
    """The ordered faults; looking one up costs nothing while there is none."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._lock = threading.Lock()
        self._known: list[dict[str, Any]] | None = None

    def add(self, wanted: dict[str, Any]) -> int:
        """Order a fault. Raises UnknownFault for a kind or pattern that does not exist."""
        kind, match = str(wanted.get("kind")), wanted.get("match") or {}
        if kind not in KINDS:
            raise UnknownFault(f"There is no fault {kind!r}. Known: {', '.join(sorted(KINDS))}.")
        try:
            re.compile(match.get("path", ""))
        except re.error as error:
            raise UnknownFault(f"match.path is not a regular expression: {error}.") from error
        with self._lock:
            number = self.store.execute(
                "INSERT INTO faults (kind, method, path, write_key, times, after, details) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    kind,
                    match.get("method"),
                    match.get("path"),
                    match.get("write_key"),
                    int(wanted.get("times", 1)),
                    int(wanted.get("after", 0)),
                    json.dumps(wanted),
                ),
            )
            self._known = None
        return number

    def clear(self) -> None:
        """Forget every fault."""
        with self._lock:
            self.store.clear(["faults"])
            self._known = None

    def all(self) -> list[dict[str, Any]]:
        """Every ordered fault with the number of requests it matched."""
        return [
            json.loads(row["details"]) | {"id": row["id"], "seen": row["seen"]}
            for row in self.store.rows("SELECT * FROM faults ORDER BY id")
        ]

    def take(self, method: str, path: str, write_key: str = "") -> dict[str, dict[str, Any]]:
        """The faults that strike this request, by kind. `times` 0 strikes for ever; the first `after` matches go free."""
        with self._lock:
            if self._known is None:
                self._known = [dict(row) for row in self.store.rows("SELECT * FROM faults ORDER BY id")]
            struck = {}
            for fault in self._known:
                if not _matches(fault, method, path, write_key):
                    continue
                fault["seen"] += 1
                self.store.execute("UPDATE faults SET seen = ? WHERE id = ?", (fault["seen"], fault["id"]))
                turn = fault["seen"] - fault["after"]
                if turn > 0 and (not fault["times"] or turn <= fault["times"]):
                    struck[fault["kind"]] = json.loads(fault["details"])
            return struck


def _matches(fault: dict[str, Any], method: str, path: str, write_key: str) -> bool:
    return (
        (not fault["method"] or fault["method"].upper() == method)
        and (not fault["path"] or re.search(fault["path"], path) is not None)
        and (not fault["write_key"] or fault["write_key"] == write_key)
    )

"""The upload sessions of one of Meta's lists: what each request brought, the newest first, every value as text."""

from __future__ import annotations

import sqlite3
from typing import Any

from sandbox.platform_lists import Held, PlatformLists


def sessions(lists: PlatformLists, held: Held) -> list[dict[str, str]]:
    """The sessions as ordered, else one for each request that added people or tried to."""
    if "sessions" in held.wanted:
        return list(held.wanted["sessions"])
    look = lists.look(held)
    if held.place is None:
        return []
    share = (look.matched or 0) / look.people if look.people else 0.0
    rows = [_session(lists, row, share) for row in lists.behind.delivery.uploads(held.place["id"])]
    if look.settling and rows:
        rows[0] |= {"stage": "processing", "progress": 50}
    return [{name: str(value) for name, value in row.items()} for row in rows]


def _session(lists: PlatformLists, row: sqlite3.Row, share: float) -> dict[str, Any]:
    """One upload, of whose people this share is recognised."""
    ended = int(lists.clock.at(row["at"]))
    return {
        "session_id": row["request"],
        "start_time": ended - 60,
        "end_time": ended,
        "stage": "done",
        "progress": 100,
        "num_received": row["adds"] + row["invalid"],
        "num_matched": round(row["adds"] * share),
        "num_invalid_entries": row["invalid"],
    }

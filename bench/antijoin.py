"""What P9 compares with: the usual way in SQL, a row a member, the new people in a temporary table, and anti-joins.

Keys and digests only, in key order, with the product's settings for SQLite; no encryption and no identifiers beside.
"""

import sqlite3
import time
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

from bench.people import CHURNED, Crowd

LISTED: Final = ("leaving", "staying")
KEY_BYTES: Final = 16
PRAGMAS: Final = ("journal_mode=WAL", "synchronous=FULL", "temp_store=FILE", "cache_size=-65536")
INSERT: Final = "INSERT INTO {} VALUES (?, ?)"


def people(crowd: Crowd, names: tuple[str, ...]) -> Iterator[tuple[bytes, int]]:
    """Return (key, digest) of groups in key order, made before they are asked for."""
    keys = [
        blake2b(number.to_bytes(8, "big"), digest_size=KEY_BYTES).digest()
        for name in names
        if name in {*LISTED, "entering"}
        for number in crowd.parts[name]
    ]
    keys.sort()
    return zip(keys, [int.from_bytes(key[:7], "big") for key in keys], strict=True)


def run(path: str, size: int) -> dict[str, Any]:
    """Load a list, then compare it with its churned people and apply the difference. Return the seconds of the latter."""
    crowd = Crowd(size)
    connection = sqlite3.connect(Path(path), isolation_level=None)
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("CREATE TABLE members (key BLOB PRIMARY KEY, digest INTEGER NOT NULL) WITHOUT ROWID")
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany(INSERT.format("members"), people(crowd, LISTED))
    connection.execute("COMMIT")
    rows = people(crowd, CHURNED)
    began = time.perf_counter()
    connection.execute("CREATE TEMP TABLE wanted (key BLOB PRIMARY KEY, digest INTEGER NOT NULL) WITHOUT ROWID")
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany(INSERT.format("wanted"), rows)
    gone = connection.execute("DELETE FROM members WHERE key NOT IN (SELECT key FROM wanted)").rowcount
    added = connection.execute(
        "INSERT OR REPLACE INTO members SELECT w.key, w.digest FROM wanted w LEFT JOIN members m ON m.key = w.key "
        "WHERE m.key IS NULL OR m.digest <> w.digest"
    ).rowcount
    connection.execute("COMMIT")
    seconds = time.perf_counter() - began
    connection.close()
    due = len(crowd.parts["leaving"]), len(crowd.parts["entering"])
    if (gone, added) != due:
        raise AssertionError(f"the anti-join removed {gone} and added {added}, not {due[0]} and {due[1]}")
    return {"seconds": seconds}

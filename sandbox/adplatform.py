"""Ad platforms hold people with several identifiers: an addition by any of them adds the person, a removal removes them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from hashlib import sha256
from itertools import groupby, islice
from typing import Any, Final

from sandbox.rows import GOOGLE, Row
from sandbox.store import Store

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS persons (person INTEGER PRIMARY KEY, ref TEXT UNIQUE);
CREATE TABLE IF NOT EXISTS holders (digest BLOB NOT NULL, person INTEGER NOT NULL, platform TEXT NOT NULL,
    PRIMARY KEY (digest, person)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS holders_person ON holders (person);
CREATE TABLE IF NOT EXISTS members (destination INTEGER NOT NULL, person INTEGER NOT NULL, since REAL NOT NULL,
    PRIMARY KEY (destination, person)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS listed (destination INTEGER NOT NULL, digest BLOB NOT NULL, PRIMARY KEY (destination, digest))
    WITHOUT ROWID;
"""
TABLES: Final = ("persons", "holders", "members", "listed")
ROWS: Final = "CREATE TEMP TABLE IF NOT EXISTS rows (row INTEGER NOT NULL, digest BLOB NOT NULL)"
LEAVING: Final = "CREATE TEMP TABLE IF NOT EXISTS leaving (person INTEGER PRIMARY KEY)"
ARRIVING: Final = "CREATE TEMP TABLE IF NOT EXISTS arriving (digest BLOB, person INTEGER, platform TEXT)"
# Strict people are found on a platform only by the form that this platform keeps. CROSS: look each row up; SQLite would
# rather go through all holders for a few thousand rows.
KNOWN: Final = "FROM temp.rows r CROSS JOIN holders h ON h.digest = r.digest AND h.platform IN ('', ?)"
Held = tuple[bytes, str]


def family(platform: str) -> str:
    """Whose normal forms a destination type keeps."""
    return "google" if platform == GOOGLE else "meta"


class AdPlatform:
    """The people all ad platforms know, and who of them is on which destination's list."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def define(self, people: Iterable[tuple[str | None, list[Held]]]) -> int:
        """Add people (reference, identifiers). A known reference gains identifiers and loses none. Returns how many."""
        count, stream = 0, iter(people)
        with self.store.write() as connection:
            connection.execute(ARRIVING)
            while chunk := list(islice(stream, 5000)):
                numbers = self._numbers(connection, [ref for ref, _ in chunk])
                connection.executemany(
                    "INSERT INTO temp.arriving VALUES (?, ?, ?)",
                    (
                        (digest, number, platform)
                        for number, (_, held) in zip(numbers, chunk, strict=True)
                        for digest, platform in held
                    ),
                )
                count += len(chunk)
            connection.execute(
                "INSERT OR IGNORE INTO holders SELECT digest, person, platform FROM temp.arriving ORDER BY digest"
            )
            connection.execute("DROP TABLE temp.arriving")
        return count

    def _numbers(self, connection: sqlite3.Connection, refs: list[str | None]) -> list[int]:
        return [self._number(connection, ref) for ref in refs]

    def _number(self, connection: sqlite3.Connection, ref: str | None) -> int:
        if ref is not None:
            found = connection.execute("SELECT person FROM persons WHERE ref = ?", (ref,)).fetchone()
            if found:
                return int(found[0])
        return connection.execute("INSERT INTO persons (ref) VALUES (?)", (ref,)).lastrowid or 0

    def apply(self, destination: int, platform: str, operation: str, rows: list[Row], at: float) -> None:
        """Add or remove by these rows, in their order, which matters only for people nobody knew before.

        Who is added again at `at` (Unix seconds) has been there since then: life spans count from the last addition.
        """
        with self.store.write() as connection:
            connection.execute(ROWS)
            connection.execute("DELETE FROM temp.rows")
            connection.executemany(
                "INSERT INTO temp.rows VALUES (?, ?)",
                ((index, digest) for index, row in enumerate(rows) for digest in row),
            )
            if operation == "add":
                self._add(connection, destination, family(platform), at)
            else:
                self._remove(connection, destination, family(platform))

    def _add(self, connection: sqlite3.Connection, destination: int, kept: str, at: float) -> None:
        connection.execute(
            f"INSERT OR REPLACE INTO members SELECT DISTINCT ?, h.person, ? {KNOWN} ORDER BY h.person",
            (destination, at, kept),
        )
        connection.execute(
            f"INSERT OR IGNORE INTO listed SELECT DISTINCT ?, r.digest {KNOWN} ORDER BY r.digest", (destination, kept)
        )
        unknown = connection.execute(
            f"SELECT row, digest FROM temp.rows WHERE row NOT IN (SELECT r.row {KNOWN}) ORDER BY row", (kept,)
        ).fetchall()
        fresh: set[bytes] = set()
        for _, group in groupby(unknown, key=lambda found: found[0]):
            digests = {digest for _, digest in group}
            if digests & fresh:
                continue
            fresh |= digests
            person = self._number(connection, None)
            connection.execute("INSERT INTO members VALUES (?, ?, ?)", (destination, person, at))
            connection.executemany(
                "INSERT OR IGNORE INTO holders VALUES (?, ?, '')", ((digest, person) for digest in digests)
            )
            connection.executemany(
                "INSERT OR IGNORE INTO listed VALUES (?, ?)", ((destination, digest) for digest in digests)
            )

    def _remove(self, connection: sqlite3.Connection, destination: int, kept: str) -> None:
        connection.execute(LEAVING)
        connection.execute("DELETE FROM temp.leaving")
        connection.execute(f"INSERT OR IGNORE INTO temp.leaving SELECT h.person {KNOWN}", (kept,))
        connection.execute(
            "DELETE FROM members WHERE destination = ? AND person IN (SELECT person FROM temp.leaving)", (destination,)
        )
        connection.execute(
            "DELETE FROM listed WHERE destination = ?1 AND digest IN (SELECT h.digest FROM temp.leaving CROSS JOIN holders h USING (person))"
            " AND NOT EXISTS (SELECT 1 FROM holders h CROSS JOIN members m ON m.person = h.person AND m.destination = ?1"
            " WHERE h.digest = listed.digest)",
            (destination,),
        )

    def people(self, destination: int) -> int:
        """How many people are on the list."""
        return int(self.store.value("SELECT count(*) FROM members WHERE destination = ?", (destination,)))

    def recognised(self, destination: int, seed: int, share: float, since: float) -> tuple[int, int]:
        """How many of those added after `since` there are, and how many of them the platform knows, by a seeded draw."""
        first = f"((person * 2654435761 + {seed % (1 << 32)}) & 4294967295)"
        draw = f"(({first} / 127 * 2246822519) & 4294967295)"
        found = self.store.row(
            f"SELECT count(*), count(*) FILTER (WHERE {draw} < ?) FROM members WHERE destination = ? AND since > ?",
            (share * (1 << 32), destination, since),
        )
        assert found is not None
        return int(found[0]), int(found[1])

    def strangers(self, destination: int) -> int:
        """How many of them nobody had defined."""
        return int(
            self.store.value(
                "SELECT count(*) FROM members JOIN persons USING (person) WHERE destination = ? AND ref IS NULL",
                (destination,),
            )
        )

    def refs(self, destination: int) -> list[str]:
        """The references of the people on the list, sorted."""
        return [
            row[0]
            for row in self.store.connection().execute(
                "SELECT ref FROM members JOIN persons USING (person) WHERE destination = ? AND ref IS NOT NULL ORDER BY ref",
                (destination,),
            )
        ]

    def identifiers(self, destination: int) -> Iterator[str]:
        """The identifiers that were uploaded and still stand for somebody on the list, sorted."""
        for row in self.store.connection().execute(
            "SELECT digest FROM listed WHERE destination = ? ORDER BY digest", (destination,)
        ):
            yield row[0].hex()

    def fingerprint(self, destination: int) -> str:
        """SHA-256 over the sorted identifiers, one hex a line: equality of two large lists in one look."""
        digest = sha256()
        for identifier in self.identifiers(destination):
            digest.update(f"{identifier}\n".encode())
        return digest.hexdigest()

    def empty(self, destination: int) -> None:
        """Take everybody off, as a purge or a recreated list does, with RudderStack knowing nothing of it."""
        with self.store.write() as connection:
            connection.execute("DELETE FROM members WHERE destination = ?", (destination,))
            connection.execute("DELETE FROM listed WHERE destination = ?", (destination,))


def as_held(digests: Iterable[Any]) -> list[Held]:
    """Identifiers given in hex, good on every platform."""
    return [(bytes.fromhex(str(digest)), "") for digest in digests]

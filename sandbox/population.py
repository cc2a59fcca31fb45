"""The people of a workspace: generated ones, with what was changed since, and people made by name."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice
from typing import Any, Final

from sandbox.people import Generator, Person
from sandbox.roster import Ring, Roster
from sandbox.store import Reader, Store, setting

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS people (number INTEGER PRIMARY KEY, cio_id TEXT UNIQUE NOT NULL, id TEXT, email TEXT, phone TEXT,
    deleted INTEGER NOT NULL DEFAULT 0, attributes TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS people_id ON people (id);
CREATE INDEX IF NOT EXISTS people_email ON people (email);
CREATE INDEX IF NOT EXISTS people_phone ON people (phone);
CREATE INDEX IF NOT EXISTS people_deleted ON people (deleted) WHERE deleted = 1;
"""
NAMED: Final = 10**12
AT_ONCE: Final = 2000
KINDS: Final = ("cio_id", "id", "email", "phone")


@lru_cache(maxsize=8)
def generator_of(text: str) -> Generator:
    """The generator for stored settings."""
    chosen = json.loads(text)
    plain, twins = chosen.get("plain", False), chosen.get("twins", True)
    return Generator(chosen["seed"], chosen.get("shares"), plain, twins, chosen.get("arms"))


class People:
    """The people as one reader sees them."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.chosen = setting(reader, "people", {"count": 0, "seed": 1})
        self.count: int = self.chosen["count"]
        self.generator = generator_of(json.dumps(self.chosen, sort_keys=True))

    def person(self, number: int) -> Person | None:
        """A person with all attributes, or None."""
        return next((person for _, person in self.people([number])), None)

    def people(self, numbers: Iterable[int]) -> Iterator[tuple[int, Person]]:
        """Each of these numbers that is a living person, in the order given."""
        make, count = self.generator.person, self.count
        stream = iter(numbers)
        while chunk := list(islice(stream, AT_ONCE)):
            changed = self._changed(chunk)
            for number in chunk:
                if number in changed:
                    if (person := changed[number]) is not None:
                        yield number, person
                elif number < count:
                    yield number, make(number)

    def _changed(self, numbers: list[int]) -> dict[int, Person | None]:
        sql = "SELECT number, deleted, attributes FROM people WHERE number IN (SELECT value FROM json_each(?))"
        if len(numbers) == 1:
            sql, arguments = "SELECT number, deleted, attributes FROM people WHERE number = ?", (numbers[0],)
        else:
            arguments = (json.dumps(numbers),)  # type: ignore[assignment]
        return {row[0]: None if row[1] else json.loads(row[2]) for row in self.reader.rows(sql, arguments)}

    def find(self, kind: str, value: str) -> list[int]:
        """Numbers of the people with this cio_id, id, email (any case) or phone."""
        wanted = value.strip().lower() if kind == "email" else value
        if kind == "cio_id":
            wanted = wanted.removeprefix("cio_")
        found = [
            row[0] for row in self.reader.rows(f"SELECT number FROM people WHERE {kind} = ? AND deleted = 0", (wanted,))
        ]
        for number in self.generator.candidates(kind, wanted):
            if 0 <= number < self.count and number not in found and (person := self.person(number)):
                held = person.get(kind, "")
                if (held.strip().lower() if kind == "email" else held) == wanted:
                    found.append(number)
        return sorted(found)

    def everybody(self) -> Roster:
        """All living people."""
        deleted = [
            row[0]
            for row in self.reader.rows(
                "SELECT number FROM people WHERE deleted = 1 AND number < ? ORDER BY number", (self.count,)
            )
        ]
        named = [
            row[0]
            for row in self.reader.rows(
                "SELECT number FROM people WHERE deleted = 0 AND number >= ? ORDER BY number", (NAMED,)
            )
        ]
        return Roster(Ring(0, self.count, self.count, 0, 1), deleted, named)


def as_text(value: Any) -> str:
    """An attribute's value as the App API shows it: always a string."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, separators=(",", ":")) if isinstance(value, (dict, list)) else str(value)


def write_person(store: Store, number: int, person: Person, deleted: bool = False) -> None:
    """Store a person whole."""
    email = person["email"].strip().lower() if "email" in person else None
    store.execute(
        "INSERT OR REPLACE INTO people VALUES (?, ?, ?, ?, ?, ?, ?)",
        (number, person["cio_id"], person.get("id"), email, person.get("phone"), int(deleted), json.dumps(person)),
    )


def upsert(store: Store, wanted: Iterable[dict[str, Any]]) -> list[str]:
    """Create or change people; a null removes an attribute. Returns their cio_ids."""
    changed = []
    with store.write():
        people = People(store)
        for attributes in wanted:
            number, person = _known(people, attributes)
            if number is None:
                number = max(NAMED, (store.value("SELECT max(number) FROM people") or 0) + 1)
                person = {"cio_id": attributes.get("cio_id") or f"0f0f0f{number:010x}"}
            for name, value in attributes.items():
                if value is None:
                    person.pop(name, None)
                else:
                    person[name] = as_text(value)
            write_person(store, number, person)
            changed.append(person["cio_id"])
    return changed


def _known(people: People, attributes: dict[str, Any]) -> tuple[int | None, Person]:
    """The person meant by cio_id, else by id, else by email."""
    for kind in ("cio_id", "id", "email"):
        if value := attributes.get(kind):
            numbers = people.find(kind, str(value))
            if numbers and (person := people.person(numbers[0])):
                return numbers[0], person
            if kind == "cio_id":
                gone = people.reader.value("SELECT number FROM people WHERE cio_id = ?", (value,))
                return gone, {"cio_id": str(value)}
    return None, {}


def delete(store: Store, cio_ids: Iterable[str]) -> int:
    """Delete people. Returns how many there were."""
    gone = 0
    with store.write():
        people = People(store)
        for cio_id in cio_ids:
            for number in people.find("cio_id", cio_id):
                write_person(store, number, {"cio_id": cio_id.removeprefix("cio_")}, deleted=True)
                gone += 1
    return gone


def merge(store: Store, source: str, target: str) -> tuple[int, int] | None:
    """Merge one person into another, which keeps its own values; the first is deleted. Their numbers, or None."""
    with store.write():
        people = People(store)
        numbers = [people.find("cio_id", cio_id) for cio_id in (source, target)]
        if not all(numbers):
            return None
        loser, winner = numbers[0][0], numbers[1][0]
        if loser == winner:
            return None
        kept = (people.person(loser) or {}) | (people.person(winner) or {})
        delete(store, [source])
        write_person(store, winner, kept)
        return loser, winner

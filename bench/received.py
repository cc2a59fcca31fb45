"""What the sink got, read after the clock: how many events, how many different message ids, and exactly which people.

A person is compared as a token: 64 bits made of the digests of address and number. Sorted, those of ten million people
are compared in a second.
"""

import os
import zlib
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import orjson

from bench.people import digests
from bench.sink import frames

Tokens = npt.NDArray[np.uint64]
ODD: Final = np.uint64(0x9E3779B97F4A7C15)
AT_ONCE: Final = 50_000
ADDS: Final = frozenset({"insert", "update"})
REMOVES: Final = frozenset({"delete"})


@dataclass
class Received:
    """Tokens of the people added and removed, and of the message ids, in the order they came."""

    requests: int = 0
    bytes: int = 0
    plain_bytes: int = 0
    events: int = 0
    ids: list[Tokens] = field(default_factory=list)
    added: list[Tokens] = field(default_factory=list)
    removed: list[Tokens] = field(default_factory=list)

    def faults(self, added: Tokens, removed: Tokens) -> list[str]:
        """Return in sentences where this differs from the people that had to be added and removed, each once."""
        found = []
        wanted = len(added) + len(removed)
        if self.events != wanted:
            found.append(f"{self.events:,} events came, {wanted:,} had to.")
        if (unique := len(np.unique(joined(self.ids)))) != self.events:
            found.append(f"{self.events:,} events carry {unique:,} different message ids.")
        for name, came, due in (("added", self.added, added), ("removed", self.removed, removed)):
            if not np.array_equal(np.sort(joined(came)), np.sort(due)):
                found.append(f"The people {name} are not those that had to be.")
        return found


def joined(parts: list[Tokens]) -> Tokens:
    """Return the parts as one."""
    return np.concatenate([np.zeros(0, np.uint64), *parts])


def tokens(emails: bytes, phones: bytes) -> Tokens:
    """Return a token for each person, of their 32-byte digests in a row."""
    first, second = (np.frombuffer(raw, np.uint64).reshape(-1, 4)[:, 0] for raw in (emails, phones))
    with np.errstate(over="ignore"):
        return np.asarray(first * ODD + second, np.uint64)


def due(people: Iterable[range]) -> Tokens:
    """Return the tokens of these people."""
    pieces = [group[start : start + AT_ONCE] for group in people for start in range(0, len(group), AT_ONCE)]
    if not pieces:
        return np.zeros(0, np.uint64)
    with ProcessPoolExecutor(2) as pool:
        return joined(list(pool.map(due_of, pieces)))


def due_of(people: range) -> Tokens:
    """Return the tokens of some people."""
    both = [digests(number) for number in people]
    return tokens(b"".join(one for one, _ in both), b"".join(two for _, two in both))


def identifiers(event: dict[str, Any]) -> tuple[str, str]:
    """Return the digests in hex of a record event, or of an identify by the reference."""
    fields = event["fields"] if event["type"] == "record" else event["context"]["traits"]
    return fields["EMAIL"], fields["PHONE"]


def read_one(place: tuple[Path, int, int, bool]) -> Received:
    """Return what one body holds."""
    path, start, length, packed = place
    with path.open("rb") as file:
        file.seek(start)
        raw = file.read(length)
    text = zlib.decompress(raw, wbits=31) if packed else raw
    events = orjson.loads(text)["batch"]
    actions = [event.get("action", "insert") for event in events]
    parts = []
    for chosen in (ADDS, REMOVES):
        mine = [identifiers(event) for event, action in zip(events, actions, strict=True) if action in chosen]
        emails, phones = ("".join(pair[place] for pair in mine) for place in (0, 1))
        parts.append(tokens(bytes.fromhex(emails), bytes.fromhex(phones)))
    ids = np.frombuffer(b"".join(event["messageId"].replace("-", "").encode() for event in events), np.uint64)
    words = ids.reshape(-1, 4)
    with np.errstate(over="ignore"):
        own = ((words[:, 0] * ODD + words[:, 1]) * ODD + words[:, 2]) * ODD + words[:, 3]
    return Received(1, length, len(text), len(events), [own], [parts[0]], [parts[1]])


def read(path: Path) -> Received:
    """Return what came with one write key."""
    found = Received()
    places = [(path, *frame) for frame in frames(path)]
    with ProcessPoolExecutor(2) as pool:
        for one in pool.map(read_one, places, chunksize=4):
            found.requests += one.requests
            found.bytes += one.bytes
            found.plain_bytes += one.plain_bytes
            found.events += one.events
            found.ids += one.ids
            found.added += one.added
            found.removed += one.removed
    return found


def check(path: str, added: list[list[int]], removed: list[list[int]]) -> dict[str, Any]:
    """Compare what came with the people due, given as [first, stop) pairs, and forget it."""
    found = read(Path(path))
    if Path(path).exists():
        os.truncate(path, 0)
    faults = found.faults(due(range(*pair) for pair in added), due(range(*pair) for pair in removed))
    return {
        "requests": found.requests,
        "bytes": found.bytes,
        "plain_bytes": found.plain_bytes,
        "events": found.events,
        "faults": faults,
    }

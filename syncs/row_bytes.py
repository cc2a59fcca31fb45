"""The rows of a request as bytes: one after another, each with a comma behind it, and where each one ends. Pure.

A row of a million is laid out as a column of a table: constants and hex of one width, and what some do not have is cut out.
"""

from binascii import hexlify
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from muster.columns import Array

from .tokens import Flags

COMMA: Final = ord(",")


@dataclass(frozen=True)
class Rows:
    """What is sent of people, sorted by key: bytes, where each person's end, and how many events they are.

    A person of whom nothing is sent has no bytes.
    """

    data: Array = field(default_factory=lambda: np.zeros(0, np.uint8))
    ends: Array = field(default_factory=lambda: np.zeros(0, np.int64))
    events: Array = field(default_factory=lambda: np.zeros(0, np.uint32))

    @classmethod
    def of(cls, texts: Sequence[str], events: Sequence[int]) -> "Rows":
        """Return rows of one text a person, empty where nothing is sent."""
        pieces = [f"{text}," if text else "" for text in texts]
        encoded = [piece.encode() for piece in pieces]
        ends = np.cumsum(np.fromiter(map(len, encoded), np.int64, len(encoded)))
        return cls(np.frombuffer(b"".join(encoded), np.uint8), ends, np.array(events, np.uint32))

    def __len__(self) -> int:
        return len(self.ends)

    def cut(self, start: int, stop: int) -> "Rows":
        """Return the rows of the people at the places [start, stop)."""
        first = int(self.ends[start - 1]) if start else 0
        last = int(self.ends[stop - 1]) if stop else 0
        return Rows(self.data[first:last], self.ends[start:stop] - first, self.events[start:stop])

    def fitting(self, size: int) -> int:
        """Return how many of the first people's rows have at most this many bytes together."""
        return int(np.searchsorted(self.ends, size, side="right"))


def joined(parts: Iterable[Rows]) -> bytes:
    """Return the rows one after another with commas between them."""
    return b"".join(part.data.data for part in parts)[:-1]


@dataclass(frozen=True)
class Piece:
    """A part of every row: the same bytes for all, or n × width of them; `kept` says who has it, None that all do."""

    content: bytes | Array
    kept: Flags | None = None

    @property
    def width(self) -> int:
        return len(self.content) if isinstance(self.content, bytes) else int(self.content.shape[1])


def hexed(column: Array, width: int) -> Array:
    """Return fixed-width values of `width` bytes each as n × 2·width characters."""
    return np.frombuffer(hexlify(column.tobytes()), np.uint8).reshape(-1, 2 * width)


def chosen(texts: Sequence[bytes], places: Array) -> Array:
    """Return for each place the text there, all texts being of one width, as n × width characters."""
    return np.frombuffer(b"".join(texts), np.uint8).reshape(len(texts), -1)[places]


def laid_out(count: int, pieces: Sequence[Piece]) -> Rows:
    """Return the rows that the pieces make, side by side; each row is one event."""
    if not count:
        return Rows()
    width = sum(piece.width for piece in pieces)
    # What is the same for all is laid out at once, and each piece as one wide value a row: numpy copies those fastest.
    same = b"".join(piece.content if isinstance(piece.content, bytes) else bytes(piece.width) for piece in pieces)
    rows = np.empty(count, f"V{width}")
    rows[:] = np.void(same)
    table = rows.view(np.uint8).reshape(count, width)
    kept = np.ones((count, width), np.bool_) if any(piece.kept is not None for piece in pieces) else None
    at = 0
    for piece in pieces:
        if not isinstance(piece.content, bytes):
            wide = f"V{piece.width}"
            place: Array = np.ndarray(count, wide, table.data, at, (width,))
            place[:] = np.ascontiguousarray(piece.content).reshape(-1).view(wide)
        if kept is not None and piece.kept is not None:
            kept[:, at : at + piece.width] = piece.kept[:, None]
        at += piece.width
    events = np.ones(count, np.uint32)
    if kept is None:
        return Rows(table.reshape(-1), width * np.arange(1, count + 1), events)
    return Rows(table[kept], np.cumsum(kept.sum(axis=1)), events)

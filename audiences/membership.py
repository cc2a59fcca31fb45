"""Who is in a segment, as Customer.io tells it: pages, attributes and exports as lists of values, and whether that is all. Pure.

Nothing here decides that a person has left. It only says whether a reading may be believed, and when in doubt says no.
"""

import csv
import io
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import length_hint
from typing import Any, Final

from . import cells

ONE_PAGE: Final = 30_000
SMALL: Final = 1_000
TOLERANCE: Final = 0.005
BATCH_BYTES: Final = 400_000

Values = dict[str, Sequence[str]]


class Malformed(ValueError):
    """The answer does not have the form that Customer.io's answers have; the text says what is missing, never a value."""


class MissingColumns(Malformed):
    """An export lacks columns that it was asked for."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = sorted(names)
        super().__init__(f"the export lacks the columns {', '.join(self.names)}")


@dataclass(frozen=True)
class Page:
    """People on one page of a segment's membership. `emails` is None where the workspace shows none to members' lists.

    `more` says that the page does not end the list.
    """

    cio_ids: list[str]
    ids: list[str]
    emails: list[str] | None
    more: bool


def page(document: object, segment: int) -> Page:
    """Return a page of the membership of this segment. Only `identifiers` is read: `ids` is blank for many. Raises Malformed."""
    if not isinstance(document, Mapping) or "identifiers" not in document or "next" not in document:
        raise Malformed("a page of members without the keys identifiers and next")
    if document.get("segment_id", segment) != segment:
        raise Malformed("a page of members of another segment")
    people = document["identifiers"] or []
    if not isinstance(people, list) or not all(isinstance(one, Mapping) and one.get("cio_id") for one in people):
        raise Malformed("a page with a member without a cio_id")
    shown = all("email" in one for one in people)
    return Page(
        cio_ids=[text(one["cio_id"]) for one in people],
        ids=[text(one.get("id")) for one in people],
        emails=[text(one["email"]) for one in people] if shown else None,
        more=bool(document["next"]),
    )


def attributes(document: object, names: Sequence[str]) -> dict[str, list[str]]:
    """Return these attributes of each person in a bulk answer, by cio_id. Raises Malformed.

    `unsubscribed` is the person's own switch, not the attribute of that name.
    """
    if not isinstance(document, Mapping) or "customers" not in document:
        raise Malformed("attributes without the key customers")
    found = {}
    for entry in document["customers"] or []:
        customer = entry.get("customer") if isinstance(entry, Mapping) else None
        identifiers = customer.get("identifiers") if isinstance(customer, Mapping) else None
        if not isinstance(customer, Mapping) or not isinstance(identifiers, Mapping) or not identifiers.get("cio_id"):
            raise Malformed("attributes of a person without a cio_id")
        values = dict(customer.get("attributes") or {})
        values.setdefault("email", identifiers.get("email"))
        if "unsubscribed" in customer:
            values["unsubscribed"] = customer["unsubscribed"]
        found[text(identifiers["cio_id"])] = [text(values.get(name)) for name in names]
    return found


def text(value: Any) -> str:
    """Return a value as Customer.io's attributes have it: a text; null is the empty one."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)


def export_values(chunks: Iterable[bytes], names: Sequence[str]) -> Iterator[Values]:
    """Yield the values of these columns, some thousand people at a time, from an export's CSV. Raises Malformed.

    Columns are found by the header's names, wherever they stand; MissingColumns when one is not there.
    """
    try:
        file = io.BufferedReader(_Chunks(chunks), 1 << 18)
        # Strict: a byte that is not UTF-8 would become part of somebody's id.
        rest = map(bytes.decode, chain([file.readline().removeprefix(BOM_UTF8)], file))
        header = next(csv.reader(rest, strict=True), [])
        if missing := set(names) - set(header):
            raise MissingColumns(missing) if missing < set(names) else Malformed("something without an export's header")
        places = [header.index(name) for name in names]
        while block := file.read(BATCH_BYTES):
            whole = block if block.endswith(b"\n") else block + file.readline()
            columns = _columns(whole, rest, len(header), places)
            if len(columns[0]):
                yield dict(zip(names, columns, strict=True))
    except UnicodeDecodeError:
        raise Malformed("an export that is not UTF-8") from None
    except csv.Error as error:
        raise Malformed(f"an export that is not CSV: {error}") from None


def _columns(block: bytes, rest: Iterator[str], width: int, places: Sequence[int]) -> Sequence[Sequence[str]]:
    """Return the cells of some lines by column; a quoted cell of several lines is read on from `rest`."""
    text = "" if block.isascii() else block.decode()
    if b'"' not in block and b"\r" not in block and (columns := cells.plain(block, width, places)):
        return columns
    left = iter(io.StringIO(text or block.decode(), newline="\n").readlines())
    reader = csv.reader(chain(left, rest), strict=True)
    rows = []
    while length_hint(left):
        row = next(reader, [])
        if row and len(row) != width:
            raise Malformed(f"an export with a row of {len(row)} cells under {width} columns")
        if row:
            rows.append(row)
    return [[row[place] for row in rows] for place in places]


class _Chunks(io.RawIOBase):
    """Chunks of bytes as a file."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._left = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._left:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._left = memoryview(chunk)
        size = min(len(buffer), len(self._left))
        buffer[:size], self._left = self._left[:size], self._left[size:]
        return size


@dataclass(frozen=True)
class Reading:
    """What was read of a segment, and what Customer.io said of its size before and after.

    `total` is an export's own count of its rows. `without_attributes` counts members who were not in the bulk answers.
    """

    rows: int
    people: int
    before: int
    after: int
    total: int | None = None
    without_attributes: int = 0

    @property
    def bounds(self) -> tuple[float, float]:
        """Return between which two numbers of people a complete reading lies: exactly, below 1,000 people."""
        low, high = sorted((self.before, self.after))
        return (low - low * TOLERANCE, high + high * TOLERANCE) if low >= SMALL else (low, high)

    @property
    def shortfall(self) -> str:
        """Return why the reading is not complete, in a sentence; empty when it is."""
        low, high = self.bounds
        if self.total is not None and self.rows != self.total:
            return f"Customer.io's export counts {self.total:,} rows, but {self.rows:,} arrived."
        if self.without_attributes:
            return f"Customer.io gave no attributes for {self.without_attributes:,} of {self.people:,} people."
        if not (low <= self.people <= high and low <= self.rows <= high):
            counted = f"{self.before:,}" if self.before == self.after else f"{self.before:,} to {self.after:,}"
            return f"{self.people:,} people were read, but Customer.io counts {counted}."
        return ""

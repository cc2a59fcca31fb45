"""Reads figures of lists out of a CSV as spreadsheets make them, each row with its errors in sentences. Pure."""

import csv
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import StringIO
from typing import TypeVar

from muster.figures import percent
from reconciliation.moments import NotAMoment

Number = TypeVar("Number", int, float)

HEADER = ("list", "as of", "size low", "size high", "match rate")
NEEDED = ("list", "as of")
SEPARATORS = ",;\t"
MOST_BYTES = 256 * 1024
MOST_ROWS = 1000
LONGEST_CELL = 300
LARGEST = 10**12
# What a spreadsheet would work out as a formula. A template puts an apostrophe before it; it is taken off again here.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
NONE_REPORTED = frozenset({"not reported", "n/a", "none"})


class NotCsv(ValueError):
    """The text as a whole cannot be read; the sentence says why and what to do."""


@dataclass(frozen=True)
class CsvRow:
    """One row: the list as it is called there, and figures. Both ends None with `reported` False: not reported."""

    line: int
    list: str
    as_of: datetime | None = None
    low: int | None = None
    high: int | None = None
    rate: float | None = None
    reported: bool = True
    errors: tuple[str, ...] = ()

    @property
    def rate_told(self) -> str:
        return "" if self.rate is None else rate_told(self.rate)


def rate_told(rate: float | None) -> str:
    """Return a rate in percent as it was given: "61%" or "61.5%"."""
    return percent(rate, 0 if rate is None or rate == int(rate) else 1)


def decoded(data: bytes) -> str:
    """Return the text of a file. Raises NotCsv."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NotCsv(
            'This is no UTF-8 text. In the spreadsheet, save it as "CSV UTF-8", then choose it again.'
        ) from None
    if "\0" in text:
        raise NotCsv("This is no text file. Save the sheet as CSV, then choose it again.")
    return text


def rows(text: str, when: Callable[[str], datetime]) -> list[CsvRow]:
    """Return the rows below the header. `when` reads a point in time and raises NotAMoment. Raises NotCsv."""
    if len(text.encode("utf-8", "replace")) > MOST_BYTES:
        raise NotCsv(f"The text is larger than {MOST_BYTES // 1024:,} KB. Split it into several.")
    lines = text.lstrip("\ufeff").replace("\0", "").splitlines(keepends=True)
    header = next((line for line in lines if line.strip()), "")
    separator = max(SEPARATORS, key=header.count)
    try:
        read = list(csv.reader(StringIO("".join(lines)), delimiter=separator, strict=True))
    except csv.Error:
        raise NotCsv("A quotation mark is open to the end. Look for one that has no partner.") from None
    filled = [(number, cells) for number, cells in enumerate(read, 1) if any(cell.strip() for cell in cells)]
    if not filled:
        raise NotCsv("It holds no rows. Begin with the header of the template.")
    columns = _columns(filled[0][1])
    if len(filled) < 2:
        raise NotCsv("It holds a header and no rows below it. Add a row for each list.")
    if len(filled) - 1 > MOST_ROWS:
        raise NotCsv(
            f"It holds {len(filled) - 1:,} rows; at most {MOST_ROWS:,} are taken at once. Split it into several."
        )
    return [_row(number, _named(columns, cells), when) for number, cells in filled[1:]]


def _columns(cells: Sequence[str]) -> list[str]:
    names = [re.sub(r"[\s_]+", " ", cell).strip().lower() for cell in cells]
    for needed in NEEDED:
        if needed not in names:
            wanted = ", ".join(HEADER)
            raise NotCsv(f'The first row names no column "{needed}". It must be the header: {wanted}.')
    if twice := next((name for name in HEADER if names.count(name) > 1), ""):
        raise NotCsv(f'Two columns are called "{twice}". Keep one of them.')
    return names


def _named(columns: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    return {name: plain(cell) for name, cell in zip(columns, cells, strict=False) if name in HEADER}


def plain(cell: str) -> str:
    """Return what a cell holds, without the apostrophe that keeps a spreadsheet from working it out."""
    text = " ".join(cell.split())
    return text[1:] if text[:1] == "'" and text[1:2] in FORMULA and text[1:] else text


def harmless(cell: str) -> str:
    """Return a cell that no spreadsheet works out as a formula."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def _row(line: int, cells: dict[str, str], when: Callable[[str], datetime]) -> CsvRow:
    errors: list[str] = []

    def read(name: str, reader: Callable[[str], Number | None]) -> Number | None:
        try:
            return reader(cells.get(name, ""))
        except ValueError as wrong:
            errors.append(f"{name.capitalize()}: {wrong}")
            return None

    if any(len(cell) > LONGEST_CELL for cell in cells.values()):
        return CsvRow(
            line, cells["list"][:40], errors=(f"A cell is longer than {LONGEST_CELL} characters. Shorten it.",)
        )
    if not cells.get("list"):
        errors.append("It names no list.")
    none = cells.get("size low", "").lower() in NONE_REPORTED
    low, high = (None, None) if none else (read("size low", _whole), read("size high", _whole))
    rate, as_of = read("match rate", _percent), None
    try:
        as_of = when(cells.get("as of", "")[:40])
    except NotAMoment as wrong:
        errors.append(f"As of: {wrong}")
    if not errors:
        errors += _together(low, high, rate, none)
    return CsvRow(line, cells.get("list", ""), as_of, low, low if high is None else high, rate, not none, tuple(errors))


def _together(low: int | None, high: int | None, rate: float | None, none: bool) -> list[str]:
    if none:
        return []
    if low is None and high is not None:
        return ["Size low is missing. Where one number is shown, it stands in size low alone."]
    if low is not None and high is not None and high < low:
        return ["Size high is below size low."]
    if low is None and rate is None:
        return ['It holds no figure. Write "not reported" into size low where the platform shows none.']
    return []


def _whole(text: str) -> int | None:
    figures = re.sub(r"(?<=\d)[,\s\u2009\u00a0](?=\d{3}(?!\d))", "", text)
    if not figures:
        return None
    if not re.fullmatch(r"[0-9]{1,13}", figures) or int(figures) > LARGEST:
        raise ValueError("write a whole number, like 8700.")
    return int(figures)


def _percent(text: str) -> float | None:
    figures = text.rstrip("% ")
    if not figures:
        return None
    if not re.fullmatch(r"[0-9]{1,3}([.,][0-9]{1,4})?", figures) or float(figures.replace(",", ".")) > 100:
        raise ValueError("write a percentage from 0 to 100, like 55 or 55.4.")
    return round(float(figures.replace(",", ".")), 1)

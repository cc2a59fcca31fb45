"""The suppression board as a table for spreadsheets: counts and states, never people."""

import csv
from collections.abc import Iterator
from io import StringIO

from .board import Board, Placed
from .csv_rows import harmless
from .retargeting import Retargeting

HEADER = (
    "kind",
    "account",
    "list",
    "audience",
    "state",
    "reason",
    "target minutes",
    "newest person",
    "age minutes",
    "accepted by RudderStack",
    "seen at the platform",
    "people accepted",
    "size low",
    "size high",
    "recognised low percent",
    "recognised high percent",
    "active",
    "excluded in",
    "list id",
    "people not excluded",
    "of them in a targeting list",
)


def csv_of(shown: Board) -> str:
    """Return the text of the file. What is not known is an empty cell, never 0."""
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADER)
    for row in _rows(shown):
        writer.writerow([_cell(value) for value in row])
    return out.getvalue()


def _rows(shown: Board) -> Iterator[list[object]]:
    yield from (_required(one, shown) for one in shown.placed)
    yield from (_targeting(one) for one in shown.retargeting)


def _required(one: Placed, shown: Board) -> list[object]:
    cell, known, line = one.cell, one.known, one.line
    back, use, newest = known.arrival if known else None, cell.facts.use, cell.facts.newest
    return [
        "suppression",
        cell.place,
        cell.label,
        line.audience.name if line.audience else None,
        cell.mark.label,
        cell.protection.why,
        line.target_minutes,
        newest.isoformat(timespec="minutes") if newest else None,
        int((shown.now - newest).total_seconds()) // 60 if newest else None,
        known.accepted_at.isoformat(timespec="minutes") if known and known.accepted_at else None,
        back.as_of.isoformat(timespec="minutes") if back and back.as_of else None,
        known.list.members if known else None,
        *((back.size_low, back.size_high, back.rate_low, back.rate_high) if back else (None,) * 4),
        use.active if use else None,
        use.active - len(use.lacking) if use and use.active is not None else None,
        cell.list_id,
        cell.missing,
        cell.leaked,
    ]


def _targeting(one: Retargeting) -> list[object]:
    back, at, newest = one.arrival, getattr(one.list, "list_at", None), one.fresh.read_at
    return [
        "targeting",
        one.list.destination.name,
        one.list.audience.name,
        one.list.audience.name,
        one.word.label,
        one.words,
        one.fresh.minutes,
        newest.isoformat(timespec="minutes") if newest else None,
        int(one.fresh.age.total_seconds()) // 60 if one.fresh.age is not None else None,
        None,
        back.as_of.isoformat(timespec="minutes") if back and back.as_of else None,
        one.list.members,
        *((back.size_low, back.size_high, back.rate_low, back.rate_high) if back else (None,) * 4),
        None,
        None,
        at.external_id if at else None,
        one.inside,
        None,
    ]


def _cell(value: object) -> object:
    if value is None:
        return ""
    return harmless(value) if isinstance(value, str) else value

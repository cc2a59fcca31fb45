"""A report as CSV for spreadsheets: one row for each list. Numbers are numbers; no text is worked out as a formula. Pure."""

import csv
from io import StringIO
from typing import Any, Final

from .csv_rows import harmless

BANDS: Final = ("size", "expected", "missing", "not_removed")
HEADER: Final = (
    "week",
    "frozen at",
    "audience",
    "destination",
    "owner",
    "health",
    "outside since",
    "source",
    "accepted",
    *(f"{name.replace('_', ' ')} {end}" for name in BANDS for end in ("low", "high")),
    "drift percent",
    "tolerance",
    "cause",
    "cause in words",
    "reason",
    "reply",
    "reply note",
    "replied by",
    "fix by",
    "as of",
)


def csv_of(content: dict[str, Any], frozen_at: str) -> str:
    """Return the text of the file. `frozen_at` says when, or that it is not frozen."""
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADER)
    for one in [*content["outside"], *content["inside"]]:
        writer.writerow([_cell(value) for value in (content["week"], frozen_at, *_row(one))])
    return out.getvalue()


def _row(one: dict[str, Any]) -> list[object]:
    reply = one["reply"] or {}
    ends = [end for name in BANDS for end in (one[name] or (None, None))]
    return [
        one["audience"],
        one["place"],
        one["owner"],
        one["verdict"].replace("_", " "),
        one["since"],
        one["in_segment"],
        one["accepted"],
        *ends,
        one["off"],
        one["tolerance"],
        one["cause"],
        one["cause_words"],
        one["reason"],
        reply.get("label", "no reply" if one["waits"] else None),
        reply.get("note"),
        reply.get("by"),
        reply.get("fix_by"),
        one["as_of"],
    ]


def _cell(value: object) -> object:
    """Return a cell: empty for what is not known, never 0."""
    if value is None:
        return ""
    return harmless(value) if isinstance(value, str) else value

"""The little of Google Ads' query language that reading lists and criteria needs. Pure."""

from __future__ import annotations

import re
from typing import Any, Final

QUERY: Final = re.compile(
    r"SELECT\s+(?P<fields>[\w.,\s]+?)\s+FROM\s+(?P<resource>\w+)(?:\s+WHERE\s+(?P<where>.+?))?\s*;?", re.S
)
CONDITION: Final = re.compile(r"(?P<field>[\w.]+)\s*(?P<sign>!=|=|IN)\s*(?P<value>.+)", re.S)
WORD: Final = re.compile(r"'([^']*)'|(\w+)")
INT64: Final = frozenset({"id", "size_for_search", "size_for_display", "membership_life_span"})

Row = dict[str, Any]


class QueryError(Exception):
    """The query cannot be carried out; `code` is Google's word for why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def answer(query: str, tables: dict[str, tuple[frozenset[str], list[Row]]]) -> list[dict[str, Any]]:
    """The results of a query over tables of (known fields, rows with dotted names), as JSON objects. Raises QueryError."""
    match = QUERY.fullmatch(query.strip())
    if match is None:
        raise QueryError("UNEXPECTED_INPUT", "Error in query: unexpected input.")
    if match["resource"] not in tables:
        raise QueryError("BAD_RESOURCE_TYPE_IN_FROM_CLAUSE", f"The resource '{match['resource']}' is not known.")
    known, rows = tables[match["resource"]]
    asked = [name.strip() for name in match["fields"].split(",")]
    wheres = [condition(text) for text in re.split(r"\s+AND\s+", match["where"])] if match["where"] else []
    for name in (*asked, *(field for field, _, _ in wheres)):
        if name not in known:
            raise QueryError("UNRECOGNIZED_FIELD", f"Unrecognized field in the query: '{name}'.")
    return [shaped(row, asked) for row in rows if all(holds(row, one) for one in wheres)]


def condition(text: str) -> tuple[str, str, list[str]]:
    """Field, sign and values of a condition. Raises QueryError."""
    match = CONDITION.fullmatch(text.strip())
    if match is None:
        raise QueryError("UNEXPECTED_INPUT", f"Error in query: unexpected input {text}.")
    return match["field"], match["sign"], [quoted or bare for quoted, bare in WORD.findall(match["value"])]


def holds(row: Row, where: tuple[str, str, list[str]]) -> bool:
    """Whether a row fulfils a condition."""
    field, sign, values = where
    value = row.get(field)
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return (text in values) is (sign != "!=")


def shaped(row: Row, asked: list[str]) -> dict[str, Any]:
    """A row in proto-JSON: nested, camelCase, int64 as text, what is unset left out."""
    made: dict[str, Any] = {}
    for name in asked:
        if (value := row.get(name)) is None:
            continue
        *path, last = name.split(".")
        place = made
        for part in path:
            place = place.setdefault(camel(part), {})
        place[camel(last)] = str(value) if last in INT64 else value
    return made


def camel(name: str) -> str:
    """snake_case to camelCase."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)

"""The attributes that a segment's own logic names, and whether what they are compared with can be read as their type. Pure."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

COMPARED: Final = frozenset({"gt", "gte", "lt", "lte"})
NUMBER: Final = re.compile(r"[-+]?\d+(\.\d+)?([eE][-+]?\d+)?")


def attributes(tree: Any) -> Iterator[tuple[str, str, str]]:
    """Yield (attribute, operator, value as text) of every condition on an attribute; the tree may have any form."""
    stack = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, Mapping):
            event = node.get("event")
            if isinstance(event, Mapping) and event.get("type") == "attribute_change":
                yield from _compared(str(event.get("name", "")), event.get("filters"))
            stack += list(node.values())
        elif isinstance(node, list):
            stack += node


def _compared(name: str, filters: Any) -> Iterator[tuple[str, str, str]]:
    rows = filters.get("and", filters.get("or")) if isinstance(filters, Mapping) else None
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, Mapping) and row.get("field") in ("to", None):
            yield name, str(row.get("operator", "")), str(row.get("value", ""))


def troubles(tree: Any, kinds: Mapping[str, str]) -> list[str]:
    """Return a sentence for each attribute of the logic whose comparison cannot be right; `kinds` are registered types.

    What is not in the registry is named too: nobody has said of what type its values are.
    """
    found: dict[str, str] = {}
    unknown: set[str] = set()
    for name, operator, value in attributes(tree):
        kind = kinds.get(name)
        if kind is None:
            if operator in COMPARED:
                unknown.add(name)
        elif said := _trouble(name, kind, operator, value):
            found[name] = said
    if unknown:
        names = ", ".join(sorted(unknown))
        found[""] = (
            f"The segment compares {names} by size, and the trait registry does not say of what type the values are: texts "
            "that look like numbers sort wrongly. Have an administrator register the type, or check the values in Customer.io."
        )
    return [found[name] for name in sorted(found)]


def _trouble(name: str, kind: str, operator: str, value: str) -> str:
    if operator not in COMPARED and operator != "eq":
        return ""
    if operator in COMPARED and kind in ("text", "boolean"):
        return (
            f"The segment compares {name} by size, and the trait registry says it is {kind}. Such a comparison goes by letters: "
            "correct the type in the registry, or the condition in Customer.io."
        )
    if kind in ("number", "timestamp") and not _reads(kind, value):
        wanted = "a number" if kind == "number" else "unix seconds, or ISO 8601 with offset"
        return (
            f"The segment compares {name} with “{value[:60]}”, which is not {wanted}, as the trait registry has it. Nobody "
            "meets such a condition: correct it in Customer.io."
        )
    return ""


def _reads(kind: str, value: str) -> bool:
    if NUMBER.fullmatch(value):
        return True
    if kind == "number":
        return False
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False

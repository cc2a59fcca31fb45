"""A segment's condition tree, as Customer.io returns it undocumented: told in sentences, and fingerprinted. Pure.

The tree is `and` / `or` lists of conditions. A condition is an event with filters, how often, and within which time; an
attribute's value is told as its change to that value. What has another form is shown as it is, never guessed or hidden.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

import orjson

DEEPEST: Final = 40
INNER: Final = frozenset({"id", "ui_type"})
CUT: Final = 300

OPERATORS: Final[Mapping[str, tuple[str, str]]] = {
    "eq": ("is {value}", "is not {value}"),
    "exists": ("is set", "is not set"),
    "email_valid": ("is a valid email address", "is not a valid email address"),
    "contains": ("contains {value}", "does not contain {value}"),
    "gt": ("is greater than {value}", "is not greater than {value}"),
    "gte": ("is at least {value}", "is less than {value}"),
    "lt": ("is less than {value}", "is not less than {value}"),
    "lte": ("is at most {value}", "is greater than {value}"),
}
EVENTS: Final[Mapping[str, tuple[str, str]]] = {
    "event": ("the event {name} happened", "the event {name} did not happen"),
    "page": ("the page {name} was visited", "the page {name} was not visited"),
}
UNITS: Final = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def readable(tree: Any) -> Any:
    """Return the tree, or None where it is nested so deeply that nothing can be done with it."""
    level, depth = [tree], 0
    while level:
        depth += 1
        if depth > DEEPEST:
            return None
        level = [inner for node in level for inner in _inside(node)]
    return tree


def _inside(node: Any) -> list[Any]:
    if isinstance(node, Mapping):
        return list(node.values())
    return list(node) if isinstance(node, list) else []


def raw_fingerprint(tree: Any) -> str:
    """Return the SHA-256 of the tree exactly as it was returned, whatever the order of its keys; empty for no tree."""
    return _digest(tree)


def fingerprint(tree: Any) -> str:
    """Return the SHA-256 of what the tree means: without inner ids, and without the order of what is and-ed or or-ed."""
    return _digest(_meaning(tree)) if tree else ""


def _digest(tree: Any) -> str:
    return sha256(orjson.dumps(tree, option=orjson.OPT_SORT_KEYS)).hexdigest() if tree else ""


def _meaning(node: Any, of: str = "") -> Any:
    if isinstance(node, Mapping):
        # The id of a segment that is referred to is what the condition means; any other numbers the node itself.
        drop = frozenset() if of == "segment" else INNER
        kept = {name: _meaning(inner, name) for name, inner in node.items() if name not in drop}
        for name in ("and", "or"):
            if isinstance(kept.get(name), list):
                kept[name] = sorted(kept[name], key=lambda one: orjson.dumps(one, option=orjson.OPT_SORT_KEYS))
        return kept
    return [_meaning(inner) for inner in node] if isinstance(node, list) else node


def sentences(tree: Any) -> list[str]:
    """Return the tree as sentences that all have to hold. No tree, no sentence."""
    if not tree:
        return []
    parts = tree["and"] if isinstance(tree, Mapping) and set(tree) == {"and"} else [tree]
    told = [_told(part) for part in (parts if parts and isinstance(parts, list) else [tree])]
    return [f"{one[:1].upper()}{one[1:]}." for one in told]


def _told(node: Any, *, inverse: bool = False) -> str:
    match node:
        case {"and": [_, *_] as parts, **rest}:
            return _group("all of these", "not all of these", parts, rest, inverse)
        case {"or": [_, *_] as parts, **rest}:
            return _group("at least one of these", "none of these", parts, rest, inverse)
        case {"not": inner, **rest} if not rest:
            return _told(inner, inverse=not inverse)
        case {"segment": {"id": number, **other}, **rest} if not other and not rest:
            return f"the person is {'not ' if inverse else ''}in segment {number}"
        case {"event": {"type": str(kind), **event}, **rest}:
            return _event(kind, event, rest, inverse)
    return f"{'the opposite of ' if inverse else ''}a condition that Muster cannot put into words: {_raw(node)}"


def _group(all_of: str, none_of: str, parts: list[Any], rest: Mapping[Any, Any], inverse: bool) -> str:
    if len(parts) == 1 and not rest:
        return _told(parts[0], inverse=inverse)
    inverse ^= bool(rest.get("inverse"))
    said = "; ".join(_told(part) for part in parts)
    return f"{none_of if inverse else all_of}: ({said}){_more(rest, {'inverse'})}"


def _event(kind: str, event: Mapping[Any, Any], rest: Mapping[Any, Any], inverse: bool) -> str:
    inverse ^= bool(rest.get("inverse"))
    name, filters = _quoted(event.get("name", "")), event.get("filters")
    how = _how_often(rest)
    if kind == "attribute_change":
        told = _attribute(name, filters, inverse, how)
    else:
        positive, negative = EVENTS.get(
            kind,
            (f"Something of the kind “{kind}” happened: {{name}}", f"Nothing of the kind “{kind}” happened: {{name}}"),
        )
        told = (negative if inverse else positive).format(name=name) + how
        if filters:
            told += f", where {_filters(filters)}"
    return told + _more(rest, {"inverse", "times", "within", *INNER}) + _more(event, {"name", "filters", *INNER})


def _attribute(name: str, filters: Any, inverse: bool, how: str) -> str:
    """An attribute's value: told as being, since the tree's "changed to it, and not from it" means just that."""
    rows = filters.get("and") if isinstance(filters, Mapping) and set(filters) == {"and"} else None
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        change = f"{name} did not change" if inverse else f"{name} changed"
        return change + how + (f", where {_filters(filters)}" if filters else "")
    after = [row for row in rows if row.get("field") == "to"]
    echoes = [{**row, "field": "from", "inverse": not row.get("inverse")} for row in after]
    others = [row for row in rows if row not in after and _plain(row) not in map(_plain, echoes)]
    said = " and ".join(_predicate(row) for row in after) or "changed"
    if inverse and len(after) == 1 and not how:
        told = f"{name} {_predicate({**after[0], 'inverse': not after[0].get('inverse')})}"
    else:
        told = f"{'it is not so that ' if inverse else ''}{name} {said}{how}"
    return told + "".join(f", where {_filter(row)}" for row in others)


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in INNER and value not in (None, False)}


def _filters(node: Any) -> str:
    match node:
        case {"and": [*rows], **rest} if not rest:
            return " and ".join(_filters(row) for row in rows)
        case {"or": [*rows], **rest} if not rest:
            return f"({' or '.join(_filters(row) for row in rows)})"
        case {"field": _, "operator": _}:
            return _filter(node)
    return _raw(node)


def _filter(row: Mapping[Any, Any]) -> str:
    named = {"to": "the new value", "from": "the value before"}
    name = row.get("field", "")
    return f"{named.get(name, _quoted(name)) if isinstance(name, str) else _raw(name)} {_predicate(row)}"


def _predicate(row: Mapping[Any, Any]) -> str:
    operator, value, inverse = str(row.get("operator", "")), row.get("value"), bool(row.get("inverse"))
    if operator in OPERATORS:
        told = OPERATORS[operator][inverse].format(value=_quoted(value))
    else:
        told = f"{'not ' if inverse else ''}“{operator}” {_quoted(value)} (an operator that Muster does not know)"
    return told + _more(row, {"field", "operator", "value", "inverse", *INNER})


def _how_often(rest: Mapping[Any, Any]) -> str:
    times, within = rest.get("times"), rest.get("within")
    told = f" at least {times} times" if isinstance(times, int) and times > 1 else ""
    if isinstance(within, int) and within > 0:
        size, unit = next((size, unit) for size, unit in UNITS if within % size == 0)
        count = within // size
        told += f" within the last {unit if count == 1 else f'{count:,} {unit}s'}"
    return told


def _more(node: Mapping[Any, Any], known: set[str]) -> str:
    """Name what the node says besides, so that nobody takes the sentence for the whole condition."""
    unknown = {name: value for name, value in node.items() if name not in known and value not in (None, "", [], {})}
    return f" (and something that Muster cannot put into words: {_raw(unknown)})" if unknown else ""


def _quoted(value: Any) -> str:
    return f"“{value}”" if isinstance(value, str) else _raw(value)


def _raw(node: Any) -> str:
    shown = orjson.dumps(node, option=orjson.OPT_SORT_KEYS).decode()
    return shown if len(shown) <= CUT else shown[: CUT - 1] + "…"

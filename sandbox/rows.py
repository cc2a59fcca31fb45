"""What an ad platform's destination makes of one event: additions and removals of rows of hashed identifiers. Pure."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Any, Final

from sandbox.digests import google_email, meta_email, phone_digits, phone_e164
from sandbox.gateway import Event

META: Final = "FB_CUSTOM_AUDIENCE"
GOOGLE: Final = "GOOGLE_ADWORDS_REMARKETING_LISTS"
SNAPCHAT: Final = "SNAPCHAT_CUSTOM_AUDIENCE"
MICROSOFT: Final = "BINGADS_AUDIENCE"
X_ADS: Final = "X_AUDIENCE"
AD_PLATFORMS: Final = (META, GOOGLE, SNAPCHAT, MICROSOFT, X_ADS)
FIELDS: Final = {
    META: (("EMAIL", meta_email), ("PHONE", phone_digits)),
    GOOGLE: (("email", google_email), ("phone", phone_e164)),
    SNAPCHAT: (("email", meta_email),),
    MICROSOFT: (("email", meta_email),),
    X_ADS: (("email", meta_email), ("phone_number", phone_e164)),
}
# The setting of the destination that says whether it hashes by itself, and its value that says so.
HASHES: Final = {SNAPCHAT: ("disableHashing", False), MICROSOFT: ("hashEmail", True), X_ADS: ("enableHash", True)}
ONLY_LISTS: Final = (SNAPCHAT, MICROSOFT)
# A row without an identifier spoils the whole event.
STRICT: Final = (META, MICROSOFT)
OPERATIONS: Final = {"insert": "add", "update": "add", "delete": "remove"}
HASHED: Final = re.compile(r"[0-9a-fA-F]{64}")

Row = list[bytes]
Operation = tuple[str, list[Row]]


class Failed(Exception):
    """The destination could not use an event; the sender never hears of it."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


class Filtered(Failed):
    """The destination does not take this type of event at all (internal code 298)."""

    def __init__(self, kind: str) -> None:
        super().__init__(298, f"event type {kind} is not supported")


def operations(platform: str, config: dict[str, Any], event: Event) -> list[Operation]:
    """What to do, in the platform's order. Raises Failed for what is lost as a whole."""
    kind = event.get("type")
    if kind == ("record" if platform in ONLY_LISTS else "audiencelist" if platform == X_ADS else ""):
        raise Filtered(str(kind))
    if kind == "record":
        return [_record(platform, config, event)]
    if kind == "audiencelist":
        return _audience_list(platform, config, event)
    raise Filtered(str(kind))


def _record(platform: str, config: dict[str, Any], event: Event) -> Operation:
    operation = OPERATIONS.get(str(event.get("action")))
    if operation is None:
        raise Failed(400, "Invalid action type in record event")
    fields = event.get("fields")
    found = row_of(platform, config, fields) if isinstance(fields, dict) else []
    if not found:
        raise Failed(400, "the record has no identifier of this platform")
    return operation, [found]


def _audience_list(platform: str, config: dict[str, Any], event: Event) -> list[Operation]:
    properties = event.get("properties")
    lists = properties.get("listData") if isinstance(properties, dict) else None
    if not isinstance(lists, dict):
        raise Failed(500 if platform == META else 400, "listData is missing")
    done = []
    for operation in ("remove", "add") if platform == META else ("add", "remove"):
        rows = [row_of(platform, config, row) for row in lists.get(operation) or []]
        if platform in STRICT and not all(rows):
            raise Failed(400, "a row has no identifier of this platform")
        if kept := [row for row in rows if row]:
            done.append((operation, kept))
    if not lists.get("add") and not lists.get("remove"):
        raise Failed(400, "listData is empty")
    return done


def row_of(platform: str, config: dict[str, Any], fields: dict[str, Any]) -> Row:
    """The digests of a row. Raises Failed where values are hashed and should not be, or the reverse."""
    setting, hashes = HASHES.get(platform, ("isHashRequired", True))
    must_hash = (config.get(setting) in (True, "true")) is hashes
    found: Row = []
    for name, normal in FIELDS[platform]:
        value = fields.get(name)
        if value is None or value == "":
            continue
        text = str(value)
        if (HASHED.fullmatch(text) is not None) is must_hash:
            raise Failed(400, f"{name} is {'hashed' if must_hash else 'not hashed'}, against the destination's setting")
        if not must_hash:
            found.append(bytes.fromhex(text))
        elif form := normal(text):
            found.append(sha256(form.encode()).digest())
    return found

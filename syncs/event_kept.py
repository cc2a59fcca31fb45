"""What is kept of an event, whether it can be forwarded, and the track event that is made of it. Pure, without a clock.

Of an event that a feed owns: ids, the time, and the properties that the feed allows by name and type. Of one that nobody
owns: ids, and the names and types of its properties. Never a value that reads like an email address or a phone number.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from math import isfinite
from typing import Any, Final

import orjson

from muster.redaction import excerpt, redact, storable

from .event_reasons import Reason, words_of
from .payload import moment
from .webhook_body import Delivered, looks_like_address

LONGEST_TEXT: Final = 1000
LARGEST_EVENT: Final = 30_000  # bytes; RudderStack documents 32 KB a call
MOST_SEEN: Final = 50
LONGEST_SEEN: Final = 80

Rules = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Refusal:
    """Why an event cannot be forwarded."""

    reason: Reason
    words: str


@dataclass(frozen=True)
class Kept:
    """What is kept. `trouble` is what is wrong with its id or its time; `lost` says which properties were not kept and why."""

    person_id: str = ""
    cio_id: str = ""
    journey_id: str = ""
    occurred_at: str = ""
    trouble: str = ""
    properties: dict[str, Any] = field(default_factory=dict)
    lost: dict[str, str] = field(default_factory=dict)
    seen: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, text: str) -> "Kept":
        """Read what `text` wrote."""
        return cls(**orjson.loads(text)) if text else cls()

    @property
    def text(self) -> str:
        """It as JSON, without what is empty."""
        return orjson.dumps({name: value for name, value in asdict(self).items() if value}).decode()


def keep(told: Delivered, rules: Rules, sent_at: datetime, *, ids_with_at: bool) -> Kept:
    """Return what is kept of an event that a feed with these rules owns. `sent_at` stands in for a time that is missing."""
    ids, trouble = kept_ids(told, ids_with_at=ids_with_at)
    if not trouble and told.time_is_wrong:
        trouble = Reason.NOT_ISO_TIME
    if not trouble and told.is_test:
        trouble = Reason.TEST
    occurred_at = "" if told.time_is_wrong else (told.occurred_at or sent_at).isoformat()
    properties, lost = sifted(told.given, rules)
    return replace(ids, occurred_at=occurred_at, trouble=trouble, properties=properties, lost=lost)


def keep_unowned(told: Delivered, *, ids_with_at: bool) -> Kept:
    """Return what is kept of an event that nobody owns."""
    ids, _ = kept_ids(told, ids_with_at=ids_with_at)
    there = [(name, value) for name, value in told.given.items() if value is not None][:MOST_SEEN]
    # Whoever builds a body wrongly may put an address where a name belongs.
    return replace(
        ids, seen={excerpt(name[:LONGEST_TEXT], limit=LONGEST_SEEN): type_of(value) for name, value in there}
    )


def kept_ids(told: Delivered, *, ids_with_at: bool) -> tuple[Kept, str]:
    """Return the ids without those that are addresses, and what is wrong with the person's."""
    may_stay = ids_with_at or not looks_like_address(told.person_id)
    ids = Kept(
        person_id=told.person_id if may_stay else "",
        cio_id="" if looks_like_address(told.cio_id) else told.cio_id,
        journey_id="" if looks_like_address(told.journey_id) else told.journey_id,
    )
    if told.person_id and not may_stay:
        return ids, Reason.ID_LOOKS_LIKE_ADDRESS
    return ids, "" if told.person_id else Reason.NO_PERSON


def sifted(given: Mapping[str, Any], rules: Rules) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the allowed properties by name, and why others of the allowed names were not kept."""
    properties: dict[str, Any] = {}
    lost: dict[str, str] = {}
    for rule in rules:
        name = str(rule["name"])
        value = given.get(name)
        if value is None or value == "":
            continue
        found, reason = typed(value, str(rule["type"]))
        if reason:
            lost[name] = reason
        else:
            properties[name] = found
    return properties, lost


def typed(value: object, kind: str) -> tuple[Any, str]:
    """Return a value as its type has it, or why it is not kept. Text in quotes may stand for any type: Liquid writes so."""
    if kind == "text":
        if not isinstance(value, str | int | float) or isinstance(value, bool):
            return None, Reason.WRONG_TYPE
        text = storable(str(value))
        if len(text) > LONGEST_TEXT:
            return None, Reason.TOO_LARGE
        return (text, "") if redact(text) == text else (None, Reason.LOOKS_LIKE_ADDRESS)
    found = {"number": number_of, "yes_no": yes_no_of, "time": iso_of}[kind](value)
    return (found, "") if found is not None else (None, Reason.WRONG_TYPE)


def number_of(value: object) -> int | float | None:
    """Return a number, also one in quotes; None for anything else."""
    if isinstance(value, str):
        try:
            value = orjson.loads(value.strip() or "null")
        except orjson.JSONDecodeError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        return None
    return value


def yes_no_of(value: object) -> bool | None:
    """Return true or false, also in quotes; None for anything else."""
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(value.strip().lower()) if isinstance(value, str) else None


def iso_of(value: object) -> str | None:
    """Return a moment as ISO 8601 with offset; None for what is none."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    try:
        return moment(str(value).strip()).isoformat()
    except (ValueError, OverflowError, OSError):
        return None


def type_of(value: object) -> str:
    """Return which type a value seems to be of, by the names that a feed uses; `other` for lists and objects."""
    if isinstance(value, bool):
        return "yes_no"
    if isinstance(value, int | float):
        return "number"
    if not isinstance(value, str):
        return "other"
    if yes_no_of(value) is not None:
        return "yes_no"
    if number_of(value) is not None:
        return "number"
    return "time" if iso_of(value) else "text"


def refusal(kept: Kept, rules: Rules) -> Refusal | None:
    """Return why an event cannot be forwarded by these rules, None when it can."""
    if kept.trouble == Reason.TEST:
        besides = refusal(replace(kept, trouble=""), rules)
        more = f"Otherwise: {besides.words}" if besides else "Everything that the feed asks for is there."
        return Refusal(Reason.TEST, f"{words_of(Reason.TEST)} {more}")
    if kept.trouble:
        return Refusal(Reason(kept.trouble), words_of(Reason(kept.trouble)))
    properties, lost = sifted(kept.properties, rules)
    for rule in rules:
        name = str(rule["name"])
        if why := lost.get(name) or ("" if name in properties else kept.lost.get(name)):
            return Refusal(Reason(why), words_of(Reason(why), name))
        if rule.get("required") and name not in properties:
            return Refusal(Reason.MISSING_PROPERTY, words_of(Reason.MISSING_PROPERTY, name))
    if len(orjson.dumps(properties)) > LARGEST_EVENT:
        return Refusal(Reason.TOO_LARGE, words_of(Reason.TOO_LARGE))
    return None


def track(kept: Kept, rules: Rules, *, name: str, message_id: str, feed: str) -> dict[str, Any]:
    """Return the track event of something that can be forwarded: the same at every try. `feed` is its slug."""
    return {
        "type": "track",
        "event": name,
        "userId": kept.person_id,
        "messageId": message_id,
        "channel": "server",
        "originalTimestamp": kept.occurred_at,
        "context": {"muster_feed": feed},
        "properties": sifted(kept.properties, rules)[0],
    }


def batch(events: Sequence[Mapping[str, Any]]) -> bytes:
    """Return the body of one request."""
    return orjson.dumps({"batch": list(events)})

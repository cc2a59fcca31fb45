"""What a webhook of Customer.io says: reporting webhooks and actions of workflows, read from the body's bytes. Pure.

Nothing here is kept: addresses are in memory only, for their hashes. What is kept of it is decided in syncs/event_kept.py.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from muster.redaction import CONTROL, excerpt, redact, storable

from .payload import moment

LONGEST_NAME: Final = 200
LONGEST_ID: Final = 150
UNSUBSCRIBED: Final = "unsubscribed"
PREFERENCES: Final = "subscription_preferences_changed"
UNSENT: Final = "unsent"  # what Customer.io puts for {{delivery_id}} in previews and tests (its list of Liquid keys)
OF_ACTIONS: Final = ("kind", "audience_key", "arm", "journey_id")


class CannotRead(ValueError):
    """The body is no JSON object that names an event."""


@dataclass(frozen=True)
class Delivered:
    """One event as it came. `identity` makes it the same event when it comes again; `given` are its properties.

    `occurred_at` is None where no time was given, and where `time_is_wrong`. `opts_out`: the person unsubscribed. `is_test`:
    somebody tried out the workflow's block; nothing happened to anybody.
    """

    name: str
    identity: bytes
    cio_id: str = ""
    person_id: str = ""
    email: str = ""
    phone: str = ""
    journey_id: str = ""
    occurred_at: datetime | None = None
    time_is_wrong: bool = False
    opts_out: bool = False
    is_test: bool = False
    given: Mapping[str, Any] = field(default_factory=dict)


def read(body: bytes) -> Delivered:
    """Return what a body says. Raises CannotRead."""
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise CannotRead from None
    if not isinstance(told, dict):
        raise CannotRead
    if isinstance(told.get("object_type"), str) and isinstance(told.get("metric"), str):
        return reported(told, body)
    return acted(told, body)


def reported(told: Mapping[str, Any], body: bytes) -> Delivered:
    """Return what a reporting webhook says. Raises CannotRead."""
    metric = told["metric"].removeprefix("cio_")
    # One by one: together they would hide from the redaction what they are.
    name = f"{name_of(told['object_type'])}_{name_of(metric)}"[:LONGEST_NAME]
    data = told.get("data")
    data = data if isinstance(data, dict) else {}
    who = data.get("identifiers")
    who = who if isinstance(who, dict) else {}
    event_id = id_of(told.get("event_id"))
    occurred, wrong = time_of(told.get("timestamp"))
    return Delivered(
        name=name,
        identity=identity("reported", event_id) if event_id else of_body(body),
        cio_id=id_of(who.get("cio_id")),
        person_id=id_of(who.get("id")) or id_of(data.get("customer_id")),
        email=text_of(who.get("email")) or text_of(data.get("email_address")),
        phone=text_of(who.get("phone")),
        journey_id=id_of(data.get("journey_id")),
        occurred_at=occurred,
        time_is_wrong=wrong,
        opts_out=metric == UNSUBSCRIBED or (metric == PREFERENCES and wants_nothing(data.get("content"))),
        given={storable(key): value for key, value in data.items() if key != "identifiers"},
    )


def acted(told: Mapping[str, Any], body: bytes) -> Delivered:
    """Return what an action of a workflow says, by our contract (docs/events.md). Raises CannotRead."""
    kind = told.get("kind")
    name = name_of(told.get("event") or kind)
    cio_id, person_id = id_of(told.get("cio_id")), id_of(told.get("id"))
    event_id, journey_id = id_of(told.get("event_id")), id_of(told.get("journey_id"))
    is_test = event_id == UNSENT
    occurred, wrong = time_of(told.get("occurred_at"))
    who = (name, text_of(kind), text_of(told.get("audience_key")), text_of(told.get("arm")), cio_id, person_id)
    if event_id and not is_test:
        same = identity("acted", *who, event_id)
    elif (cio_id or person_id) and (journey_id or told.get("occurred_at")):
        same = identity("acted", *who, journey_id, text_of(told.get("occurred_at")))
    else:
        # Too little is told to know two events apart by it: what is the same to the byte is the same.
        same = of_body(body)
    more = told.get("properties")
    more = more if isinstance(more, dict) else {}
    return Delivered(
        name=name,
        identity=same,
        cio_id=cio_id,
        person_id=person_id,
        email=text_of(told.get("email")),
        phone=text_of(told.get("phone")),
        journey_id=journey_id,
        occurred_at=occurred,
        time_is_wrong=wrong,
        opts_out=isinstance(kind, str) and kind.strip().lower() == UNSUBSCRIBED and not is_test,
        is_test=is_test,
        given={name: told[name] for name in OF_ACTIONS if name in told}
        | {storable(key): value for key, value in more.items()},
    )


def wants_nothing(content: object) -> bool:
    """Whether preferences that changed leave no topic switched on. What cannot be read counts as a wish to hear nothing."""
    try:
        told = orjson.loads(content) if isinstance(content, str) else content
    except orjson.JSONDecodeError:
        return True
    topics = told.get("topics") if isinstance(told, dict) else None
    return not isinstance(topics, dict) or not any(topics.values())


def name_of(value: object) -> str:
    """Return an event's name as it may be kept. Raises CannotRead where there is none."""
    name = excerpt(storable(value[: 10 * LONGEST_NAME]), limit=LONGEST_NAME) if isinstance(value, str) else ""
    if not name:
        raise CannotRead
    return name


def text_of(value: object) -> str:
    """Return a text or a number as text; empty for everything else."""
    if isinstance(value, str):
        return value.strip()
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def id_of(value: object) -> str:
    """Return an id; empty for what cannot be one."""
    text = text_of(value)
    return text if len(text) <= LONGEST_ID and not CONTROL.search(text) else ""


def looks_like_address(text: str) -> bool:
    """Whether an id reads like an email address or a phone number. Digits alone, as many as they are, may be an id."""
    return "@" in text or (not text.isalnum() and redact(text) != text)


def time_of(value: object) -> tuple[datetime | None, bool]:
    """Return the moment that a value names (ISO 8601 with offset, or unix seconds), and whether it names something else."""
    if value is None or value == "":
        return None, False
    try:
        return moment(text_of(value)).astimezone(UTC), False
    except (ValueError, OverflowError, OSError):
        return None, True


def identity(*parts: str) -> bytes:
    """Return parts as bytes that no other parts have."""
    return orjson.dumps(parts)


def of_body(body: bytes) -> bytes:
    """Return what makes a body the same as another."""
    return b"body:" + hashlib.sha256(body).digest()

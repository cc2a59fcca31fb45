"""The events that carry a membership change to RudderStack, as JSON text made from templates. Pure, without a clock.

The same people, run and payload version give the same bytes, so that a request can be made again after a crash. Text
from outside is escaped by orjson; everything else is hex, integers and constants of ours.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import Final

import numpy as np
import orjson
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from muster.columns import KEY, Array

from .arms import ASSIGNED, TAKEN_AWAY
from .row_bytes import Piece, Rows, chosen, hexed, joined, laid_out
from .tokens import Flags, words

VERSION: Final = 1
RECORD, AUDIENCELIST, EVENTS = "record", "audiencelist", "identify_track"
ACTIONS: Final = {1: "insert", 2: "update", 3: "insert"}  # by plan.ADD, CHANGE, REASSERT; RudderStack adds on both
ACTION_TEXTS: Final = [ACTIONS.get(code, " " * 6).encode() for code in range(4)]
LIST_ROWS: Final = 10_000
LONGEST_EVENT_NAME: Final = 100


@dataclass(frozen=True)
class Spec:
    """What the payload of one run is made with. `fields`: identifier code -> field name at the platform.

    `holdout`: the attribute whose arms the list is told of.
    """

    kind: str
    activation_id: int
    run_id: int
    pass_name: str
    secret: bytes
    fields: dict[int, str]
    audience_id: int = 0
    audience_name: str = ""
    audience_slug: str = ""
    definition: int = 0
    traits: tuple[tuple[str, str], ...] = ()
    holdout: str = ""

    @property
    def list_user(self) -> str:
        """The stable userId that keeps an audiencelist's events in order in RudderStack's router."""
        return f"muster-list-{self.activation_id}"

    @property
    def trait(self) -> str:
        """The boolean trait that says whether somebody is in the audience."""
        return audience_trait(self.audience_slug)


def audience_trait(slug: str) -> str:
    """Return the name of the boolean trait that says whether somebody is in the audience of this address."""
    return f"muster_aud_{slug.replace('-', '_')}"


def quoted(text: str) -> str:
    """Return the text as JSON."""
    return orjson.dumps(text).decode()


def split(data: str, width: int) -> list[str]:
    """Return the text cut into pieces of a width."""
    return [data[start : start + width] for start in range(0, len(data), width)]


def message_ids(spec: Spec, keys: Array, operation: str) -> list[str]:
    """Return the messageId of each key for an operation: the same at every try, and another for every key."""
    return split(message_keys(spec, keys, operation).tobytes().hex(), 32)


def message_keys(spec: Spec, keys: Array, operation: str) -> Array:
    """Return the 16 bytes whose hex is the messageId of each key for an operation.

    It is the key as one block of AES under a secret of this activation, run, pass and operation: see docs/decisions.
    """
    name = f"{spec.activation_id}:{spec.run_id}:{spec.pass_name}:{operation}:"
    secret = hashlib.blake2b(name.encode(), key=spec.secret, digest_size=32).digest()
    # Each block stands alone because each key is an id by itself; nothing is hidden in their order.
    cipher = Cipher(algorithms.AES256(secret), modes.ECB()).encryptor()
    return np.frombuffer(cipher.update(keys.tobytes()) + cipher.finalize(), KEY)


def field_pieces(spec: Spec, columns: dict[int, Array]) -> list[Piece]:
    """Return the inside of each person's `fields` object, piece by piece: every identifier that is there."""
    pieces: list[Piece] = []
    before: Flags | None = None
    for code, digests in columns.items():
        there = words(digests) != 0
        kept = None if there.all() else there
        if before is not None:
            between = there & before
            pieces.append(Piece(b",", None if between.all() else between))
        pieces += [
            Piece(f'"{spec.fields[code]}":"'.encode(), kept),
            Piece(hexed(digests, 32), kept),
            Piece(b'"', kept),
        ]
        before = there if before is None else there | before
    return pieces


def record(action: str, user: str, message: str, fields: str) -> str:
    """Return one record event."""
    return (
        f'{{"type":"record","action":"{action}","userId":"{user}","messageId":"{message}","channel":"server",'
        f'"context":{{}},"fields":{{{fields}}}}}'
    )


def add_rows(spec: Spec, keys: Array, op: Array, columns: dict[int, Array]) -> Rows:
    """Return the rows that add people to an ad platform's list; `columns` are their digests by identifier code."""
    inside = field_pieces(spec, columns)
    if spec.kind == AUDIENCELIST:
        return laid_out(len(keys), [Piece(b"{"), *inside, Piece(b"},")])
    # As in `record`, but for all of them at once: there may be millions.
    return laid_out(
        len(keys),
        [
            Piece(b'{"type":"record","action":"'),
            Piece(chosen(ACTION_TEXTS, op)),
            Piece(b'","userId":"'),
            Piece(hexed(keys, 16)),
            Piece(b'","messageId":"'),
            Piece(hexed(message_keys(spec, keys, "add"), 16)),
            Piece(b'","channel":"server","context":{},"fields":{'),
            *inside,
            Piece(b"}},"),
        ],
    )


def remove_rows(spec: Spec, keys: Array, drops: Sequence[int], taken: Sequence[Sequence[tuple[int, bytes]]]) -> Rows:
    """Return the rows that remove people, or old identifiers of people who stay, from an ad platform's list.

    `taken` are (identifier code, SHA-256) a person. Several of one field need a row each; none at all is a release.
    """
    told: list[str] = []
    events: list[int] = []
    users = split(keys.tobytes().hex(), 32)
    messages = lru_cache(partial(message_ids, spec, keys))
    for place, identifiers in enumerate(taken):
        some = list(grouped(spec, identifiers))
        if spec.kind == AUDIENCELIST:
            texts = [f"{{{inside}}}" for inside in some]
        else:
            operation = "drop" if drops[place] else "remove"
            texts = [
                record("delete", users[place], messages(f"{operation}{number}")[place], inside)
                for number, inside in enumerate(some)
            ]
        told.append(",".join(texts))
        events.append(len(texts))
    return Rows.of(told, events)


def grouped(spec: Spec, identifiers: Sequence[tuple[int, bytes]]) -> Iterator[str]:
    """Yield the insides of as few `fields` objects as hold the identifiers, each field at most once in one."""
    left = list(identifiers)
    while left:
        used: dict[int, bytes] = {}
        rest = []
        for code, digest in left:
            if code in used:
                rest.append((code, digest))
            else:
                used[code] = digest
        yield ",".join(f'"{spec.fields[code]}":"{used[code].hex()}"' for code in sorted(used))
        left = rest


@dataclass(frozen=True)
class Arms:
    """The arm of each person, empty for none, and what the plan tells of it (arms.ASSIGNED, TAKEN_AWAY, 0)."""

    names: Sequence[str]
    told: Sequence[int]


def arm_traits(spec: Spec, arms: Arms) -> list[str]:
    """Return the JSON inside of the trait that says the arm, `""` for none: null says that somebody is in none any more."""
    names, name = {one: quoted(one) for one in set(arms.names)}, quoted(spec.holdout)
    return [
        f"{name}:{names[one]}" if one else f"{name}:null" if told == TAKEN_AWAY else ""
        for one, told in zip(arms.names, arms.told, strict=True)
    ]


def assignments(spec: Spec, keys: Array, users: Sequence[bytes], arms: Arms) -> list[str]:
    """Return the track that tells an arm as new, for each person; `""` where there is nothing to tell."""
    names = {one: quoted(one) for one in set(arms.names)}
    ids = message_ids(spec, keys, "holdout")
    return [
        f'{{"type":"track","event":"Holdout Assigned","userId":{quoted(user.decode())},"messageId":"{message}",'
        f'"channel":"server","context":{{}},"properties":{{{about(spec)},"attribute":{quoted(spec.holdout)},'
        f'"arm":{names[one]}}}}}'
        if told == ASSIGNED
        else ""
        for user, one, told, message in zip(users, arms.names, arms.told, ids, strict=True)
    ]


def with_arms(
    spec: Spec, keys: Array, users: Sequence[bytes], made: tuple[list[str], list[int]], arms: Arms
) -> tuple[list[str], list[int]]:
    """Return what `event_texts` made with the tracks that tell arms behind it."""
    told = assignments(spec, keys, users, arms)
    texts, events = made
    return (
        [f"{text},{more}" if more else text for text, more in zip(texts, told, strict=True)],
        [count + bool(more) for count, more in zip(events, told, strict=True)],
    )


def about(spec: Spec) -> str:
    """Return the JSON inside of what every track says of its audience."""
    return (
        f'"audience_id":{spec.audience_id},"audience_name":{quoted(spec.audience_name)},"run_id":{spec.run_id},'
        f'"definition_version":{spec.definition}'
    )


def event_texts(
    spec: Spec, keys: Array, op: Array, users: Sequence[bytes], traits: Sequence[str], *, entered: bool
) -> tuple[list[str], list[int]]:
    """Return an identify, and for who enters or leaves a track, for each person; and how many events these are.

    `traits` is JSON inside, `""` for none. `op` is plan.ADD for who enters; any other value sends the identify alone.
    """
    texts: list[str] = []
    events: list[int] = []
    identifies, tracks = message_ids(spec, keys, "identify"), message_ids(spec, keys, "track")
    state = "true" if entered else "false"
    event = "Audience Entered" if entered else "Audience Exited"
    properties = f"{{{about(spec)}}}"
    for code, user, inside, first, second in zip(op.tolist(), users, traits, identifies, tracks, strict=True):
        name = quoted(user.decode())
        more = f",{inside}" if inside else ""
        text = (
            f'{{"type":"identify","userId":{name},"messageId":"{first}","channel":"server",'
            f'"context":{{"traits":{{"{spec.trait}":{state}{more}}}}}}}'
        )
        if code == 1:
            text += (
                f',{{"type":"track","event":"{event}","userId":{name},"messageId":"{second}","channel":"server",'
                f'"context":{{}},"properties":{properties}}}'
            )
        texts.append(text)
        events.append(2 if code == 1 else 1)
    return texts, events


def body(spec: Spec, rows: Iterable[Rows], first_key: bytes) -> bytes:
    """Return the request's body for consecutive people, none when nothing is sent of them.

    `first_key` names an audiencelist's one event.
    """
    inside = joined(rows)
    if not inside or spec.kind != AUDIENCELIST:
        return b'{"batch":[%b]}' % inside if inside else b""
    operation = "add" if spec.pass_name == "additions" else "remove"
    named = hashlib.blake2b(key=spec.secret, digest_size=16)
    named.update(f"{spec.activation_id}:{spec.run_id}:{spec.pass_name}:list:".encode() + first_key)
    head = (
        f'{{"batch":[{{"type":"audiencelist","userId":"{spec.list_user}","messageId":"{named.hexdigest()}",'
        f'"channel":"server","context":{{}},"integrations":{{"All":true}},"properties":{{"listData":'
        f'{{"{operation}":['
    )
    return b'%b%b]},"enablePartialFailure":true}}]}' % (head.encode(), inside)


def trait_text(spec: Spec, values: Sequence[bytes]) -> tuple[str, int]:
    """Return the JSON inside of a person's allowed traits, and how many were left out for their type."""
    found, wrong = [], 0
    for (name, kind), raw in zip(spec.traits, values, strict=True):
        if not raw:
            continue
        value = typed(raw.decode(), kind)
        if value is None:
            wrong += 1
        else:
            found.append(f"{quoted(name)}:{value}")
    return ",".join(found), wrong


def typed(text: str, kind: str) -> str | None:
    """Return a trait's value as JSON of its registered type, None where it is of another type.

    Customer.io shows every value as text; timestamps leave as ISO 8601 with offset, also those kept as unix seconds.
    """
    if kind == "text":
        return quoted(text)
    if kind == "boolean":
        return text.lower() if text.lower() in {"true", "false"} else None
    try:
        if kind == "number":
            value = orjson.loads(text)
            return text if isinstance(value, int | float) and not isinstance(value, bool) else None
        return quoted(moment(text).isoformat())
    except (ValueError, OverflowError, OSError):
        return None


def moment(text: str) -> datetime:
    """Return the moment that the text stands for: unix seconds, or ISO 8601 with offset. Raises ValueError."""
    if text.isdecimal():
        return datetime.fromtimestamp(int(text), UTC)
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("a timestamp without offset")
    return found

"""Takes one webhook of Customer.io: verifies it on its raw bytes, and stores it before it is acknowledged.

Customer.io holds back everything behind a request that was refused. So whatever is well signed is stored and answered
200, also what nobody can use; only a bad or a stale signature is refused. When the database is busy the sender is asked
to come again: nothing was promised then.
"""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final, Protocol

from django.conf import settings
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import F

from audiences.models import Feed, SigningKey, Workspace
from muster.vault import pepper

from . import opted_out
from .doorbell import ring_for_events, ring_for_opt_outs
from .erased import identifier_value
from .event_counts import count
from .event_kept import Kept, keep, keep_unowned, refusal
from .event_reasons import WORDS, Reason
from .models import Event, EventState, Tombstone
from .people import key_of as keyed
from .signature import Signers, is_fresh, sent_at
from .webhook_body import CannotRead, Delivered, of_body, read

LARGEST_READ: Final = 256 << 10  # what is longer is well signed or not, but is not read
LARGEST_TAKEN: Final = 16 << 20
LARGEST_NUMBER: Final = (1 << 63) - 1  # of a row in the database
PIECE: Final = 64 << 10
DATABASE_SECONDS: Final = 2.0  # Customer.io waits 4 s
NOTED_EVERY: Final = timedelta(minutes=1)
KINDS: Final = (Tombstone.Kind.KEY.value, Tombstone.Kind.IDENTIFIER.value)
OWNING: Final = (Feed.State.LIVE.value, Feed.State.PAUSED.value)
# As SQL: for every event Django would take four times as long to build it as the database to run it.
ERASED: Final = f"SELECT 1 FROM {Tombstone._meta.db_table} WHERE workspace_id = %s AND kind IN (%s, %s) AND value IN"
FEED: Final = f"SELECT id, properties, pipe_id FROM {Feed._meta.db_table}"
OWNER: Final = f"{FEED} WHERE workspace_id = %s AND name = %s AND state IN (%s, %s)"
_turn = threading.Lock()


class Outcome(Enum):
    STORED = "stored"
    AGAIN = "again"
    UNSIGNED = "unsigned"
    STALE = "stale"
    TOO_LONG = "too long"


class Stream(Protocol):
    """Where a request's body is read from."""

    def read(self, size: int = ..., /) -> bytes: ...


@dataclass(frozen=True)
class Signed:
    """A body whose signature was right; `body` is None for one that is longer than what is read."""

    key: SigningKey
    sent_at: datetime
    body: bytes | None
    digest: bytes


def receive(workspace_id: int, *, timestamp: str, signature: str, stream: Stream, at: datetime) -> Outcome:
    """Take one request. Raises DatabaseError when it could not be stored: it has to come again then."""
    if workspace_id > LARGEST_NUMBER:
        return Outcome.UNSIGNED
    with hurried():
        checked = verified(workspace_id, timestamp, signature, stream, at)
        if not isinstance(checked, Signed):
            if checked != Outcome.TOO_LONG and Workspace.objects.filter(pk=workspace_id).exists():
                count(workspace_id, "", at, **{checked.value: 1})
            return checked
        if checked.key.used_at is None or checked.key.used_at < at - NOTED_EVERY:
            SigningKey.objects.filter(pk=checked.key.pk).update(used_at=at)
        return stored(checked, at)


def verified(workspace_id: int, timestamp: str, signature: str, stream: Stream, at: datetime) -> Signed | Outcome:
    """Return the body if one of the workspace's keys signed it lately, else why it is not taken."""
    valid = SigningKey.objects.filter(workspace_id=workspace_id, workspace__archived_at=None, retired_at=None)
    keys = list(valid.select_related("workspace").only("secret", "used_at", "workspace__ids_with_at_reason"))
    sent = sent_at(timestamp)
    if not keys or not signature or sent is None:
        return Outcome.UNSIGNED
    signers = Signers([key.secret for key in keys], timestamp)
    pieces, size, digest = [], 0, hashlib.sha256()
    while piece := stream.read(PIECE):
        size += len(piece)
        if size > LARGEST_TAKEN:
            return Outcome.TOO_LONG
        signers.update(piece)
        digest.update(piece)
        if size <= LARGEST_READ:
            pieces.append(piece)
    place = signers.signer(signature)
    if place is None:
        return Outcome.UNSIGNED
    if not is_fresh(sent, at, timedelta(seconds=settings.WEBHOOK_FRESH_SECONDS)):
        return Outcome.STALE
    return Signed(keys[place], sent, b"".join(pieces) if size <= LARGEST_READ else None, digest.digest())


def stored(signed: Signed, at: datetime) -> Outcome:
    """Store what is signed, once, and ring for whoever goes on with it."""
    space = signed.key.workspace
    workspace_id = space.pk
    if signed.body is None:
        return stored_unread(workspace_id, b"long:" + signed.digest, Reason.TOO_LARGE, at)
    try:
        told = read(signed.body)
    except CannotRead:
        return stored_unread(workspace_id, of_body(signed.body), Reason.UNREADABLE, at)
    feed = feed_of(workspace_id, told.name)
    made = event_of(space, told, feed, signed.sent_at, at)
    if is_erased(workspace_id, told):
        forget(made)
    rejected = {"rejected": 1} if made.state == EventState.REJECTED else {}
    opts_out = False
    try:
        with in_turn(), transaction.atomic():
            made.save(force_insert=True)
            count(workspace_id, made.name, at, received=1, **rejected)
            if told.opts_out and made.reason != Reason.ERASED:
                key, digests, when = bytes(made.person), opted_out.digests_of(told), min(made.occurred_at, at)
                opts_out = opted_out.note(workspace_id, key, digests, at=when, received_at=at)
    except IntegrityError:
        return come_again(made)
    if opts_out:
        ring_for_opt_outs(workspace_id)
    if made.state == EventState.WAITING and feed is not None and feed.pipe_id is not None:
        ring_for_events(feed.pipe_id, at=at)
    return Outcome.STORED


def stored_unread(workspace_id: int, identity: bytes, reason: Reason, at: datetime) -> Outcome:
    """Store that something signed came which cannot be read; nothing of it is kept."""
    made = Event(
        workspace_id=workspace_id,
        **named(workspace_id, identity),
        occurred_at=at,
        received_at=at,
        settled_at=at,
        state=EventState.REJECTED,
        reason=reason,
        words=WORDS[reason],
    )
    try:
        with in_turn(), transaction.atomic():
            made.save(force_insert=True)
            count(workspace_id, "", at, unreadable=1)
    except IntegrityError:
        return come_again(made)
    return Outcome.STORED


def come_again(made: Event) -> Outcome:
    """Count an event that is there already. Raises IntegrityError when it is not: then something else was wrong."""
    same = Event.objects.filter(workspace_id=made.workspace_id, dedupe=made.dedupe)
    with in_turn(), transaction.atomic():
        known = same.only("name").first()
        if known is None:
            raise IntegrityError("an event that can neither be stored nor found")
        same.update(copies=F("copies") + 1)
        count(made.workspace_id, known.name, made.received_at, copies=1)
    return Outcome.AGAIN


def event_of(space: Workspace, told: Delivered, feed: Feed | None, sent: datetime, at: datetime) -> Event:
    """Return the row of an event: waiting, rejected with its reason, or owned by nobody."""
    ids_with_at = bool(space.ids_with_at_reason)
    made = Event(
        workspace_id=space.pk,
        feed=feed,
        name=told.name,
        **named(space.pk, told.identity),
        person=key_of(space.pk, told.cio_id) if told.cio_id else b"",
        occurred_at=told.occurred_at or (at if told.time_is_wrong else min(sent, at)),
        received_at=at,
    )
    if feed is None:
        made.state, made.body = EventState.UNOWNED, keep_unowned(told, ids_with_at=ids_with_at).text
        return made
    kept = keep(told, feed.properties, made.occurred_at, ids_with_at=ids_with_at)
    made.body = kept.text
    judge(made, kept, feed, at)
    return made


def judge(event: Event, kept: Kept, feed: Feed, at: datetime) -> None:
    """Say of an event whether it waits or is rejected by its feed's rules as they are now. Nothing is saved."""
    refused = refusal(kept, feed.properties)
    event.state = EventState.REJECTED if refused else EventState.WAITING
    event.reason, event.words = (refused.reason, refused.words) if refused else ("", "")
    event.settled_at = at if refused else None


def forget(event: Event) -> None:
    """Take everything about the person out of an event: they were erased."""
    event.state, event.reason, event.words = EventState.REJECTED, Reason.ERASED, WORDS[Reason.ERASED]
    event.person, event.body, event.settled_at = b"", "", event.received_at


def is_erased(workspace_id: int, told: Delivered) -> bool:
    """Whether the person was erased, by key or by any identifier that the event names."""
    values = [identifier_value(one) for one in opted_out.digests_of(told)]
    if told.cio_id:
        values.append(key_of(workspace_id, told.cio_id))
    if not values:
        return False
    marks = ", ".join(["%s"] * len(values))
    with connection.cursor() as cursor:
        cursor.execute(f"{ERASED} ({marks}) LIMIT 1", [workspace_id, *KINDS, *values])
        return cursor.fetchone() is not None


def feed_of(workspace_id: int, name: str) -> Feed | None:
    """Return the feed that owns events of this name: one that is live, or paused and will be."""
    return next(iter(Feed.objects.raw(OWNER, [workspace_id, name, *OWNING])), None)


def key_of(workspace_id: int, cio_id: str) -> bytes:
    """Return the person's key, the same as in every list."""
    return keyed(workspace_id, cio_id, pepper("ledger key"))


def named(workspace_id: int, identity: bytes) -> dict[str, str]:
    """Return the two names that an event keeps for good: what tells it from others here, and its message id."""
    whole = f"{workspace_id}:".encode() + identity
    return {
        column: hashlib.blake2b(whole, key=pepper(purpose), digest_size=16).hexdigest()
        for column, purpose in (("dedupe", "event"), ("message_id", "event message id"))
    }


@contextmanager
def in_turn() -> Iterator[None]:
    """Let the threads of a process write one after the other on SQLite: they poll for its lock, and some would starve."""
    if connection.vendor != "sqlite":
        yield
        return
    if not _turn.acquire(timeout=DATABASE_SECONDS):
        raise OperationalError("other threads are writing")
    try:
        yield
    finally:
        _turn.release()


@contextmanager
def hurried() -> Iterator[None]:
    """Wait for the database no longer than the sender waits for us. Raises DatabaseError."""
    be_patient(DATABASE_SECONDS)
    try:
        yield
    finally:
        be_patient(None)


def be_patient(seconds: float | None) -> None:
    """Let this connection wait so long for others' locks; None: as long as usual."""
    usual = float(connection.settings_dict["OPTIONS"].get("timeout", 5)) if connection.vendor == "sqlite" else 0
    wait = int(1000 * (usual if seconds is None else seconds))
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"PRAGMA busy_timeout={wait}")
        else:
            names = "set_config('lock_timeout', %s, false), set_config('statement_timeout', %s, false)"
            cursor.execute(f"SELECT {names}", [str(wait), str(wait)])

"""Keeps connections and their secrets: written once, shown never, taken out when they would go to another address."""

import hashlib
from collections.abc import Iterable
from datetime import datetime

from django.db import IntegrityError, transaction

from muster import audit
from muster.models import Person
from muster.vault import pepper

from .models import Destination, Pipe, Workspace
from .models.workspace import CheckState

TAKEN_OUT = "The key was taken out, because it belonged to the address before. Paste the key for the new one."


class KeyTaken(Exception):
    """Another pipe holds this write key."""


class NameTaken(Exception):
    """Another connection got this name since the form was checked."""


def key_check(secret: str) -> str:
    """Return a keyed digest of a write key: the same key gives the same one, and nobody can go back from it."""
    return hashlib.blake2b(secret.encode(), key=pepper("write key"), digest_size=16).hexdigest() if secret else ""


def holder_of(write_key: str, *, but: int | None = None) -> Pipe | None:
    """Return the pipe that holds a write key."""
    others = Pipe.objects.exclude(pk=but) if but else Pipe.objects.all()
    return others.filter(write_key_check=key_check(write_key)).first() if write_key else None


def keep(
    subject: Workspace | Pipe | Destination, *, changed: Iterable[str], by: Person, at: datetime, secret: str = ""
) -> bool:
    """Save a connection and return whether its secret was taken out.

    `changed` names the edited fields. A secret that is given replaces the one before; without one, a changed address or
    region takes it out. Raises KeyTaken and NameTaken.
    """
    new, moved = subject._state.adding, bool({"data_plane_url", "region"} & set(changed))
    taken_out = moved and not secret and not new and _has_secret(subject)
    if secret or taken_out:
        _place(subject, secret)
    try:
        with transaction.atomic():
            subject.save()
            audit.record(
                verb="connected" if new else "edited",
                subject=subject,
                by=by,
                detail={
                    "changed": sorted(changed),
                    "key": "replaced" if secret else "taken out" if taken_out else "kept",
                },
                at=at,
            )
    except IntegrityError:
        if isinstance(subject, Pipe) and (other := holder_of(secret, but=subject.pk)):
            raise KeyTaken(f"The pipe {other.name} holds this key already.") from None
        if type(subject)._default_manager.filter(name=subject.name).exclude(pk=subject.pk).exists():
            raise NameTaken(f"{subject.name} was added meanwhile; choose another name.") from None
        raise
    return taken_out


def _has_secret(subject: Workspace | Pipe | Destination) -> bool:
    match subject:
        case Workspace():
            return bool(subject.api_key)
        case Pipe():
            return bool(subject.write_key)
    return False


def _place(subject: Workspace | Pipe | Destination, secret: str) -> None:
    match subject:
        case Workspace():
            subject.api_key, subject.api_key_last4 = secret, secret[-4:]
        case Pipe():
            subject.write_key, subject.write_key_last4 = secret, secret[-4:]
            subject.write_key_check = key_check(secret)
        case _:
            return
    subject.check_state, subject.checked_at = CheckState.UNKNOWN, None
    subject.check_words = "" if secret else TAKEN_OUT

"""Keeps the keys with which Customer.io signs webhooks: written once, shown never; two while one replaces the other."""

from datetime import datetime
from typing import Final

from django.db import transaction

from muster import audit
from muster.models import Person

from .models import SigningKey, Workspace

MOST: Final = 2  # the one in use, and the one that replaces it


class TooMany(Exception):
    """There are two already: one must be retired before another comes."""


class KeyKnown(Exception):
    """The workspace has this key already."""


def usable(workspace: Workspace) -> list[SigningKey]:
    """Return the keys that are valid, oldest first."""
    return list(SigningKey.objects.filter(workspace=workspace, retired_at=None).order_by("added_at", "pk"))


def add(workspace: Workspace, secret: str, *, by: Person, at: datetime) -> SigningKey:
    """Add a key and return it; the one before stays valid until it is retired. Raises TooMany, KeyKnown."""
    with transaction.atomic():
        Workspace.objects.select_for_update().get(pk=workspace.pk)
        known = usable(workspace)
        if any(one.secret == secret for one in known):
            raise KeyKnown(f"{workspace} has this key already. Nothing was changed.")
        if len(known) >= MOST:
            raise TooMany(
                f"{workspace} has two signing keys already, as many as a rotation needs. Retire the one that is no longer used."
            )
        made = SigningKey.objects.create(
            workspace=workspace, secret=secret, last4=secret[-4:], added_by=by, added_at=at
        )
        audit.record(verb="added the signing key", subject=workspace, by=by, detail={"ends": made.last4}, at=at)
    return made


def retire(key: SigningKey, *, by: Person, at: datetime) -> bool:
    """Believe nothing that is signed with this key from now on, and return whether it was valid until now."""
    with transaction.atomic():
        if not SigningKey.objects.filter(pk=key.pk, retired_at=None).update(retired_at=at, secret=""):
            return False
        audit.record(verb="retired the signing key", subject=key.workspace, by=by, detail={"ends": key.last4}, at=at)
    return True

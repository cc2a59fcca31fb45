"""Keeps read-only access to a destination: secrets written once, shown never, taken out when they would go elsewhere."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from audiences.models import Destination
from audiences.models.workspace import CheckState
from muster import audit
from muster.models import Person

from .models import ReadAccess
from .readers.needs import NEEDS, Need

TAKEN_OUT = "The secrets were taken out, because they belonged to what was entered before. Enter those for it now."
# Where else the platform is the same: only which tables are read there.
SAME_PLACE = frozenset({"schema"})
SHOWN_FROM = 12  # characters on; the last four of a short password would be a good part of it


@dataclass(frozen=True)
class Kept:
    access: ReadAccess
    taken_out: bool


def needs_of(destination: Destination) -> tuple[Need, ...]:
    """Return what reading this destination needs; nothing where no reader exists."""
    return NEEDS.get(destination.platform, ())


def is_readable(destination: Destination) -> bool:
    """Whether Muster has a reader of this kind of destination."""
    return destination.platform in NEEDS


def secrets_of(access: ReadAccess) -> dict[str, str]:
    """Return the secrets by name, in clear: for the reader, never for a page."""
    return dict(json.loads(access.secret)) if access.secret else {}


def lacking(access: ReadAccess) -> list[Need]:
    """Return what must be entered before the destination can be read."""
    given = access.options | secrets_of(access)
    return [need for need in needs_of(access.destination) if need.required and not given.get(need.name)]


def moved(access: ReadAccess, options: Mapping[str, str]) -> bool:
    """Whether other options than those kept lead to another account or host."""
    return any(
        access.options.get(need.name, "") != options.get(need.name, "")
        for need in needs_of(access.destination)
        if not need.secret and need.name not in SAME_PLACE
    )


def keep(
    destination: Destination, options: Mapping[str, str], secrets: Mapping[str, str], *, by: Person, at: datetime
) -> Kept:
    """Save options and the secrets that are given anew; the others stay, unless the place is another one now."""
    access = ReadAccess.objects.filter(destination=destination).first() or ReadAccess(destination=destination)
    before, new = secrets_of(access), access.pk is None
    elsewhere = not new and moved(access, options)
    given = {name: value for name, value in secrets.items() if value}
    after = given if elsewhere else before | given
    changed = [
        n.name for n in needs_of(destination) if not n.secret and access.options.get(n.name, "") != options[n.name]
    ]
    taken_out = elsewhere and bool(before.keys() - given.keys())
    access.options = {name: value for name, value in options.items() if value}
    if after != before or elsewhere:
        _place(access, after, TAKEN_OUT if taken_out else "")
    elif changed:
        access.check_state, access.check_words = CheckState.UNKNOWN, ""
    with transaction.atomic():
        access.archived_at = None
        access.save()
        key = "replaced" if given else "taken out" if taken_out else "kept"
        detail = {"changed": [*changed, *given], "key": key}
        audit.record(
            verb="set up the reading of" if new else "edited the reading of",
            subject=destination,
            by=by,
            detail=detail,
            at=at,
        )
    return Kept(access, taken_out)


def _place(access: ReadAccess, secrets: Mapping[str, str], words: str) -> None:
    access.secret = json.dumps(secrets) if secrets else ""
    first = next((need.name for need in needs_of(access.destination) if need.secret and secrets.get(need.name)), "")
    shown = secrets.get(first, "")
    access.secret_last4 = shown[-4:] if len(shown) >= SHOWN_FROM else ""
    access.check_state, access.check_words, access.checked_at = CheckState.UNKNOWN, words, None
    access.failing_since, access.failures, access.next_at = None, 0, None


def archive(access: ReadAccess, *, by: Person, at: datetime) -> bool:
    """Read the destination no more, and return whether it was read until now. Secrets stay for the way back."""
    with transaction.atomic():
        if not ReadAccess.objects.filter(pk=access.pk, archived_at=None).update(archived_at=at):
            return False
        audit.record(verb="stopped the reading of", subject=access.destination, by=by, at=at)
    return True


def restore(access: ReadAccess, *, by: Person, at: datetime) -> bool:
    """Let the destination be read again, and return whether it was not."""
    with transaction.atomic():
        again = ReadAccess.objects.filter(pk=access.pk).exclude(archived_at=None)
        if not again.update(archived_at=None, next_at=None, check_state=CheckState.UNKNOWN, check_words=""):
            return False
        audit.record(verb="resumed the reading of", subject=access.destination, by=by, at=at)
    return True

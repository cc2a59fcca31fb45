"""One-time links with which a person sets a password: for somebody new, and for somebody whose password is reset."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db import transaction

from . import audit
from .access import Role
from .models import Invitation, Person
from .people import end_sessions

LASTS = timedelta(days=7)


class NoLonger(Exception):
    """There is no such link, or it was used, replaced or has expired: a stranger is not told which."""


def invite(*, email: str, full_name: str, role: Role, by: Person, at: datetime) -> tuple[Person, str]:
    """Add a person without a password and return them with the token of their link. The email must be new."""
    with transaction.atomic():
        person = Person.objects.create_user(email, None, full_name=full_name, role=role)
        audit.record(verb="invited", subject=person, by=by, detail={"role": role.label}, at=at)
        return person, _new_token(person, by, at)


def renew(person: Person, *, by: Person, at: datetime) -> str:
    """Return the token of a new link for somebody who did not use theirs; the old one stops working."""
    with transaction.atomic():
        audit.record(verb="made a new invitation link for", subject=person, by=by, at=at)
        return _new_token(person, by, at)


def reset(person: Person, *, by: Person, at: datetime, reason: str = "") -> str:
    """Take the password away, end all sessions, and return the token of the link with which a new one is set."""
    with transaction.atomic():
        person.set_unusable_password()
        person.save(update_fields=["password"])
        end_sessions(person)
        audit.record(verb="reset the password of", subject=person, by=by, reason=reason, at=at)
        return _new_token(person, by, at)


def find(token: str, *, at: datetime) -> Invitation:
    """Return the invitation that a token opens. Raises NoLonger."""
    found = Invitation.objects.select_related("person").filter(token_hash=hashed(token), used_at=None).first()
    if found is None or found.expires_at <= at or not found.person.is_active:
        raise NoLonger
    return found


def accept(token: str, password: str, *, at: datetime) -> Person:
    """Set the password, use the link up, and return the person. Raises NoLonger, also for the second of two at once."""
    with transaction.atomic():
        found = find(token, at=at)
        if not Invitation.objects.filter(pk=found.pk, used_at=None).update(used_at=at):
            raise NoLonger
        found.person.set_password(password)
        found.person.save(update_fields=["password"])
        audit.record(verb="set a password with an invitation link", by=found.person, at=at)
        return found.person


def hashed(token: str) -> str:
    """Return what is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def _new_token(person: Person, by: Person, at: datetime) -> str:
    person.invitations.filter(used_at=None).delete()
    token = secrets.token_urlsafe(32)
    Invitation.objects.create(
        person=person, token_hash=hashed(token), invited_by=by, created_at=at, expires_at=at + LASTS
    )
    return token

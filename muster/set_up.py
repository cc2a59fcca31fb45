"""The first visit: whoever holds the token that the installation printed becomes the first administrator."""

import hmac
import secrets
from datetime import datetime

from django.db import transaction

from . import audit
from .access import Role
from .invitations import hashed
from .models import Installation, Person


class Closed(Exception):
    """There is an administrator already, or the token is not the one that was printed last."""


def is_open() -> bool:
    """Whether this installation still waits for its first administrator."""
    return not Person.objects.filter(role=Role.ADMINISTRATOR).exists()


def new_token() -> str:
    """Return the token that opens the setup page once; an earlier one stops working. Raises Closed."""
    if not is_open():
        raise Closed
    token = secrets.token_urlsafe(24)
    Installation.current()
    Installation.objects.filter(pk=1).update(setup_token_hash=hashed(token))
    return token


def check(token: str) -> None:
    """Raise Closed unless this token opens the setup page now."""
    kept = Installation.current().setup_token_hash
    fits = hmac.compare_digest(hashed(token), kept or "-")
    if not (kept and fits and is_open()):
        raise Closed


def create_first_administrator(
    token: str, *, email: str, full_name: str, password: str, installation_name: str, time_zone: str, at: datetime
) -> Person:
    """Use the token up, name the installation, and return its first administrator. Raises Closed."""
    with transaction.atomic():
        Installation.objects.select_for_update().get(pk=Installation.current().pk)
        check(token)
        Installation.objects.filter(pk=1).update(setup_token_hash="", name=installation_name, time_zone=time_zone)
        person = Person.objects.create_user(email, password, full_name=full_name, role=Role.ADMINISTRATOR)
        audit.record(verb="set up this installation as its first administrator", by=person, at=at)
        return person

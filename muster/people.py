"""What administrators do with people: change roles, let out and in again. Someone who can administer always remains."""

from datetime import datetime

from django.db import models, transaction

from . import audit
from .access import Role
from .models import Person


class Refused(Exception):
    """The change was not made; the text says why, and what to do instead."""


def change_role(person: Person, role: Role, *, by: Person, at: datetime, reason: str = "") -> None:
    """Give a person another role. Raises Refused for oneself and for the last administrator."""
    with transaction.atomic():
        person = _locked(person)
        before = Role(person.role)
        if before == role:
            return
        check_can_go(person, by=by)
        Person.objects.filter(pk=person.pk).update(role=role)
        detail = {"from": before.label, "to": role.label}
        audit.record(verb="changed the role of", subject=person, by=by, reason=reason, detail=detail, at=at)


def disable(person: Person, *, by: Person, at: datetime, reason: str = "") -> None:
    """Let a person out: every session of theirs ends at once. Raises Refused for oneself and the last administrator."""
    with transaction.atomic():
        person = _locked(person)
        if not person.is_active:
            return
        check_can_go(person, by=by)
        end_sessions(person)
        person.invitations.filter(used_at=None).delete()
        Person.objects.filter(pk=person.pk).update(is_active=False)
        audit.record(verb="disabled", subject=person, by=by, reason=reason, at=at)


def enable(person: Person, *, by: Person, at: datetime, reason: str = "") -> None:
    """Let a disabled person in again, with the password they had."""
    with transaction.atomic():
        if Person.objects.filter(pk=person.pk, is_active=False).update(is_active=True):
            audit.record(verb="enabled", subject=person, by=by, reason=reason, at=at)


def end_sessions(person: Person) -> None:
    """Sign a person out everywhere, from the next request on."""
    Person.objects.filter(pk=person.pk).update(sessions_ended=models.F("sessions_ended") + 1)


def can_administer() -> models.QuerySet[Person]:
    """Return the people who can sign in and administer: an invited one who set no password yet is not among them."""
    found: models.QuerySet[Person] = Person.objects.administrators().exclude(password__startswith="!")
    return found


def check_can_go(person: Person, *, by: Person) -> None:
    """Raise Refused when taking this person's role or sign-in away would lock out whoever acts, or everybody."""
    if person == by:
        raise Refused("You cannot disable yourself or change your own role. Ask another administrator to do it.")
    others = can_administer().exclude(pk=person.pk)
    if person.role == Role.ADMINISTRATOR and person.is_active and not others.exists():
        raise Refused(
            f"{person.full_name} is the last administrator who can sign in, so this was not done. "
            "Give somebody else the role first."
        )


def _locked(person: Person) -> Person:
    # All administrators, in one order: two who disable each other at once must not both find the other one there.
    list(Person.objects.select_for_update().filter(role=Role.ADMINISTRATOR).order_by("pk"))
    locked: Person = Person.objects.select_for_update().get(pk=person.pk)
    return locked

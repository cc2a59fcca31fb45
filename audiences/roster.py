"""Keeps the roster: who of the team a pilot may reach. Nobody else is, by construction (syncs/eligibility.py)."""

import re
from collections.abc import Iterable
from datetime import datetime
from hashlib import blake2b

from django.db import transaction

from muster import audit
from muster.models import Person
from muster.vault import pepper

from .identity import email_digests, email_form
from .models import RosterDomain, RosterMember

PARTS = re.compile(r"[^a-z0-9]+")


class NotOnRoster(Exception):
    """The roster was not changed; the text says why and what to do. It repeats no address."""


def allow_domain(name: str, *, by: Person, at: datetime) -> bool:
    """Let addresses of a domain be put on the roster, and return whether they could not be until now."""
    with transaction.atomic():
        made, new = RosterDomain.objects.get_or_create(name=name.lower(), defaults={"added_by": by, "added_at": at})
        if new:
            audit.record(verb="allowed on the roster", subject=made, by=by, at=at)
    return new


def drop_domain(domain: RosterDomain, *, by: Person, at: datetime) -> None:
    """Take a domain off the roster, with everybody at it."""
    with transaction.atomic():
        detail = {"people": domain.members.count()}
        audit.record(verb="took off the roster", subject=domain, by=by, detail=detail, at=at)
        domain.delete()


def add(addresses: Iterable[str], *, team: str, by: Person, at: datetime) -> int:
    """Put addresses of the team on the roster and return how many were new. Raises NotOnRoster, then nobody was added."""
    domains = {domain.name: domain for domain in RosterDomain.objects.all()}
    new = 0
    with transaction.atomic():
        for place, address in enumerate(addresses, start=1):
            form = email_form(address.strip())
            name, _, domain = form.rpartition("@")
            if not name:
                raise NotOnRoster(f"Line {place} is not an email address. Nobody was added.")
            if domain not in domains:
                allowed = ", ".join(sorted(domains)) or "none yet"
                raise NotOnRoster(
                    f"Line {place} is an address at a domain that is not allowed here (allowed: {allowed}). Nobody was "
                    "added. Allow the domain first if it is the company's own; a customer never belongs on the roster."
                )
            new += _added(form, domains[domain], team, by, at)
        if new:
            audit.record(verb=f"put {new} people on the roster", by=by, detail={"team": team}, at=at)
    return new


def _added(form: str, domain: RosterDomain, team: str, by: Person, at: datetime) -> bool:
    (digest,) = email_digests([form])[0]["email"]
    values = {"domain": domain, "initials": initials(form), "team": team, "digest": digest.hex()}
    values |= {"added_by": by, "added_at": at}
    return RosterMember.objects.get_or_create(mark=mark(digest), defaults=values)[1]


def mark(digest: bytes) -> str:
    """Return the keyed hash by which an address is found on the roster."""
    return blake2b(digest, key=pepper("roster"), digest_size=16).hexdigest()


def initials(form: str) -> str:
    """Return the letters by which pages tell people apart: of the first and the last part before the @."""
    parts = [part for part in PARTS.split(form.rpartition("@")[0]) if part] or ["?"]
    return (parts[0][0] + (parts[-1][0] if len(parts) > 1 else "")).upper()


def remove(member: RosterMember, *, by: Person, at: datetime) -> None:
    """Take somebody off: the next pilot run removes them from its list."""
    with transaction.atomic():
        audit.record(verb="took off the roster", subject=member, by=by, at=at)
        member.delete()


def digests() -> frozenset[bytes]:
    """Return the SHA-256 of every address on the roster."""
    return frozenset(bytes.fromhex(member.digest) for member in RosterMember.objects.only("digest"))

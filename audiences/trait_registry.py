"""Changes the trait registry: what may be asked for at all, and for which audience a sensitive trait may be used."""

from collections.abc import Iterable
from datetime import datetime

from django.db import IntegrityError, transaction

from muster import audit
from muster.models import Person

from .models import Audience, Trait, TraitAllowance


class NameTaken(Exception):
    """Another trait got this name since the form was checked."""


def keep(trait: Trait, *, changed: Iterable[str], by: Person, at: datetime) -> None:
    """Save a trait; new ones name who added them. Raises NameTaken."""
    with transaction.atomic():
        new = trait._state.adding
        if new:
            trait.added_by = by
        _save_named(trait)
        detail = {"changed": sorted(changed), "sensitive": trait.sensitive}
        audit.record(verb="added the trait" if new else "edited the trait", subject=trait, by=by, detail=detail, at=at)


def _save_named(trait: Trait) -> None:
    try:
        with transaction.atomic():
            trait.save()
    except IntegrityError:
        if not Trait.objects.filter(name=trait.name).exclude(pk=trait.pk).exists():
            raise
        raise NameTaken(f"{trait.name} was added to the registry meanwhile. Nothing was saved.") from None


def allow(trait: Trait, audience: Audience, *, reason: str, by: Person, at: datetime) -> bool:
    """Let one audience use a sensitive trait, and return whether it could not before."""
    with transaction.atomic():
        _, made = TraitAllowance.objects.get_or_create(
            trait=trait, audience=audience, defaults={"reason": reason, "by": by, "at": at}
        )
        if made:
            _note("allowed the trait", trait, audience, reason, by, at)
    return made


def withdraw(allowance: TraitAllowance, *, by: Person, at: datetime) -> None:
    """Take the word back; a version that is locked keeps the trait, the next one cannot have it."""
    with transaction.atomic():
        _note("no longer allows the trait", allowance.trait, allowance.audience, "", by, at)
        allowance.delete()


def _note(verb: str, trait: Trait, audience: Audience, reason: str, by: Person, at: datetime) -> None:
    detail = {"audience": audience.name}
    audit.record(verb=verb, subject=trait, by=by, reason=reason, detail=detail, audience_id=audience.pk, at=at)

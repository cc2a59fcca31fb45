"""A manager's word that something blocked may be locked all the same, bound to the values it was given for."""

from datetime import datetime

from django.db import transaction

from muster import audit
from muster.models import Person

from . import registering
from .cadence import open_ones
from .models import Definition
from .terms_of import terms_of


class NothingToAcknowledge(Exception):
    """What was blocked is so no longer, or was acknowledged already."""

    def __init__(self) -> None:
        super().__init__("Nothing is blocked there any more. Nothing was changed.")


def acknowledge(draft: Definition, name: str, *, reason: str, by: Person, at: datetime) -> None:
    """Record the word on a draft and what the draft lacks then. Raises NothingToAcknowledge."""
    with transaction.atomic():
        found = Definition.objects.select_for_update(of=("self",)).select_related(
            "audience__segment__workspace", "audience__owner", "audience__drift_checker"
        )
        stored = found.filter(pk=draft.pk, state=Definition.State.DRAFT).first()
        blocked = next((one for one in open_ones(terms_of(stored)) if one.name == name), None) if stored else None
        if stored is None or blocked is None:
            raise NothingToAcknowledge
        stored.acknowledged = {
            **stored.acknowledged,
            name: {"about": blocked.about, "by": by.full_name, "at": at.isoformat(), "reason": reason},
        }
        stored.lacking = registering.lacking(stored, at)
        # Not the revision: nobody's open form is older by it.
        stored.save(update_fields=["acknowledged", "lacking"])
        audit.record(
            verb=f"acknowledged for v{stored.number} of",
            subject=stored.audience,
            by=by,
            reason=reason,
            detail={"now": [blocked.sentence]},
            audience_id=stored.audience_id,
            at=at,
        )

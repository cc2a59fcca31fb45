"""Takes a switch of identifiers back: both the old and the new ones were approved and proved, so no new version is needed."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from muster import audit
from muster.models import Person

from .models import Definition
from .registering import NotPossible
from .switch import named


def go_back(version: Definition, *, by: Person, at: datetime, reason: str) -> None:
    """Let runs that start from now on go by the identifiers before. Raises NotPossible when it is too late."""
    with transaction.atomic():
        found = Definition.objects.select_for_update().get(pk=version.pk)
        switch = found.switch(found.switch_from)
        if found.state != Definition.State.CURRENT or switch is None:
            raise NotPossible(f"v{found.number} is not in use, or switched nothing. Nothing was changed.")
        if not switch.may_go_back(timezone.localdate(at)):
            raise NotPossible(
                "The days in which this could be taken back are over, or it was. Nothing was changed. Write a new version "
                "with the identifiers that you want."
            )
        Definition.objects.filter(pk=found.pk).update(switched_back_at=at)
        audit.record(
            verb=f"went back to {named(switch.before)} in v{found.number} of",
            subject=version.audience,
            by=by,
            reason=reason,
            audience_id=found.audience_id,
            at=at,
        )

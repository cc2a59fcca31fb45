"""Asks a run to stop; what was accepted stays accepted and stays in the ledger."""

from datetime import datetime

from django.db import transaction

from muster import audit
from muster.models import Person

from .doorbell import ring_on_commit
from .models import Run
from .states import LIVE


class NotLive(Exception):
    """The run ended before it could be cancelled."""


def cancel(run: Run, *, by: Person, at: datetime, why: str = "") -> None:
    """Note the wish; the worker stops before its next request, a run that nobody works on ends at once. Raises NotLive."""
    with transaction.atomic():
        asked = Run.objects.filter(pk=run.pk, state__in=LIVE).update(cancel_asked_at=at, cancel_asked_by=by, wake_at=at)
        if not asked:
            raise NotLive(f"Run {run.pk} has ended already. Nothing was cancelled. Look at its page for what was sent.")
        audit.record(
            verb="asked to cancel",
            subject=run,
            by=by,
            reason=why,
            audience_id=run.activation.audience_id,
            run_id=run.pk,
            at=at,
        )
        ring_on_commit(run.pk)

"""Pauses and unpauses everything, a destination, or an audience."""

from datetime import datetime

from django.db import IntegrityError, transaction

from audiences.models import Audience, Destination
from muster import audit
from muster.models import Person

from .doorbell import ring_on_commit
from .models import Pause, Run


class PauseConflict(Exception):
    """The pause is already what was asked for; the text says so."""


def pause(
    *,
    by: Person,
    reason: str,
    at: datetime,
    until: datetime | None = None,
    destination: Destination | None = None,
    audience: Audience | None = None,
    optouts_too: bool = False,
) -> Pause:
    """Stop sending within seconds, opt-out removals excepted unless `optouts_too`. Raises PauseConflict."""
    if destination is None and audience is None:
        total = Pause.objects.open().filter(destination=None, audience=None)
        # Stopping opt-outs too adds to a pause that lets them through.
        if total.filter(optouts_too=True).exists() or (not optouts_too and total.exists()):
            raise PauseConflict("Everything is paused already. Look at Pauses for who paused it.")
    try:
        with transaction.atomic():
            made = Pause.objects.create(
                destination=destination,
                audience=audience,
                optouts_too=optouts_too,
                reason=reason,
                by=by,
                at=at,
                until=until,
            )
            audit.record(
                verb="paused",
                subject=destination or audience,
                by=by,
                reason=reason,
                detail={"until": until.isoformat() if until else None, "optouts_too": optouts_too},
                audience_id=audience.pk if audience else None,
                at=at,
            )
    except IntegrityError:
        raise PauseConflict(f"{destination or audience} is paused already. Look at Pauses for who paused it.") from None
    return made


def unpause(made: Pause, *, by: Person, reason: str, at: datetime) -> None:
    """End a pause; runs that waited for it go on. Raises PauseConflict."""
    with transaction.atomic():
        if not Pause.objects.open().filter(pk=made.pk).update(ended_at=at, ended_by=by):
            raise PauseConflict("This pause has ended already. Look at Pauses for what is paused now.")
        audit.record(
            verb="ended the pause of",
            subject=made.destination or made.audience,
            by=by,
            reason=reason,
            audience_id=made.audience_id,
            at=at,
        )
        for run_id in Run.objects.live().filter(reason="paused").values_list("pk", flat=True):
            Run.objects.filter(pk=run_id).update(wake_at=at)
            ring_on_commit(run_id)

"""Takes an audience out of use: its lists are synced no more, and everybody can be removed from them first.

Removing everybody is a run like others: it compares, the guards hold it since it empties the list, and a second person
releases it. It starts only on a list that is retired, so that no sync adds anybody again meanwhile.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from audiences import archiving, gating
from audiences.models import Activation, Audience, Definition, Lifecycle
from audiences.registering import NotPossible
from muster import audit
from muster.models import Person

from .cancel import cancel
from .models import Run
from .remaining import remaining
from .start import AlreadyLive, CannotStart, start
from .states import RunState

STOPPED = "stopped the lists of"


@dataclass(frozen=True)
class Begun:
    """What became of the wish to remove everybody from one list: a run, or why none was started."""

    list: Activation
    run: Run | None
    words: str = ""


def remove_everybody(audience: Audience, *, by: Person, reason: str, at: datetime) -> list[Begun]:
    """Retire the lists and start the removal of everybody on each; nobody leaves before a second person releases it.

    Lists whose removal is on its way, or waits for somebody, keep it.
    """
    with transaction.atomic():
        found = Audience.objects.select_for_update().get(pk=audience.pk)
        if _stop_lists(found, by, at):
            audit.record(verb=STOPPED, subject=found, by=by, reason=reason, audience_id=found.pk, at=at)
    return [_begun(one.list, one.run, by, reason, at) for one in remaining(audience, at) if one.holds]


def _stop_lists(audience: Audience, by: Person, at: datetime) -> int:
    """Retire the lists that are not, ask their syncs to stop, and return how many lists were in use."""
    lists = audience.activations.filter(kind=Activation.Kind.PRODUCTION)
    in_use = lists.exclude(lifecycle__in=(Lifecycle.RETIRED, Lifecycle.DRAFT))
    stopped = in_use.update(lifecycle=Lifecycle.RETIRED)
    for run in Run.objects.live().of_lists().filter(activation__in=lists).exclude(kind=Run.Kind.CLEAR):
        cancel(run, by=by, at=at, why="The audience is retired.")
    return stopped


def _begun(one: Activation, before: Run | None, by: Person, reason: str, at: datetime) -> Begun:
    if before is not None and (before.is_live or before.state == RunState.HELD):
        return Begun(one, before)
    fresh = Activation.objects.select_related("audience", "destination", "pipe").get(pk=one.pk)
    try:
        return Begun(fresh, start(fresh, trigger=Run.Trigger.BUTTON, by=by, kind=Run.Kind.CLEAR, why=reason, at=at))
    except AlreadyLive as live:
        words = f"Run {live.run.pk} was asked to stop, and ends before its next request. Prepare the removal then."
        return Begun(fresh, None, words)
    except CannotStart as refusal:
        return Begun(fresh, None, str(refusal))


def retire(audience: Audience, *, by: Person, reason: str, at: datetime) -> bool:
    """Take an audience out of use for good and return whether it was in use until now.

    Syncs that are on their way are asked to stop; a removal of everybody goes on, and can still be begun.
    """
    with transaction.atomic():
        Audience.objects.select_for_update().get(pk=audience.pk)
        retired = archiving.archive(audience, by=by, at=at, reason=reason)
        _stop_lists(audience, by, at)
    return retired


def take_back(audience: Audience, *, by: Person, reason: str, at: datetime) -> int:
    """Put lists that were stopped back into use, as the version in use names them, and return how many. Raises NotPossible."""
    with transaction.atomic():
        found = Audience.objects.select_for_update().get(pk=audience.pk)
        if found.archived_at:
            raise NotPossible("It is retired for good. Register it anew: its history stays where it is.")
        current = found.definitions.filter(state=Definition.State.CURRENT).first()
        lists = found.activations.filter(kind=Activation.Kind.PRODUCTION, lifecycle=Lifecycle.RETIRED)
        lists = lists.filter(destination__in=current.destinations if current else [])
        live = Run.objects.live().filter(activation__in=lists, kind=Run.Kind.CLEAR).first()
        if live is not None:
            raise NotPossible(f"Run {live.pk} is removing people right now. Cancel it first, then take the lists back.")
        if current and lists and (closed := gating.closed(current)):
            raise NotPossible(f"Nothing was taken back. {' '.join(closed)}")
        back = lists.update(lifecycle=Lifecycle.LIVE)
        if not back:
            raise NotPossible(
                "None of its lists is stopped, so nothing was changed. Start a sync if somebody is missing."
            )
        audit.record(verb="took back the lists of", subject=found, by=by, reason=reason, audience_id=found.pk, at=at)
    return back

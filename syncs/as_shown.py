"""Whether a release sends what was shown: while the held run's reading is younger than its target and its list is unchanged.

Its plan is made again from that same reading, so that whoever was erased or excluded meanwhile is left out all the same.
"""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from audiences.models import Definition
from muster.figures import target, when

from .figures import released
from .hold import GUARD_REASONS
from .models import Batch, Pull, Run
from .states import BatchState, PullState, RunState


def reading_of(run: Run, at: datetime) -> Pull | None:
    """Return the reading that a run started by a release goes by, None where the segment has to be read again."""
    if run.trigger != Run.Trigger.RELEASE:
        return None
    row = released(run, at)[1]
    if row is None or row.run.definition_id != run.definition_id:
        return None
    held = Run.objects.select_related("activation__audience__segment", "definition", "pull").get(pk=row.run_id)
    return held.pull if is_as_shown(held, at) else None


def fresh_until(held: Run) -> datetime | None:
    """Return until when a held run's reading is younger than its list's freshness target; None without a target."""
    minutes, pull = held.definition.freshness_minutes, held.pull
    return pull.began_at + timedelta(minutes=minutes) if pull and pull.began_at and minutes else None


def is_as_shown(held: Run, at: datetime) -> bool:
    """Whether what a held run showed can be sent as it is: reading, segment, definition and ledger. At most one query."""
    until, pull, made = fresh_until(held), held.pull, held.activation
    if pull is None or until is None or at >= until or pull.state != PullState.COMPLETE or pull.dropped_at:
        return False
    if held.definition.state != Definition.State.CURRENT or made.epoch != held.epoch:
        return False
    if pull.fingerprint != made.audience.segment.fingerprint:
        return False
    if made.grown_at and (held.planned_at is None or made.grown_at > held.planned_at):
        return False
    # The ledger moves with settled requests only; one without an answer may have moved the list.
    moved = Q(state=BatchState.SENDING) | Q(settled_at__gt=held.finished_at)
    return not Batch.objects.filter(moved, activation=made).exists()


def told(held: Run, now: datetime) -> str:
    """Return, for the choice to release, whether anything is read again."""
    if not is_as_shown(held, now) or held.pull is None or held.pull.began_at is None:
        return "The segment is read again: sent if it stays within the figures, else held again"
    at = when(held.pull.began_at, now, timezone.get_current_timezone())
    minutes = held.definition.freshness_minutes or 0
    return (
        f"Sent as shown, and nothing is read again: the reading of {at} is younger than the target of {target(minutes)}, "
        "and the list has not changed since"
    )


def wanted_readings(at: datetime) -> list[int]:
    """Return the readings that a release may still go by: of runs that are held, newest of their list, and fresh."""
    newer = Run.objects.of_lists().filter(activation=OuterRef("activation"), pk__gt=OuterRef("pk"))
    held = Run.objects.filter(~Exists(newer), state=RunState.HELD, reason__in=GUARD_REASONS, pull__dropped_at=None)
    found = held.select_related("definition", "pull").defer("definition__conditions", "definition__logic")
    return [one.pull_id for one in found if one.pull_id and (until := fresh_until(one)) and until > at]

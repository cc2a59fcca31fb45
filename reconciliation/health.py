"""Keeps on each list how healthy it is and since when, with the reason in one sentence: what every page shows of it."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Final

from django.db.models import Q, QuerySet
from django.utils import timezone

from audiences.models import Activation, Arrival
from syncs.doorbell import enqueue

from . import judging
from .alerts import note_change
from .drift import Verdict
from .evidence import GAPS
from .match_rate import Gap
from .models import ListWeek
from .usual import ENOUGH
from .weeks import monday_of
from .weighing import WEEK

JOB: Final = "reconciliation.jobs.judge"
EVERY: Final = timedelta(hours=1)
TAKEN: Final = timedelta(minutes=10)
AT_MOST: Final = 200  # lists at once
UNEXPLAINED: Final = "unexplained"


def keep(activation: Activation, *, at: datetime) -> Arrival | None:
    """Judge one list for the week that is running and keep how healthy that makes it; None for a list not in use."""
    return next(iter(keep_lists([activation.pk], at=at)), None)


def keep_lists(lists: Iterable[int], *, at: datetime) -> list[Arrival]:
    """Judge lists for the week that is running and keep their health. Lists that are not in use have none."""
    monday = monday_of(timezone.localdate(at, timezone=judging.zone()))
    rows = judging.judge_lists(list(lists), monday, at=at)
    ids = [row.activation_id for row in rows]
    before = {one.activation_id: one for one in ListWeek.objects.filter(activation__in=ids, monday=monday - WEEK)}
    known = {one.activation_id: one for one in Arrival.objects.filter(activation__in=ids)}
    made = [_told(row, before.get(row.activation_id), known.get(row.activation_id), at) for row in rows]
    Arrival.objects.bulk_create(
        made,
        update_conflicts=True,
        unique_fields=["activation"],
        update_fields=["health", "health_words", "health_since", "judged_at"],
    )
    for row, one in zip(rows, made, strict=True):
        was = known.get(row.activation_id)
        note_change(row.activation, was.health if was else "", one.health, one.health_words, at)
    return made


def keep_due(destination_id: int, *, at: datetime) -> list[Arrival]:
    """Judge those lists of a destination that wait for it, all at once, and keep their health."""
    waiting = _waiting(at - EVERY + TAKEN, at).filter(destination=destination_id)
    return keep_lists(waiting.values_list("pk", flat=True)[:AT_MOST], at=at)


def ask(destination_id: int, lists: Iterable[int], *, at: datetime) -> bool:
    """Ask for a worker that judges these lists of a destination, and return whether Redis took it; else the next tick asks.

    That is a job of its own: whatever goes wrong with judging, what was read stays read.
    """
    used = judging.lists_of(monday_of(timezone.localdate(at, timezone=judging.zone()))).filter(pk__in=list(lists))
    _take(used.values_list("pk", flat=True), at)
    return enqueue(JOB, "judging", destination_id=destination_id)


def ring_due(*, at: datetime) -> int:
    """Ask for a worker for each destination with lists that nobody judged for an hour: silence is no good sign either.

    Returns for how many destinations. Lists that were asked for and are not judged, since the job was lost, come again
    after ten minutes.
    """
    due = list(_waiting(at - EVERY, at).values_list("pk", "destination")[:AT_MOST])
    _take([pk for pk, _ in due], at)
    return sum(enqueue(JOB, "judging", destination_id=place) for place in dict.fromkeys(place for _, place in due))


def _waiting(since: datetime, at: datetime) -> QuerySet[Activation]:
    """Return the lists in use that were not judged since then, those that wait longest first."""
    monday = monday_of(timezone.localdate(at, timezone=judging.zone()))
    old = Q(arrival=None) | Q(arrival__judged_at=None) | Q(arrival__judged_at__lte=since)
    return judging.lists_of(monday).filter(old).order_by("arrival__judged_at", "pk")


def _take(lists: Iterable[int], at: datetime) -> None:
    """Note that these lists are asked for."""
    taken = [Arrival(activation_id=pk, judged_at=at - EVERY + TAKEN) for pk in lists]
    Arrival.objects.bulk_create(taken, update_conflicts=True, unique_fields=["activation"], update_fields=["judged_at"])


def _told(row: ListWeek, before: ListWeek | None, known: Arrival | None, at: datetime) -> Arrival:
    """Return the health of a list by its week; by the week before as long as this one was not read and that is recent."""
    place = row.activation.destination.spec.label
    unread = GAPS[Gap.NOT_READ].replace("{place}", place)
    is_old = known is None or known.is_stale(at)
    if before and not is_old and row.reason == unread:
        row = before
    health, words = row.verdict, _words(row)
    if is_old and health in {Verdict.ON_TARGET, Verdict.LEARNING}:
        health, words = Verdict.UNKNOWN, f"{place} was not read for a while, so the list may not be what it was."
    if health == Verdict.LEARNING:
        health = Verdict.UNKNOWN
    return Arrival(
        activation_id=row.activation_id,
        health=health,
        health_words=words,
        health_since=_since(row, health, known),
        judged_at=at,
    )


def _words(row: ListWeek) -> str:
    """Return the reason in one sentence; while Muster is learning that first, since nothing is judged yet."""
    cause = row.cause_words if row.cause != UNEXPLAINED else ""
    if row.verdict == Verdict.LEARNING:
        learning = f"learning {min(row.learned, ENOUGH)} of {ENOUGH}"
        return f"{learning}; {cause[:1].lower()}{cause[1:]}" if cause else learning
    return cause or row.reason


def _since(row: ListWeek, health: str, known: Arrival | None) -> date:
    if row.since and health in {Verdict.DRIFTING, Verdict.BROKEN}:
        return row.since
    same = known is not None and known.health == health and known.health_since
    return known.health_since if same and known and known.health_since else row.monday

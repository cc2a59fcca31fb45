"""The slot keeper: makes slots before they are due, starts one run for each, and says of every other why none was.

Any number of keepers may work at once: a slot is settled by one conditional UPDATE, in the transaction that makes its
run. After a time without a keeper each list is caught up once, with its newest due slot; the older ones are Missed.
"""

from datetime import datetime, time, timedelta
from typing import Final, Protocol

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from audiences.models import Activation, Lifecycle
from muster import audit
from muster.models import Person

from .beats import WORKERS
from .models import Beat, Pause, Run, Schedule, Slot
from .schedule import Rhythm, due_between
from .start import AlreadyLive, CannotStart, start

AHEAD: Final = timedelta(hours=24)  # at least so far ahead slots exist; a weekly list has its next one too
WEEK_AHEAD: Final = timedelta(days=8)
MADE_AT_ONCE: Final = 500
SETTLED_AT_ONCE: Final = 1000


class Starter(Protocol):
    """What starts a run, as `syncs.start.start` does."""

    def __call__(self, activation: Activation, *, trigger: str, at: datetime) -> Run: ...


def keep(*, at: datetime, starter: Starter = start) -> dict[str, int]:
    """Make the slots ahead and settle what is due. Return how many slots were made and how many runs started."""
    return {"slots": make_ahead(at), "scheduled": settle_due(at, starter)}


def set_schedule(activation: Activation, rhythm: Rhythm, *, by: Person | None, at: datetime) -> Schedule:
    """Give a list this rhythm from now on. Slots to come are made anew; those that were due stay as they are."""
    values = {
        "kind": rhythm.kind,
        "minutes": rhythm.minutes,
        "at_time": rhythm.at,
        "weekday": rhythm.weekday,
        "zone": rhythm.zone,
        "made_until": at,
        "set_by": by,
        "set_at": at,
    }
    with transaction.atomic():
        made, new = Schedule.objects.get_or_create(activation=activation, defaults=values)
        if not new:
            edition = Schedule.objects.select_for_update().get(pk=made.pk).edition
            Schedule.objects.filter(pk=made.pk).update(edition=edition + 1, **values)
            made.slots.filter(state=Slot.State.DUE, due__gt=at).delete()
        audit.record(
            verb="set the schedule of",
            subject=activation,
            by=by,
            detail={key: f"{one:%H:%M}" if isinstance(one, time) else one for key, one in list(values.items())[:5]},
            audience_id=activation.audience_id,
            at=at,
        )
    made = Schedule.objects.select_related("activation").get(pk=made.pk)
    fill(made, at)
    return made


def used() -> Q:
    """Return what makes a list one that is synced at all, seen from its schedule."""
    return Q(activation__audience__archived_at=None) & ~Q(activation__lifecycle=Lifecycle.RETIRED)


def make_ahead(at: datetime) -> int:
    """Make the slots that do not exist yet, up to now and ahead of it. Return how many."""
    short = Q(made_until__lt=at + AHEAD / 2) | Q(kind=Schedule.Kind.WEEKLY, made_until__lt=at + WEEK_AHEAD - AHEAD)
    found = Schedule.objects.filter(used() & short).exclude(kind=Schedule.Kind.MANUAL).select_related("activation")
    return sum(fill(one, at) for one in found.order_by("made_until")[:MADE_AT_ONCE])


def fill(one: Schedule, at: datetime) -> int:
    """Make one schedule's slots; nothing when another keeper did or the schedule changed meanwhile."""
    until = at + (WEEK_AHEAD if one.kind == Schedule.Kind.WEEKLY else AHEAD)
    with transaction.atomic():
        mine = Schedule.objects.filter(pk=one.pk, edition=one.edition, made_until=one.made_until)
        if not mine.update(made_until=until):
            return 0
        slots = [Slot(schedule=one, due=due) for due in due_between(one.rhythm, one.made_until, until)]
        Slot.objects.bulk_create(slots, ignore_conflicts=True)
    return len(slots)


def settle_due(at: datetime, starter: Starter) -> int:
    """Settle the slots whose time has come: the newest of each list starts a run if it can. Return how many did."""
    if not Slot.objects.filter(state=Slot.State.DUE, due__lte=at).exists():
        return 0
    newer = Slot.objects.filter(schedule=OuterRef("schedule"), due__gt=OuterRef("due"), due__lte=at)
    overtaken = list(due(at).filter(Exists(newer))[:SETTLED_AT_ONCE])
    if overtaken:
        pauses = list(Pause.objects.filter(Q(ended_at=None) | Q(ended_at__gt=overtaken[0].due)))
        for slot in overtaken:
            paused = any(_covers(one, slot) for one in pauses)
            settle(slot, at, Slot.State.MISSED, Slot.Why.PAUSED if paused else Slot.Why.AWAY)
    newest = list(due(at).exclude(Exists(newer)))
    working = not newest or not Beat.objects.filter(name=WORKERS, working=False).exists()
    return sum(_settle_newest(slot, at, starter, working=working) for slot in newest)


def due(at: datetime) -> QuerySet[Slot]:
    """Return the slots whose time has come and which nobody settled, the oldest first."""
    wanted = "schedule__activation__audience", "schedule__activation__destination", "schedule__activation__pipe"
    found = Slot.objects.filter(state=Slot.State.DUE, due__lte=at).select_related(*wanted)
    return found.defer("schedule__activation__pipe__write_key").order_by("due", "pk")


def settle(slot: Slot, at: datetime, state: str, why: str = "", words: str = "", run: Run | None = None) -> bool:
    """Move a due slot to its end; whether this caller did it."""
    mine = Slot.objects.filter(pk=slot.pk, state=Slot.State.DUE)
    return bool(mine.update(state=state, why=why, words=words[:400], run=run, settled_at=at))


def _covers(pause: Pause, slot: Slot) -> bool:
    activation = slot.schedule.activation
    then = pause.at <= slot.due and (pause.ended_at is None or pause.ended_at > slot.due)
    mine = pause.destination_id == activation.destination_id or pause.audience_id == activation.audience_id
    return then and (pause.is_total or mine)


def _settle_newest(slot: Slot, at: datetime, starter: Starter, *, working: bool) -> bool:
    activation = slot.schedule.activation
    if Pause.objects.over(activation).exists():
        settle(slot, at, Slot.State.MISSED, Slot.Why.PAUSED)
        return False
    try:
        return _started(slot, at, starter)
    except AlreadyLive as live:
        if live.run.started_at is None and not working:
            settle(slot, at, Slot.State.MISSED, Slot.Why.NO_WORKER, run=live.run)
        else:
            settle(slot, at, Slot.State.SKIPPED, Slot.Why.LIVE, run=live.run)
    except CannotStart as refusal:
        settle(slot, at, Slot.State.MISSED, Slot.Why.REFUSED, str(refusal))
    return False


def _started(slot: Slot, at: datetime, starter: Starter) -> bool:
    """Start the slot's run and settle it, both or neither; False when another keeper was first."""
    with transaction.atomic():
        # A started slot has a run, so it is claimed in another state until the run exists.
        if not settle(slot, at, Slot.State.SKIPPED):
            return False
        run = starter(slot.schedule.activation, trigger=Run.Trigger.SCHEDULE, at=at)
        Slot.objects.filter(pk=slot.pk).update(state=Slot.State.STARTED, run=run)
    return True

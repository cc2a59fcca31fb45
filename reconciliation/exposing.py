"""Counts who an ad can still reach although the policy says not: on its own clock, and after each run at the account.

Nothing here needs a run to get through: with a dead write key the count goes on, and grows. A count that comes out like
the one before is a row again only after an hour: quiet lists then cost a row an hour, and a gap in the rows is still a gap
in what is known.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from audiences.models import Activation, Audience, Definition, Destination, RequiredSuppression
from muster.redaction import excerpt
from muster.vault import Tampered, WrongKey
from syncs.covering import Covering
from syncs.doorbell import enqueue
from syncs.models import Run
from syncs.source import Elsewhere, NotRead
from syncs.uncovered import Uncovered

from .exposure_facts import facts_of
from .exposure_told import Cause, told
from .judging import zone
from .models import Exposure, ExposureTurn

JOB: Final = "reconciliation.jobs.count_exposure"
EVERY: Final = timedelta(minutes=15)
APART: Final = timedelta(minutes=5)  # at least, however many runs end
TAKEN: Final = timedelta(minutes=20)  # a lost job costs so long, then it is asked for again
AGAIN: Final = timedelta(seconds=30)
ROW_EVERY: Final = timedelta(hours=1)
AT_ONCE: Final = 3  # a reading may take minutes, and syncs want the workers too
LONGEST_RUN: Final = timedelta(days=2)
REACHING: Final = frozenset({"retarget", "winback", "cross_sell"})  # a seed only says who is alike
SAME: Final = ("people", "missing", "leaked", "leaks", "cause", "words")
LONGEST: Final = 500

Clock = Callable[[], datetime]


def ring_due(*, at: datetime) -> int:
    """Ask for a worker for required suppressions that are to be counted, three at a time; return how many.

    Each is taken by one tick only. The others follow with the next ticks, those that wait longest first.
    """
    wanted = RequiredSuppression.objects.filter(ended_at=None)
    ExposureTurn.objects.bulk_create(
        [ExposureTurn(required_id=pk) for pk in wanted.filter(exposure_turn=None).values_list("pk", flat=True)],
        ignore_conflicts=True,
    )
    ended = Run.objects.of_lists().filter(
        activation__destination=OuterRef("required__destination"),
        activation__kind=Activation.Kind.PRODUCTION,
        finished_at__gte=OuterRef("began_at"),
        created_at__gte=at - LONGEST_RUN,  # by which there is an index
    )
    after_run = Q(Exists(ended), began_at__lte=at - APART, next_at__lte=at + EVERY)
    turns = ExposureTurn.objects.filter(Q(next_at=None) | Q(next_at__lte=at) | after_run, required__ended_at=None)
    free = max(0, AT_ONCE - underway(at).count())
    rang = 0
    for turn in turns.order_by(F("next_at").asc(nulls_first=True), "pk")[:free]:
        if ExposureTurn.objects.filter(pk=turn.pk, next_at=turn.next_at).update(next_at=at + TAKEN, began_at=at):
            rang += enqueue(JOB, "exposure", required_id=turn.required_id)
    return rang


def underway(at: datetime) -> QuerySet[ExposureTurn]:
    """Return the counts that were asked for and have not ended, as far as is known: a lost one counts until it is due."""
    ended = Q(counted_at__gte=F("began_at"))
    return ExposureTurn.objects.filter(required__ended_at=None, began_at__isnull=False, next_at__gt=at).exclude(ended)


def perform(required_id: int, *, holder: str, clock: Clock = timezone.now) -> Exposure | None:
    """Count one required suppression and keep that; None where it is off the policy, not due, or is read elsewhere."""
    found = RequiredSuppression.objects.select_related("destination", "audience__segment__workspace")
    required = found.filter(pk=required_id, ended_at=None).first()
    if required is None:
        return None
    began = clock()
    ExposureTurn.objects.update_or_create(required=required, defaults={"began_at": began, "next_at": began + TAKEN})
    try:
        made = counted(required, holder=holder, clock=clock)
    except Elsewhere:
        ExposureTurn.objects.filter(required=required).update(next_at=clock() + AGAIN)
        return None
    return _kept(required, made, clock())


def counted(required: RequiredSuppression, *, holder: str, clock: Clock) -> Exposure:
    """Return the count of now, not kept yet. Raises Elsewhere, ClockOff."""
    audience = required.audience
    if audience is None:
        words = f"Nobody has registered an audience for “{required.label}”, so nobody is left out by it."
        return Exposure(required=required, cause=Cause.NOT_SET, words=words)
    list_ = list_of(audience, required.destination)
    spends = required.first_spend
    if list_ is None and spends and spends > timezone.localdate(clock(), timezone=zone()):
        words = f"Nothing is spent there before {spends.day} {spends:%b %Y}, so a missing list exposes nobody yet."
        return Exposure(required=required, cause=Cause.BEFORE_SPEND, words=words)
    target = timedelta(minutes=required.target_minutes)
    try:
        covering = Covering(audience, required.destination, list_, reaching(required), target)
        pull, counts = covering.counted(holder=holder, clock=clock)
    except NotRead as miss:
        return Exposure(required=required, cause=Cause.NOT_READ, words=_not_counted(str(miss)))
    except (WrongKey, Tampered) as error:
        return Exposure(required=required, cause=Cause.NOT_READ, words=_not_counted(f"{error}."))
    return _of(required, list_, pull.began_at, counts, clock())


def list_of(audience: Audience, place: Destination) -> Activation | None:
    """Return the list of an audience at an account."""
    made = Activation.objects.filter(audience=audience, destination=place, kind=Activation.Kind.PRODUCTION)
    return made.exclude(lifecycle="draft").select_related("audience__segment__workspace", "destination").first()


def reaching(required: RequiredSuppression) -> list[Activation]:
    """Return the lists at the account by which ads reach people, as far as they hold people of the same workspace."""
    assert required.audience is not None
    held = Activation.objects.filter(
        destination=required.destination,
        kind=Activation.Kind.PRODUCTION,
        members__gt=0,
        audience__segment__workspace=required.audience.segment.workspace,
    )
    used = Definition.objects.filter(
        audience=OuterRef("audience"), state=Definition.State.CURRENT, purpose__in=REACHING
    )
    return list(held.filter(Exists(used)).exclude(audience=required.audience).order_by("pk"))


def _of(
    required: RequiredSuppression, list_: Activation | None, as_of: datetime | None, counts: Uncovered, at: datetime
) -> Exposure:
    cause, words = told(facts_of(required, list_, counts.missing, at))
    return Exposure(
        required=required,
        as_of=as_of,
        people=counts.people,
        missing=counts.missing,
        leaked=counts.leaked,
        leaks={str(pk): held for pk, held in sorted(counts.leaks.items())},
        cause=cause,
        words=excerpt(words, limit=LONGEST),
    )


def _not_counted(words: str) -> str:
    return excerpt(f"Not known: {words}", limit=LONGEST)


def _kept(required: RequiredSuppression, made: Exposure, at: datetime) -> Exposure:
    """Keep a count, as a row only if it says something else than the newest or that is an hour old; return the row."""
    as_of, newest = made.as_of, required.exposures.order_by("-at", "-pk").first()
    same = newest is not None and all(getattr(newest, name) == getattr(made, name) for name in SAME)
    if newest is None or not same or at - newest.at >= ROW_EVERY:
        made.at = at
        made.save()
        newest = made
    ExposureTurn.objects.filter(required=required).update(counted_at=at, as_of=as_of, next_at=next_turn(at))
    return newest


def next_turn(at: datetime) -> datetime:
    """Return the next quarter of an hour."""
    seconds = EVERY.total_seconds()
    return datetime.fromtimestamp((at.timestamp() // seconds + 1) * seconds, UTC)

"""Judges lists for a week: the count ladder, whether it drifts, why, and what to do; kept as ListWeek rows.

A judgement made again from the same facts is the same. It takes the place of the one before until the week's report is
frozen; from then on nothing is written, and what would have been is returned.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet
from django.utils import timezone

from audiences.models import Activation, Lifecycle
from audiences.platforms import Family
from muster.models import Installation

from . import arrived, drift_told, estimates, laddering, sent, weighing
from .bands import NOBODY, Band
from .case import Case, Finding
from .causes import main_cause
from .drift import Drift, Terms, drifts
from .evidence import Evidence
from .excluded import Excluded, excluded
from .happening import Happenings
from .incidents import Alarm, Belongs, incidents
from .ladder import ANY_SHARE, Ladder, ladder
from .ladder_stored import restored, stored
from .models import ListWeek, Report
from .shown import shown
from .span import Span
from .steps import Explained
from .weighing import WEEK

AT_ONCE: Final = 200  # lists: what is loaded of them is held in memory
INSTANT: Final = timedelta(microseconds=1)
KEYS: Final = frozenset({"id", "activation", "monday"})
WRITTEN: Final = [one.name for one in ListWeek._meta.concrete_fields if one.name not in KEYS]
LONGEST: Final = 500
LONGEST_INCIDENT: Final = 120


@dataclass(frozen=True)
class Judged:
    """One list in one week, before alarms with one cause are brought together."""

    span: Span
    week: Evidence
    drift: Drift
    ladder: Ladder
    cause: Finding | None
    excluded: Excluded

    @property
    def alarm(self) -> Alarm | None:
        if self.cause is None:
            return None
        began = self.drift.since or self.drift.monday
        return Alarm(_belongs(self.span.list), self.cause, self.people, (self.drift.monday - began) // WEEK + 1)

    @property
    def people(self) -> Band:
        """Return who is missing, else who was not removed, else whom the cause is about."""
        found = (self.drift.missing, self.drift.not_removed, (self.cause and self.cause.people) or NOBODY)
        return next((one for one in found if one.high), NOBODY)


def judge(activation: Activation, monday: date, *, at: datetime) -> ListWeek | None:
    """Judge one list for the week of `monday` and keep that; None for a list that was made later.

    About 35 queries. An incident that it shares with others is named only by judge_week, which sees all of them.
    """
    return next(iter(judge_lists([activation.pk], monday, at=at)), None)


def judge_lists(lists: Sequence[int], monday: date, *, at: datetime) -> list[ListWeek]:
    """Judge those of these lists that are in use, and keep that."""
    return _kept(_judged(lists_of(monday).filter(pk__in=lists), monday, at), monday, at)


def look(lists: Sequence[int], monday: date, *, at: datetime) -> list[Judged]:
    """Return how those of these lists that are in use stand, without keeping it."""
    return _judged(lists_of(monday).filter(pk__in=lists), monday, at)


def judge_week(monday: date, *, at: datetime) -> list[ListWeek]:
    """Judge every list that is used, or that still holds people, and keep that. About 35 queries for 200 lists."""
    return _kept(_judged(lists_of(monday), monday, at), monday, at)


def lists_of(monday: date) -> QuerySet[Activation]:
    """Return the production lists that are judged for a week: live, paused, or retired with people on them."""
    used = Activation.objects.filter(kind=Activation.Kind.PRODUCTION, created_at__lt=ends(monday))
    held = Q(lifecycle__in=[Lifecycle.LIVE, Lifecycle.PAUSED]) | Q(lifecycle=Lifecycle.RETIRED, members__gt=0)
    return used.filter(held).select_related("audience__segment", "destination").order_by("pk")


def zone() -> ZoneInfo:
    """Return the workspace's time zone: weeks begin on its Mondays."""
    return ZoneInfo(Installation.current().time_zone)


def ends(monday: date) -> datetime:
    """Return the moment at which a week is over."""
    return datetime.combine(monday + WEEK, time.min, zone())


def _judged(lists: Iterable[Activation], monday: date, at: datetime) -> list[Judged]:
    moment = min(at, ends(monday) - INSTANT)
    found: list[Judged] = []
    with timezone.override(zone()):
        every = list(lists)
        for first in range(0, len(every), AT_ONCE):
            spans = _spans(every[first : first + AT_ONCE], monday, moment, at)
            happenings = Happenings(spans)
            names = excluded([(span.list, happenings.definition_of(span)) for span in spans])
            found += [_list(span, happenings, names[span.list.pk]) for span in spans]
    return found


def _spans(lists: Sequence[Activation], monday: date, moment: datetime, at: datetime) -> list[Span]:
    past = weighing.pasts(lists, monday, at)
    upper = laddering.uppers(lists, moment, now=moment == at)
    begins = datetime.combine(monday, time.min, timezone.get_current_timezone())
    until = moment + INSTANT
    return [
        Span(
            found,
            past[found.activation.pk],
            upper[found.activation.pk],
            start=_since(past[found.activation.pk], begins),
            until=until,
        )
        for found in arrived.of_lists(lists, moment, by=until)
    ]


def _since(past: weighing.Past, begins: datetime) -> datetime:
    """Return when the list was last seen on target; where it never was, the beginning of the week."""
    before = past.last_on_target
    return min(before.as_of, begins) if before and before.as_of else begins


def _list(span: Span, happenings: Happenings, names: Excluded) -> Judged:
    one, definition = span.list, happenings.definition_of(span)
    weeks = weighing.evidences(span.found, span.past)
    tolerance = definition.tolerance if definition else None
    drift = drifts(weeks, Terms(tolerance, everybody=one.destination.spec.family != Family.ADS))[-1]
    expired = _expired(span, happenings, _share(drift, span))
    happened = replace(happenings.of(span), expired=expired.people)
    losses, gains = _known(span, happenings, drift, weeks[-1])
    there = shown(
        one.destination.platform,
        span.found.look,
        span.found.match,
        expected=drift.usual,
        word=span.found.readiness.word,
        whole=span.upper.is_whole,
        uploads=happenings.whole.get(one.pk),
        losses=[expired, *losses],
        gains=gains,
    )
    made = ladder(span.upper.wanted, span.upper.held, there)
    before = span.past.last_quiet
    case = Case(drift, made, happened, restored(before.ladder) if before else None, one.destination.spec.label)
    return Judged(span, weeks[-1], drift, made, main_cause(case), names)


def _share(drift: Drift, span: Span) -> tuple[float, float]:
    """Return which share of the people sent is usually there, in percent: as far as that is known."""
    if drift.usual:
        return drift.usual
    expected = span.found.expected
    return (expected.low, expected.high) if expected else ANY_SHARE


def _expired(span: Span, happenings: Happenings, share: tuple[float, float]) -> Explained:
    life = sent.life_of(span.list, span.found.look)
    return estimates.expired(happenings.sent_of(span), life, span.counted_at, share)


def _known(span: Span, happenings: Happenings, drift: Drift, week: Evidence) -> tuple[list[Explained], list[Explained]]:
    """Return the estimated causes of who is missing and of who is too many, the surest first."""
    share, later = _share(drift, span), happenings.after_counting(span)
    late, leaving = estimates.lag(later.additions, later.removals, share)
    lost, gained = [late], [leaving]
    happened, members = happenings.of(span), span.upper.held.members if span.upper.held else 0
    for fell in happened.coverage:
        raised = estimates.uplift(span.list.destination.platform, fell.identifier)
        if raised:
            lost.append(estimates.coverage_fell(members, fell.points, raised))
    if drift.not_removed.high:
        gained.append(estimates.not_removed(happened.removals, share))
    fewer, more = estimates.skewed(week.skew)
    every = ([*lost, fewer], [*gained, more])
    return [one for one in every[0] if one.people.high], [one for one in every[1] if one.people.high]


def _belongs(one: Activation) -> Belongs:
    return Belongs(
        one.pk,
        segment=str(one.audience.segment_id),
        workspace=str(one.audience.segment.workspace_id),
        pipe=str(one.pipe_id or ""),
        account=str(one.destination_id),
        platform=one.destination.platform,
    )


def _kept(found: Sequence[Judged], monday: date, at: datetime) -> list[ListWeek]:
    alarms = [alarm for one in found if (alarm := one.alarm)]
    keys = {alarm.belongs.list: incident.key for incident in incidents(alarms) for alarm in incident.alarms}
    rows = [_row(one, keys.get(one.span.list.pk, ""), at) for one in found]
    if not rows or Report.objects.filter(monday=monday).exists():
        return rows
    return ListWeek.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["activation", "monday"], update_fields=WRITTEN
    )


def _row(one: Judged, incident: str, at: datetime) -> ListWeek:
    drift, cause, upper, week = one.drift, one.cause, one.span.upper, one.span.week
    expected = drift.expected
    return ListWeek(
        activation=one.span.list,
        monday=drift.monday,
        verdict=drift.verdict.value,
        rule=drift.rule.value if drift.rule else "",
        since=drift.since,
        in_segment=upper.wanted.in_segment if upper.wanted else None,
        **weighing.size_of(one.week),
        expected_low=expected.low if expected else None,
        expected_high=expected.high if expected else None,
        off=drift.off,
        missing_low=drift.missing.low,
        missing_high=drift.missing.high,
        not_removed_low=drift.not_removed.low,
        not_removed_high=drift.not_removed.high,
        tolerance=drift.tolerance.words[:120],
        learned=drift.learned,
        reason=drift_told.reason(drift, one.span.list.destination.spec.label)[:LONGEST],
        cause=cause.kind.value if cause else "",
        cause_code=cause.code if cause else "",
        cause_words=cause.words[:LONGEST] if cause else "",
        next_step=cause.do[:LONGEST] if cause else "",
        incident=incident[:LONGEST_INCIDENT],
        ladder=stored(one.ladder, one.excluded),
        as_of=week.point.as_of if week.point else None,
        judged_at=at,
    )

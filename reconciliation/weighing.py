"""Loads the weeks of lists as evidence: what their destinations showed, how fast their segments moved, what was answered."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from statistics import mean
from typing import Final

from django.utils import timezone

from audiences.models import Activation

from . import coverages
from .arrived import Arrived
from .bands import Band, known
from .coverage import Day
from .evidence import Evidence, evidence, skew
from .habits import HABITS, NO_HABITS
from .ladder import Ladder, Place
from .ladder_stored import restored
from .match_rate import Gap
from .models import Answer, ListWeek
from .readiness import Word
from .shown import REFUSED
from .weeks import WEEKS, Week, monday_of

WEEK: Final = timedelta(weeks=1)
FEW_WEEKS: Final = 4
TOLD_FOR: Final = FEW_WEEKS * WEEK
USABLE: Final = frozenset({Word.USABLE, Word.LOW_MATCH})


@dataclass(frozen=True)
class Past:
    """What was judged and answered of one list before. `weeks`, oldest first; ladders only of the last 26 weeks."""

    weeks: Sequence[ListWeek] = ()
    expected: frozenset[date] = frozenset()
    accepted: frozenset[date] = frozenset()
    days: Sequence[Day] = ()

    @property
    def last_on_target(self) -> ListWeek | None:
        return next((one for one in reversed(self.weeks) if one.verdict in {"on_target", "learning"}), None)

    @property
    def month_ago(self) -> ListWeek | None:
        """Return the last week on target but three, None where there were fewer."""
        known = [one for one in self.weeks if one.verdict in {"on_target", "learning"} and one.as_of]
        return known[-FEW_WEEKS] if len(known) >= FEW_WEEKS else None

    @property
    def last_quiet(self) -> ListWeek | None:
        """Return the last week on target in which nothing was told of the list, if that is not long ago, else as above.

        What is told while a list is on target is compared with the weeks before it began, not with its own second week.
        """
        newest = self.last_on_target
        quiet = (one for one in reversed(self.weeks) if one.verdict in {"on_target", "learning"} and not one.cause)
        found = next(quiet, None)
        return found if found and newest and newest.monday - found.monday < TOLD_FOR else newest


@dataclass
class _Found:
    weeks: list[ListWeek] = field(default_factory=list)
    answers: dict[str, set[date]] = field(default_factory=dict)


def pasts(lists: Sequence[Activation], monday: date, at: datetime) -> dict[int, Past]:
    """Return what is known of the weeks before one. Four queries."""
    found = {one.pk: _Found() for one in lists}
    before = ListWeek.objects.filter(activation__in=found, monday__lt=monday)
    shown = before.filter(monday__gte=monday - WEEKS * WEEK)
    for row in before.filter(monday__lt=monday - WEEKS * WEEK).defer("ladder").order_by("monday"):
        found[row.activation_id].weeks.append(row)
    for row in shown.order_by("monday"):
        found[row.activation_id].weeks.append(row)
    answers = Answer.objects.filter(activation__in=found, at__lte=at)
    for pk, kind, week in answers.values_list("activation", "kind", "monday"):
        found[pk].answers.setdefault(kind, set()).add(week)
    days = coverages.of_segments({one.audience.segment_id for one in lists}, at)
    return {
        one.pk: Past(
            found[one.pk].weeks,
            frozenset(found[one.pk].answers.get(Answer.Kind.EXPECTED, ())),
            frozenset(found[one.pk].answers.get(Answer.Kind.ACCEPT, ())),
            days.get(one.audience.segment_id, ()),
        )
        for one in lists
    }


def evidences(found: Arrived, past: Past) -> list[Evidence]:
    """Return every week of a list since its first one with a figure, oldest first, at least the newest."""
    place = found.activation.destination.spec.label
    judged = {row.monday: row for row in past.weeks}
    began = next((week.monday for week in found.weeks if week.gap is None), found.weeks[-1].monday)
    oldest = min([began, *judged])
    newest = found.weeks[-1].monday
    made = [_of_row(row, past) for row in past.weeks if row.monday < found.weeks[0].monday]
    for week in found.weeks:
        if week.monday < oldest:
            continue
        usable = usable_of(found.readiness.word) if week.monday == newest else _was_usable(judged.get(week.monday))
        made.append(
            evidence(
                week,
                place,
                skew=_skew(found.activation, week, past.days),
                usable=usable,
                set_aside=week.monday in past.expected,
                accepted_level=week.monday - WEEK in past.accepted,
            )
        )
    return [*made[:-1], _with_old_figure(made[-1], found)]


def _with_old_figure(newest: Evidence, found: Arrived) -> Evidence:
    """Return the newest week, which was not left unread if its look shows a figure of an earlier one."""
    look, zone = found.look, timezone.get_current_timezone()
    if look is None or look.by_hand or found.weeks[-1].gap != Gap.NOT_READ:
        return newest
    if not monday_of(look.as_of.astimezone(zone).date()) < newest.monday <= look.at.astimezone(zone).date():
        return newest
    place, day = found.activation.destination.spec.label, look.as_of.astimezone(zone)
    return replace(newest, why_none=f"{place} was read, and shows what it computed on {day.day} {day:%b}.")


def usable_of(word: Word) -> bool | None:
    """Return whether ads can use a list, None where its readiness does not say."""
    return True if word in USABLE else False if word in REFUSED else None


def _of_row(row: ListWeek, past: Past) -> Evidence:
    """Return a week from before the readings that are kept by week, as it was judged."""
    size = known(row.size_low, row.size_high)
    share = None if row.share_low is None or row.share_high is None else (row.share_low, row.share_high)
    return Evidence(
        row.monday,
        size=size,
        accepted=row.accepted,
        rate=None if size else share,
        why_none="" if share else row.reason,
        set_aside=row.monday in past.expected,
        accepted_level=row.monday - WEEK in past.accepted,
    )


def _was_usable(row: ListWeek | None) -> bool | None:
    """Return whether ads could use the list in a week, by its ladder."""
    ladder = restored(row.ladder) if row and row.ladder else Ladder(())
    usable = next((one for one in ladder.rungs if one.place == Place.USABLE), None)
    if usable is None or usable.people is None:
        return None
    return not {cause.code for cause in usable.step.losses} & set(REFUSED.values())


def _skew(one: Activation, week: Week, days: Sequence[Day]) -> int:
    """Return by how many people the segment may have moved between what was accepted and what the platform counted."""
    if week.point is None:
        return 0
    hours = week.point.behind + lag_of(one).total_seconds() / 3600
    return skew(change_a_day(day for day in days if week.monday <= day.on < week.monday + WEEK), hours)


def lag_of(one: Activation) -> timedelta:
    """Return how late the platform counts: as declared, else as it usually settles."""
    declared = one.destination.lag_minutes
    if declared is not None:
        return timedelta(minutes=declared)
    return HABITS.get(one.destination.platform, NO_HABITS).settles


def change_a_day(days: Iterable[Day]) -> float:
    """Return by how many people a segment moved a day, in the middle of these days; 0 where it was read once or never."""
    moved = [abs(now.people - before.people) / (now.on - before.on).days for before, now in pairwise(days)]
    return mean(moved) if moved else 0.0


def size_of(week: Evidence) -> Mapping[str, int | float | None]:
    """Return the figures of a week as ListWeek keeps them."""
    size: Band | None = week.size
    share = week.share
    return {
        "accepted": week.accepted,
        "size_low": size.low if size else None,
        "size_high": size.high if size else None,
        "share_low": share[0] if share else None,
        "share_high": share[1] if share else None,
    }

"""Keeps a list's match rate by week up with its readings."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Min

from audiences.models import Activation
from muster.models import Installation

from . import looking
from .arrived import definitions_of, expected_of, moved
from .look import Look
from .match_rate import Gap, match_of
from .models import MatchTrend, Reading
from .readiness import is_settling
from .trend import points_of, stored
from .weeks import WEEKS, Point, history, monday_of, mondays, weekly


def keep(activation_id: int, *, at: datetime) -> MatchTrend:
    """Bring the weeks that new readings speak of up to date, and return all of them. At most eight queries."""
    one = Activation.objects.select_related("destination").get(pk=activation_id)
    before = MatchTrend.objects.filter(activation=one).first()
    zone = ZoneInfo(Installation.current().time_zone)
    kept, start = _kept(before, at, zone)
    made = weekly(_points(one, start, zone), zone) if start else {}
    weeks = kept | {week: stored(found) for week, found in made.items()}
    today = at.astimezone(zone).date()
    shown = history(points_of(weeks), today)
    wanted = expected_of(one, definitions_of({one.audience_id}).get(one.audience_id), shown[:-1], today)
    newest = Reading.objects.filter(activation=one).order_by("-fetched_at").values_list("fetched_at", flat=True).first()
    return MatchTrend.objects.update_or_create(
        activation=one,
        defaults={
            "weeks": {week.key: weeks[week.key] for week in shown if week.key in weeks},
            "expected": [round(wanted.low, 2), round(wanted.high, 2)] if wanted else None,
            "read_until": newest or at - timedelta(weeks=WEEKS + 1),
        },
    )[0]


def _kept(before: MatchTrend | None, at: datetime, zone: tzinfo) -> tuple[dict[str, Any], datetime | None]:
    """Return the weeks that stay as they are, and from when on the others are worked out; None: nothing is new."""
    oldest = mondays(at.astimezone(zone).date(), WEEKS)[0]
    first = datetime.combine(oldest, time.min, zone)
    if before is None:
        return {}, first
    new = Reading.objects.filter(activation=before.activation_id, fetched_at__gt=before.read_until)
    speaks_of: datetime | None = new.aggregate(oldest=Min("as_of"))["oldest"]
    if speaks_of is None:
        return dict(before.weeks), None
    monday = monday_of(speaks_of.astimezone(zone).date())
    start = max(first, datetime.combine(monday, time.min, zone))
    begun = {week.key for week in history({}, at.astimezone(zone).date()) if week.monday >= start.date()}
    return {week: said for week, said in before.weeks.items() if week not in begun}, start


def _points(one: Activation, start: datetime, zone: tzinfo) -> Iterator[tuple[datetime, Point | Gap]]:
    """Yield the match rate of each look from `start` on, with the time that decides its week."""
    held = looking.held([one.pk], start - looking.MOVES).get(one.pk, [])
    began = looking.began([one.pk]).get(one.pk)
    for look in looking.since(one.pk, start):
        yield look.as_of, _point(one, look, held, began)


def _point(one: Activation, look: Look, held: Sequence[tuple[datetime, int]], began: datetime | None) -> Point | Gap:
    # Whoever enters a figure tells of when it is: the people held at that time are looked up.
    noted_at = look.as_of if look.accepted is None else look.at
    if look.accepted is None:
        look = replace(look, accepted=looking.held_then(held, look.as_of))
    platform = one.destination.platform
    match = match_of(platform, look, settled=not is_settling(platform, look, moved(held, began, look)))
    if isinstance(match, Gap):
        return match
    size = look.size
    known = size is not None and size.low is not None and size.high is not None
    bounds = (size.low, size.high) if known else None  # type: ignore[union-attr]
    behind = max(0.0, (noted_at - look.as_of).total_seconds() / 3600)
    return Point(match, look.as_of, bounds, behind)  # type: ignore[arg-type]

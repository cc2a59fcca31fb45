"""What is known of required suppressions right now: the newest count, what is usual, and the last week by hour."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import OuterRef, Q, Subquery

from audiences.models import RequiredSuppression

from .exposure_level import DAYS, Level, Point, hourly, level
from .models import Exposure, ExposureTurn


@dataclass(frozen=True)
class Standing:
    """`newest` is None before the first count. `counted_at`: when it was counted last, also if nothing had changed.

    `as_of`: when the reading of the source behind that began. `hours`: the last count of each hour that has one, oldest
    first; None in it: it was not known then.
    """

    newest: Exposure | None = None
    counted_at: datetime | None = None
    as_of: datetime | None = None
    level: Level | None = None
    hours: list[Point] = field(default_factory=list)

    @property
    def is_above_usual(self) -> bool:
        """Whether more people than usual can be reached; not before anything is usual."""
        return bool(self.level and self.newest and self.level.is_above(self.newest.missing))


def of_required(required: Iterable[RequiredSuppression], at: datetime) -> dict[int, Standing]:
    """Return by required suppression, by its key, how it stands. Three queries."""
    ids = [one.pk for one in required]
    last = Exposure.objects.filter(required=OuterRef("pk"), at__lte=at).order_by("-at", "-pk").values("pk")[:1]
    newest = RequiredSuppression.objects.filter(pk__in=ids).annotate(newest=Subquery(last)).values("newest")
    found = {one.required_id: one for one in Exposure.objects.filter(pk__in=newest)}
    turns = {one.required_id: one for one in ExposureTurn.objects.filter(required__in=ids)}
    points = _points(ids, at)
    return {pk: _standing(found.get(pk), turns.get(pk), points.get(pk, []), at) for pk in ids}


def _standing(newest: Exposure | None, turn: ExposureTurn | None, points: list[Point], at: datetime) -> Standing:
    counted_at, as_of = (turn.counted_at, turn.as_of) if turn else (None, None)
    return Standing(newest, counted_at, as_of, level(points, at), hourly(points, at))


def _points(ids: list[int], at: datetime) -> dict[int, list[Point]]:
    recent = Q(at__gt=at - timedelta(days=DAYS), at__lte=at)
    rows = Exposure.objects.filter(recent, required__in=ids).order_by("at", "pk")
    found: dict[int, list[Point]] = {}
    for pk, when, missing in rows.values_list("required", "at", "missing"):
        found.setdefault(pk, []).append((when, missing))
    return found

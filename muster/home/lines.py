"""What one line about a list shows besides how it stands: its match by week, its newest person, when it is due next."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Min
from django.utils import timezone

from audiences.models import Activation
from muster.figures import age, target
from reconciliation.sparks import ListSpark, of_lists
from syncs import freshness
from syncs.freshness import Freshness, with_freshness
from syncs.models import Pause, Slot

from .standings import Standing


@dataclass(frozen=True, slots=True)
class Line:
    """One list on the page. `spark` is None for a list that was never read."""

    at: Standing
    fresh: Freshness
    spark: ListSpark | None
    next_due: datetime | None
    paused: bool

    @property
    def newest(self) -> str:
        """Return the age of the newest person on the list."""
        return age(self.fresh.age.total_seconds()) if self.fresh.age else "nobody yet"

    @property
    def target(self) -> str:
        return target(self.fresh.minutes) if self.fresh.minutes else ""


def lines(lists: Collection[Standing], now: datetime) -> dict[int, Line]:
    """Return the lines of these lists by list. Four queries."""
    wanted = [one.list for one in lists]
    fresh = {one.pk: freshness.of(one, now) for one in with_freshness(Activation.objects.filter(pk__in=wanted))}
    sparks = of_lists(wanted, timezone.localdate(now))
    slots = Slot.objects.filter(schedule__activation__in=wanted, state=Slot.State.DUE, due__gt=now).order_by()
    due = dict(slots.values_list("schedule__activation").annotate(first=Min("due")))
    total, places, audiences = _paused()
    return {
        one.list: Line(
            one,
            fresh[one.list],
            sparks.get(one.list),
            due.get(one.list),
            total or one.place_id in places or one.audience in audiences or one.life == "paused",
        )
        for one in lists
    }


def _paused() -> tuple[bool, set[int], set[int]]:
    """Return whether everything is paused, which destinations are, and which audiences."""
    open_pauses: list[Any] = list(Pause.objects.open().values_list("destination", "audience"))
    total = any(place is None and audience is None for place, audience in open_pauses)
    return total, {place for place, _ in open_pauses if place}, {audience for _, audience in open_pauses if audience}

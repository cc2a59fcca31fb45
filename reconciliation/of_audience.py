"""What the page of an audience shows of its lists at their destinations: what is true, why not more, and the history."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Q
from django.utils import timezone

from audiences.models import Activation, Audience, Definition, Lifecycle
from audiences.models.workspace import CheckState
from audiences.platforms import Family

from .arrived import Arrived, expected_of, of_lists
from .markers import Marker, Switched, identifier_changes, markers, together
from .match_chart import History, history_of
from .models import ListAt, ReadAccess
from .reading_access import is_readable
from .removals import Removals, removals_of
from .weeks import WEEKS, mondays


@dataclass(frozen=True)
class ListShown:
    """One list. `lacks` is what keeps it from being read: "access", "stopped", "id", "first" (look), "reader"
    (there is none, and nobody entered a figure yet), or nothing.
    """

    arrived: Arrived
    history: History
    access: ReadAccess | None
    at: ListAt | None
    now: datetime
    removals: Removals | None = None

    @property
    def list(self) -> Activation:
        return self.arrived.activation

    @property
    def is_ads(self) -> bool:
        return self.list.destination.spec.family == Family.ADS

    @property
    def lacks(self) -> str:
        if not is_readable(self.list.destination):
            return "" if self.arrived.look else "reader"
        if self.access is None or not self.access.secret:
            return "access"
        if self.access.archived_at:
            return "stopped"
        if self.at is None:
            return "id"
        return "" if self.arrived.look else "first"

    @property
    def refused(self) -> bool:
        """Whether the newest try to read the destination failed."""
        access = self.access
        return bool(access and access.failing_since and access.check_state != CheckState.WORKING)


def shown_lists(audience: Audience, now: datetime) -> list[ListShown]:
    """Return the audience's production lists that are not retired. Fifteen queries."""
    used = audience.activations.filter(kind=Activation.Kind.PRODUCTION).exclude(lifecycle=Lifecycle.RETIRED)
    lists = list(used.select_related("destination__read_access", "list_at").order_by("destination__name"))
    if not lists:
        return []
    versions = versions_of(audience)
    changed, _ = identifier_changes(versions)
    happened = markers(lists, oldest(now))
    known = of_lists(lists, now)
    removed = removals_of(known)
    return [_shown(one, versions, [*happened, *changed], removed.get(one.activation.pk), now) for one in known]


def oldest(now: datetime) -> datetime:
    """Return the beginning of the first week that is shown."""
    monday = mondays(timezone.localdate(now), WEEKS)[0]
    return datetime.combine(monday, time.min, timezone.get_current_timezone())


def versions_of(audience: Audience) -> list[Definition]:
    """Return the versions that are or were in use, oldest first. One query."""
    used = audience.definitions.filter(Q(state=Definition.State.CURRENT) | Q(state=Definition.State.PAST))
    return list(used.filter(promoted_at__isnull=False).defer("conditions", "logic").order_by("promoted_at"))


def coverage_markers(audience: Audience, now: datetime) -> tuple[list[Marker], list[Switched]]:
    """Return what can move coverage: the segment and which identifiers are asked for. Three queries."""
    changed, switched = identifier_changes(versions_of(audience))
    lists = list(audience.activations.filter(kind=Activation.Kind.PRODUCTION).exclude(lifecycle=Lifecycle.RETIRED))
    of_segment = [one for one in markers(lists, oldest(now)) if one.words.startswith("segment")] if lists else []
    return together([*changed, *of_segment]), switched


def _shown(
    found: Arrived,
    versions: Sequence[Definition],
    happened: Sequence[Marker],
    removals: Removals | None,
    now: datetime,
) -> ListShown:
    one = found.activation
    own = together(mark for mark in happened if mark.list_id in {None, one.pk})
    expected = [
        expected_of(one, _in_use(versions, week.monday), found.weeks[:place], week.monday)
        for place, week in enumerate(found.weeks)
    ]
    drawn = history_of(one.destination.name, one.destination.platform, found.weeks, expected, own)
    access: ReadAccess | None = getattr(one.destination, "read_access", None)
    return ListShown(found, drawn, access, getattr(one, "list_at", None), now, removals)


def _in_use(versions: Sequence[Definition], monday: date) -> Definition | None:
    """Return the version that was in use when the week ended."""
    sunday = monday + timedelta(6)
    used = [one for one in versions if one.promoted_at and timezone.localdate(one.promoted_at) <= sunday]
    return used[-1] if used else None

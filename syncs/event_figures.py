"""Counts the events of feeds: a day, the week before it, how long forwarding takes, what waits, why some were rejected."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Count, Max, Min, Q, Sum

from audiences.models import Feed

from .models import Event, EventCount, EventState

DAY: Final = timedelta(days=1)
WEEK: Final = timedelta(days=7)
SAMPLE: Final = 1000  # events that say how long forwarding takes
COLUMNS: Final = ("received", "copies", "forwarded", "rejected", "dropped", "unsigned", "stale", "unreadable")
Name = tuple[int, str]


@dataclass(frozen=True)
class Counted:
    """Events that arrived in a stretch of time, and what became of them; what is in none of these waits, or was nobody's."""

    received: int = 0
    copies: int = 0
    forwarded: int = 0
    rejected: int = 0
    dropped: int = 0
    unsigned: int = 0
    stale: int = 0
    unreadable: int = 0

    @property
    def settled(self) -> int:
        return self.forwarded + self.rejected + self.dropped

    def __add__(self, other: "Counted") -> "Counted":
        return Counted(*(getattr(self, name) + getattr(other, name) for name in COLUMNS))


@dataclass(frozen=True)
class Lag:
    """From receipt to acceptance by RudderStack, of the newest events of the day."""

    median: timedelta
    nearly_all: timedelta


@dataclass(frozen=True)
class Cause:
    """Events of one feed that were rejected for one reason; `words` are of the newest."""

    feed: int
    code: str
    events: int
    words: str


@dataclass(frozen=True)
class Held:
    """What of a feed waits: how many, how many of them arrived in the last 24 hours, and since when the oldest."""

    events: int
    recent: int
    since: datetime


@dataclass(frozen=True)
class Usual:
    """What arrived in the 7 days before, and since when events of this name are counted at all."""

    received: int
    first: datetime


@dataclass(frozen=True)
class Day:
    """The last 24 hours, whole hours and the one that is running, by workspace and event."""

    since: datetime
    counts: Mapping[Name, Counted]
    before: Mapping[Name, Usual]
    held: Mapping[int, Held] = field(default_factory=dict)

    def of(self, feed: Feed) -> Counted:
        return self.counts.get((feed.workspace_id, feed.name), Counted())

    @property
    def requests(self) -> Counted:
        """Return what is counted without an event's name: unsigned, stale and unreadable requests."""
        return sum((one for (_, name), one in self.counts.items() if not name), Counted())

    def a_day(self, feed: Feed) -> int | None:
        """Return how many events of the feed are usual in 24 hours, None while less than a day is known."""
        usual = self.before.get((feed.workspace_id, feed.name))
        if usual is None:
            return None
        known = self.since - max(usual.first, self.since - WEEK)
        return round(usual.received / (known / DAY)) if known >= DAY else None


def since_of(now: datetime) -> datetime:
    """Return when the last 24 hours began: whole hours, and the one that is running."""
    return now.replace(minute=0, second=0, microsecond=0) - 23 * timedelta(hours=1)


def last_day(feeds: Iterable[Feed], now: datetime) -> Day:
    """Return what arrived in the last 24 hours. Four queries."""
    since = since_of(now)
    # Not under their own names: an annotation may not be called as a column is.
    sums = {f"sum_{name}": Sum(name) for name in COLUMNS}
    rows = EventCount.objects.filter(hour__gte=since).values("workspace", "name").order_by()
    found: Iterable[dict[str, Any]] = rows.annotate(**sums)  # type: ignore[assignment]
    counts = {(row["workspace"], row["name"]): Counted(*(row[f"sum_{name}"] for name in COLUMNS)) for row in found}
    return Day(since, counts, _week_before(since), held(feeds, since))


def _week_before(since: datetime) -> dict[Name, Usual]:
    rows = EventCount.objects.filter(hour__gte=since - WEEK, hour__lt=since).exclude(name="")
    sums = rows.values("workspace", "name").order_by().annotate(sum=Sum("received"), first=Min("hour"))
    return {(row["workspace"], row["name"]): Usual(row["sum"], row["first"]) for row in sums}


def held(feeds: Iterable[Feed], since: datetime) -> dict[int, Held]:
    """Return what waits, by feed. One query."""
    waiting = Event.objects.filter(feed__in=[one.pk for one in feeds], state=EventState.WAITING)
    recent = Count("pk", filter=Q(received_at__gte=since))
    rows = waiting.values("feed").order_by().annotate(events=Count("pk"), recent=recent, since=Min("received_at"))
    return {row["feed"]: Held(row["events"], row["recent"], row["since"]) for row in rows}


def lag(feed: Feed, now: datetime) -> Lag | None:
    """Return how long forwarding took; None where nothing was forwarded in the last day. One query."""
    done = Event.objects.filter(feed=feed, state=EventState.FORWARDED).order_by("-pk")
    pairs = done.values_list("received_at", "settled_at")[:SAMPLE]
    took = sorted(settled - received for received, settled in pairs if settled and received >= now - DAY)
    if not took:
        return None
    return Lag(took[(len(took) - 1) // 2], took[min(len(took) - 1, len(took) * 95 // 100)])


def causes(feeds: Iterable[Feed], now: datetime) -> list[Cause]:
    """Return why events of the last day were rejected, most first. Two queries."""
    since = since_of(now)
    rejected = Event.objects.filter(
        feed__in=[one.pk for one in feeds], state=EventState.REJECTED, received_at__gte=since
    )
    rows = rejected.values("feed", "reason").order_by().annotate(events=Count("pk"), newest=Max("pk"))
    found = list(rows.order_by("-events", "feed", "reason"))
    words = dict(Event.objects.filter(pk__in=[row["newest"] for row in found]).values_list("pk", "words"))
    return [Cause(row["feed"], row["reason"], row["events"], words.get(row["newest"], "")) for row in found]


@dataclass(frozen=True)
class Unowned:
    """An event that no feed takes: how often it came in a day, and since when."""

    workspace: int
    space_name: str
    name: str
    events: int
    first: datetime


def unowned(now: datetime) -> list[Unowned]:
    """Return the events of the last 7 days that nobody owns, most first. Three queries."""
    seen = EventCount.objects.filter(hour__gte=now - WEEK).exclude(name="")
    names = seen.values("workspace", "workspace__name", "name").order_by().annotate(sum=Sum("received"))
    taken = set(Feed.objects.exclude(state=Feed.State.RETIRED).values_list("workspace", "name"))
    open_names = [row for row in names if (row["workspace"], row["name"]) not in taken and row["sum"]]
    if not open_names:
        return []
    wanted = {row["name"] for row in open_names}
    firsts = EventCount.objects.filter(name__in=wanted).values("workspace", "name").order_by().annotate(f=Min("hour"))
    first = {(row["workspace"], row["name"]): row["f"] for row in firsts}
    today = _day_of(wanted, now)
    found = [
        Unowned(
            row["workspace"],
            row["workspace__name"],
            row["name"],
            today.get((row["workspace"], row["name"]), 0),
            first[row["workspace"], row["name"]],
        )
        for row in open_names
    ]
    return sorted(found, key=lambda one: (-one.events, one.name))


def _day_of(names: Collection[str], now: datetime) -> dict[Name, int]:
    since = since_of(now)
    rows = EventCount.objects.filter(hour__gte=since, name__in=names).values("workspace", "name").order_by()
    return {(row["workspace"], row["name"]): row["sum"] for row in rows.annotate(sum=Sum("received"))}


def by_day(feed: Feed, since: datetime, zone: Any) -> dict[Any, Counted]:
    """Return the counts of a feed's event by local day. One query."""
    found: defaultdict[Any, Counted] = defaultdict(Counted)
    rows = EventCount.objects.filter(workspace=feed.workspace_id, name=feed.name, hour__gte=since)
    for row in rows.values("hour", *COLUMNS):
        found[row["hour"].astimezone(zone).date()] += Counted(*(row[name] for name in COLUMNS))
    return dict(found)

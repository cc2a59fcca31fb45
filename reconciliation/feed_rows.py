"""The feeds as their pages show them: figures of 24 hours, health with its reasons, doubles. A handful of queries for all."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Case, IntegerField, Sum, Value, When
from django.urls import reverse

from audiences.data_out import DataOut, known
from audiences.models import Activation, Definition, Feed, Lifecycle, Pipe, SigningKey, Workspace
from audiences.platforms import Family
from muster.models import Person
from syncs.event_figures import Cause, Counted, Day, Lag, causes, lag, last_day
from syncs.event_help import help_with, helps
from syncs.forwarding import paused
from syncs.models import EventCount, Forwarding, Overlap

from .doubles import Double, Source, by_lists, doubles
from .events_landed import WEEKS, starts_of, zone
from .feed_health import ORDER, Evidence, Verdict, verdict
from .feed_weeks import FeedWeekTold, Landing, trouble
from .models import FeedWeek
from .weeks import mondays

JUDGED = 3  # weeks among which one has settled
HOLDOUT_ASSIGNED = "Holdout Assigned"


@dataclass(frozen=True)
class Row:
    """One feed and what is true of it."""

    feed: Feed
    counted: Counted
    waiting: int
    oldest: timedelta | None
    usual: int | None
    doubles: tuple[Double, ...]
    verdict: Verdict

    @property
    def early(self) -> int:
        """Return how many arrived while nobody owned the event, so that they were not forwarded."""
        return max(0, self.counted.received - self.counted.settled - self.waiting)

    @property
    def address(self) -> str:
        return reverse("reconciliation:feed", args=[self.feed.slug])

    @property
    def named(self) -> list[Person]:
        """Return who looks after it: owner, checker, and the deputy of who cannot."""
        people = [one for one in (self.feed.owner, self.feed.drift_checker) if one is not None]
        return [one if one.is_active else one.deputy or one for one in people]

    @property
    def is_live(self) -> bool:
        return self.feed.state == Feed.State.LIVE

    @cached_property
    def places(self) -> str:
        return ", ".join(one.name for one in self.feed.destinations.all())


@dataclass(frozen=True)
class Why:
    """A cause of rejects with what helps."""

    row: Row
    cause: Cause
    words: str
    helps: str


class Feeds:
    """All feeds in use at one moment."""

    def __init__(self, now: datetime, only: Feed | None = None) -> None:
        self.now = now
        wanted = Feed.objects.filter(pk=only.pk) if only else Feed.objects.exclude(state=Feed.State.RETIRED)
        joined = wanted.select_related("workspace", "owner__deputy", "drift_checker__deputy", "pipe", "audience")
        self.feeds = list(joined.defer("pipe__write_key", "workspace__api_key").prefetch_related("destinations"))
        self.day: Day = last_day(self.feeds, now)

    @cached_property
    def rows(self) -> list[Row]:
        """Return the feeds, those that need somebody first, then by name."""
        rows = [self._row(one) for one in self.feeds]
        return sorted(rows, key=lambda row: (not row.verdict.needs, ORDER.index(row.verdict.health), row.feed.name))

    @cached_property
    def need(self) -> list[Row]:
        return [row for row in self.rows if row.verdict.needs]

    @property
    def doubled(self) -> list[Row]:
        """Return the feeds whose event reaches a place twice, or may."""
        return [row for row in self.rows if row.doubles and row.is_live]

    @property
    def total(self) -> Counted:
        """Return what arrived in 24 hours of all feeds that are forwarded."""
        return sum((row.counted for row in self.rows), Counted())

    @property
    def waiting(self) -> int:
        return sum(row.waiting for row in self.rows)

    @property
    def oldest(self) -> timedelta | None:
        return max((row.oldest for row in self.rows if row.oldest), default=None)

    def lags(self, rows: Iterable[Row]) -> list[tuple[Row, Lag | None]]:
        """Return the rows with how long forwarding takes. One query for each."""
        return [(row, lag(row.feed, self.now)) for row in rows]

    @cached_property
    def why(self) -> list[Why]:
        """Return why events were rejected, most first."""
        rows = {row.feed.pk: row for row in self.rows}
        return [self._why(rows[one.feed], one) for one in self._causes]

    def _why(self, row: Row, one: Cause) -> Why:
        told = helps(one.code, one.events, row.counted.received, row.feed.rejects_expected)
        return Why(row, one, help_with(one.code).words, told)

    @cached_property
    def _causes(self) -> list[Cause]:
        return causes(self.feeds, self.now)

    def _row(self, feed: Feed) -> Row:
        counted, held = self.day.of(feed), self.day.held.get(feed.pk)
        found = tuple(self._doubles(feed, counted.forwarded))
        oldest = self.now - held.since if held else None
        cause = next((one for one in self._causes if one.feed == feed.pk), None)
        evidence = Evidence(
            state=feed.state,
            stopped=feed.stopped_words,
            delayed=self._delays.get(feed.pipe_id or 0, ""),
            held_back=feed.state == Feed.State.LIVE and feed.pk in self._paused,
            received=counted.received,
            forwarded=counted.forwarded,
            rejected=counted.rejected,
            waiting=held.events if held else 0,
            oldest=oldest,
            usual=self.day.a_day(feed),
            rejects_expected=feed.rejects_expected,
            main_cause=help_with(cause.code).words.lower() if cause else "",
            doubled=next((one.short for one in found if one.certain), ""),
            landed=trouble(self.weeks.get(feed.pk, [])),
            held_out=self.held_out if feed.kind == Feed.Kind.ASSIGNMENT else None,
            can_arrive=feed.workspace_id in self.signed,
        )
        recent = held.recent if held else 0
        return Row(feed, counted, recent, oldest, evidence.usual, found, verdict(evidence))

    @cached_property
    def _delays(self) -> dict[int, str]:
        """Return why forwarding waits, by pipe."""
        return dict(Forwarding.objects.exclude(words="").values_list("pipe", "words"))

    @cached_property
    def _paused(self) -> set[int]:
        return paused(self.feeds)

    @cached_property
    def signed(self) -> set[int]:
        return set(SigningKey.objects.filter(retired_at=None).values_list("workspace", flat=True))

    @cached_property
    def held_out(self) -> int | None:
        """Return how many held-out people the newest runs found in live lists, None while no run counted them."""
        newest: dict[tuple[int, int | None], int] = {}
        found = Overlap.objects.filter(kind=Overlap.Kind.HELD_OUT, run__activation__lifecycle=Lifecycle.LIVE)
        for list_, other, people in found.order_by("at", "pk").values_list("run__activation", "other", "people"):
            newest[list_, other] = people
        return sum(newest.values()) if newest else None

    @cached_property
    def _outs(self) -> dict[int, list[DataOut]]:
        return {one.pk: known(one) for one in Workspace.objects.filter(archived_at=None).only("pk", "data_out")}

    @cached_property
    def _pipes(self) -> dict[str, tuple[str, tuple[str, ...]]]:
        """Return name and places of each pipe with a key, by the key's digest."""
        places: defaultdict[int, set[str]] = defaultdict(set)
        for one in self.feeds:
            if one.pipe_id:
                places[one.pipe_id] |= {place.name for place in one.destinations.all()}
        used = Activation.objects.exclude(lifecycle=Lifecycle.RETIRED).exclude(pipe=None)
        for pipe, name in used.values_list("pipe", "destination__name"):
            if pipe is not None:
                places[pipe].add(name)
        rows = Pipe.objects.exclude(write_key_check="").values_list("pk", "name", "write_key_check")
        return {check: (name, tuple(sorted(places[pk]))) for pk, name, check in rows}

    @cached_property
    def _lists(self) -> dict[str, tuple[str, ...]]:
        """Return the audiences whose lists send assignments by themselves, by the name of the place."""
        holding = Definition.objects.filter(state=Definition.State.CURRENT).exclude(holdout_attribute="")
        used = Activation.objects.filter(
            audience__in=holding.values("audience"), kind=Activation.Kind.PRODUCTION, lifecycle=Lifecycle.LIVE
        )
        found: defaultdict[str, list[str]] = defaultdict(list)
        for one in used.select_related("audience", "destination"):
            if one.destination.spec.family != Family.ADS:
                found[one.destination.name].append(one.audience.name)
        return {place: tuple(sorted(names)) for place, names in found.items()}

    def _doubles(self, feed: Feed, forwarded: int) -> list[Double]:
        places = tuple(sorted(one.name for one in feed.destinations.all()))
        pipe = feed.pipe
        source = Source(feed.name, pipe.name if pipe else "", pipe.write_key_check if pipe else "", places, forwarded)
        found = doubles(source, self._outs.get(feed.workspace_id, []), self._pipes)
        own = self._lists if feed.name == HOLDOUT_ASSIGNED else {}
        return [*found, *by_lists(source, own)]

    @cached_property
    def weeks(self) -> dict[int, list[FeedWeekTold]]:
        return weeks_of(self.feeds, self.now, JUDGED)


def weeks_of(feeds: Sequence[Feed], now: datetime, count: int = WEEKS) -> dict[int, list[FeedWeekTold]]:
    """Return the last weeks of each feed, oldest first. Four queries."""
    home: ZoneInfo = zone()
    return weeks_of_mondays(feeds, mondays(now.astimezone(home).date(), count))


def weeks_of_mondays(feeds: Sequence[Feed], days: Sequence[date]) -> dict[int, list[FeedWeekTold]]:
    """Return the weeks of each feed that begin on these days, which are in order. Three queries."""
    bounds = starts_of([*days, *(day + timedelta(weeks=1) for day in days)])
    weeks = list(zip(bounds, bounds[len(days) :], strict=False))
    landed, sums = _landed(feeds, days[0], days[-1]), _sums(feeds, weeks)
    told: dict[int, list[FeedWeekTold]] = {one.pk: [] for one in feeds}
    for place, (day, (_, end)) in enumerate(zip(days, weeks, strict=True)):
        for one in feeds:
            counted = sums.get((one.workspace_id, one.name, place), Counted())
            left = counted.received - counted.settled
            landings = tuple(landed.get((one.pk, day), ()))
            told[one.pk].append(
                FeedWeekTold(day, end, counted.received, counted.forwarded, counted.rejected, left, landings)
            )
    return told


def _sums(feeds: Sequence[Feed], weeks: Sequence[tuple[datetime, datetime]]) -> Mapping[tuple[int, str, int], Counted]:
    """Return what arrived by workspace, name and place of the week."""
    names, spaces = {one.name for one in feeds}, {one.workspace_id for one in feeds}
    span = {"hour__gte": weeks[0][0], "hour__lt": weeks[-1][1]}
    hours = EventCount.objects.filter(workspace__in=spaces, name__in=names, **span)
    within = [When(hour__gte=start, hour__lt=end, then=Value(place)) for place, (start, end) in enumerate(weeks)]
    week = Case(*within, output_field=IntegerField())
    rows = hours.annotate(week=week).values("workspace", "name", "week").order_by()
    wanted = ("received", "forwarded", "rejected", "dropped")
    found: Iterable[dict[str, Any]] = rows.annotate(**{f"sum_{name}": Sum(name) for name in wanted})  # type: ignore[assignment]
    return {
        (row["workspace"], row["name"], row["week"]): Counted(**{name: row[f"sum_{name}"] for name in wanted})
        for row in found
    }


def _landed(feeds: Sequence[Feed], since: date, until: date) -> dict[tuple[int, date], list[Landing]]:
    found: defaultdict[tuple[int, date], list[Landing]] = defaultdict(list)
    rows = FeedWeek.objects.filter(feed__in=[one.pk for one in feeds], monday__range=(since, until))
    for row in rows.select_related("destination").order_by("destination__name"):
        found[row.feed_id, row.monday].append(Landing(row.destination.name, row.rows, row.ids, row.words, row.read_at))
    return dict(found)

"""One feed as its page shows it, and what its form is filled with."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.db.models import Count, QuerySet
from django.urls import reverse
from django.utils import timezone

from audiences import feed_terms, feeds
from audiences.feed_terms import TYPES, FeedTerms, Property, is_personal
from audiences.models import Definition, Feed, Workspace
from audiences.recipe import Recipe, recipe
from muster import audit
from muster.access import Permission, can, who_can
from muster.models import Event as LogEvent
from muster.models import Person
from syncs.event_figures import Lag, by_day, lag
from syncs.event_help import help_with, helps
from syncs.event_kept import Kept
from syncs.models import Event, EventState

from .events_landed import zone
from .feed_chart import DAYS, FeedChart, feed_chart
from .feed_rows import Feeds, Row, Why, weeks_of
from .feed_weeks import FeedWeekTold
from .models import ReadAccess

ASKED = "asked to end the double of"
TOLD = 12


@dataclass(frozen=True)
class Group:
    """Rejected events of one reason."""

    code: str
    events: int
    words: str
    helps: str


class FeedPage:
    """`reader` is who looks at it."""

    def __init__(self, feed: Feed, reader: Any, now: datetime) -> None:
        self.feed, self.reader, self.now = feed, reader, now
        self._feeds = Feeds(now, only=feed)

    @cached_property
    def row(self) -> Row:
        return self._feeds.rows[0]

    @property
    def why(self) -> list[Why]:
        return self._feeds.why

    @cached_property
    def lag(self) -> Lag | None:
        return lag(self.feed, self.now)

    @cached_property
    def terms(self) -> FeedTerms:
        return feeds.terms_of(self.feed)

    @property
    def lacking(self) -> list[str]:
        return [] if self.feed.state == Feed.State.RETIRED else feed_terms.lacking(self.terms)

    @property
    def warnings(self) -> list[str]:
        return feed_terms.warnings(self.terms)

    @property
    def can_switch(self) -> bool:
        return self.feed.state in {Feed.State.DRAFT, Feed.State.PAUSED}

    @cached_property
    def refusal(self) -> str:
        return feeds.refusal(self.feed, self.reader)

    @property
    def resumes(self) -> bool:
        return not feeds.needs_second(self.feed)

    @cached_property
    def approvers(self) -> list[Person]:
        return feeds.approvers(self.feed) if feeds.needs_second(self.feed) else who_can(Permission.REGISTER)

    @property
    def may_change(self) -> bool:
        return can(self.reader, Permission.REGISTER) and self.feed.state != Feed.State.RETIRED

    @cached_property
    def chart(self) -> FeedChart | None:
        home = zone()
        counts = by_day(self.feed, self.now - timedelta(DAYS + 1), home)
        return feed_chart(counts, timezone.localdate(self.now, home))

    @cached_property
    def weeks(self) -> list[FeedWeekTold]:
        """Return the last 8 weeks, newest first, from the one of its first event on."""
        weeks = weeks_of([self.feed], self.now)[self.feed.pk]
        begun = next((place for place, one in enumerate(weeks) if one.received or one.landings), len(weeks) - 1)
        return weeks[begun:][::-1]

    @cached_property
    def warehouses(self) -> list[tuple[str, str]]:
        """Return the warehouses where it must arrive, each with why it is not read; empty where it is."""
        places = [one for one in self.feed.destinations.all() if one.platform == "warehouse"]
        access = {one.destination_id: one for one in ReadAccess.objects.filter(destination__in=places)}
        return [(one.name, _unread(access.get(one.pk))) for one in places]

    @property
    def rejected(self) -> QuerySet[Event]:
        """Return what was rejected and is still kept, newest first."""
        return Event.objects.filter(feed=self.feed, state=EventState.REJECTED).order_by("-pk")

    @cached_property
    def groups(self) -> list[Group]:
        """Return the rejected events that are kept, by reason, most first. One query."""
        rows = self.rejected.order_by().values("reason").annotate(events=Count("pk")).order_by("-events", "reason")
        day = self.row.counted.received
        return [
            Group(row["reason"], row["events"], help_with(row["reason"]).words, self._helps(row["reason"], day))
            for row in rows
        ]

    def _helps(self, code: str, received: int) -> str:
        today = next((one.cause.events for one in self.why if one.cause.code == code), 0)
        return helps(code, today, received, self.feed.rejects_expected)

    @cached_property
    def history(self) -> list[LogEvent]:
        return list(LogEvent.objects.filter(kind="feed", object_id=str(self.feed.pk)).order_by("-at", "-pk")[:TOLD])

    def recipe(self, absolute: Callable[[str], str]) -> Recipe:
        """Return what to put into the webhook block; `absolute` makes an address that others can call."""
        url = absolute(reverse("syncs:webhook", args=[self.feed.workspace_id]))
        return recipe(self.feed.name, self.feed.kind, self.terms.properties, url, attribute=self._attribute())

    def _attribute(self) -> str:
        """Return the holdout attribute of the audience that the feed is about, if it is about one."""
        current = Definition.objects.filter(audience=self.feed.audience_id, state=Definition.State.CURRENT)
        return current.values_list("holdout_attribute", flat=True).first() or "" if self.feed.audience_id else ""


def _unread(access: ReadAccess | None) -> str:
    if access is None or access.archived_at:
        return "Muster does not read it back"
    return access.check_words if access.failing_since else ""


def property_names(body: str) -> list[str]:
    """Return the names of the properties of an event's body, never a value."""
    kept = Kept.of(body)
    return sorted({*kept.properties, *kept.lost, *kept.seen})


def filled_in(asked: Mapping[str, str], by: Person) -> tuple[dict[str, Any], list[Property]]:
    """Return what a new feed's form begins with, and the properties that events of this name have shown."""
    name, space = asked.get("event", "")[:120], _space(asked.get("workspace", ""))
    initial: dict[str, Any] = {"owner": by.pk, "workspace": space, "name": name}
    return initial, seen_properties(space, name) if space and name else []


def _space(told: str) -> Workspace | None:
    known = Workspace.objects.filter(archived_at=None).order_by("name")
    chosen = known.filter(pk=int(told)).first() if told.isascii() and told.isdecimal() and len(told) < 19 else None
    return chosen or known.first()


def seen_properties(space: Workspace, name: str) -> list[Property]:
    """Return the properties that the newest events of a name carried, as far as they may be kept."""
    newest = Event.objects.filter(workspace=space, name=name, state=EventState.UNOWNED).order_by("-pk")[:20]
    seen: dict[str, str] = {}
    for body in newest.values_list("body", flat=True):
        seen |= Kept.of(body).seen
    allowed = {
        found: kind for found, kind in seen.items() if feed_terms.NAME.fullmatch(found) and not is_personal(found)
    }
    return [Property(found, kind if kind in TYPES else "text") for found, kind in sorted(allowed.items())][:30]


def ask_about_double(feed: Feed, *, by: Person, at: datetime) -> None:
    """Note that somebody asked for the end of a double."""
    audit.record(verb=ASKED, subject=feed, by=by, at=at)


def asked_about(rows: Iterable[Row]) -> dict[str, LogEvent]:
    """Return who asked last for the end of each feed's double, by the feed's id as text. One query."""
    wanted = [str(row.feed.pk) for row in rows]
    found = LogEvent.objects.filter(kind="feed", verb=ASKED, object_id__in=wanted).order_by("at", "pk")
    return {one.object_id: one for one in found}

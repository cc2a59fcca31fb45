"""The lists behind the suppression board, each with everything that is known of it, in a fixed number of queries."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from audiences.models import Activation, Arrival, Destination, Lifecycle
from audiences.models.workspace import CheckState
from muster.figures import number, when
from syncs.attention import open_ends
from syncs.freshness import with_freshness
from syncs.models import Pause, Run
from syncs.states import ARRIVED, RunState
from syncs.telling import trouble

from .where_used import WhereUsed, where_used

FILLED: Final = Q(state__in=ARRIVED) | Q(
    state=RunState.HELD, planned_at__isnull=False, accepted_adds__gte=F("adds") + F("changes") + F("reasserts")
)


@dataclass(frozen=True)
class Known:
    """One list at an ad account. `run` is its newest run where that did not end well; `pause` the widest over it."""

    list: Activation
    used: WhereUsed
    run: Run | None
    pause: Pause | None
    now: datetime

    @property
    def arrival(self) -> Arrival | None:
        return getattr(self.list, "arrival", None)

    @property
    def newest(self) -> datetime | None:
        """Return when the reading behind the newest run began whose additions were all accepted."""
        found: datetime | None = self.list.filled_from  # type: ignore[attr-defined]
        return found

    @property
    def accepted_at(self) -> datetime | None:
        found: datetime | None = self.list.filled_at  # type: ignore[attr-defined]
        return found

    @property
    def parked(self) -> int:
        """Return how many removals are parked: they leave nobody exposed."""
        return int(self.run.held.get("removes", {}).get("figure") or 0) if self.run else 0

    @property
    def stopped(self) -> str:
        """Return why nothing is sent to the list; empty where something is."""
        if self.list.stopped_words:
            return self.list.stopped_words
        pipe = self.list.pipe
        spec = self.list.destination.spec
        if not spec.is_sent:
            return f"Muster sends nothing to {spec.label}: whoever fills the list there knows how fresh it is."
        if pipe is None:
            return "It has no pipe, so nothing can be sent."
        return f"The pipe {pipe.name} is refused. {pipe.check_words}" if pipe.check_state == CheckState.REFUSED else ""

    @property
    def paused(self) -> str:
        if self.pause is not None:
            since = when(self.pause.at, self.now, timezone.get_current_timezone())
            return f"Paused since {since}: {self.pause.reason.rstrip('.')}. Nobody new is added meanwhile."
        return "It is paused: nobody new is added." if self.list.lifecycle == Lifecycle.PAUSED else ""

    @property
    def failed(self) -> str:
        """Return why the newest run brought nobody new; empty where it did, or only removals are parked."""
        if self.run is None:
            return ""
        if self.run.state == RunState.HELD and "adds" not in self.run.held and self.run.held:
            return ""
        if parked := self.run.held.get("adds"):
            return f"{number(parked.get('figure'))} additions are parked: they are not excluded until somebody decides."
        found = trouble(self.run)
        return f"{found.meaning} {found.next_step}".strip() if found else self.run.words

    @property
    def unused(self) -> str:
        """Return why nobody knows where ads use it; empty where it is known."""
        if self.used.use is not None and self.used.use.active is not None:
            return ""
        access = self.used.access
        return (
            f"Where ads use it was not read: {access.ads_words}" if access and access.ads_words else self.used.sentence
        )


def lists_at(places: Collection[Destination], now: datetime) -> list[Known]:
    """Return every production list at these accounts that is not retired. Nine queries."""
    found = list(_lists(places))
    runs = {one.activation_id: one for one in _ends(found)}
    pauses = list(Pause.objects.open().order_by("destination", "audience", "pk")) if found else []
    return [
        Known(used.list, used, runs.get(used.list.pk), _over(used.list, pauses), now) for used in where_used(found, now)
    ]


def _lists(places: Collection[Destination]) -> QuerySet[Activation]:
    filled = Run.objects.of_lists().filter(FILLED, activation=OuterRef("pk")).order_by("-pk")
    made = Activation.objects.filter(destination__in=[one.pk for one in places], kind=Activation.Kind.PRODUCTION)
    shown = with_freshness(made.exclude(lifecycle=Lifecycle.RETIRED).filter(audience__archived_at=None)).annotate(
        filled_from=Subquery(filled.values("pull__began_at")[:1]), filled_at=Subquery(filled.values("finished_at")[:1])
    )
    around = ("audience__owner", "audience__segment", "destination", "pipe", "arrival", "list_at")
    kept = shown.select_related(*around).defer("pipe__write_key", "audience__segment__conditions")
    return kept.order_by("audience__name", "destination__name")


def _ends(lists: Collection[Activation]) -> QuerySet[Run]:
    found = open_ends().filter(activation__in=[one.pk for one in lists])
    return found.select_related("definition", "activation__destination", "pull").defer(
        "definition__conditions", "definition__logic", "pull__conditions"
    )


def _over(one: Activation, pauses: Collection[Pause]) -> Pause | None:
    """Return the widest open pause that reaches a list."""
    reach = (
        pause
        for pause in sorted(pauses, key=lambda each: not each.is_total)
        if pause.is_total or pause.destination_id == one.destination_id or pause.audience_id == one.audience_id
    )
    return next(reach, None)

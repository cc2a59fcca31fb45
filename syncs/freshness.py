"""How fresh each list is: the age of the reading behind its newest arrival, against the target of its definition.

A paused list ages like any other. A list that never arrived, or has no target, is unknown: never fine.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import OuterRef, QuerySet, Subquery

from audiences.models import Activation, Definition, Lifecycle, Purpose
from muster.figures import age, target

from .models import Run
from .states import ARRIVED

WARN, BREACH = 1, 2  # times the target
TONES: Final = {"ok": "Fresh", "warn": "Past its target", "bad": "Out of date", "unknown": "Unknown"}


@dataclass(frozen=True)
class Freshness:
    """`read_at`: when the newest person on the list was read; `minutes`: the target."""

    read_at: datetime | None
    minutes: int | None
    suppresses: bool
    now: datetime

    @property
    def age(self) -> timedelta | None:
        return self.now - self.read_at if self.read_at else None

    @property
    def tone(self) -> str:
        """Warn from the target on, bad from twice the target on."""
        if self.age is None or not self.minutes:
            return "unknown"
        allowed = timedelta(minutes=self.minutes)
        return "bad" if self.age >= BREACH * allowed else "warn" if self.age >= WARN * allowed else "ok"

    @property
    def breached(self) -> bool:
        return self.tone == "bad"

    @property
    def words(self) -> str:
        """One sentence; a breached suppression says what that means and what to do."""
        if self.age is None:
            return "Nobody on the list was read yet: no sync has arrived."
        said = f"Newest person read {age(self.age.total_seconds())} ago"
        if not self.minutes:
            return f"{said}; the definition has no target."
        told = f"{said}, target {target(self.minutes)}"
        if not self.breached:
            return f"{told}{': past its target' if self.tone == 'warn' else ''}."
        if not self.suppresses:
            return f"{told}: more than twice its target."
        return f"{told}: people who entered since are not suppressed there. Sync now, or pause the ads that rely on it."

    @property
    def word(self) -> str:
        return TONES[self.tone]


def with_freshness(lists: QuerySet[Activation]) -> QuerySet[Activation]:
    """Return the lists with what `of` needs of each."""
    definition = Definition.objects.filter(audience=OuterRef("audience"), state=Definition.State.CURRENT)
    arrived = Run.objects.of_lists().filter(activation=OuterRef("pk"), state__in=ARRIVED).order_by("-pk")
    return lists.annotate(
        fresh_minutes=Subquery(definition.values("freshness_minutes")[:1]),
        fresh_purpose=Subquery(definition.values("purpose")[:1]),
        fresh_read_at=Subquery(arrived.values("pull__began_at")[:1]),
    )


def of(one: Activation, now: datetime) -> Freshness:
    """Return how fresh a list is; it comes from `with_freshness`."""
    told = one.fresh_read_at, one.fresh_minutes, one.fresh_purpose == Purpose.SUPPRESS  # type: ignore[attr-defined]
    return Freshness(*told, now)


def suppressions(now: datetime) -> list[tuple[Activation, Freshness]]:
    """Return the live suppression lists with how fresh each is, the oldest first. One query."""
    used = Activation.objects.filter(lifecycle=Lifecycle.LIVE, audience__archived_at=None)
    told = {"fresh_purpose": Purpose.SUPPRESS, "fresh_read_at__lt": now}
    asked = with_freshness(used).filter(**told)
    shown = asked.select_related("audience__owner", "destination").order_by("pk")
    found = [(one, of(one, now)) for one in shown]
    return sorted(found, key=lambda pair: pair[1].read_at or now)


def breached_suppressions(now: datetime) -> list[tuple[Activation, Freshness]]:
    """Return those that are past twice their target, the oldest first. One query."""
    return [(one, how) for one, how in suppressions(now) if how.breached]

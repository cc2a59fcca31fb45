"""Which list passes its freshness target first while nothing is sent to it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import OuterRef, Q, Subquery

from audiences.models import Activation, Definition, Lifecycle

from .models import Run
from .states import ARRIVED


@dataclass(frozen=True)
class Target:
    """A list, and when the newest person on it becomes older than its target."""

    name: str
    suppresses: bool
    at: datetime
    passed: bool


def first_to_pass(now: datetime) -> list[Target]:
    """Return the list that passes its target first, then the first suppression list if it is another one. One query.

    Lists that never arrived have no newest person and are not among them.
    """
    current = Q(audience=OuterRef("audience"), state=Definition.State.CURRENT)
    definition = Definition.objects.filter(current)
    arrived = Run.objects.of_lists().filter(activation=OuterRef("pk"), state__in=ARRIVED).order_by("-pk")
    lists = (
        Activation.objects.filter(lifecycle=Lifecycle.LIVE)
        .select_related("audience", "destination")
        .annotate(
            minutes=Subquery(definition.values("freshness_minutes")[:1]),
            purpose=Subquery(definition.values("purpose")[:1]),
            read_at=Subquery(arrived.values("pull__began_at")[:1]),
        )
        .filter(minutes__isnull=False, read_at__isnull=False)
    )
    targets = sorted((_target(one, now) for one in lists), key=lambda target: target.at)
    suppressions = [target for target in targets if target.suppresses]
    return [*targets[:1], *(target for target in suppressions[:1] if target is not targets[0])]


def _target(one: Activation, now: datetime) -> Target:
    at = one.read_at + timedelta(minutes=one.minutes)  # type: ignore[attr-defined]
    suppresses = one.purpose == "suppress"  # type: ignore[attr-defined]
    return Target(f"{one.audience.name} at {one.destination.name}", suppresses, at, at <= now)

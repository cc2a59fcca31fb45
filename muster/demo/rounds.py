"""The rounds of the demo's history, and whether they were played. Asked at each start, so it imports little."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from audiences.models import Activation, Definition, Lifecycle
from audiences.terms import SUPPRESS
from syncs.models import Run

from .audience_plans import AUDIENCES
from .northwind import BOUGHT, CART_1, HOLDOUT, LAPSED, VIP


@dataclass(frozen=True)
class Round:
    """One sync of every list. Before it, `churn` gives the share of a segment's people that is swapped."""

    why: str
    churn: Mapping[int, float] = field(default_factory=dict)
    refunds_edited: bool = False


# The last round leaves something to decide: an edited segment, and far more leavers than the winback lists are used to.
ROUNDS: Final = (
    Round("v1 in use, first full send"),
    Round("Second sync: nothing should have changed"),
    Round("After the lunch-hour orders", {CART_1: 0.13, BOUGHT: 0.03, LAPSED: 0.01, HOLDOUT: 0.04}),
    Round("Before the evening campaigns", {CART_1: 0.12, BOUGHT: 0.025, VIP: 0.03, LAPSED: 0.24}, refunds_edited=True),
)


def is_over() -> bool:
    """Whether every version was proved and every round played."""
    return not unproved() and all(is_played(played) for played in ROUNDS)


def unproved() -> list[Definition]:
    """Return the demo's approved versions that are not in use yet."""
    names = [plan.name for plan in AUDIENCES if plan.locked]
    found = Definition.objects.filter(state=Definition.State.APPROVED, audience__name__in=names)
    return list(found.select_related("audience__owner").order_by("pk"))


def lists() -> list[Activation]:
    """Return the demo's live lists, suppressions first, as whoever cares for buyers would sync them."""
    names = [plan.name for plan in AUDIENCES if plan.locked]
    found = Activation.objects.filter(lifecycle=Lifecycle.LIVE, audience__name__in=names)
    rows = found.select_related("audience__owner", "destination", "pipe").prefetch_related("audience__definitions")
    return sorted(rows, key=lambda made: (made.audience.definitions.all()[0].purpose != SUPPRESS, made.pk))


def is_played(played: Round) -> bool:
    """Whether each list has had its run of a round."""
    had = Run.objects.filter(why=played.why, finished_at__isnull=False).values("activation")
    return had.count() >= len(lists())

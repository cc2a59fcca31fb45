"""Gives the demo a history: real syncs by the real engine, with people coming and going in between.

A round is known by the reason that its runs carry, so that a history that was interrupted goes on where it stopped.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from datetime import time as clock_time
from typing import Final

from django.utils import timezone

from audiences.models import Activation, Lifecycle
from audiences.terms import CADENCES, SUPPRESS
from muster.models import Person
from syncs.models import Run, Schedule
from syncs.schedule import DAILY, INTERVAL, Rhythm
from syncs.slots import set_schedule

from . import proving
from .audience_plans import AUDIENCES
from .northwind import BOUGHT, CART_1, HOLDOUT, LAPSED, VIP
from .orders import StandIns
from .playing import begun, ended
from .sign_ins import CAST, HELEN

DAY_MINUTES = 1440
MORNING, ZONE = clock_time(6), "America/New_York"

log = logging.getLogger(__name__)


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
    Round("After the lunch-hour orders", {CART_1: 0.18, BOUGHT: 0.06, LAPSED: 0.01, HOLDOUT: 0.04}),
    Round("Before the evening campaigns", {CART_1: 0.16, BOUGHT: 0.05, VIP: 0.03, LAPSED: 0.24}, refunds_edited=True),
)
PREVIEW = "What would the evening send change?"


def is_over() -> bool:
    """Whether every version was proved and every round played."""
    return not proving.unproved() and all(is_played(played) for played in ROUNDS)


def play() -> None:
    """Play the rounds that were not played yet; the workers do the syncs. Returns early when they do not get on."""
    stand_ins = StandIns()
    if not proving.prove():
        log.warning("the pilots did not end in time; the rest of the history is left out")
        return
    for number, played in enumerate(ROUNDS, start=1):
        if is_played(played):
            continue
        for segment, share in played.churn.items():
            stand_ins.churn(segment, share, seed=number)
        if played.refunds_edited:
            stand_ins.edit_refunds()
        runs = [run for made in lists() if (run := begun(made, played.why, timezone.now()))]
        if not ended(runs):
            log.warning("the round %r did not end in time; the rest of the history is left out", played.why)
            return
    preview()
    schedule(timezone.now())


def schedule(at: datetime) -> None:
    """Let every list be synced by itself from now on, as its definition promises; daily ones in the early morning."""
    for made in lists():
        minutes = CADENCES.get(made.audience.definitions.all()[0].cadence)
        if minutes is None or Schedule.objects.filter(activation=made).exists():
            continue
        rhythm = Rhythm(DAILY, at=MORNING, zone=ZONE) if minutes == DAY_MINUTES else Rhythm(INTERVAL, minutes=minutes)
        set_schedule(made, rhythm, by=made.audience.owner, at=at)


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


def preview() -> None:
    """Let the manager look at what a sync of the largest list would do."""
    helen = Person.objects.filter(email=next(one.email for one in CAST if one.full_name == HELEN)).first()
    largest = max(lists(), key=lambda made: made.members, default=None)
    if largest is not None and helen is not None:
        begun(largest, PREVIEW, timezone.now(), kind=Run.Kind.DRY_RUN, by=helen)

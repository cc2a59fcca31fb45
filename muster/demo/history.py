"""Gives the demo a history: real syncs by the real engine, with people coming and going in between.

A round is known by the reason that its runs carry, so that a history that was interrupted goes on where it stopped.
"""

import logging
from collections.abc import Sequence
from datetime import datetime
from datetime import time as clock_time
from typing import Final

from audiences.models import Activation
from audiences.terms import CADENCES
from muster.models import Person
from syncs.models import Run, Schedule
from syncs.schedule import DAILY, INTERVAL, Rhythm
from syncs.slots import set_schedule

from . import proving, reading_back, suppression_policy
from .orders import StandIns
from .playing import Player, begun
from .rounds import ROUNDS, Round, is_played, lists
from .sign_ins import HELEN, email_of

DAY_MINUTES = 1440
ZONE: Final = "America/New_York"
EACH_MORNING: Final = Rhythm(DAILY, at=clock_time(6), zone=ZONE)
PREVIEW = "What would the evening send change?"

log = logging.getLogger(__name__)


def play(player: Player, rounds: Sequence[Round] = ROUNDS) -> bool:
    """Play the pilots and rounds that were not played yet. Return whether all ended in time; what comes after is left out."""
    stand_ins = StandIns()
    if not proving.prove(player):
        log.warning("the pilots did not end in time; the rest of the history is left out")
        return False
    reading_back.tell_ids(player.now())
    suppression_policy.write(player.now())
    for number, played in enumerate(rounds, start=1):
        if is_played(played):
            continue
        for segment, share in played.churn.items():
            stand_ins.churn(segment, share, seed=number)
        if played.refunds_edited:
            stand_ins.edit_refunds()
        runs = [run for made in lists() if (run := begun(made, played.why, player))]
        if not player.ended(runs):
            log.warning("the round %r did not end in time; the rest of the history is left out", played.why)
            return False
    return True


def finish(player: Player) -> None:
    """Play all of it, look at what the next sync would do, then let the lists be synced and read back by themselves."""
    if not play(player):
        return
    preview(player)
    for made in lists():
        schedule(made, player.now())
    reading_back.import_before(player.now())
    reading_back.read_soon(player.now())


def schedule(made: Activation, at: datetime) -> None:
    """Let a list be synced by itself from now on, as its definition promises; a daily one in the early morning."""
    rhythm = rhythm_of(made)
    if rhythm is not None and not Schedule.objects.filter(activation=made).exists():
        set_schedule(made, rhythm, by=made.audience.owner, at=at)


def rhythm_of(made: Activation) -> Rhythm | None:
    """Return how often a list's definition promises a sync; None for by hand."""
    minutes = CADENCES.get(made.audience.definitions.all()[0].cadence)
    if minutes is None:
        return None
    return EACH_MORNING if minutes == DAY_MINUTES else Rhythm(INTERVAL, minutes=minutes)


def preview(player: Player) -> None:
    """Let the manager look at what a sync of the largest list would do."""
    helen = Person.objects.filter(email=email_of(HELEN)).first()
    largest = max(lists(), key=lambda made: made.members, default=None)
    if largest is not None and helen is not None:
        begun(largest, PREVIEW, player, kind=Run.Kind.DRY_RUN, by=helen)

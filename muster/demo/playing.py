"""Starts the demo's runs, each known by the reason that it carries, and sees that they end."""

import logging
import time
from datetime import datetime
from typing import Protocol

from django.db import close_old_connections
from django.utils import timezone

from audiences.models import Activation
from muster.models import Person
from syncs.models import Run
from syncs.start import AlreadyLive, CannotStart, start

LOOK_EVERY = 0.5
ROUND_SECONDS = 600.0
TRIES = 3

log = logging.getLogger(__name__)


class Player(Protocol):
    """Whoever works the demo's runs off, and the clock that it goes by."""

    def now(self) -> datetime: ...

    def ended(self, runs: list[Run]) -> bool:
        """See all runs to their end, and return whether it came in time."""
        ...


class Workers:
    """The workers of this installation, who are waited for."""

    def now(self) -> datetime:
        return timezone.now()

    def ended(self, runs: list[Run]) -> bool:
        until = time.monotonic() + ROUND_SECONDS
        waiting = [run.pk for run in runs]
        while Run.objects.live().filter(pk__in=waiting).exists():
            if time.monotonic() > until:
                return False
            time.sleep(LOOK_EVERY)
            close_old_connections()
        return True


def begun(
    made: Activation, why: str, player: Player, *, kind: str = Run.Kind.SYNC, by: Person | None = None
) -> Run | None:
    """Start a run of a list, by its owner unless somebody else is named, after the one that may be going."""
    if had := Run.objects.filter(activation=made, why=why).first():
        return had
    for _ in range(TRIES):
        try:
            return start(
                made, trigger=Run.Trigger.BUTTON, at=player.now(), by=by or made.audience.owner, kind=kind, why=why
            )
        except AlreadyLive as live:
            player.ended([live.run])
        except CannotStart as problem:
            log.warning("%s is left out of the history: %s", made, problem)
            return None
    return None

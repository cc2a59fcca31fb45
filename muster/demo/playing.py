"""Starts the demo's runs, each known by the reason that it carries, and waits for the workers to end them."""

import logging
import time
from datetime import datetime

from django.db import close_old_connections

from audiences.models import Activation
from muster.models import Person
from syncs.models import Run
from syncs.start import AlreadyLive, CannotStart, start

LOOK_EVERY = 0.5
ROUND_SECONDS = 600.0

log = logging.getLogger(__name__)


def begun(
    made: Activation, why: str, at: datetime, *, kind: str = Run.Kind.SYNC, by: Person | None = None
) -> Run | None:
    """Start a run of a list, by its owner unless somebody else is named."""
    if had := Run.objects.filter(activation=made, why=why).first():
        return had
    try:
        return start(made, trigger=Run.Trigger.BUTTON, at=at, by=by or made.audience.owner, kind=kind, why=why)
    except AlreadyLive as live:
        return live.run
    except CannotStart as problem:
        log.warning("%s is left out of the history: %s", made, problem)
        return None


def ended(runs: list[Run]) -> bool:
    """Wait for the end of all runs, and return whether it came in time."""
    until = time.monotonic() + ROUND_SECONDS
    waiting = [run.pk for run in runs]
    while Run.objects.live().filter(pk__in=waiting).exists():
        if time.monotonic() > until:
            return False
        time.sleep(LOOK_EVERY)
        close_old_connections()
    return True

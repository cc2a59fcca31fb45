"""`manage.py tick`: the clock. Every few seconds it starts what is due, sweeps for forgotten work, notes who is alive."""

import logging
import signal
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import DatabaseError, InterfaceError, close_old_connections, connection
from django.utils import timezone
from redis.exceptions import RedisError

from reconciliation import exposing, freezing, health, measure, posting
from syncs import beats, event_runs, forwarding, slots
from syncs.sweep import ring_looks, sweep

OUTAGES = (DatabaseError, InterfaceError, RedisError, OSError)

log = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Starts what is due, and rings for runs that nobody was woken for. One is enough; two do no harm."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        while not stopping.is_set():
            tick(timezone.now())
            stopping.wait(settings.TICK_SECONDS)


def tick(at: datetime) -> dict[str, int]:
    """Start what is due, sweep, and write the beats; return what was done. An outage costs this round, not the clock."""
    close_old_connections()
    done: dict[str, int] = {}
    survives("slots", lambda: done.update(slots.keep(at=at)))
    survives("sweep", lambda: done.update(sweep(at=at)))
    survives("events", lambda: done.update(events=forwarding.ring_due(at=at), event_runs=event_runs.look(at=at)))
    survives("looks", lambda: done.update(looks=ring_looks(at=at)))
    survives("readings", lambda: done.update(read_back=measure.ring_due(at=at)))
    survives("reports", lambda: done.update(reports=freezing.ring_due(at=at)))
    survives("health", lambda: done.update(judged=health.ring_due(at=at)))
    survives("exposures", lambda: done.update(exposures=exposing.ring_due(at=at)))
    survives("messages", lambda: done.update(messages=posting.ring_due(at=at)))
    survives("sending", lambda: done.update(sending=posting.send_due(at=at)))
    survives("beats", lambda: beats.note_all(at, moved=sum(done.values()) - done.get("slots", 0)))
    return done


def survives(what: str, action: Callable[[], None]) -> None:
    """Do it; when the database or Redis is away, log that and go on, over a fresh connection next time."""
    try:
        action()
    except OUTAGES as error:
        log.warning("%s did not work this time: %s", what, type(error).__name__)
        connection.close()

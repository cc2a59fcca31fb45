"""One pace for all requests to a Customer.io workspace: every process takes its turn from the same row.

Customer.io allows a workspace 10 requests a second, other integrations included. Turns are spaced evenly, so that no
second holds more than settings.CUSTOMERIO_RATE of them, whoever asks. Times are the database's.
"""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.db import connection
from django.db.models.functions import Now

from muster.http import RateLimited
from muster.kept_query import KeptQuery

from .models import RequestSlot

VENDOR: Final = "Customer.io"
# Turns of 1.2 seconds fit into one: with 8 a second that is still within 10.
LATE: Final = 0.2
MOST_TURNS: Final = 20

Sleep = Callable[[float], object]

_slot = KeptQuery(lambda pk: RequestSlot.objects.filter(workspace_id=pk).annotate(database_now=Now()), int)


def take_turn(workspace_id: int, *, patience: float, sleep: Sleep = time.sleep) -> None:
    """Wait until a request to this workspace may leave.

    Not inside of a transaction: others could not take theirs while this one waits. Raises RateLimited, without having
    taken a turn, when the next one is more than `patience` seconds away.
    """
    for _ in range(MOST_TURNS):
        turn_at = _turn(workspace_id, patience)
        if (left := turn_at - time.monotonic()) > 0:
            sleep(left)
        # On a busy machine several would wake late and leave at once; whoever missed a turn takes another.
        if time.monotonic() - turn_at <= LATE:
            return


def _turn(workspace_id: int, patience: float) -> float:
    """Take the next turn and return when it is, by this process's own clock. Raises RateLimited."""
    while True:
        asked_at = time.monotonic()
        due, now = _row(workspace_id)
        turn = max(due, now)
        if turn - now > patience:
            raise RateLimited(VENDOR, "Others are using up what it allows.", retry_after=turn - now)
        if _moved(workspace_id, due, turn + 1 / settings.CUSTOMERIO_RATE):
            return asked_at + turn - now


def hold_back(workspace_id: int, seconds: float) -> None:
    """Let nobody's request to this workspace leave for so long: Customer.io asked to wait."""
    while True:
        due, now = _row(workspace_id)
        if due >= now + seconds or _moved(workspace_id, due, now + seconds):
            return


def _row(workspace_id: int) -> tuple[float, float]:
    """Return when the next turn is, and what time it is in the database, as seconds since 1970."""
    found: Any = _slot.first(workspace_id)
    if found is None:
        RequestSlot.objects.get_or_create(workspace_id=workspace_id)
        found = _slot.first(workspace_id)
    now: datetime = found.database_now
    return found.next_at, now.timestamp()


def _moved(workspace_id: int, due: float, to: float) -> bool:
    """Whether nobody else moved the next turn meanwhile; then it is moved."""
    move = "UPDATE audiences_requestslot SET next_at = %s WHERE workspace_id = %s AND next_at = %s"
    with connection.cursor() as cursor:
        cursor.execute(move, [to, workspace_id, due])
        return bool(cursor.rowcount)

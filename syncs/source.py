"""Gets a complete reading of a segment for a count: shared with runs and other counts, and kept while it is counted."""

from collections.abc import Callable
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Final

from django.db.models import Q

from audiences.models import Segment

from . import pull
from .models import Pull
from .staging import LONGEST
from .states import PullState

SLICE_SECONDS: Final = 900  # what is not read by then goes on with the next call, where it is an export
COUNTED_WITHIN: Final = timedelta(minutes=20)

Clock = Callable[[], datetime]


class Elsewhere(Exception):
    """The segment is being read, here or by another worker, and it takes longer. Nothing is known yet: ask again."""


class NotRead(Exception):
    """The segment could not be read; the text says what happened and what to do next."""


def source(
    segment: Segment,
    columns: dict[str, Any],
    *,
    young: timedelta,
    kept_for: timedelta,
    holder: str,
    clock: Clock,
) -> Pull:
    """Return a complete reading that is no older than `young`; its people stay while it is counted, and `kept_for`.

    Raises Elsewhere, NotRead, ClockOff.
    """
    found = pull.find_or_create(segment, columns, began_after=clock() - young, fingerprint=None, at=clock())
    until = monotonic() + SLICE_SECONDS
    found = pull.advance(found.pk, holder=holder, stop=lambda: monotonic() > until, clock=clock)
    if found.state == PullState.FAILED:
        raise NotRead(found.words or f"{segment} could not be read completely.")
    if found.state != PullState.COMPLETE or not kept(found, kept_for, clock()):
        raise Elsewhere(f"{segment} is being read.")
    return found


def kept(found: Pull, long: timedelta, at: datetime) -> bool:
    """Keep a reading's people so long, at least for one count and at most for a day; return whether they are there."""
    assert found.began_at is not None, "it is complete"
    assert found.finished_at is not None, "it is complete"
    wanted = min(max(found.began_at + long, at + COUNTED_WITHIN), found.finished_at + LONGEST)
    mine = Pull.objects.filter(pk=found.pk, dropped_at=None)
    mine.filter(Q(kept_until=None) | Q(kept_until__lt=wanted)).update(kept_until=wanted)
    return mine.exists()

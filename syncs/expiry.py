"""Members who would soon expire at the platform are sent again, a small portion of the list a day.

A list's keys are cut into 64 portions that no re-sharding moves. Of each is kept since when everybody in it has
surely been sent; whoever came later is younger. So a portion is never older than it says.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from math import ceil
from typing import Final

from audiences.models import Activation

from .models import AssertedPortion, Batch, Run
from .states import ARRIVED, BatchState

PORTIONS: Final = 64
DUE_AT: Final = 0.8  # of the life span
SPREAD_OVER: Final = 0.1  # of the life span: in this time everything that falls due at once is through
LAST_CALL: Final = 0.95
DAY: Final = timedelta(days=1)

Interval = tuple[bytes, bytes]


def chosen(ages: Mapping[int, timedelta], life: timedelta, *, gap: timedelta, lately: int = 0) -> list[int]:
    """Return the portions to send again now, the oldest first.

    `ages`: since when everybody in a portion was sent; `gap`: the time between two runs of the list; `lately`: how many
    portions were sent again in the last day. A portion that may not live until the run after the next is always sent.
    """
    due = sorted((one for one in ages if ages[one] + gap >= DUE_AT * life), key=lambda one: (-ages[one], one))
    days = max(1.0, gap / DAY)
    allowed = max(0, ceil(PORTIONS * days / max(1.0, SPREAD_OVER * life / DAY)) - lately)
    urgent = [one for one in due if ages[one] + 2 * gap >= life or ages[one] >= LAST_CALL * life]
    return due[: max(allowed, len(urgent))]


def interval_of(number: int) -> Interval:
    """Return the keys [from, to) of a portion; an empty end is open."""
    first = bytes([number * 256 // PORTIONS])
    return (first if number else b"", bytes([(number + 1) * 256 // PORTIONS]) if number + 1 < PORTIONS else b"")


def life_span(activation: Activation) -> timedelta | None:
    """Return how long the destination keeps a member who is not sent again; None where nobody expires."""
    days = activation.destination.life_span_days or activation.destination.spec.life_span_days
    return timedelta(days=days) if days else None


def expiring(run: Run, at: datetime) -> list[int]:
    """Return the portions that a run sends again before they expire. Three queries, none where nobody expires."""
    life = life_span(run.activation)
    if life is None:
        return []
    known = dict(AssertedPortion.objects.filter(activation=run.activation).values_list("number", "asserted_at"))
    if not known:
        return []
    before = Run.objects.of_lists().filter(activation=run.activation, state__in=ARRIVED).order_by("-pk")
    previous = before.values_list("planned_at", flat=True).first()
    gap = max(timedelta(0), at - previous) if previous else timedelta(0)
    ages = {number: at - since for number, since in known.items()}
    # What the first sync sent in the last day was no portion, and cannot be due.
    lately = sum(age < DAY for age in ages.values()) if max(ages.values()) > DAY else 0
    return chosen(ages, life, gap=gap, lately=lately)


def intervals(numbers: Iterable[int]) -> list[Interval]:
    """Return the keys of portions."""
    return [interval_of(number) for number in numbers]


def asserted(run: Run, *, everybody: bool) -> None:
    """Note what a run that got through has sent: the portions it renewed, or everybody. `run.planned_at` is when."""
    activation = run.activation
    if run.planned_at is None or life_span(activation) is None:
        return
    rows = AssertedPortion.objects.filter(activation=activation)
    if not rows.exists():
        since = run.planned_at if everybody or not run.before else first_sent(activation) or run.planned_at
        made = [AssertedPortion(activation=activation, number=n, asserted_at=since) for n in range(PORTIONS)]
        AssertedPortion.objects.bulk_create(made, ignore_conflicts=True)
        return
    renewed = rows if everybody else rows.filter(number__in=run.renewing)
    renewed.filter(asserted_at__lt=run.planned_at).update(asserted_at=run.planned_at)


def first_sent(activation: Activation) -> datetime | None:
    """Return when the first addition of a list was accepted: nobody on it was sent longer ago."""
    sent = Batch.objects.filter(activation=activation, state=BatchState.ACCEPTED, pass_name="additions")
    return sent.order_by("pk").values_list("created_at", flat=True).first()

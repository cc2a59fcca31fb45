"""What is kept for a while only is deleted by the sweep, once an hour; what pages show stays."""

from datetime import timedelta

import pytest

from syncs import slots, sweep
from syncs.models import RejectedRow, Slot
from syncs.schedule import INTERVAL, Rhythm

from . import run_rows
from .run_rows import AT

DAY = timedelta(days=1)

pytestmark = [pytest.mark.django_db, pytest.mark.engine]


def rejected(days_ago: float) -> RejectedRow:
    run = run_rows.run_of()
    return RejectedRow.objects.create(
        run=run, key=bytes(16), pass_name="additions", words="refused", at=AT - days_ago * DAY
    )


def test_refused_rows_go_after_30_days() -> None:
    rejected(30.1)
    young = rejected(29.9)

    assert sweep.sweep(at=AT)["purged"] == 1
    assert list(RejectedRow.objects.all()) == [young]


def test_slots_go_after_60_days_and_runs_stay() -> None:
    made = slots.set_schedule(run_rows.list_of(), Rhythm(INTERVAL, minutes=720), by=None, at=AT - 61 * DAY)
    run = run_rows.run_of(made.activation)
    slots.make_ahead(AT)
    slots.keep(at=AT)
    Slot.objects.filter(pk=made.slots.order_by("due")[0].pk).update(state="started", run=run)

    assert sweep.sweep(at=AT)["purged"] == 2
    assert made.slots.order_by("due")[0].due >= AT - 60 * DAY
    run.refresh_from_db()


def test_it_looks_once_an_hour() -> None:
    sweep.sweep(at=AT)
    rejected(40)

    assert sweep.sweep(at=AT + timedelta(minutes=59))["purged"] == 0
    assert sweep.sweep(at=AT + timedelta(minutes=61))["purged"] == 1

"""Loads what decides why people are not on a suppression list: its list, runs, pauses and slots."""

from datetime import datetime
from typing import Final

from audiences.cohorts import BUYERS
from audiences.models import Activation, Lifecycle, RequiredSuppression
from syncs.ledger_keys import trusted
from syncs.models import Pause, Run, Slot
from syncs.states import ARRIVED, RunState

from .exposure_told import Facts
from .judging import zone

BROKEN_OFF: Final = (RunState.FAILED, RunState.LOST)
LOOKED_BACK: Final = 200  # runs


def facts_of(required: RequiredSuppression, list_: Activation | None, missing: int, at: datetime) -> Facts:
    """Return what is known now. Six queries."""
    audience = required.audience
    assert audience is not None, "without an audience nobody is counted"
    account = required.destination.name
    if list_ is None:
        return Facts(audience.name, account, at, zone(), missing, has_list=False)
    runs = list(Run.objects.of_lists().filter(activation=list_).newest_first().select_related("pull")[:LOOKED_BACK])
    ended = [run for run in runs if not run.is_live]
    arrived = next((run for run in ended if run.state in ARRIVED and run.pull), None)
    failed = _failed_in_row(ended)
    pause = Pause.objects.over(list_).first()
    held = ended[0] if ended and ended[0].state == RunState.HELD else None
    return Facts(
        audience.name,
        account,
        at,
        zone(),
        missing,
        retired=list_.lifecycle == Lifecycle.RETIRED,
        stopped=list_.stopped_words,
        key_refused=any(run.reason == "bad_credentials" for run in failed),
        failed_since=failed[-1].finished_at if failed else None,
        paused_since=pause.at if pause else None,
        read_at=arrived.pull.began_at if arrived and arrived.pull else None,
        next_at=_next(list_, at),
        trusted=trusted(list_),
        parked=int(held.held.get("adds", {}).get("figure", 0)) if held else 0,
        parked_since=held.finished_at if held else None,
        underway=any(run.is_live for run in runs),
        ramp=list_.ramp,
        came="Bought" if required.cohort == BUYERS else "Entered",
    )


def _failed_in_row(ended: list[Run]) -> list[Run]:
    """Return the newest runs that broke off without one that got through between, newest first."""
    found: list[Run] = []
    for run in ended:
        if run.state not in BROKEN_OFF:
            break
        found.append(run)
    return found


def _next(list_: Activation, at: datetime) -> datetime | None:
    if list_.lifecycle != Lifecycle.LIVE:
        return None
    slots = Slot.objects.filter(schedule__activation=list_, state=Slot.State.DUE, due__gt=at)
    due: datetime | None = slots.order_by("due").values_list("due", flat=True).first()
    return due

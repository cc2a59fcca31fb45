"""Weeks of lists with planted faults, as rows: what runs planned, what batches did, what the destination showed."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from audiences.models import Activation
from muster import audit
from reconciliation import judging
from reconciliation.models import ListWeek
from syncs.models import Batch, Run
from syncs.states import BatchState, RunState
from tests.syncs import run_rows

from . import readings

MONDAY = date(2026, 11, 16)
WEEK = timedelta(weeks=1)
QUIET = (52.0, 52.4, 51.7, 52.2, 51.9, 52.1, 52.5, 51.8, 52.0, 52.3, 51.9, 52.2)


def noon(monday: date, day: int = 0) -> datetime:
    """Return noon (UTC) of a day of a week."""
    return datetime.combine(monday, datetime.min.time(), UTC) + timedelta(days=day, hours=12)


def list_of(name: str = "Cart", **fields: Any) -> Activation:
    """Make a list that was made, and sent, long before the weeks that are judged."""
    made = run_rows.list_of(name, **fields)
    long_ago = noon(MONDAY) - 60 * WEEK
    type(made).objects.filter(pk=made.pk).update(created_at=long_ago)
    made.audience.definitions.update(promoted_at=long_ago, tolerance=5.0)
    run_rows.run_of(made, created_at=long_ago)
    return made


def planned(
    one: Activation, at: datetime, *, wanted: int, left_out: dict[str, int] | None = None, **fields: Any
) -> Run:
    """Let a run plan; what is not said of it, did not change."""
    out = left_out if left_out is not None else {"consent": 900, "no_identifier": 580}
    values: dict[str, Any] = {
        "in_segment": wanted + sum(out.values()),
        "wanted": wanted,
        "before": wanted,
        "left_out": out,
        "planned_at": at,
    }
    return run_rows.run_of(one, created_at=at, **{**values, **fields})


def accepted(run: Run, at: datetime, *, adds: int = 0, removes: int = 0, **fields: Any) -> Batch:
    """Let RudderStack have accepted a batch of a run."""
    values: dict[str, Any] = {
        "state": BatchState.ACCEPTED,
        "pass_name": "additions" if adds else "removals",
        "settled_at": at,
        "created_at": at,
        "fence": 1,
        "key_from": b"",
        "key_to": b"",
        "adds": adds,
        "removes": removes,
        "people": adds + removes,
    }
    return Batch.objects.create(run=run, activation=run.activation, **{**values, **fields})


def shown(one: Activation, monday: date, mid: float, *, accepted: int = 16_051, **fields: Any) -> None:
    """Let the destination be read on the Saturday of a week: so many percent of those accepted are there."""
    low, high = round(accepted * (mid - 0.5) / 100), round(accepted * (mid + 0.5) / 100)
    readings.read(one, noon(monday, 5), low, high, accepted=accepted, **fields)


def weeks(
    one: Activation,
    mids: Iterable[float | None],
    *,
    newest: date = MONDAY,
    wanted: int = 16_051,
    left_out: dict[str, int] | None = None,
) -> None:
    """Let weeks pass, the newest last: in each a run plans and the destination is read; None: nothing happens."""
    known = list(mids)
    for back, mid in zip(reversed(range(len(known))), known, strict=True):
        monday = newest - back * WEEK
        if mid is not None:
            planned(one, noon(monday, 4), wanted=wanted, left_out=left_out)
            shown(one, monday, mid, accepted=wanted)


def judged(one: Activation, monday: date = MONDAY, *, weeks_before: int = 1) -> ListWeek:
    """Judge a list for these weeks, each on the Monday after it, and return the newest."""
    readings.kept(one, noon(monday, 7))
    found = None
    for back in reversed(range(weeks_before + 1)):
        found = judging.judge(one, monday - back * WEEK, at=noon(monday - back * WEEK, 7))
    assert found is not None
    return found


def edited(one: Activation, at: datetime) -> None:
    """Let somebody change the segment's conditions in Customer.io."""
    verb = "noticed changed conditions in the segment of"
    audit.record(verb=verb, subject=one.audience, audience_id=one.audience_id, at=at)


def failed(one: Activation, at: datetime, *, wanted: int, **fields: Any) -> Run:
    """Let a run plan and fail before it sent anything."""
    return planned(one, at, wanted=wanted, state=RunState.FAILED, **fields)

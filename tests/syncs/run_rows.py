"""Rows of runs as pages meet them: plausible figures that add up, in every state."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone

from audiences.models import Activation
from muster import audit
from muster.models import Person
from syncs.models import Beat, Pull, Run
from syncs.states import PullState, RunState, Stage
from tests import factories

AT = datetime(2026, 11, 23, 9, 14, 20, tzinfo=UTC)
HELD_REMOVES: dict[str, Any] = {
    "removes": {"figure": 1291, "limit": 110, "expected": 18.0, "held": True, "released": False, "why": "guard"},
    "adds": {
        "figure": 9,
        "limit": 1592,
        "expected": 11.0,
        "held": False,
        "released": False,
        "why": "",
        "first": False,
    },
}
PLANNED: dict[str, Any] = {
    "in_segment": 86_204,
    "before": 82_214,
    "wanted": 84_310,
    "adds": 6_214,
    "changes": 1_902,
    "removes": 4_118,
    "unchanged": 76_194,
    "left_out": {"consent": 903, "no_identifier": 578, "excluded": 412, "shares_blocked": 1},
    "removes_by": {"left": 4_100, "erased": 18},
    "optouts": 18,
    "unusable": {"phone_invalid": 2_317},
    "verdict": {
        "removes": {"figure": 4100, "limit": 4230, "expected": 1410.0, "held": False, "released": False, "why": ""},
        "adds": {"figure": 6214, "limit": 41107, "expected": 900.0, "held": False, "released": False, "why": ""},
    },
}


def list_of(name: str = "", *, purpose: str = "retarget", platform: str = "meta", **fields: Any) -> Activation:
    """Make an audience with a locked definition and one list."""
    audience = factories.audience(name=name)
    place = factories.destination(platform=platform)
    factories.definition(audience, purpose=purpose, destinations=[place])
    return factories.activation(audience, place, **fields)


def run_of(activation: Activation | None = None, *, state: str = RunState.DONE, **fields: Any) -> Run:
    """Make a run; one that has ended has its times."""
    activation = activation or list_of()
    at = fields.pop("created_at", AT)
    values: dict[str, Any] = {"trigger": Run.Trigger.BUTTON, "created_at": at, "started_at": at + timedelta(seconds=4)}
    if state not in {RunState.WAITING, RunState.RUNNING}:
        values["finished_at"] = at + timedelta(minutes=6)
    if state in {RunState.DONE, RunState.DONE_WITH_REJECTS}:
        values["stage"] = Stage.DONE
    definition = fields.pop("definition", None) or activation.audience.definitions.get(state="current")
    return Run.objects.create(activation=activation, definition=definition, state=state, **{**values, **fields})


def timings(at: datetime, **seconds: int) -> dict[str, list[str | None]]:
    """Return stage -> [began, ended] one after the other; a negative length is under way."""
    made: dict[str, list[str | None]] = {}
    for stage, length in seconds.items():
        ended = at + timedelta(seconds=abs(length))
        made[stage] = [at.isoformat(), ended.isoformat() if length >= 0 else None]
        at = ended
    return made


def sending(activation: Activation | None = None, *, at: datetime = AT, **fields: Any) -> Run:
    """Make a run in the middle of its additions."""
    values: dict[str, Any] = {
        **PLANNED,
        "planned_at": at + timedelta(seconds=134),
        "stage": Stage.ADDITIONS,
        "accepted_removes": 4_118,
        "accepted_adds": 3_702,
        "holder": "web-1:4711",
        "heartbeat_at": at + timedelta(seconds=340),
        "requests": 12,
        "timings": timings(at + timedelta(seconds=4), reading=52, comparing=78, removals=107, additions=-99),
    }
    state = fields.pop("state", RunState.RUNNING)
    return run_of(activation, state=state, created_at=at, **{**values, **fields})


def done(activation: Activation | None = None, *, at: datetime = AT, **fields: Any) -> Run:
    """Make a run that sent its whole plan."""
    values: dict[str, Any] = {
        **PLANNED,
        "planned_at": at + timedelta(seconds=134),
        "accepted_removes": 4_118,
        "accepted_adds": 8_116,
        "requests": 20,
        "timings": timings(at + timedelta(seconds=4), reading=52, comparing=78, removals=107, additions=110),
    }
    state = fields.pop("state", RunState.DONE)
    return run_of(activation, state=state, created_at=at, **{**values, **fields})


def held(activation: Activation | None = None, *, at: datetime = AT, **fields: Any) -> Run:
    """Make a run of a suppression list whose removals are parked."""
    values: dict[str, Any] = {
        "reason": "guard",
        "words": "1,291 removals are more than usual; they were not sent. Decide on this page.",
        "stage": Stage.DONE,
        "planned_at": at + timedelta(seconds=170),
        "in_segment": 1_902,
        "before": 3_184,
        "wanted": 1_902,
        "adds": 9,
        "removes": 1_291,
        "unchanged": 1_893,
        "accepted_adds": 9,
        "verdict": HELD_REMOVES,
        "timings": timings(at + timedelta(seconds=4), reading=156, comparing=14, additions=50),
    }
    activation = activation or list_of(purpose="suppress", members=3_193)
    return run_of(activation, state=RunState.HELD, created_at=at, **{**values, **fields})


def dry(activation: Activation | None = None, *, at: datetime = AT, **fields: Any) -> Run:
    """Make a dry run that has ended."""
    values: dict[str, Any] = {
        **PLANNED,
        "kind": Run.Kind.DRY_RUN,
        "planned_at": at + timedelta(seconds=134),
        "timings": timings(at + timedelta(seconds=4), reading=52, comparing=78),
    }
    return run_of(activation, created_at=at, **{**values, **fields})


def pull_of(activation: Activation, *, rows: int = 0, count: int = 0, **fields: Any) -> Pull:
    """Make a reading of the list's segment that is under way."""
    values: dict[str, Any] = {"state": PullState.RUNNING, "created_at": AT, "began_at": AT, "rows": rows}
    return Pull.objects.create(
        segment=activation.audience.segment, **{**values, "count_before": count or None, **fields}
    )


def beats(at: datetime | None = None, *, workers: int = 2, redis: bool = True) -> None:
    """Let the machinery have given signs of life at a time, by default now."""
    at = at or timezone.now()
    for name, working, count in (("tick", True, 0), ("redis", redis, 0), ("workers", workers > 0, workers)):
        Beat.objects.create(name=name, at=at, working=working, count=count, since=at - timedelta(minutes=4))


def event(run: Run, verb: str, *, by: Person | None = None, at: datetime = AT, **detail: Any) -> None:
    """Write an event of a run's timeline."""
    audit.record(
        verb=verb,
        subject=run,
        by=by,
        detail=detail,
        audience_id=run.activation.audience_id,
        run_id=run.pk,
        at=at,
        reason=detail.pop("reason", ""),
    )

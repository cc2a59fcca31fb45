"""The invariants as rows show them: hold after real runs, and each break is found."""

import json
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models import F
from django.utils import timezone

from audiences.models import Activation
from syncs.models import Batch, LedgerShard, Pull, Run, StagedShard
from syncs.start import start
from syncs.states import BatchState, PullState, RunState
from syncs.verify import verify
from tests import factories
from tests.syncs.running import synced
from tests.vendors import Vendors

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.engine]


@pytest.fixture
def history(vendors: Vendors, settings: Any) -> Activation:
    """A list of 60 people in batches of 20 that was synced, churned, and synced again."""
    settings.BATCH_PEOPLE = 20
    audience = factories.registered_audience(vendors, 60)
    made = audience.activations.get()
    assert synced(made).state == RunState.DONE
    vendors.order(vendors.us, f"/_sandbox/segments/{audience.segment.number}", {"generated": {"share": 0.8}})
    vendors.order(vendors.us, f"/_sandbox/segments/{audience.segment.number}/churn", {"share": 0.2})
    made.refresh_from_db()
    assert synced(made).state == RunState.DONE
    made.refresh_from_db()
    return made


def broken() -> dict[str, list[str]]:
    return {finding.invariant: finding.broken for finding in verify() if not finding.holds}


def test_all_hold_after_real_runs_and_rows_were_looked_at(history: Activation) -> None:
    findings = {finding.invariant: finding for finding in verify()}

    assert [name for name, finding in findings.items() if not finding.holds] == []
    assert list(findings) == ["I1", "I2", "I3", "I4", "I5", "I6", "I9"]
    assert all(finding.looked_at for name, finding in findings.items() if name != "I1")
    assert Batch.objects.filter(state=BatchState.ACCEPTED).count() >= 4


def update(model: Any, **changes: Any) -> Callable[[Activation], Any]:
    """Change the newest row of a model behind everybody's back."""

    def change(_made: Activation) -> None:
        newest = model.objects.order_by("-pk").first()
        assert newest is not None
        model.objects.filter(pk=newest.pk).update(**changes)

    return change


def stuck(made: Activation) -> None:
    run = start(made, trigger=Run.Trigger.COMMAND, at=timezone.now())
    Run.objects.filter(pk=run.pk).update(wake_at=None)


def overlapping(made: Activation) -> None:
    first = Batch.objects.filter(activation=made, state=BatchState.ACCEPTED).exclude(key_to=b"").order_by("pk").first()
    assert first is not None
    Batch.objects.filter(pk=first.pk).update(key_to=b"\xff" * 16)


def stray_shard(_made: Activation) -> None:
    pull = Pull.objects.order_by("-pk").first()
    assert pull is not None
    StagedShard.objects.filter(pull=pull).update(fence=F("fence") + 1)


def forgotten(made: Activation) -> None:
    newest = Batch.objects.filter(activation=made, state=BatchState.ACCEPTED).order_by("pk").first()
    assert newest is not None
    Batch.objects.filter(pk=newest.pk).update(state=BatchState.SUPERSEDED)


@pytest.mark.parametrize(
    ("change", "invariants"),
    [
        (stuck, {"I1"}),
        (stray_shard, {"I3"}),
        (update(LedgerShard, version=F("version") + 1), {"I3"}),
        (update(LedgerShard, digest="0" * 32), {"I4"}),
        (update(LedgerShard, members=F("members") + 1), {"I4"}),
        (lambda made: Activation.objects.filter(pk=made.pk).update(members=F("members") - 1), {"I4", "I9"}),
        (forgotten, {"I3", "I4"}),
        (update(Pull, state=PullState.FAILED), {"I5"}),
        (overlapping, {"I6"}),
        (update(Batch, body_hash=""), {"I6"}),
        (update(Run, in_segment=F("in_segment") + 1), {"I9"}),
        (update(Run, unchanged=F("unchanged") + 1), {"I9"}),
        (update(Run, before=F("before") + 1), {"I9"}),
        (update(Run, removes_by={"left": 1}), {"I9"}),
        (update(Run, optouts=10_000), {"I9"}),
        (update(Run, accepted_adds=10_000), {"I9"}),
        (update(Run, accepted_removes=10_000), {"I9"}),
        (update(Batch, state=BatchState.SENDING), {"I3", "I4", "I9"}),
    ],
)
def test_a_break_is_found(history: Activation, change: Callable[[Activation], Any], invariants: set[str]) -> None:
    change(history)

    assert set(broken()) == invariants


def test_the_command_says_it_as_json_and_by_its_exit_status(history: Activation) -> None:
    out = StringIO()
    call_command("verify", "--json", stdout=out)
    assert json.loads(out.getvalue())["holds"] is True

    update(Run, in_segment=1_000)(history)
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("verify", "--json", stdout=out)

    told = json.loads(out.getvalue())
    assert ended.value.code == 1
    assert told["holds"] is False
    assert told["invariants"]["I9"]["broken"] >= 1
    assert "1000 in the segment are not" in told["invariants"]["I9"]["examples"][0]


def test_the_command_says_it_to_a_person(history: Activation) -> None:
    out = StringIO()
    call_command("verify", stdout=out)
    assert "I4 the ledger is the fold of acknowledged batches: holds (" in out.getvalue()

    update(LedgerShard, digest="0" * 32)(history)
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("verify", stdout=out)
    assert "I4 the ledger is the fold of acknowledged batches: BROKEN in 1 place (" in out.getvalue()

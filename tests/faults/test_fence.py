"""A worker that was taken over without knowing it: whatever it would write next is refused, whichever kind of write it is.

The frozen workers of test_interleavings are stopped by other conditions too (a batch that is settled, a shard of another
version). Here the successor has written nothing but its claim, so that only the fence can refuse. SQLite says when a
transaction begins, so this is of SQLite.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import F, Model
from django.utils import timezone
from pytest_django import Settings

from audiences.models import Activation
from syncs import pipeline
from syncs.lease import LeaseLost
from syncs.models import Batch, LedgerShard, PlanShard, Pull, RejectedRow, Run, StagedShard
from syncs.start import start
from tests import factories
from tests.vendors import Vendors

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "sqlite", reason="tells transactions apart by SQLite's BEGIN"),
]

WRITE = re.compile(r'(?:INSERT INTO|UPDATE|DELETE FROM) "(\w+)"')
FENCED: dict[str, type[Model]] = {
    model._meta.db_table: model
    for model in (Run, Pull, StagedShard, PlanShard, Batch, LedgerShard, RejectedRow, Activation)
}
# A reading that nobody has begun belongs to nobody, and one that has ended is given back, not taken over.
FREE = ('INSERT INTO "syncs_pull"', 'UPDATE "syncs_pull" SET "lease_until" = NULL WHERE')


@dataclass
class Transactions:
    """Counts the transactions that write what a worker owns, and lets another take over before the `at`-th of all."""

    run: Run
    at: int = 0
    tables: list[set[str]] = field(default_factory=list)
    before: dict[str, Any] = field(default_factory=dict)
    looking: bool = False

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        found = WRITE.match(sql)
        if not self.looking and (sql.startswith("BEGIN") or (found and not connection.in_atomic_block)):
            self.tables.append(set())
            if len(self.tables) == self.at:
                self.take_over()
        if not self.looking and found and found[1] in FENCED and not sql.startswith(FREE):
            self.tables[-1].add(found[1])
        return execute(sql, params, many, context)

    def take_over(self) -> None:
        """Claim what the worker holds, as its successor would, and keep what there was; nothing of what has ended."""
        self.looking = True
        ends = timezone.now() + timedelta(minutes=1)
        segment = self.run.activation.audience.segment
        taken = [
            held.filter(state__in=("waiting", "running")).update(
                state="running", fence=F("fence") + 1, holder="another", lease_until=ends
            )
            for held in (Run.objects.filter(pk=self.run.pk), Pull.objects.filter(segment=segment))
        ]
        self.before = everything() if any(taken) else {}
        self.looking = False

    @contextmanager
    def watched(self) -> Iterator[None]:
        with connection.execute_wrapper(self):
            yield


def everything() -> dict[str, Any]:
    return {name: sorted(model._default_manager.values_list(), key=str) for name, model in FENCED.items()}


def waiting(vendors: Vendors) -> Run:
    """Return a run of a new list that waits for a worker."""
    made = factories.registered_audience(vendors, 3).activations.get()
    return start(made, trigger=Run.Trigger.COMMAND, at=timezone.now())


def test_nothing_that_a_worker_owns_is_written_after_a_takeover(vendors: Vendors, settings: Settings) -> None:
    settings.SENDERS, settings.RENEW_SECONDS = 1, 60.0
    run = waiting(vendors)
    undisturbed = Transactions(run)
    with undisturbed.watched():
        pipeline.work(run.pk, holder="first")
    kinds: dict[frozenset[str], list[int]] = {}
    for number, tables in enumerate(undisturbed.tables, 1):
        if tables:
            kinds.setdefault(frozenset(tables), []).append(number)
    assert set().union(*kinds) >= FENCED.keys() - {RejectedRow._meta.db_table}, "every kind of write is met"

    changed = {
        (told, number): found
        for kind, numbers in kinds.items()
        for number in sorted({numbers[0], *numbers[-2:]})
        if (told := " + ".join(sorted(kind))) and (found := changed_by_the_loser(vendors, number))
    }
    assert changed == {}, "what was written though another had taken over"


def changed_by_the_loser(vendors: Vendors, number: int) -> list[str]:
    """Return the tables that a worker changes when another takes over before its transaction of this number."""
    run = waiting(vendors)
    disturbed = Transactions(run, number)
    with disturbed.watched(), suppress(LeaseLost):
        pipeline.work(run.pk, holder="first")
    after = everything()
    return [name for name, rows in disturbed.before.items() if after[name] != rows]

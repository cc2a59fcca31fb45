"""Stores the plan of a run and gives it out again, sealed and prefix by prefix."""

from collections.abc import Iterator
from typing import Any

from django.db import transaction

from muster.columns import Columns, pack, unpack
from muster.vault import seal, unseal

from .ahead import Ahead
from .lease import Lease
from .models import PlanShard, Run

ROWS_AT_ONCE = 200
PLANS_AT_ONCE = 64


def store(run: Run, lease: Lease, plans: list[tuple[int, Columns]], fields: dict[str, Any]) -> None:
    """Fix the plan in one transaction. Raises LeaseLost."""
    rows: Iterator[PlanShard] = (
        PlanShard(run=run, number=number, blob=seal(pack(columns), aad=plan_aad(run, number)))
        for number, columns in plans
    )
    with transaction.atomic():
        lease.write(**fields)
        PlanShard.objects.filter(run=run).delete()
        PlanShard.objects.bulk_create(rows, batch_size=ROWS_AT_ONCE)


def plan_aad(run: Run, number: int) -> bytes:
    """Return where a plan shard belongs, for the vault."""
    return f"plan:{run.pk}:{number}".encode()


class Plans:
    """The plan of a run, prefix by prefix; no columns where nothing happens."""

    def __init__(self, run: Run, shards: int) -> None:
        self._run = run
        self._shards = Ahead(self._loaded, shards, PLANS_AT_ONCE)

    def columns(self, number: int) -> Columns:
        """Return what is planned in a prefix. Raises WrongKey and Tampered."""
        blob = self._shards[number]
        return unpack(unseal(blob, aad=plan_aad(self._run, number))) if blob else {}

    def _loaded(self, first: int, stop: int) -> list[bytes]:
        rows = PlanShard.objects.filter(run=self._run, number__gte=first, number__lt=stop)
        found = dict(rows.values_list("number", "blob"))
        return [bytes(found.get(number, b"")) for number in range(first, stop)]

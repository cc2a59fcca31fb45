"""Counts, when a run ends, who of its list is also elsewhere: in other tiers, came from or went to them, or is held out.

Keys of ledgers, plans and readings are compared prefix by prefix and forgotten; what stays are Overlap rows. What cannot be
told any more, since a plan or a reading is gone, has no row: that is not the same as nobody.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Final

import numpy as np
from django.db import transaction
from django.db.models import F

from audiences.models import Activation
from muster.columns import Array, unpack
from muster.vault import unseal

from .held_out import HeldOut, held_out_of
from .lease import Lease
from .ledger_keys import Holders, LedgerMoved, nobody, unmoved
from .models import Overlap, PlanShard, Run
from .plan import ADD
from .plan_shards import Plans, plan_aad
from .staging import NotStaged, Staged
from .tokens import keys_among

MOST_MOVED: Final = 2_000_000  # people who left a tier between two runs of another: held in memory
Kind = Overlap.Kind
Counted = Counter[tuple[str, int | None]]


def note(run: Run, lease: Lease, at: datetime) -> None:
    """Count for a run whose passes are through, and keep that. Raises LeaseLost."""
    if run.kind == Run.Kind.CLEAR:
        return
    try:
        kin, held_out = kin_of(run.activation), held_out_of(run)
        if not (kin or held_out):
            return
        found = Overlapping(run, kin, held_out, lease.check).counted()
    except (NotStaged, LedgerMoved):
        return
    with transaction.atomic():
        lease.write(progress=F("progress") + 1)
        for (kind, other), people in found.items():
            Overlap.objects.update_or_create(run=run, kind=kind, other_id=other, defaults={"people": people, "at": at})


def kin_of(one: Activation) -> list[Activation]:
    """Return the other tiers' lists at the same place: of audiences of which nobody is in two."""
    family = one.audience.family
    if not family or one.kind != Activation.Kind.PRODUCTION:
        return []
    kin = Activation.objects.filter(
        audience__family=family,
        audience__segment__workspace=one.audience.segment.workspace_id,
        destination=one.destination_id,
        kind=Activation.Kind.PRODUCTION,
    )
    return list(kin.exclude(audience=one.audience_id).exclude(lifecycle="draft").order_by("pk"))


class Overlapping:
    """The counts of one run. `beat` is called between prefixes: it raises when the run must stop."""

    def __init__(
        self, run: Run, kin: Sequence[Activation], held_out: Sequence[HeldOut], beat: Callable[[], None]
    ) -> None:
        self.run, self.kin, self.held_out, self.beat = run, kin, held_out, beat
        self.mine = Activation.objects.get(pk=run.activation_id)

    def counted(self) -> Counted:
        """Return people by kind and other list. Raises NotStaged, LedgerMoved."""
        came = {one.pk: keys for one in self.kin if (keys := left_before(one, self.run)) is not None}
        found = Counted({(Kind.TIER, one.pk): 0 for one in self.kin})
        found.update({(Kind.MOVED_OUT, one.pk): 0 for one in self.kin})
        found.update({(Kind.MOVED_IN, pk): 0 for pk in came})
        found.update({(Kind.HELD_OUT, one.other): 0 for one in self.held_out})
        own, others = Holders(self.mine), [(one.pk, Holders(one)) for one in self.kin]
        plans = Plans(self.run, self.mine.shards)
        with unmoved([self.mine, *self.kin]):
            for number in range(self.mine.shards):
                self.beat()
                here = own.keys(number, self.mine.shards)
                added, gone = self._moved(number, plans.columns(number), here)
                for pk, holders in others:
                    there = holders.keys(number, self.mine.shards)
                    found[Kind.TIER, pk] += _both(here, there)
                    found[Kind.MOVED_OUT, pk] += _both(gone, there)
                    if pk in came:
                        found[Kind.MOVED_IN, pk] += _both(added[~keys_among(added, there)], came[pk])
                for out in self.held_out:
                    found[Kind.HELD_OUT, out.other] += _both(here, out.keys(number, self.mine.shards))
        return found

    def _moved(self, number: int, plan: dict[str, Array], here: Array) -> tuple[Array, Array]:
        """Return whom the run added and whom it took off in a prefix, as far as that was accepted."""
        added = gone = nobody()
        if "op" in plan and self.kin:
            people = self._staged.heads(number, self.mine.shards)["key"]
            added = people[plan["op"] == ADD]
            added = added[keys_among(added, here)]
        if "gone.key" in plan:
            gone = plan["gone.key"][plan["gone.drop"] == 0]
            gone = gone[~keys_among(gone, here)]
        return added, gone

    @property
    def _staged(self) -> Staged:
        if not hasattr(self, "_opened"):
            assert self.run.pull is not None, "it has compared"
            self._opened = Staged(self.run.pull)
        return self._opened


def left_before(tier: Activation, run: Run) -> Array | None:
    """Return the sorted keys of those who were taken off a tier since the run before this one planned; None: not known.

    Who leaves a tier after another one has taken them in is counted there, when the tier's own run ends.
    """
    before = Run.objects.of_lists().filter(activation=run.activation_id, pk__lt=run.pk, planned_at__isnull=False)
    since = before.order_by("-pk").values_list("planned_at", flat=True).first()
    runs = Run.objects.of_lists().filter(activation=tier, finished_at__lte=run.planned_at, planned_at__isnull=False)
    if since is None:
        return None
    left = list(runs.filter(finished_at__gt=since, removes__gt=0))
    planned = set(PlanShard.objects.filter(run__in=left).values_list("run", flat=True))
    if any(one.pk not in planned for one in left) or sum(one.removes for one in left) > MOST_MOVED:
        return None
    return _gone(left)


def _gone(runs: Iterable[Run]) -> Array:
    found = [nobody()]
    for run in runs:
        for number, blob in PlanShard.objects.filter(run=run).values_list("number", "blob").iterator(chunk_size=8):
            plan = unpack(unseal(bytes(blob), aad=plan_aad(run, number)))
            if "gone.key" in plan:
                found.append(plan["gone.key"][plan["gone.drop"] == 0])
    return np.unique(np.concatenate(found))


def _both(keys: Array, others: Array) -> int:
    return int(keys_among(keys, others).sum())

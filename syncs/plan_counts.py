"""What a plan comes to, in people. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from muster.columns import Array

from .eligibility import name_of
from .plan import ADD, CHANGE, LEFT, REASSERT, Shard, is_optout, is_release


@dataclass
class Counts:
    """What a plan comes to; `exclusions` are the numbers of the segments that are excluded, in the definition's order."""

    exclusions: Sequence[int] = ()
    in_segment: int = 0
    before: int = 0
    out: Counter[str] = field(default_factory=Counter)
    removes_by: Counter[str] = field(default_factory=Counter)
    ops: Counter[int] = field(default_factory=Counter)
    arms: Counter[str] = field(default_factory=Counter)
    renewals: int = 0
    unchanged: int = 0
    removes: int = 0
    optouts: int = 0
    releases: int = 0
    dropped: int = 0
    duplicates: int = 0

    @property
    def wanted(self) -> int:
        return self.in_segment - self.out.total()

    def add_people(self, out: Array) -> None:
        """Count the people of a prefix by the reasons of each."""
        self.in_segment += len(out)
        people = np.bincount(out, minlength=1)
        for reason in np.flatnonzero(people[1:]) + 1:
            self.out[name_of(int(reason), list(self.exclusions))] += int(people[reason])

    def add_plan(self, shard: Shard, *, suppresses: bool) -> None:
        """Count what happens in a prefix."""
        for op, people in enumerate(np.bincount(shard.op, minlength=1)[1:].tolist(), 1):
            self.ops[op] += people
        if not len(shard.gone_key):
            return
        release = is_release(shard)
        leaves = (shard.gone_drop == 0) & ~release
        self.releases += int(release.sum())
        self.removes += int(leaves.sum())
        self.dropped += int(shard.gone_drop.sum())
        self.optouts += int((is_optout(shard.gone_why, shard.gone_drop, suppresses=suppresses) & ~release).sum())
        for reason, people in zip(*np.unique(shard.gone_why[leaves], return_counts=True), strict=True):
            self.removes_by["left" if reason == LEFT else name_of(int(reason), list(self.exclusions))] += int(people)

    def fields(self) -> dict[str, Any]:
        """Return them as `Run` keeps them."""
        return {
            "in_segment": self.in_segment,
            "before": self.before,
            "wanted": self.wanted,
            "adds": self.ops[ADD],
            "changes": self.ops[CHANGE],
            "reasserts": self.ops[REASSERT],
            "renewals": self.renewals,
            "unchanged": self.unchanged,
            "removes": self.removes,
            "optouts": self.optouts,
            "releases": self.releases,
            "dropped": self.dropped,
            "duplicates": self.duplicates,
            "left_out": dict(self.out),
            "arms": dict(+self.arms),
            "removes_by": dict(self.removes_by),
        }

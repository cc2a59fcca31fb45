"""Compares the people wanted with the ledger, prefix by prefix, and fixes the plan before anything is sent.

Three passes over the staged shards keep memory flat: who is out and which identifiers that blocks; the merge with the
ledger; which identifiers that would be removed a wanted person still carries.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.conf import settings
from django.db import transaction

from audiences.models import Activation
from muster.columns import Array, Columns, pack, unpack
from muster.vault import seal, unseal

from .ahead import Ahead
from .arms import people_by_arm
from .eligibility import Others, Out, blocking_tokens, name_of, reasons, with_blocked
from .erased import Erased
from .lease import Lease
from .ledger import Ledger
from .members import nobody, told_members, with_members
from .models import Batch, PlanShard, Run
from .opted_out import OptedOut
from .people import TOKENS
from .plan import ADD, CHANGE, LEFT, REASSERT, Shard, Sides, claims, is_optout, is_release, merge, without_claims
from .sharing import Repeats, beyond_first
from .staging import Staged
from .states import BatchState
from .terms import Terms
from .tokens import Flags, Tokens, TokenSet

ROWS_AT_ONCE = 200
PLANS_AT_ONCE = 64
NOBODY = nobody()


@dataclass
class Counts:
    """What a plan comes to, in people."""

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
            "arms": dict(self.arms),
            "removes_by": dict(self.removes_by),
        }


class Comparison:
    """One run's comparison. `beat` is called between shards: it raises when the run must stop."""

    def __init__(self, terms: Terms, staged: Staged, exclusions: list[Staged], beat: Callable[[], None]) -> None:
        self.terms, self.staged, self.exclusions, self.beat = terms, staged, exclusions, beat
        self.activation = terms.run.activation
        self.erased = Erased(self.activation.audience.segment.workspace)
        self.opted_out = OptedOut(terms.workspace if terms.obeys_opt_outs else None)
        self.counts = Counts()
        self.others = Others(erased_keys=self.erased.keys, erased_identifier=self.erased.identifier)

    def planned(self, *, everybody: bool, expiring: Sequence[tuple[bytes, bytes]] = ()) -> list[tuple[int, Columns]]:
        """Return (number, columns) for each prefix in which something has to happen.

        `everybody` is sent again; those whose keys are in `expiring` too, counted apart.
        """
        with Repeats(self.staged.people * len(self.terms.identifiers.fields), settings.HOME / "spool") as repeats:
            shards, held, out, ledger = self._merged(repeats, everybody=everybody, expiring=expiring)
            self.counts.duplicates = self._sharing(TokenSet(repeats.found()), out)
        claimed = self._claimed(shards, out, ledger)
        plans = []
        for number, shard in enumerate(shards):
            final_plan = without_claims(shard, claimed)
            self._count_plan(final_plan)
            if columns := final_plan.packed():
                plans.append((number, columns | with_members(final_plan.gone_key, held[number])))
        self.counts.unchanged = self.counts.wanted - sum(self.counts.ops.values())
        return plans

    def _merged(
        self, repeats: Repeats, *, everybody: bool, expiring: Sequence[tuple[bytes, bytes]]
    ) -> tuple[list[Shard], list[Columns | None], list[Array], Ledger]:
        """Return each prefix merged with the ledger, what the ledger holds of who goes, and the reasons of everybody."""
        ledger = Ledger(self.activation, texts_too=self.terms.texts)
        self.others.excluded_tokens = [self._tokens_of(staged) for staged in self.exclusions]
        out = self._out()
        intervals = unknown_intervals(self.activation)
        shards, held = [], []
        for number in range(ledger.shards):
            people = self._mine(number)
            final = with_blocked(people, self.terms.rules, out[number], self.others.blocked)
            out[number] = final
            again = np.ones(len(final), np.bool_) if everybody else within(people["key"], intervals)
            expires = within(people["key"], expiring) & ~again
            again |= expires
            digests = self.terms.digests(people)
            sides = Sides(
                people=people,
                out=final,
                digests=digests,
                ledger=ledger.columns(number),
                identifiers=self.terms.identifiers,
                suppresses=self.terms.suppresses,
                erased_keys=self.erased.keys,
                opted_out_keys=self.opted_out.keys,
                arms=self.terms.arms(people),
            )
            shards.append(merge(sides, again if again.any() else None))
            held.append(told_members(shards[-1].gone_key, sides.ledger))
            self.counts.renewals += int((shards[-1].op[expires] == REASSERT).sum())
            self._count_people(final, len(sides.ledger["key"]))
            self._count_arms(people, final)
            for mine in self.terms.identifiers.tokens(people).values():
                repeats.add(mine[final == Out.IN])
        return shards, held, out, ledger

    def _sharing(self, repeated: TokenSet, out: list[Array]) -> int:
        """Return how many wanted people there are beyond one for each group who share identifiers. Mostly no work at all."""
        owners, shared, before = [], [], 0
        for number in range(self.activation.shards if len(repeated) else 0):
            people, wanted = self._mine(number), out[number] == Out.IN
            for mine in self.terms.identifiers.tokens(people).values():
                places = np.flatnonzero(repeated.holds(mine) & wanted)
                owners.append(places + before)
                shared.append(mine[places])
            before += len(wanted)
        return beyond_first(np.concatenate(owners), np.concatenate(shared)) if owners else 0

    def _people(self, number: int, of: int, staged: Staged) -> Columns:
        """Return people as far as comparing needs them: mostly their heads."""
        self.beat()
        return self.terms.completed((staged.columns if self.terms.compares_all else staged.heads)(number, of))

    def _mine(self, number: int) -> Columns:
        return self._people(number, self.activation.shards, self.staged)

    def _judged(self, number: int) -> Columns:
        """Return people with their digests where one of them may be of somebody who was erased or opted out."""
        people = self._mine(number)
        for code, column in self.terms.identifiers.fields:
            if column not in people and any(
                some.may_hold(people[TOKENS + column], code) for some in (self.erased, self.opted_out)
            ):
                return self.staged.columns(number, self.activation.shards)
        return people

    def _out(self) -> list[Array]:
        """Return the reasons of everybody by prefix, and learn which identifiers are blocked."""
        found, blocked = [], []
        columns = [column for _, column in self.terms.identifiers.fields]
        read_from = self.terms.run.pull.began_at if self.terms.run.pull else None
        for number in range(self.activation.shards):
            people = self._judged(number)
            keys = [staged.heads(number, self.activation.shards)["key"] for staged in self.exclusions]
            opted_out = self.opted_out.flags(people, columns, began_at=read_from)
            out = reasons(people, self.terms.rules, self.others, keys, opted_out)
            found.append(out)
            if not self.terms.suppresses:
                blocked += blocking_tokens(people, self.terms.rules, out)
        self.others.blocked = TokenSet.of(blocked)
        return found

    def _tokens_of(self, staged: Staged) -> TokenSet:
        parts: list[Tokens] = []
        for number in range(staged.shards):
            parts += self.terms.identifiers.tokens(self._people(number, staged.shards, staged)).values()
        return TokenSet.of(parts)

    def _claimed(self, shards: list[Shard], out: list[Array], ledger: Ledger) -> TokenSet:
        """Return which of the identifiers that would be removed still belong to a wanted person."""
        at_stake = TokenSet.of([shard.flat_tokens[shard.gone_take == 1] for shard in shards if len(shard.gone_key)])
        if not len(at_stake):
            return at_stake
        carried = []
        for number in range(self.activation.shards):
            terms, people, wanted = self.terms, self._mine(number), out[number] == Out.IN
            held = ledger.columns(number) if terms.suppresses else NOBODY
            for mine in claims(people, wanted, held, terms.identifiers, suppresses=terms.suppresses):
                carried.append(mine[at_stake.holds(mine)])
        return TokenSet.of(carried)

    def _count_people(self, out: Array, before: int) -> None:
        counts = self.counts
        counts.in_segment += len(out)
        counts.before += before
        numbers = [segment.number for segment in self.terms.exclusions]
        people = np.bincount(out, minlength=1)
        for reason in np.flatnonzero(people[1:]) + 1:
            counts.out[name_of(int(reason), numbers)] += int(people[reason])

    def _count_arms(self, people: Columns, out: Array) -> None:
        if holdout := self.terms.holdout:
            self.counts.arms += people_by_arm(
                people[holdout.column][out == Out.IN], self.staged.arms(holdout.attribute)
            )

    def _count_plan(self, shard: Shard) -> None:
        counts = self.counts
        for op, people in enumerate(np.bincount(shard.op, minlength=1)[1:].tolist(), 1):
            counts.ops[op] += people
        if not len(shard.gone_key):
            return
        release = is_release(shard)
        leaves = (shard.gone_drop == 0) & ~release
        counts.releases += int(release.sum())
        counts.removes += int(leaves.sum())
        counts.dropped += int(shard.gone_drop.sum())
        optouts = is_optout(shard.gone_why, shard.gone_drop, suppresses=self.terms.suppresses) & ~release
        counts.optouts += int(optouts.sum())
        numbers = [segment.number for segment in self.terms.exclusions]
        for reason, people in zip(*np.unique(shard.gone_why[leaves], return_counts=True), strict=True):
            counts.removes_by["left" if reason == LEFT else name_of(int(reason), numbers)] += int(people)


def unknown_intervals(activation: Activation) -> list[tuple[bytes, bytes]]:
    """Return the key intervals of batches that were once sent without a recorded answer and not re-asserted since."""
    rows = Batch.objects.filter(activation=activation, was_unknown=True, reasserted=False).exclude(
        state=BatchState.SENDING
    )
    return [(bytes(row.key_from), bytes(row.key_to)) for row in rows.only("key_from", "key_to")]


def within(keys: Array, intervals: Sequence[tuple[bytes, bytes]]) -> Flags:
    """Return which keys are in one of the intervals; an empty end is open."""
    found = np.zeros(len(keys), np.bool_)
    for start, stop in intervals:
        inside = keys >= np.bytes_(start)
        found |= (inside & (keys < np.bytes_(stop))) if stop else inside
    return found


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

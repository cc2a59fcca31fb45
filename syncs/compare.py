"""Compares the people wanted with the ledger, prefix by prefix, which makes the plan.

Two looks at everybody keep memory flat. The first finds who is out, which identifiers that blocks, and what differs from
the ledger; the second who carries a blocked identifier, one that would be removed, or one that somebody else carries too.
A third is needed only where the second finds more to look for.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from django.conf import settings

from audiences.models import Activation
from muster.columns import Array, Columns

from .arms import people_by_arm
from .counted_before import known_of
from .eligibility import Identifiers, Others, Out, blocking_tokens, reasons, with_blocked
from .erased import Erased
from .ledger import Ledger
from .members import nobody, told_members, with_members
from .models import Batch
from .opted_out import OptedOut
from .people import TOKENS, taken
from .plan import ADD, REASSERT, Shard, Sides, claims, merge, without_claims
from .plan_counts import Counts
from .sharing import Known, Sharing
from .staging import Staged
from .states import BatchState
from .terms import Terms
from .tokens import Flags, Tokens, TokenSet

NOBODY = nobody()
NOTHING: Final = TokenSet.of([])
Interval = tuple[bytes, bytes]


@dataclass
class Again:
    """Who is sent again although nothing changed: everybody, or who has a key in one of the intervals.

    Those in `expiring` intervals are counted apart.
    """

    everybody: bool
    unknown: Sequence[Interval]
    expiring: Sequence[Interval]

    def flags(self, keys: Array) -> tuple[Flags, Flags]:
        """Return who is sent again, and who of them only since they would expire."""
        again = np.ones(len(keys), np.bool_) if self.everybody else within(keys, self.unknown)
        expires = within(keys, self.expiring) & ~again
        return again | expires, expires


@dataclass
class Prefix:
    """The people of one prefix as compared: the reason of each, the plan, and what the ledger holds of who goes."""

    out: Array
    shard: Shard
    held: Columns | None
    renewals: int


@dataclass(frozen=True)
class Sought:
    """What everybody is looked at for: identifiers blocked, about to be removed, or shared. `shared` None: all are added."""

    blocked: TokenSet = NOTHING
    at_stake: TokenSet = NOTHING
    shared: TokenSet | None = NOTHING

    def any(self) -> TokenSet:
        return TokenSet.of([one.values for one in (self.blocked, self.at_stake, self.shared) if one is not None])


class Comparison:
    """One run's comparison. `beat` is called between shards: it raises when the run must stop.

    `known` is what the next comparison may go by once this plan is fixed.
    """

    def __init__(self, terms: Terms, staged: Staged, exclusions: list[Staged], beat: Callable[[], None]) -> None:
        self.terms, self.staged, self.exclusions, self.beat = terms, staged, exclusions, beat
        self.activation = terms.run.activation
        self.erased = Erased(self.activation.audience.segment.workspace)
        self.opted_out = OptedOut(terms.workspace if terms.obeys_opt_outs else None)
        self.counts = Counts([segment.number for segment in terms.exclusions])
        self.others = Others(erased_keys=self.erased.keys, erased_identifier=self.erased.identifier)
        self.known: Known | None = None

    def planned(self, *, everybody: bool, expiring: Sequence[Interval] = ()) -> list[tuple[int, Columns]]:
        """Return (number, columns) for each prefix in which something has to happen.

        `everybody` is sent again; those whose keys are in `expiring` too, counted apart.
        """
        expected = self.staged.people * len(self.terms.identifiers.fields)
        before = known_of(self.activation)
        self.ledger = Ledger(self.activation, texts_too=self.terms.texts)
        self.again = Again(everybody, unknown_intervals(self.activation), expiring)
        with Sharing(before, self.activation.shards, expected, settings.HOME / "spool") as self.sharing:
            prefixes = self._compared()
            claimed = self._claimed(prefixes)
            self.counts.duplicates = self.sharing.people()
            self.known = self.sharing.known
        plans = []
        for number, one in enumerate(prefixes):
            final = without_claims(one.shard, claimed)
            self.counts.add_people(one.out)
            self.counts.add_plan(final, suppresses=self.terms.suppresses)
            self.counts.renewals += one.renewals
            if columns := final.packed():
                plans.append((number, columns | with_members(final.gone_key, one.held)))
        self.counts.unchanged = self.counts.wanted - sum(self.counts.ops.values())
        return plans

    def _compared(self) -> list[Prefix]:
        """Return each prefix as the first look finds it, and learn which identifiers are blocked."""
        self.others.excluded_tokens = [self._tokens_of(staged) for staged in self.exclusions]
        columns = [column for _, column in self.terms.identifiers.fields]
        read_from = self.terms.run.pull.began_at if self.terms.run.pull else None
        found, blocked = [], []
        for number in range(self.activation.shards):
            people = self._judged(number)
            keys = [staged.heads(number, self.activation.shards)["key"] for staged in self.exclusions]
            opted_out = self.opted_out.flags(people, columns, began_at=read_from)
            out = reasons(people, self.terms.rules, self.others, keys, opted_out)
            if not self.terms.suppresses:
                blocked += blocking_tokens(people, self.terms.rules, out)
            sides = self._sides(number, people, out)
            found.append(self._merged(sides))
            self.counts.before += len(sides.ledger["key"])
            self._count_arms(people, np.flatnonzero(out == Out.IN))
            self.sharing.compared(number, sides, found[-1].shard.op)
        self.others.blocked = TokenSet.of(blocked)
        return found

    def _sides(self, number: int, people: Columns, out: Array) -> Sides:
        return Sides(
            people=people,
            out=out,
            digests=self.terms.digests(people),
            ledger=self.ledger.columns(number),
            identifiers=self.terms.identifiers,
            suppresses=self.terms.suppresses,
            erased_keys=self.erased.keys,
            opted_out_keys=self.opted_out.keys,
            arms=self.terms.arms(people),
        )

    def _merged(self, sides: Sides) -> Prefix:
        again, expires = self.again.flags(sides.people["key"])
        shard = merge(sides, again if again.any() else None)
        renewals = int((shard.op[expires] == REASSERT).sum())
        return Prefix(sides.out, shard, told_members(shard.gone_key, sides.ledger), renewals)

    def _claimed(self, prefixes: list[Prefix]) -> TokenSet:
        """Return which of the identifiers that would be removed still belong to a wanted person.

        After it every prefix is final but for these, and who shares identifiers is known.
        """
        before, at_stake = list(prefixes), at_stake_in(prefixes)
        carried = self._look(prefixes, Sought(self.others.blocked, at_stake, self.sharing.sought()))
        # Who is on the list and turned out to carry a blocked identifier leaves it too.
        more = at_stake_in([one for one, old in zip(prefixes, before, strict=True) if one is not old])
        carried += self._look(prefixes, Sought(at_stake=more, shared=self.sharing.repeated()))
        return TokenSet.of(carried)

    def _look(self, prefixes: list[Prefix], sought: Sought) -> list[Tokens]:
        """Look at everybody, and return those of the identifiers at stake that wanted people carry."""
        some, identifiers, first = sought.any(), self.terms.identifiers, 0
        found: list[Tokens] = []
        for number in range(len(prefixes) if len(some) or sought.shared is None else 0):
            people = self._mine(number)
            few = carriers(people, identifiers, some, prefixes[number].out == Out.IN)
            self._block(prefixes, number, people, few, sought.blocked)
            wanted = prefixes[number].out == Out.IN
            few = taken(few, np.flatnonzero(wanted[few["place"]]))
            if len(sought.at_stake):
                found += self._at_stake(number, people, wanted, few, sought.at_stake)
            if sought.shared is None:
                self.sharing.add(mine[wanted] for mine in identifiers.tokens(people).values())
            else:
                self.sharing.look(first + few["place"], identifiers.tokens(few).values(), sought.shared)
            first += len(wanted)
        return found

    def _block(self, prefixes: list[Prefix], number: int, people: Columns, few: Columns, blocked: TokenSet) -> None:
        """Leave out who of a few carries a blocked identifier."""
        one = prefixes[number]
        out = one.out[few["place"]]
        gone = few["place"][with_blocked(few, self.terms.rules, out, blocked) != out]
        if not len(gone):
            return
        one.out[gone] = Out.SHARES_BLOCKED
        mine = taken(people, gone)
        self._count_arms(people, gone, -1)
        self.sharing.left_out(number, mine["key"], self.terms.digests(mine))
        if (one.shard.op[gone] == ADD).all():
            one.shard.op[gone] = 0
            if len(one.shard.arm):
                one.shard.arm[gone] = 0
        else:
            prefixes[number] = self._merged(self._sides(number, people, one.out))

    def _at_stake(self, number: int, people: Columns, wanted: Flags, few: Columns, at_stake: TokenSet) -> list[Tokens]:
        terms = self.terms
        if terms.suppresses:
            carried = claims(people, wanted, self.ledger.columns(number), terms.identifiers, suppresses=True)
        else:
            carried = list(terms.identifiers.tokens(few).values())
        return [mine[at_stake.holds(mine)] for mine in carried]

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

    def _tokens_of(self, staged: Staged) -> TokenSet:
        parts: list[Tokens] = []
        for number in range(staged.shards):
            parts += self.terms.identifiers.tokens(self._people(number, staged.shards, staged)).values()
        return TokenSet.of(parts)

    def _count_arms(self, people: Columns, places: Array, times: int = 1) -> None:
        if holdout := self.terms.holdout:
            arms = people_by_arm(people[holdout.column][places], self.staged.arms(holdout.attribute))
            self.counts.arms.update({arm: times * count for arm, count in arms.items()})


def at_stake_in(prefixes: Iterable[Prefix]) -> TokenSet:
    """Return the identifiers that would be removed in some prefixes, were they nobody else's."""
    shards = (one.shard for one in prefixes)
    return TokenSet.of([shard.flat_tokens[shard.gone_take == 1] for shard in shards if len(shard.gone_key)])


def carriers(people: Columns, identifiers: Identifiers, some: TokenSet, wanted: Flags) -> Columns:
    """Return which of the people wanted carry some of these identifiers: their places, and all of their tokens."""
    tokens = identifiers.tokens(people)
    flags = np.zeros(len(people["key"]), np.bool_)
    for mine in tokens.values():
        flags |= some.holds(mine)
    places = np.flatnonzero(flags & wanted)
    return {"place": places} | {TOKENS + column: tokens[code][places] for code, column in identifiers.fields}


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

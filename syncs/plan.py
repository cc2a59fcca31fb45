"""What has to happen in one key prefix so that the ledger equals the people wanted: a merge of two sorted arrays. Pure.

A plan shard is packed columns:
  op         u1 for each staged person: 0 nothing, 1 add, 2 change, 3 re-assert; absent when all are 0
  arm        u1 beside it, where a list is told of arms: 1 an arm is told as new, 2 is taken away; absent when all are 0
  gone.key   S16 ledger keys of people who leave, or stay and lose an identifier; sorted
  gone.why   u1 Out, or LEFT
  gone.drop  u1 1: the person stays
  gone.ends  u4 end of each person's place in gone.take
  gone.take  u1 for each identifier the ledger holds of the person: 1 when the removal carries it
  was.*      what else the ledger holds of these people (syncs/members.py tells its columns), unless they are many
A person who leaves and of whom nothing may be taken is a release: the ledger forgets them without a request.
"""

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from muster.columns import Array, Columns

from .arms import ABSENT, ASSIGNED, TAKEN_AWAY
from .eligibility import OPTED_OUT, Identifiers, Out
from .tokens import ODD, Flags, Tokens, TokenSet, keys_among, located, words

ADD, CHANGE, REASSERT = 1, 2, 3
NO_ARMS: Final = np.zeros(0, np.uint8)
LEFT: Final = 100
OWN: Final = np.array([reason in OPTED_OUT for reason in range(256)])
OWN_OF_SUPPRESSED: Final = np.array([reason in {Out.ERASED, Out.DO_NOT_SHARE} for reason in range(256)])
PASSES: Final = ("optouts", "removals", "additions")


def passes(*, suppresses: bool) -> tuple[str, str, str]:
    """Return the passes in order: opt-outs always first; suppression adds before it removes, targeting the reverse."""
    return ("optouts", "additions", "removals") if suppresses else ("optouts", "removals", "additions")


@dataclass
class Shard:
    """The plan of one prefix. `flat_tokens`: of every identifier of the gone, in order; `gone_at`: their place in `op`."""

    op: Array
    gone_key: Array
    gone_why: Array
    gone_drop: Array
    gone_ends: Array
    gone_take: Array
    gone_at: Array
    flat_tokens: Tokens
    arm: Array

    def packed(self) -> Columns:
        """Return the columns to store; none when there is nothing to do."""
        columns: Columns = {"op": self.op} if self.op.any() else {}
        if self.arm.any():
            columns["arm"] = self.arm
        if len(self.gone_key):
            columns |= {
                "gone.key": self.gone_key,
                "gone.why": self.gone_why,
                "gone.drop": self.gone_drop,
                "gone.ends": self.gone_ends,
                "gone.take": self.gone_take,
            }
        return columns


def lengths_of(ends: Array) -> Array:
    """Return how many flat entries each owner has, from their cumulative ends."""
    lengths = ends.astype(np.int64)
    lengths[1:] -= ends[:-1]
    return lengths


def owners_of(ends: Array) -> Array:
    """Return the owner's place for each flat entry."""
    return np.repeat(np.arange(len(ends)), lengths_of(ends))


def flat_rows(all_ends: Array, chosen: Array) -> tuple[Array, Array]:
    """Return (flat positions, cumulative ends) of the entries of the chosen owners."""
    lengths = lengths_of(all_ends)[chosen]
    starts = all_ends.astype(np.int64)[chosen] - lengths
    ends = np.cumsum(lengths)
    offsets = np.repeat(starts - (ends - lengths), lengths)
    return offsets + np.arange(len(offsets)), ends.astype(np.uint32)


def ledger_tokens(ledger: Columns, rows: Array | slice = slice(None)) -> Tokens:
    """Return the tokens of identifiers in a ledger shard: of all in order, or of those at these flat places."""
    return words(ledger["id.raw"][rows]) ^ (ledger["id.field"][rows].astype(np.uint64) * ODD)


@dataclass(frozen=True)
class Sides:
    """The two sides that a merge compares, in one key prefix: `out`, `digests` and `arms` belong to `people`.

    `arms` are told where the list is told of them.
    """

    people: Columns
    out: Array
    digests: Tokens
    ledger: Columns
    identifiers: Identifiers
    suppresses: bool
    erased_keys: Array
    opted_out_keys: Array = field(default_factory=lambda: np.zeros(0, "S16"))
    arms: Tokens | None = None


def merge(sides: Sides, reassert: Flags | None = None) -> Shard:
    """Return the plan of one prefix, before claims. `reassert` marks people sent again although nothing changed."""
    people, ledger, wanted = sides.people, sides.ledger, sides.out == Out.IN
    places, in_ledger = located(people["key"], ledger["key"])
    same = in_ledger.copy()
    if len(ledger["key"]):
        same &= ledger["digest"][places] == sides.digests
    op = np.zeros(len(wanted), np.uint8)
    op[wanted & ~in_ledger] = ADD
    op[wanted & in_ledger & ~same] = CHANGE
    if reassert is not None:
        op[wanted & same & reassert] = REASSERT
    leaving = np.ones(len(ledger["key"]), np.bool_)
    leaving[places[wanted & in_ledger]] = False
    stale = _stale(sides, wanted & in_ledger, same, places)
    drops = np.zeros(len(leaving), np.bool_)
    drops[owners_at(ledger["id.ends"], np.flatnonzero(stale))] = True
    gone = np.flatnonzero(leaving | drops)
    rows, ends = flat_rows(ledger["id.ends"], gone)
    gone_at = np.full(len(leaving), -1, np.int64)
    gone_at[places[in_ledger]] = np.flatnonzero(in_ledger)
    return Shard(
        op=op,
        gone_key=ledger["key"][gone],
        gone_why=_why(ledger["key"][gone], sides),
        gone_drop=drops[gone].astype(np.uint8),
        gone_ends=ends,
        gone_take=(stale[rows] | np.repeat(leaving[gone], lengths_of(ends))).astype(np.uint8),
        gone_at=gone_at[gone],
        flat_tokens=ledger_tokens(ledger, rows),
        arm=NO_ARMS if sides.arms is None else _arm(sides.arms, ledger, op, places),
    )


def _arm(arms: Tokens, ledger: Columns, op: Array, places: Array) -> Array:
    """Return whose arm is told as new, and whose was taken away. A member who is only sent again was told before."""
    before = np.zeros(len(op), np.uint64)
    if "arm" in ledger:
        before[op == CHANGE] = ledger["arm"][places[op == CHANGE]]
    moved = ((op == ADD) | (op == CHANGE)) & (arms != before)
    found = np.where(moved, np.where(arms == ABSENT, np.uint8(TAKEN_AWAY), np.uint8(ASSIGNED)), np.uint8(0))
    return found.astype(np.uint8)


def owners_at(ends: Array, rows: Array) -> Array:
    """Return the owners' places of some flat entries."""
    return np.asarray(np.searchsorted(ends, rows, side="right"))


def _stale(sides: Sides, staying: Flags, same: Flags, places: Array) -> Flags:
    """Return which identifiers in the ledger belong to people who stay and no longer carry them; none for suppression."""
    ledger = sides.ledger
    stale = np.zeros(len(ledger["id.field"]), np.bool_)
    if sides.suppresses or not staying.any():
        return stale
    held = sides.identifiers.tokens(sides.people)
    carried = np.sum([found != 0 for found in held.values()], axis=0)
    # Whoever carries what was sent last, and no fewer identifiers than the ledger knows, carries all of them.
    lengths = lengths_of(ledger["id.ends"])
    doubtful = np.flatnonzero(staying & (~same | (lengths[places] > carried)))
    rows, ends = flat_rows(ledger["id.ends"], places[doubtful])
    owner, flat = doubtful[owners_of(ends)], ledger_tokens(ledger, rows)
    gone = np.ones(len(rows), np.bool_)
    for found in held.values():
        gone &= found[owner] != flat
    stale[rows] = gone
    return stale


def _why(gone: Array, sides: Sides) -> Array:
    """Return why each ledger key is gone: the reason of the person in the segment, else opted out, erased or left."""
    why = np.full(len(gone), LEFT, np.uint8)
    why[keys_among(gone, sides.opted_out_keys)] = Out.UNSUBSCRIBED
    why[keys_among(gone, sides.erased_keys)] = Out.ERASED
    places, present = located(gone, sides.people["key"])
    why[present] = sides.out[places[present]]
    return why


def claims(
    people: Columns, wanted: Flags, ledger: Columns, identifiers: Identifiers, *, suppresses: bool
) -> list[Tokens]:
    """Return the identifiers in a prefix that no removal may carry: those of wanted people.

    On a suppression list also those they were sent under before: they are still there, and would take the person along.
    """
    found = [tokens[wanted] for tokens in identifiers.tokens(people).values()]
    if suppresses and len(ledger["key"]):
        stays = keys_among(ledger["key"], people["key"][wanted])
        found.append(ledger_tokens(ledger)[stays[owners_of(ledger["id.ends"])]])
    return found


def without_claims(shard: Shard, claimed: TokenSet) -> Shard:
    """Return the plan with no removal carrying an identifier that a wanted member carries; empty drops are no drops.

    A tombstone beats a claim: of erased people everything is taken. People who stay and lose an identifier are sent
    again: at the platform a removal by any identifier removes the person.
    """
    if not len(shard.gone_key):
        return shard
    owner = owners_of(shard.gone_ends)
    spared = claimed.holds(shard.flat_tokens) & (shard.gone_why != Out.ERASED)[owner]
    take = (shard.gone_take.astype(np.bool_) & ~spared).astype(np.uint8)
    taken = np.bincount(owner[take == 1], minlength=len(shard.gone_key)) > 0
    kept = np.flatnonzero(taken | (shard.gone_drop == 0))
    rows, ends = flat_rows(shard.gone_ends, kept)
    op = shard.op.copy()
    dropped = shard.gone_at[kept][shard.gone_drop[kept] == 1]
    op[dropped] = np.where(op[dropped] == 0, np.uint8(REASSERT), op[dropped])
    return Shard(
        op=op,
        gone_key=shard.gone_key[kept],
        gone_why=shard.gone_why[kept],
        gone_drop=shard.gone_drop[kept],
        gone_ends=ends,
        gone_take=take[rows],
        gone_at=shard.gone_at[kept],
        flat_tokens=shard.flat_tokens[rows],
        arm=shard.arm,
    )


def is_optout(why: Array, drop: Array, *, suppresses: bool) -> Flags:
    """Return which removals are the person's own wish; from a suppression list only erasure and a refusal to share are."""
    return np.asarray((OWN_OF_SUPPRESSED if suppresses else OWN)[why] & (drop == 0))


def is_release(shard: Shard) -> Flags:
    """Return which gone people leave the ledger without a request, since others still carry all their identifiers."""
    taken = np.bincount(owners_of(shard.gone_ends)[shard.gone_take == 1], minlength=len(shard.gone_key))
    return np.asarray((taken == 0) & (shard.gone_drop == 0))

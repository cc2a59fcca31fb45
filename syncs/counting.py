"""Counts what a definition would send of people that were read: by reason, shared identifiers, overlaps. Keeps no person."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from muster.columns import Array, Columns

from .eligibility import Others, Out, Rules, blocking_tokens, name_of, reasons, with_blocked
from .ledger import Ledger
from .staging import Staged
from .terms import with_id_digests
from .tokens import TokenSet, keys_among


@dataclass(frozen=True)
class Counted:
    """`left_out` is by the codes of a run; `duplicates` people share an identifier with another one who would be sent."""

    people: int
    would_send: int
    left_out: Mapping[str, int]
    duplicates: int
    keys: Array


def counted(staged: Staged, rules: Rules, excluded: Sequence[tuple[int, Staged]], others: Others) -> Counted:
    """Return the counts. `excluded` is (number of the segment, its people) in the definition's order. Raises NotStaged."""
    numbers = [number for number, _ in excluded]
    others.excluded_tokens = [_tokens(one, rules) for _, one in excluded]
    outs = []
    blocked = []
    for number in range(staged.shards):
        people = with_id_digests(staged.columns(number, staged.shards))
        gone = [one.columns(number, staged.shards)["key"] for _, one in excluded]
        outs.append(reasons(people, rules, others, gone))
        blocked += blocking_tokens(people, rules, outs[-1])
    all_blocked = TokenSet.of(blocked)
    left_out: Counter[str] = Counter()
    chosen: list[Columns] = []
    for number in range(staged.shards):
        people = with_id_digests(staged.columns(number, staged.shards))
        out = with_blocked(people, rules, outs[number], all_blocked)
        for reason, count in zip(*np.unique(out, return_counts=True), strict=True):
            left_out[name_of(int(reason), numbers)] += int(count)
        kept = out == Out.IN
        held = {str(code): found[kept] for code, found in rules.identifiers.tokens(people).items()}
        chosen.append({"key": people["key"][kept], **held})
    would_send = left_out.pop("in", 0)
    keys = np.sort(np.concatenate([one["key"] for one in chosen])) if chosen else np.zeros(0, "S16")
    return Counted(staged.people, would_send, dict(left_out), _sharing(chosen, rules), keys)


def _tokens(staged: Staged, rules: Rules) -> TokenSet:
    """Return the identifiers of an exclusion's people."""
    found = [
        tokens
        for number in range(staged.shards)
        for tokens in rules.identifiers.tokens(with_id_digests(staged.columns(number, staged.shards))).values()
    ]
    return TokenSet.of(found)


def _sharing(chosen: list[Columns], rules: Rules) -> int:
    """Return how many people more there are than different identifiers, of the kind that is shared most."""
    most = 0
    for code, _ in rules.identifiers.fields:
        held = np.concatenate([one[str(code)] for one in chosen]) if chosen else np.zeros(0, np.uint64)
        held = held[held != 0]
        most = max(most, len(held) - len(np.unique(held)))
    return most


def overlap(keys: Array, ledger: Ledger, beat: Callable[[], None]) -> int:
    """Return how many of the people, by their sorted keys, a list holds already."""
    found = 0
    for number in range(ledger.shards):
        found += int(keys_among(ledger.columns(number)["key"], keys).sum())
        beat()
    return found

"""Counts who of a reading is not on a suppression list, and whom of them another list holds. Keeps no person.

Both sides are sorted by key, so that each part is a merge of arrays; a part is at most a million people.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from audiences.models import Activation
from muster.columns import Array

from .counting import Count
from .eligibility import Out
from .ledger_keys import Holders, nobody, trusted, unmoved
from .staging import Staged
from .tokens import keys_among, located

KEYS_AT_ONCE: Final = 1_000_000


@dataclass(frozen=True)
class Uncovered:
    """`people` could be on the list; `missing` of them are not; `leaked` of those are on at least one other list.

    `leaks` says on which how many, by the list's key, without those that hold none of them.
    """

    people: int
    missing: int
    leaked: int
    leaks: Mapping[int, int]


def uncovered(
    count: Count, list_: Activation | None, others: Sequence[Activation], *, at_once: int = KEYS_AT_ONCE
) -> Uncovered:
    """Return the counts over a reading. Raises NotStaged, LedgerMoved, WrongKey, Tampered.

    Who is on the list: whom RudderStack accepted, unless the list has another one before it that is not confirmed yet. Of
    the others everybody counts whom they may hold.
    """
    outs = count.outs()
    covers = list_ if trusted(list_) else None
    people = missing = leaked = 0
    leaks: dict[int, int] = {}
    with unmoved([one for one in (covers, *others) if one is not None]):
        for part, parts in _parts(count.staged, at_once):
            wanted = _wanted(count, outs, part, parts)
            absent = wanted[~keys_among(wanted, _of_list(covers, part, parts, count))]
            inside = np.zeros(len(absent), np.bool_)
            for one in others:
                places, found = located(_of_list(one, part, parts, count), absent)
                inside[places[found]] = True
                leaks[one.pk] = leaks.get(one.pk, 0) + int(found.sum())
            people, missing, leaked = people + len(wanted), missing + len(absent), leaked + int(inside.sum())
    return Uncovered(people, missing, leaked, {pk: held for pk, held in leaks.items() if held})


def _parts(staged: Staged, at_once: int) -> Iterator[tuple[int, int]]:
    """Yield (part, of how many): powers of two, so that a part holds about `at_once` people at most."""
    parts = 1
    while parts < staged.shards and staged.people / parts > at_once:
        parts *= 2
    yield from ((part, parts) for part in range(parts))


def _wanted(count: Count, outs: Sequence[Array], part: int, parts: int) -> Array:
    """Return the sorted keys of those of a part who could be on the list."""
    size = count.staged.shards // parts
    found = [nobody()]
    for number in range(part * size, (part + 1) * size):
        count.beat()
        found.append(count.staged.heads(number, count.staged.shards)["key"][outs[number] == Out.IN])
    return np.concatenate(found)


def _of_list(one: Activation | None, part: int, parts: int, count: Count) -> Array:
    count.beat()
    if one is None:
        return nobody()
    holders = Holders(one)
    keys = holders.keys(part, parts)
    holders.forget()
    return keys

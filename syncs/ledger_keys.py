"""Who is on a list, as sorted keys of a prefix, for counting across lists. Keys are compared and forgotten, never stored."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import numpy as np

from audiences.models import Activation
from muster.columns import KEY, Array

from .ledger import Ledger
from .people import prefixes

WHOLES_AT_ONCE: Final = 2  # each of up to a megabyte


class LedgerMoved(Exception):
    """A ledger was cut anew while it was read, so that people may have been seen twice or not at all: count again."""


class Holders:
    """The keys of one list by prefix, for one pass over them in order."""

    def __init__(self, one: Activation) -> None:
        self._ledger = Ledger(one, texts_too=False, most_cached=WHOLES_AT_ONCE)

    def keys(self, number: int, of: int) -> Array:
        """Return the sorted keys of prefix `number` among `of`, a power of two. Raises WrongKey and Tampered."""
        shards = self._ledger.shards
        if of <= shards:
            size = shards // of
            found = [self._ledger.columns(place)["key"] for place in range(number * size, (number + 1) * size)]
            return found[0] if size == 1 else np.concatenate(found)
        keys = self._ledger.columns(number * shards // of)["key"]
        start, stop = np.searchsorted(prefixes(keys, of), [number, number + 1]).tolist()
        return keys[start:stop]

    def forget(self) -> None:
        """Let go of what is in memory: the next prefix is read anew."""
        self._ledger.forget()


@contextmanager
def unmoved(lists: Sequence[Activation]) -> Iterator[None]:
    """Count across these lists. Raises LedgerMoved at the end when one of them was cut anew meanwhile."""
    yield
    known = {one.pk: one.generation for one in lists if one.pk}
    rows = Activation.objects.filter(pk__in=known).values_list("pk", "generation")
    if dict(rows) != known:
        raise LedgerMoved("a ledger was cut anew while it was counted")


def nobody() -> Array:
    """Return no keys."""
    return np.zeros(0, KEY)


def trusted(one: Activation | None) -> bool:
    """Whether the people in a list's ledger are there as far as anybody knows: not those of a list before this one.

    Behind another pipe, or after a restored backup, everybody is sent again first; until then nobody counts as there.
    """
    return one is not None and one.epoch <= one.asserted_epoch

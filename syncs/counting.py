"""Counts what a definition would send of people that were read: by reason, shared identifiers, overlaps. Keeps no person.

Everything goes prefix by prefix, so that ten million people take no more memory than one million: of all of them only the
reason of each is held, a byte, and what an exclusion or an opt-out blocks, as in a run.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from audiences.models import Activation
from muster.columns import KEY, Array, Columns

from .eligibility import Others, Out, Rules, blocking_tokens, name_of, reasons, with_blocked
from .erased import Erased
from .ledger import Ledger
from .people import TOKENS
from .spool import Spool
from .staging import Staged
from .terms import with_id_digests
from .tokens import Tokens, TokenSet, keys_among

KEYS_AT_ONCE: Final = 1_000_000
NOBODY: Final[Columns] = {"key": np.zeros(0, KEY)}


@dataclass(frozen=True)
class Counted:
    """`left_out` is by the codes of a run; `duplicates` people share an identifier with another one who would be sent.

    `overlaps` are the people whom each of the lists asked about holds already.
    """

    people: int
    would_send: int
    left_out: Mapping[str, int]
    duplicates: int
    overlaps: Mapping[int, int]


@dataclass
class Count:
    """One count. `excluded` is (number of the segment, its people) in the definition's order; `spooled` a folder."""

    staged: Staged
    rules: Rules
    excluded: Sequence[tuple[int, Staged]]
    erased: Erased
    spooled: Path
    beat: Callable[[], None] = lambda: None
    at_once: int = KEYS_AT_ONCE
    others: Others = field(init=False)

    def __post_init__(self) -> None:
        self.others = Others(erased_keys=self.erased.keys, erased_identifier=self.erased.identifier)

    def counted(self, lists: Sequence[Activation]) -> Counted:
        """Return the counts, with the people whom these lists hold. Raises NotStaged."""
        outs = self.outs()
        numbers = [number for number, _ in self.excluded]
        left_out: Counter[str] = Counter()
        for out in outs:
            for reason in np.flatnonzero(np.bincount(out, minlength=1)).tolist():
                left_out[name_of(reason, numbers)] += int((out == reason).sum())
        would_send = left_out.pop("in", 0)
        sharing, overlaps = self._shared_and_held(outs, lists)
        return Counted(self.staged.people, would_send, dict(left_out), sharing, overlaps)

    def _people(self, number: int, staged: Staged) -> Columns:
        """Return people's heads, or the whole of them where their ids are sent or one may be an erased person."""
        self.beat()
        if self.rules.identifiers.texts:
            return with_id_digests(staged.columns(number, staged.shards))
        people = staged.heads(number, staged.shards)
        for code, column in self.rules.identifiers.fields:
            if self.erased.may_hold(people[TOKENS + column], code):
                return staged.columns(number, staged.shards)
        return people

    def _tokens(self, staged: Staged) -> TokenSet:
        """Return the identifiers of an exclusion's people."""
        found: list[Tokens] = []
        for number in range(staged.shards):
            found += self.rules.identifiers.tokens(self._people(number, staged)).values()
        return TokenSet.of(found)

    def outs(self) -> list[Array]:
        """Return the reason of everybody, by prefix. Raises NotStaged."""
        self.others.excluded_tokens = [self._tokens(one) for _, one in self.excluded]
        outs, blocked = [], []
        for number in range(self.staged.shards):
            people = self._people(number, self.staged)
            gone = [one.heads(number, self.staged.shards)["key"] for _, one in self.excluded]
            outs.append(reasons(people, self.rules, self.others, gone))
            if not self.rules.suppresses:
                blocked += blocking_tokens(people, self.rules, outs[-1])
        if not blocked:
            return outs
        all_blocked = TokenSet.of(blocked)
        people_by_prefix = (self._people(number, self.staged) for number in range(self.staged.shards))
        return [
            with_blocked(people, self.rules, out, all_blocked)
            for people, out in zip(people_by_prefix, outs, strict=True)
        ]

    def _shared_and_held(self, outs: list[Array], lists: Sequence[Activation]) -> tuple[int, dict[int, int]]:
        """Return how many people share an identifier of the kind that is shared most, and whom each list holds."""
        held = Counter[int]()
        with ExitStack() as files:
            kinds = [code for code, _ in self.rules.identifiers.fields]
            spools = {code: files.enter_context(Spool(self.staged.people, self.spooled)) for code in kinds}
            for part, parts, kept in self._chosen(outs):
                for _, held_by_kind in kept:
                    for code, tokens in held_by_kind.items():
                        spools[code].add({"key": _as_keys(tokens[tokens != 0])})
                keys = np.concatenate([keys for keys, _ in kept])
                for one in lists:
                    held[one.pk] += _among(keys, one, part, parts)
                    self.beat()
            sharing = [sum(again for _, again in spool.by_prefix(NOBODY)) for spool in spools.values()]
        return max(sharing, default=0), dict(held)

    def _chosen(self, outs: list[Array]) -> Iterator[tuple[int, int, list[tuple[Array, dict[int, Tokens]]]]]:
        """Yield (part, of how many, who of it would be sent): by prefix their sorted keys, and their tokens by kind."""
        parts = 1
        while parts < self.staged.shards and self.staged.people / parts > self.at_once:
            parts *= 2
        size = self.staged.shards // parts
        for part in range(parts):
            kept = []
            for number in range(part * size, (part + 1) * size):
                people, chosen = self._people(number, self.staged), outs[number] == Out.IN
                tokens = self.rules.identifiers.tokens(people)
                kept.append((people["key"][chosen], {code: found[chosen] for code, found in tokens.items()}))
            yield part, parts, kept


def _as_keys(tokens: Tokens) -> Array:
    """Return tokens as keys of a spool, which counts the ones that come again."""
    wide = np.zeros((len(tokens), 2), np.uint64)
    wide[:, 0] = tokens
    return wide.view(KEY).reshape(-1)


def _among(keys: Array, one: Activation, part: int, parts: int) -> int:
    """Return how many members of a list are among these sorted keys, which are those of one of the parts."""
    ledger = Ledger(one, texts_too=False)
    first = part * ledger.shards // parts
    stop = max(first + 1, (part + 1) * ledger.shards // parts)
    return sum(int(keys_among(ledger.columns(number)["key"], keys).sum()) for number in range(first, stop))

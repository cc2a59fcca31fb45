"""Who of the people pulled may be on a list, and the one reason why each of the others may not. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

import numpy as np

from muster.columns import Array, Columns

from .arms import Holdout, held_out
from .people import TOKENS
from .tokens import FIELD_CODES, Flags, Tokens, TokenSet, halves, keys_among, tokens

WHOLE: Final = 100
NO_DIGEST: Final = bytes(32)


class Out(IntEnum):
    """Why a person is left out; 0: in. The earlier reason counts where several hold.

    From EXCLUDED on up to 99: the exclusion with that place in the definition.
    """

    IN = 0
    ERASED = 1
    UNSUBSCRIBED = 3
    DO_NOT_SHARE = 4
    CONSENT = 5
    NO_IDENTIFIER = 6
    ID_HAS_AT = 7
    SHARES_BLOCKED = 8
    NOT_ON_ROSTER = 9
    NOT_YET = 10
    CLEARED = 11
    HELD_OUT = 12
    EXCLUDED = 16


# The wish of the person concerned: their removal is never parked and never paused.
OPTED_OUT = frozenset({Out.ERASED, Out.UNSUBSCRIBED, Out.DO_NOT_SHARE, Out.CONSENT})
BLOCKING = OPTED_OUT | {Out.HELD_OUT}
BLOCKS = np.array([reason in BLOCKING or reason >= Out.EXCLUDED for reason in range(256)])


@dataclass(frozen=True)
class Identifiers:
    """The identifiers that a platform takes: (code, staged column) in order; `texts` for a userId in clear."""

    fields: tuple[tuple[int, str], ...]
    texts: bool = False

    @classmethod
    def of(cls, columns: Mapping[str, str], *, texts: bool = False) -> "Identifiers":
        """Make from identifier -> staged column."""
        return cls(tuple((FIELD_CODES[name], column) for name, column in columns.items()), texts)

    def tokens(self, people: Columns) -> dict[int, Tokens]:
        """Return the tokens of each field, by code; of people's heads as of the whole of them."""
        return {
            code: people[TOKENS + column] if TOKENS + column in people else tokens(people[column], code)
            for code, column in self.fields
        }


@dataclass(frozen=True)
class Rules:
    """What decides about one list. `flags` names attributes as staged; a suppression asks for no consent.

    `roster`: only people whose email has one of these digests, whatever else is true of them; None for a list that is no
    pilot. `ramp`: the percent of the people who are sent yet. `nobody`: the list is being emptied.
    """

    identifiers: Identifiers
    suppresses: bool = False
    require_true: tuple[str, ...] = ()
    not_true: tuple[str, ...] = ()
    not_unsubscribed: bool = False
    ids_with_at: bool = True
    roster: frozenset[bytes] | None = None
    ramp: int = 100
    nobody: bool = False
    holdout: Holdout | None = None

    @property
    def narrowed(self) -> bool:
        return self.nobody or self.roster is not None or self.ramp < WHOLE


@dataclass
class Others:
    """What is known of people outside of the shard: erased and excluded ones, and blocked identifiers.

    `erased_identifier` is asked where the whole of people is given; heads are given only where nobody can be meant.
    """

    erased_keys: Array = field(default_factory=lambda: np.zeros(0, "S16"))
    erased_identifier: Callable[[Array, int], Flags] = lambda digests, _code: np.zeros(len(digests), np.bool_)
    excluded_tokens: list[TokenSet] = field(default_factory=list)
    blocked: TokenSet = field(default_factory=lambda: TokenSet.of([]))


def reasons(
    people: Columns, rules: Rules, others: Others, excluded_keys: list[Array], opted_out: Flags | None = None
) -> Array:
    """Return Out for each person of a shard, before blocked identifiers are known.

    `excluded_keys` are the sorted keys of each exclusion's people in the same prefix. `opted_out`: who unsubscribed by an
    event that the reading does not show yet.
    """
    held = rules.identifiers.tokens(people)
    out = np.zeros(len(people["key"]), np.uint8)

    def mark(flags: Flags, reason: int) -> None:
        out[flags & (out == Out.IN)] = reason

    erased = keys_among(people["key"], others.erased_keys)
    for code, column in rules.identifiers.fields:
        if column in people:
            erased |= others.erased_identifier(people[column], code)
    mark(erased, Out.ERASED)
    for place, keys in enumerate(excluded_keys):
        excluded = keys_among(people["key"], keys)
        for found in held.values():
            excluded |= others.excluded_tokens[place].holds(found)
        mark(excluded, Out.EXCLUDED + place)
    if opted_out is not None and not rules.suppresses:
        mark(opted_out, Out.UNSUBSCRIBED)
    _mark_consent(people, rules, mark)
    if rules.holdout and rules.holdout.excludes:
        mark(held_out(people, rules.holdout.attribute, rules.holdout.arm), Out.HELD_OUT)
    usable = np.zeros(len(out), np.bool_)
    for found in held.values():
        usable |= found != 0
    mark(~usable, Out.NO_IDENTIFIER)
    if rules.identifiers.texts and not rules.ids_with_at:
        mark(people["ext_at"] == 1, Out.ID_HAS_AT)
    if rules.narrowed:
        _narrow(people, rules, mark)
    return out


def _narrow(people: Columns, rules: Rules, mark: Callable[[Flags, int], None]) -> None:
    """Keep whoever is still in to the roster, to the ramp step, or out. Last, so that others' wishes block as ever."""
    if rules.roster is not None:
        mark(~on_roster(people["email"], rules.roster), Out.NOT_ON_ROSTER)
    if rules.ramp < WHOLE:
        mark(~first_share(people["key"], rules.ramp), Out.NOT_YET)
    if rules.nobody:
        mark(np.ones(len(people["key"]), np.bool_), Out.CLEARED)


def on_roster(emails: Array, roster: frozenset[bytes]) -> Flags:
    """Return whose email is on the roster, by all 32 bytes of its digest; who has none never is."""
    found = [digest.tobytes() in roster and digest.tobytes() != NO_DIGEST for digest in emails]
    return np.array(found, np.bool_)


def first_share(keys: Array, percent: int) -> Flags:
    """Return who is among the first `percent` of all people: by their key, so always the same ones."""
    places = halves(keys) if len(keys) else np.zeros(0, np.uint64)
    return np.asarray(places % np.uint64(WHOLE) < np.uint64(percent))


def _mark_consent(people: Columns, rules: Rules, mark: Callable[[Flags, int], None]) -> None:
    """Missing means out for targeting. Suppression has its own basis: only who forbade sharing is out."""
    if rules.not_unsubscribed and not rules.suppresses:
        mark(people["flag:unsubscribed"] == 1, Out.UNSUBSCRIBED)
    for name in rules.not_true:
        mark(people[f"flag:{name}"] == 1, Out.DO_NOT_SHARE)
    if not rules.suppresses:
        for name in rules.require_true:
            mark(people[f"flag:{name}"] != 1, Out.CONSENT)


def blocking_tokens(people: Columns, rules: Rules, out: Array) -> list[Tokens]:
    """Return the identifiers of people who are out by their own wish, an exclusion, a holdout, or erasure."""
    blocking = BLOCKS[out]
    return [found[blocking] for found in rules.identifiers.tokens(people).values()] if blocking.any() else []


def with_blocked(people: Columns, rules: Rules, out: Array, blocked: TokenSet) -> Array:
    """Return the reasons with those who carry a blocked identifier out too; on a suppression list they stay in."""
    if rules.suppresses or not len(blocked):
        return out
    shares = np.zeros(len(out), np.bool_)
    for found in rules.identifiers.tokens(people).values():
        shares |= blocked.holds(found)
    return np.where(shares & (out == Out.IN), np.uint8(Out.SHARES_BLOCKED), out)


def name_of(reason: int, exclusions: list[int]) -> str:
    """Return the code under which a reason is counted; `exclusions` are the segments' numbers in order."""
    if reason >= Out.EXCLUDED:
        return f"excluded:{exclusions[reason - Out.EXCLUDED]}"
    return Out(reason).name.lower()

"""Arms of a holdout among people who were read: each arm is eight bytes there, the same in every reading. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final

import numpy as np

from audiences.arms import NO_ARM, NOT_AN_ARM, arm_of
from muster.columns import Columns

from .tokens import Flags, Tokens

COLUMN: Final = "arm:"
ABSENT: Final = np.uint64(0)
UNREADABLE: Final = np.uint64(1)
MOST: Final = 50
ASSIGNED, TAKEN_AWAY = 1, 2  # what a plan tells of somebody's arm
MANY: Final = 10
LOST: Final = 0.5  # of the share of people who had an arm before


class TooManyArms(ValueError):
    """An attribute has so many different values that it cannot say arms; the text is its name."""


@dataclass(frozen=True)
class Holdout:
    """The holdout of one list: `excludes` whoever is in `arm`; `is_sent`: the list is told the arms."""

    attribute: str
    arm: str
    excludes: bool
    is_sent: bool

    @property
    def column(self) -> str:
        return COLUMN + self.attribute


@lru_cache(maxsize=1024)
def token(attribute: str, arm: str) -> np.uint64:
    """Return the eight bytes of an arm (as arm_of names it), as a number; from 2 on it is one."""
    if arm in (NO_ARM, NOT_AN_ARM):
        return UNREADABLE if arm else ABSENT
    found = int.from_bytes(blake2b(f"{attribute}:{arm}".encode(), digest_size=8).digest(), "little")
    return np.uint64(max(found, 2))


class Namer:
    """Gives the tokens of one attribute's values, and remembers the names of a reading. Raises TooManyArms."""

    def __init__(self, attribute: str) -> None:
        self.attribute = attribute
        self.names: set[str] = set()

    def column(self, values: Sequence[str]) -> Tokens:
        named = {value: arm_of(value) for value in set(values)}
        self.names.update(named.values())
        if len(self.names) > MOST:
            raise TooManyArms(self.attribute)
        known = {value: token(self.attribute, name) for value, name in named.items()}
        return np.fromiter(map(known.__getitem__, values), np.uint64, len(values))


def held_out(people: Columns, attribute: str, arm: str) -> Flags:
    """Return who of the people staged is in the arm. Raises KeyError when the reading did not ask for the attribute."""
    return np.asarray(people[COLUMN + attribute] == token(attribute, arm_of(arm)))


def names_of(counts: Mapping[str, Any], attribute: str) -> dict[int, str]:
    """Return the arms of a reading (Pull.counts) by token; what names none is none."""
    named = {int(token(attribute, name)): name for name in counts.get("arms", {}).get(attribute, {})}
    return named | {int(ABSENT): NO_ARM, int(UNREADABLE): NO_ARM}


def people_by_arm(tokens: Tokens, names: Mapping[int, str]) -> Counter[str]:
    """Return how many people are in each arm; who has no readable one is in none."""
    found: Counter[str] = Counter()
    for value, people in zip(*np.unique(tokens, return_counts=True), strict=True):
        found[names[int(value)]] += int(people)
    return found


def named(counts: Mapping[str, int], namers: Iterable[Namer]) -> dict[str, Any]:
    """Return a reading's counts with the people of each arm under "arms": {attribute: {arm: people}}."""
    arms = {}
    for namer in namers:
        start = f"{COLUMN}{namer.attribute}:"
        by_token = {str(token(namer.attribute, name)): name for name in namer.names}
        told = {code.removeprefix(start): people for code, people in counts.items() if code.startswith(start)}
        arms[namer.attribute] = {by_token[code]: people for code, people in sorted(told.items())}
    plain: dict[str, Any] = {code: people for code, people in counts.items() if not code.startswith(COLUMN)}
    return plain | ({"arms": arms} if arms else {})


def tally(columns: Columns) -> dict[str, int]:
    """Return how many people there are of each token, by attribute and token."""
    return {
        f"{name}:{value}": int(people)
        for name, column in columns.items()
        if name.startswith(COLUMN)
        for value, people in zip(*np.unique(column, return_counts=True), strict=True)
    }


def unreadable(counts: Mapping[str, Any], attribute: str) -> int:
    """Return how many of the people of a reading (Pull.counts) have a value that names no arm."""
    return int(counts.get("arms", {}).get(attribute, {}).get(NOT_AN_ARM, 0))


def with_arm(counts: Mapping[str, Any], attribute: str) -> int:
    """Return how many of the people of a reading (Pull.counts) are in any arm."""
    arms = counts.get("arms", {}).get(attribute, {})
    return sum(people for name, people in arms.items() if name not in (NO_ARM, NOT_AN_ARM))


def are_lost(before: tuple[int, int], now: tuple[int, int]) -> bool:
    """Whether an attribute looks lost. Both are (people with an arm, people read).

    People may well leave an arm, or a test begin with few: many had one, and of as many people fewer than half still have.
    """
    (had, of_before), (have, of_now) = before, now
    if had < MANY or not of_now or not of_before:
        return False
    return have / of_now < LOST * had / of_before

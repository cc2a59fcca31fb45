"""Let people leave a segment and as many others enter it, chosen by a seed."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from typing import Any

from sandbox.population import People
from sandbox.roster import Roster
from sandbox.segments import Segments, set_members
from sandbox.store import Store, keep_setting


def churn(store: Store, segments: Segments, segment: sqlite3.Row, share: float, seed: int) -> dict[str, Any]:
    """Swap this share of the members. The size is kept: where nobody is left to enter, new people sign up."""
    with store.write():
        people = People(store)
        roster = segments.roster(segment)
        wanted = round(len(roster) * share)
        chance = random.Random(seed)
        positions = sorted(chance.sample(range(len(roster)), wanted))
        leaving = _at(roster, positions)
        entering = _some(chance, wanted, people.count, lambda number: number not in roster)
        entering = [number for number, _ in people.people(entering)]
        missing = wanted - len(entering)
        if missing:
            entering += range(people.count, people.count + missing)
            keep_setting(store, "people", people.chosen | {"count": people.count + missing})
        set_members(store, segment["id"], leaving, False)
        set_members(store, segment["id"], entering, True)
    return {"left": len(leaving), "entered": len(entering), "people_added": missing}


def _at(roster: Roster, positions: list[int]) -> list[int]:
    """The members at these sorted positions."""
    chosen, index = [], 0
    for position, number in enumerate(roster.numbers()):
        if index == len(positions):
            break
        if position == positions[index]:
            chosen.append(number)
            index += 1
    return chosen


def _some(chance: random.Random, wanted: int, stop: int, accept: Callable[[int], bool]) -> list[int]:
    """Up to `wanted` numbers below `stop` that are accepted, picked at random, then from the first on."""
    chosen: dict[int, None] = {}
    for _ in range(wanted * 8):
        if len(chosen) == wanted:
            return list(chosen)
        number = chance.randrange(stop)
        if number not in chosen and accept(number):
            chosen[number] = None
    for number in range(stop):
        if len(chosen) == wanted:
            break
        if number not in chosen and accept(number):
            chosen[number] = None
    return list(chosen)

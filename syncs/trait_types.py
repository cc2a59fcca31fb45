"""Counts values of another type than the trait registry says, by trait, and those that name no arm of a holdout: they are
left out of what is sent. Keeps no value.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from muster.columns import text_list

from .payload import typed
from .staging import Staged
from .terms import Terms

PREFIX, ARM = "trait:", "arm:"
WANTED = {
    "number": "a number",
    "boolean": "true or false",
    "timestamp": "a moment in ISO 8601 with offset, or in unix seconds",
}


@dataclass(frozen=True)
class Wrong:
    """How many people have a value of a trait that is none of its type."""

    trait: str
    people: int
    wanted: str


def wrong_types(terms: Terms, staged: Staged, beat: Callable[[], None]) -> dict[str, int]:
    """Return, under "trait:<name>", how many of the people read have a value that is none of its type; none is no entry."""
    checked = [(name, kind) for name, kind in terms.traits if kind in WANTED]
    found: Counter[str] = Counter()
    for number in range(staged.shards if checked else 0):
        people = staged.columns(number, staged.shards)
        for name, kind in checked:
            values = text_list(people[f"trait:{name}.ends"], people[f"trait:{name}.data"])
            found[PREFIX + name] += sum(1 for value in values if value and typed(value.decode(), kind) is None)
        beat()
    return {name: count for name, count in found.items() if count}


def told(counts: Mapping[str, int], kinds: Mapping[str, str]) -> list[Wrong]:
    """Return what a run counted, most people first; `kinds` are the registry's types by trait."""
    rows = [
        Wrong(name.removeprefix(PREFIX), people, WANTED.get(kinds.get(name.removeprefix(PREFIX), ""), "of its type"))
        for name, people in counts.items()
        if name.startswith(PREFIX)
    ]
    rows += [
        Wrong(name.removeprefix(ARM), people, "the name of an arm")
        for name, people in counts.items()
        if name.startswith(ARM)
    ]
    return sorted(rows, key=lambda row: (-row.people, row.trait))

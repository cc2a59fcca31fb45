"""People filters of the App API: and, or, not, segment, attribute; exactly one key at each level."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from sandbox.people import Person
from sandbox.population import People
from sandbox.roster import Roster
from sandbox.segments import Segments

Test = Callable[[int, Person], bool]


class BadFilter(ValueError):
    """The filter has no meaning; the text says why."""


class Selection:
    """The people a filter selects, in a stable order."""

    def __init__(self, wanted: Any, people: People, segments: Segments) -> None:
        self.people, self.segments = people, segments
        self._rosters: dict[int, Roster] = {}
        self.test = self._test(wanted)
        self.only = self._roster(wanted["segment"]["id"]) if "segment" in wanted else None
        narrowest = self.only if self.only is not None else self._narrowest(wanted)
        self.within = narrowest if narrowest is not None else people.everybody()

    def people_from(self, position: int = 0, count: int | None = None) -> Iterator[tuple[int, Person]]:
        """The selected people at the positions [position, position + count)."""
        stop = None if count is None else position + count
        if self.only is not None:
            return self.people.people(self.only.numbers(position, stop))
        chosen = (
            (number, person)
            for number, person in self.people.people(self.within.numbers())
            if self.test(number, person)
        )
        return islice(chosen, position, stop)

    def _narrowest(self, wanted: dict[str, Any]) -> Roster | None:
        parts = wanted.get("and", [])
        rosters = [self._roster(part["segment"]["id"]) for part in parts if "segment" in part]
        return min(rosters, key=len, default=None)

    def _roster(self, number: int) -> Roster:
        if number not in self._rosters:
            segment = self.segments.get(number)
            if segment is None:
                raise BadFilter(f"segment {number} does not exist")
            self._rosters[number] = self.segments.roster(segment)
        return self._rosters[number]

    def _test(self, wanted: Any) -> Test:
        if not isinstance(wanted, dict) or len(wanted) != 1:
            raise BadFilter("a filter has exactly one of and, or, not, segment, attribute")
        [(kind, value)] = wanted.items()
        if kind in {"and", "or"}:
            return self._combined(kind, value)
        if kind == "not":
            inner = self._test(value)
            return lambda number, person: not inner(number, person)
        if kind == "segment":
            return self._segment(value)
        if kind == "attribute":
            return _attribute(value)
        raise BadFilter(f"unknown filter {kind}")

    def _combined(self, kind: str, value: Any) -> Test:
        if not isinstance(value, list) or not value:
            raise BadFilter(f"{kind} is a list of filters")
        tests = [self._test(part) for part in value]
        join = all if kind == "and" else any
        return lambda number, person: join(test(number, person) for test in tests)

    def _segment(self, value: Any) -> Test:
        if not isinstance(value, dict) or not isinstance(value.get("id"), int):
            raise BadFilter("segment.id is an integer")
        roster = self._roster(value["id"])
        return lambda number, person: number in roster


def _attribute(value: Any) -> Test:
    if not isinstance(value, dict) or not isinstance(value.get("field"), str):
        raise BadFilter("attribute.field is a string")
    name, operator = value["field"], value.get("operator")
    if operator == "exists":
        return lambda number, person: bool(person.get(name))
    if operator == "eq":
        expected = str(value.get("value", ""))
        return lambda number, person: person.get(name) == expected
    raise BadFilter(f"unknown operator {operator}")

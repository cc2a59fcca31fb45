"""What half a year said of planted faults and of quiet lists, and how it is printed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reconciliation.models import ListWeek

from .faults import Fault, Key
from .world import BEGIN, World

OUTSIDE = frozenset({"drifting", "broken"})


@dataclass(frozen=True)
class Told:
    """`found`: by list the weeks until the right cause was named, the first one being 1, None: never. `said`: what was
    named first. `wrong`: weeks up to the mending in which another cause was named.
    """

    fault: Fault
    found: tuple[int | None, ...]
    said: tuple[str, ...]
    wrong: int
    incidents: frozenset[str]

    @property
    def is_right(self) -> bool:
        """Whether every list of it was found in time, by the right cause from the beginning."""
        if self.fault.within is None:
            return not any(self.said)
        return self.wrong == 0 and all(one is not None and one <= self.fault.within for one in self.found)


def told(world: World, fault: Fault) -> Told:
    """Return what was said of a fault, from when it began until it was mended."""
    found: list[int | None] = []
    said: list[str] = []
    wrong, incidents = 0, set[str]()
    for key in fault.keys:
        rows = [row for row in world.rows(key) if fault.began <= week_of(row) < fault.began + fault.mended]
        named = [(number, row) for number, row in enumerate(rows, start=1) if is_told(row)]
        right = [number for number, row in named if row.cause == fault.cause]
        found.append(right[0] if right else None)
        said.append(f"{named[0][1].cause}: {named[0][1].cause_code}" if named else "")
        wrong += sum(row.cause != fault.cause for _, row in named)
        incidents |= {row.incident for _, row in named if row.incident}
    return Told(fault, tuple(found), tuple(said), wrong, frozenset(incidents))


def week_of(row: ListWeek) -> int:
    return (row.monday - BEGIN).days // 7


def is_told(row: ListWeek) -> bool:
    """Whether a week raises anything: the list is outside its tolerance, or a cause is named."""
    return row.verdict in OUTSIDE or bool(row.cause)


def false_alarms(world: World, faults: Iterable[Fault], keys: Iterable[Key]) -> dict[Key, list[ListWeek]]:
    """Return the weeks in which something was told of a list that had no fault then."""
    ill: dict[Key, list[range]] = {}
    for fault in faults:
        for key in fault.keys:
            until = fault.began if fault.within is None else fault.is_over
            ill.setdefault(key, []).append(range(fault.began, until))
    return {
        key: rows
        for key in keys
        if (rows := [row for row in world.rows(key) if is_told(row) and not within(week_of(row), ill.get(key, ()))])
    }


def unjudged(world: World, faults: Iterable[Fault], keys: Iterable[Key]) -> list[str]:
    """Return the weeks of lists without a fault that Muster could not judge though they were read."""
    ill = {key for fault in faults for key in fault.keys}
    rows = (row for key in keys if key not in ill for row in world.rows(key))
    return [f"{row}: {row.reason}" for row in rows if row.verdict == "unknown"]


def quiet(world: World, faults: Sequence[Fault]) -> str:
    """Return a sentence about the weeks of lists in which nothing was wrong."""
    loud = sum(len(rows) for rows in false_alarms(world, faults, world.lists).values())
    fine = [
        row
        for key in world.lists
        for row in world.rows(key)
        if not any(key in one.keys and one.began <= week_of(row) < one.is_over for one in faults if one.within)
    ]
    judged = sum(row.verdict != "learning" for row in fine)
    return (
        f"Weeks of lists in which nothing was wrong: {len(fine):,}, of them {judged:,} judged and the others learning. "
        f"False alarms: {loud}."
    )


def within(week: int, spans: Iterable[range]) -> bool:
    return any(week in span for span in spans)


def table(found: Sequence[Told]) -> list[str]:
    """Return what was found as a table, like the one in docs/drift.md."""
    lines = ["| fault | lists | must be found in | found in | cause said |", "|---|---|---|---|---|"]
    for one in found:
        fault = one.fault
        must = "never an alarm" if fault.within is None else weeks(fault.within)
        known = [number for number in one.found if number is not None]
        when = (
            "no alarm" if fault.within is None else weeks(max(known)) if len(known) == len(one.found) else "not found"
        )
        said = ", ".join(sorted({text.partition(": ")[0] for text in one.said if text})) or "none"
        lines.append(f"| {fault.name} | {len(fault.keys)} | {must} | {when} | {said} |")
    return lines


def weeks(number: int) -> str:
    return "1 week" if number == 1 else f"{number} weeks"

"""The count ladder of a list: from the people in its segment to those who are usable at the destination. Pure.

Every rung is a count or a band with its clock and its basis, or says why it is none. The step down to it starts at the
rung before that has a count, and adds up exactly (reconciliation/steps.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, TypedDict, Unpack

from .bands import NOBODY, Band, exactly
from .quantities import Basis
from .steps import USUAL, Explained, Step, step

NOT_COUNTED: Final = "not counted"
NOT_READ: Final = "not read"
NOT_REPORTED: Final = "not reported"
ANY_SHARE: Final = (0.0, 100.0)  # expected where nothing is known yet: whatever is there is not unusual
LEARNING: Final = "not_recognised_learning"
NOT_REACHED: Final = "not_reached"

# Where people are left out for want of an identifier; by every other code, also one that is new, they are not eligible.
WITHOUT_IDENTIFIER: Final = frozenset({"no_identifier", "id_has_at"})


class Place(StrEnum):
    IN_SEGMENT = "in_segment"
    ELIGIBLE = "eligible"
    IDENTIFIABLE = "identifiable"
    DISTINCT = "distinct"
    ACCEPTED = "accepted"
    RECEIVED = "received"
    MATCHED = "matched"
    USABLE = "usable"


TRUNK: Final = (Place.IN_SEGMENT, Place.ELIGIBLE, Place.IDENTIFIABLE, Place.DISTINCT)
LABELS: Final = {
    Place.IN_SEGMENT: "In segment",
    Place.ELIGIBLE: "Eligible",
    Place.IDENTIFIABLE: "With usable identifier",
    Place.DISTINCT: "Distinct people",
    Place.ACCEPTED: "Accepted by RudderStack",
    Place.RECEIVED: "Received",
    Place.MATCHED: "Matched",
    Place.USABLE: "Usable",
}


@dataclass(frozen=True)
class Wanted:
    """What the newest planned run counted. `left_out` by the codes of a run; `at`: when the segment was read.

    `duplicates`: of those who are wanted, how many there are beyond one for each group who share identifiers; None: not
    counted.
    """

    at: datetime
    in_segment: int
    left_out: Mapping[str, int] = field(default_factory=dict)
    duplicates: int | None = None


@dataclass(frozen=True)
class Waiting:
    """People whose change is planned and not in the ledger, by why."""

    parked: int = 0
    refused: int = 0
    unanswered: int = 0
    not_sent: int = 0


@dataclass(frozen=True)
class Held:
    """What RudderStack accepted: the ledger's size, and who is not (or still) in it.

    `duplicates`: of the members; None: as many as of the people wanted.
    """

    at: datetime
    members: int
    additions: Waiting = Waiting()
    removals: Waiting = Waiting()
    duplicates: int | None = None


@dataclass(frozen=True)
class Seen:
    """A figure that the destination shows. `reading` names it (quantity and axis): two rungs can be one reading."""

    people: Band
    as_of: datetime | None
    basis: Basis
    reading: str = ""


@dataclass(frozen=True)
class There:
    """What the destination shows of the list, and what is known of the people who are not (or still) there.

    `expected`: percent of those who arrived that are usually matched (of a warehouse: all), None while that is not known;
    `reached`: percent of the matched that are usually usable, None as well. `unread`: why a figure is not there.
    `invalid`: people received whose identifiers could not be read; `on_the_way`: accepted, not received yet.
    `refuses`: the code of why ads may not use the list at all, e.g. "too_small".
    """

    received: Seen | None = None
    matched: Seen | None = None
    usable: Seen | None = None
    expected: tuple[float, float] | None = None
    reached: tuple[float, float] | None = None
    invalid: int = 0
    on_the_way: int = 0
    losses: Sequence[Explained] = ()
    gains: Sequence[Explained] = ()
    refuses: str = ""
    unread: str = NOT_REPORTED

    @property
    def read_at(self) -> datetime | None:
        newest = self.matched or self.usable
        return newest.as_of if newest else None


class _How(TypedDict, total=False):
    """How a step is explained (reconciliation/steps.py)."""

    losses: Sequence[Explained]
    gains: Sequence[Explained]
    expected: tuple[float, float] | None
    usual: str
    same: bool


@dataclass(frozen=True)
class Rung:
    """`people` is None where there is no count; then `why_none` says so and `step` is empty. `since`: the rung before."""

    place: Place
    people: Band | None
    as_of: datetime | None = None
    basis: Basis | None = None
    step: Step = field(default_factory=Step)
    since: Place | None = None
    why_none: str = ""

    @property
    def label(self) -> str:
        return LABELS[self.place]


@dataclass(frozen=True)
class Ladder:
    rungs: tuple[Rung, ...]

    def __getitem__(self, place: Place) -> Rung:
        return next(one for one in self.rungs if one.place == place)

    @property
    def unexplained(self) -> Band:
        """Return who is lost without a cause, over all rungs."""
        return sum((one.step.unexplained for one in self.rungs), NOBODY)

    @property
    def unexplained_gain(self) -> Band:
        """Return who is too many without a cause, over all rungs. Never taken off the people lost."""
        return sum((one.step.unexplained_gain for one in self.rungs), NOBODY)

    @property
    def missing(self) -> Band:
        """Return who should be at the destination and is not, as far as the destination's own counts show it."""
        return sum((one.step.missing for one in self.rungs if one.place not in TRUNK), NOBODY)

    def people_by(self, code: str) -> Band:
        """Return the people of one cause of loss."""
        return sum((c.people for one in self.rungs for c in one.step.losses if c.code == code), NOBODY)


def ladder(wanted: Wanted | None, held: Held | None, there: There | None = None) -> Ladder:
    """Return the ladder. None: no run has planned yet, nothing was sent yet, the destination was not read."""
    descent = _Descent()
    _trunk(descent, wanted)
    _accepted(descent, wanted, held)
    _branch(descent, there or There(unread=NOT_READ))
    return Ladder(tuple(descent.rungs))


class _Descent:
    """Makes one rung after the other. A rung without a count is passed by: the next step starts above it."""

    def __init__(self) -> None:
        self.rungs: list[Rung] = []
        self.last: Rung | None = None

    def to(self, place: Place, seen: Seen, **how: Unpack[_How]) -> None:
        made, since = Step(), None
        if self.last and self.last.people is not None:
            made, since = step(self.last.people, seen.people, **how), self.last.place
        self.last = Rung(place, seen.people, seen.as_of, seen.basis, made, since)
        self.rungs.append(self.last)

    def past(self, place: Place, why: str) -> None:
        self.rungs.append(Rung(place, None, why_none=why))


def _trunk(descent: _Descent, wanted: Wanted | None) -> None:
    if wanted is None:
        for place in TRUNK:
            descent.past(place, NOT_READ)
        return
    without = {code: people for code, people in wanted.left_out.items() if code in WITHOUT_IDENTIFIER}
    others = {code: people for code, people in wanted.left_out.items() if code not in without}
    eligible = wanted.in_segment - sum(others.values())
    usable = eligible - sum(without.values())
    descent.to(Place.IN_SEGMENT, _counted(wanted.in_segment, wanted.at))
    descent.to(Place.ELIGIBLE, _counted(eligible, wanted.at), losses=_causes(others))
    descent.to(Place.IDENTIFIABLE, _counted(usable, wanted.at), losses=_causes(without))
    if wanted.duplicates is None:
        descent.past(Place.DISTINCT, NOT_COUNTED)
        return
    shared = _causes({"shared_identifier": wanted.duplicates})
    descent.to(Place.DISTINCT, _counted(usable - wanted.duplicates, wanted.at), losses=shared)


def _accepted(descent: _Descent, wanted: Wanted | None, held: Held | None) -> None:
    if held is None:
        descent.past(Place.ACCEPTED, NOT_READ)
        return
    duplicates = held.duplicates
    if duplicates is None:
        duplicates = min((wanted and wanted.duplicates) or 0, held.members)
    elif wanted and wanted.duplicates is None:
        duplicates = 0  # those wanted are not counted by people, so those held must not be either
    people = _counted(held.members - duplicates, held.at)
    losses, gains = _waiting("additions", held.additions), _waiting("removals", held.removals)
    descent.to(Place.ACCEPTED, people, losses=losses, gains=gains)


def _branch(descent: _Descent, there: There) -> None:
    if there.received:
        descent.to(Place.RECEIVED, there.received, losses=_causes({"on_the_way": there.on_the_way}))
    else:
        descent.past(Place.RECEIVED, there.unread)
    how = _recognised(there)
    if there.matched:
        descent.to(Place.MATCHED, there.matched, **how)
        how = {"expected": there.reached or ANY_SHARE, "usual": NOT_REACHED}
    else:
        descent.past(Place.MATCHED, there.unread)
    if there.refuses and descent.last and descent.last.people is not None:
        lost = [Explained(there.refuses, descent.last.people)]
        descent.to(Place.USABLE, Seen(NOBODY, there.read_at or descent.last.as_of, Basis.REPORTED), losses=lost)
    elif there.usable and there.usable.reading and there.usable.reading == (there.matched and there.matched.reading):
        descent.to(Place.USABLE, there.usable, same=True)
    elif there.usable:
        descent.to(Place.USABLE, there.usable, **how)
    else:
        descent.past(Place.USABLE, there.unread)


def _recognised(there: There) -> _How:
    return {
        "losses": [*_causes({"invalid": there.invalid}), *there.losses],
        "gains": there.gains,
        "expected": there.expected or ANY_SHARE,
        "usual": USUAL if there.expected else LEARNING,
    }


def _counted(people: int, at: datetime) -> Seen:
    return Seen(exactly(people), at, Basis.EXACT)


def _causes(counts: Mapping[str, int]) -> list[Explained]:
    """Return counted causes, the largest first."""
    known = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return [Explained(code, exactly(people)) for code, people in known if people]


def _waiting(side: str, waiting: Waiting) -> list[Explained]:
    return _causes({f"{side}_{name}": people for name, people in asdict(waiting).items()})

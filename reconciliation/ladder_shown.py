"""A count ladder as it is shown: words, figures and bars of each rung, the same on pages, in the report and in email. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from muster.figures import number, percent, span

from .bands import Band
from .ladder import LABELS, TRUNK, Ladder, Place, Rung
from .losses import gain_in_words, loss_in_words
from .quantities import BASIS_WORDS
from .steps import UNEXPLAINED, Cause

NO_COUNT = {
    "not counted": "How many share an identifier with another profile is not counted for this list.",
    "not read": "Nothing was read of it yet.",
}


@dataclass(frozen=True)
class Names:
    """How causes are called: the platform's name, excluded segments by number, and why they are excluded."""

    place: str
    segments: Mapping[int, str]
    why: Mapping[int, str]


@dataclass(frozen=True)
class LineShown:
    """One cause: "−1,106", what it is called, what it means, what helps. `grows`: people who should not be there."""

    figure: str
    label: str
    meaning: str
    next_step: str
    estimated: bool
    grows: bool
    is_unexplained: bool


@dataclass(frozen=True)
class Bar:
    """In people, along a width of `whole`: who is there for sure, who may be, who was lost since the rung before.

    `unknown`: as wide as the rung above where this one has no count.
    """

    whole: int
    kept: int
    maybe: int
    lost_at: int
    lost: int
    should_at: int = 0
    should: int = 0
    unknown: int = 0


@dataclass(frozen=True)
class RungShown:
    """`count` is empty where there is none; then `why_none` says so."""

    label: str
    count: str
    share: str
    basis: str
    estimated: bool
    as_of: datetime | None
    lines: Sequence[LineShown]
    bar: Bar | None
    why_none: str
    explains: str


@dataclass(frozen=True)
class LadderShown:
    """The trunk is what Muster counts before sending; the branch is the list at its destination."""

    trunk: Sequence[RungShown]
    branch: Sequence[RungShown]
    unexplained: str
    unexplained_gain: str
    is_explained: bool

    @property
    def counted(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Return the figures of the trunk: lists whose are the same stand below one trunk."""
        return tuple((one.count, tuple(f"{line.figure} {line.label}" for line in one.lines)) for one in self.trunk)


def shown(ladder: Ladder, names: Names, should: Band | None = None) -> LadderShown:
    """Return a ladder in words. `should`: how many people are expected at the destination."""
    whole = max((one.people.high for one in ladder.rungs if one.people), default=0)
    before: dict[Place, Rung] = {one.place: one for one in ladder.rungs}
    made = {one.place: _rung(one, before, names, whole, should) for one in ladder.rungs}
    return LadderShown(
        [made[place] for place in TRUNK if place in made],
        [rung for place, rung in made.items() if place not in TRUNK],
        str(ladder.unexplained),
        "" if ladder.unexplained_gain.is_nobody else str(ladder.unexplained_gain),
        ladder.unexplained.is_nobody and ladder.unexplained_gain.is_nobody,
    )


def _rung(rung: Rung, every: Mapping[Place, Rung], names: Names, whole: int, should: Band | None) -> RungShown:
    people, expects = rung.people, should if rung.place in {Place.MATCHED, Place.USABLE} else None
    return RungShown(
        _label(rung.place, names.place),
        str(people) if people else "",
        _share(people, whole),
        BASIS_WORDS[rung.basis] if rung.basis else "",
        bool(rung.basis and not (people and people.is_exact)),
        rung.as_of,
        _lines(rung, names),
        _bar(rung, every, whole, expects) if whole else None,
        rung.why_none,
        _explains(rung, names.place, expects),
    )


def _label(place: Place, platform: str) -> str:
    return f"Received by {platform}" if place == Place.RECEIVED else LABELS[place]


def _share(people: Band | None, whole: int) -> str:
    if people is None or not whole:
        return ""
    low, high = (percent(100 * one / whole, 1) for one in (people.low, people.high))
    return low if low == high else f"{span(100 * people.low / whole, 100 * people.high / whole)}%"


def _lines(rung: Rung, names: Names) -> list[LineShown]:
    """Return the causes that have people, and what is unexplained also where it is nobody."""
    lost = [_lost(one, names) for one in rung.step.losses if _is_told(one)]
    return lost + [_gained(one, names) for one in rung.step.gains if _is_told(one)]


def _is_told(cause: Cause) -> bool:
    return cause.code == UNEXPLAINED or not cause.people.is_nobody


def _lost(cause: Cause, names: Names) -> LineShown:
    said = loss_in_words(cause.code, names.place, names.segments, names.why)
    figure = "0" if cause.people.is_nobody else f"−{cause.people}"
    unexplained = cause.code == UNEXPLAINED
    return LineShown(figure, said.label, said.meaning, said.next_step, cause.estimated, False, unexplained)


def _gained(cause: Cause, names: Names) -> LineShown:
    said = gain_in_words(cause.code, names.place)
    unexplained = cause.code == UNEXPLAINED
    return LineShown(f"+{cause.people}", said.label, said.meaning, said.next_step, cause.estimated, True, unexplained)


def _bar(rung: Rung, every: Mapping[Place, Rung], whole: int, should: Band | None) -> Bar:
    if rung.people is None:
        return Bar(whole, 0, 0, 0, 0, unknown=_last_above(rung, every))
    above = every[rung.since].people if rung.since else None
    high = min(max(rung.people.high, 0), whole)
    low = min(max(rung.people.low, 0), high)
    lost = max(0, (above.high if above else high) - high)
    expects = should or Band(0, 0)
    return Bar(whole, low, high - low, high, lost, expects.low, expects.high - expects.low)


def _last_above(rung: Rung, every: Mapping[Place, Rung]) -> int:
    """Return how many people the nearest rung above has that has a count."""
    known = 0
    for one in every.values():
        if one is rung:
            break
        known = max(0, one.people.high) if one.people else known
    return known


def _explains(rung: Rung, place: str, should: Band | None) -> str:
    """Return the sentence that stands inside a rung."""
    if rung.people is None:
        told = f"{place} reports no such figure of this list; that is not the same as nobody."
        return NO_COUNT.get(rung.why_none, told)
    told = {
        Place.IN_SEGMENT: "Everybody whom Customer.io gave when the segment was last read for this list.",
        Place.ELIGIBLE: "Who is left after consent, exclusions, holdout and erasure.",
        Place.IDENTIFIABLE: "Who has an identifier that can be sent.",
        Place.DISTINCT: "Counted after normalising and hashing.",
        Place.ACCEPTED: "In the ledger. Accepted is not delivered: RudderStack gives no answer for single rows.",
        Place.RECEIVED: "From the upload sessions that carried the whole list.",
        Place.MATCHED: f"Whom {place} recognised.",
        Place.USABLE: "Whom it can be used for now.",
    }[rung.place]
    return f"{told} Expected {number(should.low)}–{number(should.high)}, the dashed box." if should else told

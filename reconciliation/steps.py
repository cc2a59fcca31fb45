"""What becomes of people between two counts: named causes that add up to the difference, at both ends of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from .bands import NOBODY, Band, band_of

UNEXPLAINED: Final = "unexplained"
USUAL: Final = "not_recognised"


@dataclass(frozen=True)
class Explained:
    """People of whom something is known. Estimated ones explain at most what is there to explain; counted ones count."""

    code: str
    people: Band
    estimated: bool = False


@dataclass(frozen=True)
class Cause:
    """People of one cause. `at_low` of them where the whole step is at its low end, `at_high` at its high end.

    `usual`: so many are lost here in any week. Codes have their words in reconciliation/losses.py.
    """

    code: str
    at_low: int
    at_high: int
    estimated: bool = False
    usual: bool = False

    @property
    def people(self) -> Band:
        return band_of(self.at_low, self.at_high)


@dataclass(frozen=True)
class Step:
    """From one count to the next. Losses less gains are the difference, exactly; they are never netted.

    "unexplained" is always the last of `losses`, also when it is none, and the last of `gains` where there is any.
    """

    losses: tuple[Cause, ...] = ()
    gains: tuple[Cause, ...] = ()

    @property
    def net(self) -> tuple[int, int]:
        """Return losses less gains, at the low end and at the high end."""
        lost, gained = _sums(self.losses), _sums(self.gains)
        return lost[0] - gained[0], lost[1] - gained[1]

    @property
    def missing(self) -> Band:
        """Return who was lost and should not have been: estimated causes and what nothing explains."""
        return _total(one for one in self.losses if not one.usual and (one.estimated or one.code == UNEXPLAINED))

    @property
    def unexplained(self) -> Band:
        return _total(one for one in self.losses if one.code == UNEXPLAINED)

    @property
    def too_many(self) -> Band:
        """Return who is there and should not be, whatever the cause."""
        return _total(self.gains)

    @property
    def unexplained_gain(self) -> Band:
        return _total(one for one in self.gains if one.code == UNEXPLAINED)


def step(
    before: Band,
    after: Band,
    *,
    losses: Sequence[Explained] = (),
    gains: Sequence[Explained] = (),
    expected: tuple[float, float] | None = None,
    usual: str = USUAL,
    same: bool = False,
) -> Step:
    """Return what lies between two counts.

    `expected`: from how many to how many percent of the people are usually there; who is not, is lost by cause `usual`.
    `same`: both counts are of one reading, so that low belongs to low and high to high; otherwise every pair may be.
    """
    lost, gained = _counted(losses), _counted(gains)
    ends = (after.low, after.high) if same else (after.high, after.low)
    rest = _rest((before.low - ends[0], before.high - ends[1]), lost, gained)
    if expected is not None:
        lost.append(_usual(before, after, rest, (lost, gained), expected, usual))
        rest = _rest((before.low - ends[0], before.high - ends[1]), lost, gained)
    short, over = _parts(rest)
    lost_too, gained_too = _estimated(losses, short), _estimated(gains, over)
    beyond = _remaining(over, gained_too)
    return Step(
        (*lost, *lost_too, _remaining(short, lost_too)),
        (*gained, *gained_too, *([] if beyond.people.is_nobody else [beyond])),
    )


def _counted(known: Sequence[Explained]) -> list[Cause]:
    return [Cause(one.code, one.people.low, one.people.high) for one in known if not one.estimated]


def _rest(net: tuple[int, int], lost: Iterable[Cause], gained: Iterable[Cause]) -> tuple[int, int]:
    lost_sums, gained_sums = _sums(lost), _sums(gained)
    return net[0] - lost_sums[0] + gained_sums[0], net[1] - lost_sums[1] + gained_sums[1]


def _usual(
    before: Band,
    after: Band,
    rest: tuple[int, int],
    counted: tuple[list[Cause], list[Cause]],
    expected: tuple[float, float],
    code: str,
) -> Cause:
    """Return who is usually lost. Where the count reaches into what is expected, everybody who is lost is."""
    lost, gained = (_sums(one) for one in counted)
    left = Band(*sorted((max(0, before.low - lost[0]), max(0, before.high - lost[1]))))
    there = left.share(*expected)
    if after.meets(band_of(there.low + gained[0], there.high + gained[1])):
        return Cause(code, max(0, rest[0]), max(0, rest[1]), estimated=True, usual=True)
    return Cause(code, left.low - there.low, left.high - there.high, estimated=True, usual=True)


def _parts(rest: tuple[int, int]) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return how many are too few and how many too many, at each end."""
    return (max(0, rest[0]), max(0, rest[1])), (max(0, -rest[0]), max(0, -rest[1]))


def _estimated(known: Sequence[Explained], whole: tuple[int, int]) -> list[Cause]:
    """Return the estimated causes in their order, each with at most what those before it leave."""
    left, found = list(whole), []
    for one in (one for one in known if one.estimated):
        # Too many at one end and too few at the other go the other way round: the low end is the larger then.
        few, many = (one.people.low, one.people.high) if whole[0] <= whole[1] else (one.people.high, one.people.low)
        ends = min(max(0, few), left[0]), min(max(0, many), left[1])
        left = [left[0] - ends[0], left[1] - ends[1]]
        found.append(Cause(one.code, *ends, estimated=True))
    return found


def _remaining(whole: tuple[int, int], explained: Iterable[Cause]) -> Cause:
    sums = _sums(explained)
    return Cause(UNEXPLAINED, whole[0] - sums[0], whole[1] - sums[1])


def _sums(causes: Iterable[Cause]) -> tuple[int, int]:
    known = list(causes)
    return sum(one.at_low for one in known), sum(one.at_high for one in known)


def _total(causes: Iterable[Cause]) -> Band:
    known = list(causes)
    return band_of(*_sums(known)) if known else NOBODY

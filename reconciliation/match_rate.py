"""Match rates: people the destination recognised ÷ distinct people accepted, as a band in percent. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from .look import Look
from .quantities import PERMILLE_IN_PERCENT, Basis, Quantity

# Their sizes count people ads can reach, fewer than those they recognised: a rate must not be made of them.
SIZE_IS_REACH: Final = frozenset({"google_ads"})
HALF: Final = 0.5  # of the last digit that is given: what rounding hides


class Gap(StrEnum):
    """Why there is no match rate. A gap is never drawn as 0."""

    NOT_READ = "not read"
    NOT_REPORTED = "not reported"
    SETTLING = "settling"
    NOBODY = "nobody accepted yet"


@dataclass(frozen=True)
class Match:
    """Percent from 0 to 100, `low` ≤ `high`. `own`: the platform's own rate, else members ÷ `accepted`."""

    low: float
    high: float
    basis: Basis
    own: bool = False
    accepted: int | None = None

    @property
    def mid(self) -> float:
        return (self.low + self.high) / 2


def match_of(platform: str, look: Look | None, *, settled: bool) -> Match | Gap:
    """Return the match rate that a look shows, or why it shows none."""
    if look is None:
        return Gap.NOT_READ
    if not settled:
        return Gap.SETTLING
    if own := own_rate(look):
        return own
    if platform in SIZE_IS_REACH:
        return Gap.NOT_REPORTED
    return share_of_accepted(look)


def own_rate(look: Look) -> Match | None:
    """Return the platform's own rate with what rounding hides, None where it gives none."""
    given = look.figure(Quantity.MATCH_RATE)
    if given is None or given.low is None or given.high is None:
        return None
    rounded = 0.0
    if given.low == given.high and given.basis != Basis.EXACT:
        rounded = HALF if given.low % PERMILLE_IN_PERCENT == 0 else HALF / PERMILLE_IN_PERCENT
    low, high = given.low / PERMILLE_IN_PERCENT, given.high / PERMILLE_IN_PERCENT
    low, high = max(0.0, low - rounded), min(100.0, high + rounded)
    return Match(min(low, 100.0), high, given.basis, own=True, accepted=look.accepted)


def share_of_accepted(look: Look) -> Match | Gap:
    """Return the size at the platform ÷ distinct people accepted, capped at 100%; several identifiers can count twice."""
    size = look.size
    if size is None or size.low is None or size.high is None or look.accepted is None:
        return Gap.NOT_REPORTED
    if look.accepted <= 0:
        return Gap.NOBODY
    low, high = (min(100.0, 100 * people / look.accepted) for people in (size.low, size.high))
    return Match(low, high, size.basis, accepted=look.accepted)

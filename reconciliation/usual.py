"""What is usual for a list, from its own weeks: a robust middle and spread of its shares on the logit scale. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

ENOUGH: Final = 8  # weekly readings, from which on a list's own history tells more than published ranges
WEEKS: Final = 26
SPREADS: Final = 3.5
FLOOR: Final = 0.04  # of the spread: a list that never moved may still move a little
MAD_TO_SIGMA: Final = 1.4826
EDGE: Final = 0.5  # percent: the logit of 0 and of 100 is infinite


@dataclass(frozen=True)
class Usual:
    """`middle` and `spread` on the logit scale."""

    middle: float
    spread: float

    @property
    def percent(self) -> tuple[float, float]:
        """Return from where to where a share is usual, in percent."""
        reach = SPREADS * self.spread
        return percent(self.middle - reach), percent(self.middle + reach)

    @property
    def expected(self) -> float:
        """Return the share that is expected, in percent."""
        return percent(self.middle)

    def off(self, low: float, high: float) -> float:
        """Return by how many spreads a share of `low` to `high` percent is off: its end nearest to the middle counts."""
        below, above = logit(low) - self.middle, logit(high) - self.middle
        return (below if below > 0 else above if above < 0 else 0.0) / self.spread


def usual(before: Sequence[float]) -> Usual:
    """Return what is usual after these weeks (middles in percent, oldest first, at least one).

    The newest of them is left out, so that a bad week does not become usual at once; only the last 26 count.
    """
    mids = [logit(mid) for mid in (before[:-1] or before)[-WEEKS:]]
    middle = median(mids)
    spread = MAD_TO_SIGMA * median(abs(one - middle) for one in mids) * (1 + 4 / len(mids))
    return Usual(middle, max(spread, FLOOR))


def logit(value: float) -> float:
    """Return the logit of a percentage, as that of 0.5 or 99.5 beyond them."""
    share = min(max(value, EDGE), 100 - EDGE) / 100
    return math.log(share / (1 - share))


def percent(value: float) -> float:
    """Return the percentage of a logit."""
    return 100 / (1 + math.exp(-value))

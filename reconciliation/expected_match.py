"""Which match rate is expected of a list: by its definition, by its own history, or by published ranges. Pure."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median
from typing import Final

from syncs.forecast import published_match

ENOUGH: Final = 8  # weekly readings, from which on a list's own history tells more than published ranges
SPREADS: Final = 3.5
FLOOR: Final = 0.04  # of the spread on the logit scale: a list that never moved may still move a little
MAD_TO_SIGMA: Final = 1.4826
EDGE: Final = 0.5  # percent: the logit of 0 and of 100 is infinite


class Source(StrEnum):
    DEFINITION = "definition"
    HISTORY = "history"
    PUBLISHED = "published"


SOURCE_WORDS: Final = {
    Source.DEFINITION: "by its definition",
    Source.HISTORY: "by its own history",
    Source.PUBLISHED: "published range",
}


@dataclass(frozen=True)
class Expected:
    """A band in percent, and where it comes from."""

    low: float
    high: float
    source: Source

    @property
    def words(self) -> str:
        return SOURCE_WORDS[self.source]


def expected(
    platform: str,
    identifiers: Collection[str],
    *,
    defined: tuple[float | None, float | None] = (None, None),
    before: Sequence[float] = (),
) -> Expected | None:
    """Return the expected band. `before` are the middles of the weeks before the one that is judged, oldest first.

    What the definition says goes first: somebody signed it. Only ad platforms recognise a part of the people, so only of
    them published ranges exist, and `defined` is meant for them.
    """
    low, high = defined
    if low is not None and high is not None:
        return Expected(low, high, Source.DEFINITION)
    if len(before) >= ENOUGH:
        return Expected(*own_band(before), Source.HISTORY)
    published = published_match(platform, list(identifiers))
    return Expected(*published, Source.PUBLISHED) if published else None


def own_band(before: Sequence[float]) -> tuple[float, float]:
    """Return what is normal for a list: median ± 3.5 spreads on the logit scale, in percent.

    The newest of the weeks before is left out, so that a bad week does not become normal at once.
    """
    known = [_logit(mid) for mid in (before[:-1] or before)]
    middle = median(known)
    spread = MAD_TO_SIGMA * median(abs(one - middle) for one in known) * (1 + 4 / len(known))
    reach = SPREADS * max(spread, FLOOR)
    return _percent(middle - reach), _percent(middle + reach)


def learned(weeks: int) -> str:
    """Return "learning 3 of 8", empty once enough weekly readings are there."""
    return f"learning {weeks} of {ENOUGH}" if weeks < ENOUGH else ""


def _logit(percent: float) -> float:
    share = min(max(percent, EDGE), 100 - EDGE) / 100
    return math.log(share / (1 - share))


def _percent(logit: float) -> float:
    return 100 / (1 + math.exp(-logit))

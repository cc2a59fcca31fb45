"""Whether removals that RudderStack accepted show at the platform: by the size before and after, and what came meanwhile. Pure.

The size after = the size before + additions × share − seen × removals × share, where the share of people whom the platform
recognises lies in a band, and so does every size that it rounds; of what was accepted within the settling window any part
may show. What part of the removals is seen is then a band as well.
"""

from dataclasses import dataclass
from enum import StrEnum
from math import ceil, floor
from typing import Final

from .bands import Band

HALF: Final = 0.5
TINY: Final = 1e-9  # percent/100: a share of nothing would tell everything


class Seen(StrEnum):
    SEEN = "seen"
    NOT_SEEN = "not_seen"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Sizes:
    """What is known around some removals. `share`: percent of those sent whom the platform recognises, from and to.

    `settling`: additions and removals accepted besides, so late that the size after may or may not know of them.
    """

    before: Band
    after: Band
    removals: int
    additions: int
    share: tuple[float, float]
    settling: tuple[int, int] = (0, 0)

    @property
    def part(self) -> tuple[float, float]:
        """Return what part of the removals is seen, at least and at most: 0 none, 1 all; (0, 1) where nobody was removed."""
        low, high = (max(0.0, one) / 100 for one in self.share)
        if not self.removals or high <= 0:
            return 0.0, 1.0
        came = (self.additions - self.settling[1]), (self.additions + self.settling[0])
        fell = self.before.low - self.after.high, self.before.high - self.after.low
        # A share of next to nothing tells next to nothing: whatever the size did, it may have been all of them.
        ends = [
            (moved + one / share) / self.removals
            for moved, one in zip(came, fell, strict=True)
            for share in (max(low, TINY), high)
        ]
        return min(max(min(ends), 0.0), 1.0), min(max(max(ends), 0.0), 1.0)

    @property
    def expected(self) -> Band:
        """Return the size after, had all removals been applied; never below nobody."""
        low, high = (max(0.0, one) / 100 for one in self.share)
        moved = self.additions - self.removals
        least, most = moved - self.settling[1], moved + self.settling[0]
        low_end, high_end = min(least * low, least * high), max(most * low, most * high)
        return Band(max(0, floor(self.before.low + low_end)), max(0, ceil(self.before.high + high_end)))

    @property
    def kept(self) -> Band:
        """Return how many of those removed are still there, of those whom the platform recognises."""
        low, high = (max(0.0, one) / 100 for one in self.share)
        seen = self.part
        least, most = self.removals * low * (1 - seen[1]), self.removals * high * (1 - seen[0])
        return Band(floor(least), max(floor(least), ceil(most)))


def seen(sizes: Sizes) -> Seen:
    """Return whether removals show: at least half of them for sure, surely less than half, or the bands reach into both."""
    least, most = sizes.part
    if not sizes.removals:
        return Seen.UNKNOWN
    if most < HALF:
        return Seen.NOT_SEEN
    return Seen.SEEN if least >= HALF else Seen.UNKNOWN

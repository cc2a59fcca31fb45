"""Which match rate is expected of a list: by its definition, by its own history, or by published ranges. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from syncs.forecast import published_match

from .usual import ENOUGH, usual


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
    """Return what is normal for a list, in percent, after these weeks (middles in percent, oldest first)."""
    return usual(before).percent


def learned(weeks: int) -> str:
    """Return "learning 3 of 8", empty once enough weekly readings are there."""
    return f"learning {weeks} of {ENOUGH}" if weeks < ENOUGH else ""

"""A feed's weeks: received, forwarded, and landed in the warehouse, side by side; what differs is said. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from muster.figures import number

from .weeks import key

SETTLES: Final = timedelta(hours=24)  # RudderStack loads a warehouse on a schedule of its own
FEW: Final = 10
SHARE: Final = 0.01


@dataclass(frozen=True)
class Landing:
    """What one warehouse said of a week; `rows` and `ids` are None where it could not be read, then `words` says why."""

    place: str
    rows: int | None
    ids: int | None
    words: str
    read_at: datetime

    @property
    def doubled(self) -> int | None:
        return None if self.rows is None or self.ids is None else self.rows - self.ids


@dataclass(frozen=True)
class FeedWeekTold:
    """One week of a feed. `ends` is when it was or will be over."""

    monday: date
    ends: datetime
    received: int
    forwarded: int
    rejected: int
    waiting: int
    landings: tuple[Landing, ...] = ()

    @property
    def name(self) -> str:
        return f"W{self.monday.isocalendar().week}"

    @property
    def key(self) -> str:
        return key(self.monday)

    def settled(self, landing: Landing) -> bool:
        return landing.read_at >= self.ends + SETTLES

    def trouble(self, landing: Landing) -> str:
        """Return what differs between what was forwarded and what landed, in one sentence; empty where nothing does."""
        if landing.ids is None or landing.rows is None or not self.settled(landing):
            return ""
        allowed = max(FEW, SHARE * self.forwarded)
        if self.forwarded - landing.ids > allowed:
            return f"{number(self.forwarded - landing.ids)} of {number(self.forwarded)} forwarded are not in {landing.place}."
        if landing.ids - self.forwarded > allowed:
            return (
                f"{landing.place} holds {number(landing.ids - self.forwarded)} more than Muster forwarded: somebody else sends "
                "this event too."
            )
        if landing.rows - landing.ids > allowed:
            return f"{number(landing.rows - landing.ids)} rows are in {landing.place} twice."
        return ""

    def said(self, landing: Landing) -> str:
        """Return what the page says beside a week's figures."""
        if landing.ids is None:
            return landing.words or "Not read."
        if not self.settled(landing):
            return "Not settled: RudderStack loads the warehouse later."
        return self.trouble(landing) or "As forwarded."


def trouble(weeks: Sequence[FeedWeekTold]) -> str:
    """Return what is amiss in the newest settled week; empty where nothing is, or nothing is known."""
    for week in sorted(weeks, key=lambda one: one.monday, reverse=True):
        known = [one for one in week.landings if one.ids is not None and week.settled(one)]
        if known:
            first = next((told for one in known if (told := week.trouble(one))), "")
            return f"{week.name}: {first}" if first else ""
    return ""

"""Lists that roll through time, to judge the guards by: who enters and leaves by the hour, drawn from a seed. Pure.

A list is everybody who entered within the last `window` hours. A run at hour `now` after a Done run at hour `before` adds
who entered in between and is still within the window, and removes who was on the list and no longer is.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from syncs.guards import TOLD, Done, Facts, Figures, Turn, hours_between, judge, turns

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
DAY, WEEK = 24, 168
WARM = WEEK + 3 * DAY
WINDOWS = (7 * DAY, 14 * DAY, 30 * DAY)
HOURLY, DAILY = 1, DAY


@dataclass(frozen=True)
class Kind:
    """What a list is: about `size` people, in for `window` hours (which its definition may not tell), a run `every` hours."""

    size: int
    window: int
    every: int
    suppresses: bool
    tells_window: bool


def drawn(random: np.random.Generator, every: int) -> Kind:
    """Return a list of 100 to 1,000,000 people."""
    size, window = int(10 ** random.uniform(2, 6)), int(random.choice(WINDOWS))
    return Kind(size, window, every, bool(random.random() < 0.5), bool(random.random() < 0.5))


def arrivals(kind: Kind, hours: int, random: np.random.Generator) -> np.ndarray:
    """Return how many people enter in each hour: by time of day and weekday, with a trend, noise, and a mailing a week."""
    hour = np.arange(hours)
    rate = np.full(hours, kind.size / kind.window)
    rate *= 1 + random.uniform(-0.2, 0.2) * (hour - hours / 2) / (30 * DAY)
    rate *= 1 + random.uniform(0.3, 0.95) * np.sin((hour % DAY - 9) / DAY * 2 * np.pi)
    rate *= np.where(hour // DAY % 7 >= 5, random.choice((random.uniform(0.4, 0.8), random.uniform(1.2, 2.0), 1.0)), 1)
    mailings = np.arange(0, hours, WEEK) + random.integers(0, WEEK, len(range(0, hours, WEEK)))
    rate *= np.where(np.isin(hour, mailings) | np.isin(hour - 1, mailings), 4, 1)  # two hours of four times as many
    return random.poisson(rate * random.lognormal(0, 0.25, hours))


@dataclass
class List:
    """A list as Muster meets it: the runs that ended Done, and what the next one would do."""

    kind: Kind
    random: np.random.Generator
    hours: int
    before: int = 0
    past: list[Turn] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.before = self.kind.window
        drawn = arrivals(self.kind, self.kind.window + self.hours, self.random)
        self.entered: list[int] = [0, *np.cumsum(drawn).tolist()]
        self.last: Done = (self._ended(self.before), 0, self.members)

    @property
    def members(self) -> int:
        """How many people the ledger holds: those of the last Done run."""
        return self.entered[self.before] - self.entered[self.before - self.kind.window]

    def next(self, now: int) -> Figures:
        """Return what a run at this hour would do."""
        opens = now - self.kind.window
        stay = max(0, self.entered[self.before] - self.entered[max(opens, self.before - self.kind.window)])
        wanted = self.entered[now] - self.entered[opens]
        return Figures(wanted=wanted, removes=self.members - stay, adds=wanted - stay)

    def verdict(self, figures: Figures, now: int) -> dict[str, Any]:
        """Return what the guards say of figures, by the rule that runs go by."""
        facts = Facts(
            members=self.members,
            suppresses=self.kind.suppresses,
            hours=hours_between(self._ended(now), self.last[0]),
            window_hours=self.kind.window if self.kind.tells_window else None,
            past=tuple(self.past[: TOLD - 1]),
        )
        return judge(figures, facts)

    def arrive(self, figures: Figures, now: int) -> None:
        """Take a run as Done."""
        run = (self._ended(now), figures.removes, figures.adds)
        self.past[:0] = turns([run, self.last])
        self.last, self.before = run, now

    def warmed(self) -> "List":
        """Return the list after ten days of runs that nobody judged."""
        start = self.before
        for now in range(start + self.kind.every, start + WARM + 1, self.kind.every):
            self.arrive(self.next(now), now)
        return self

    def _ended(self, hour: int) -> datetime:
        # Runs end some minutes after they were due, and not always as many.
        return MONDAY + timedelta(hours=hour, minutes=hour * 37 % 11)


def week(kind: Kind, outage: int, random: np.random.Generator) -> Iterator[tuple[Figures, dict[str, Any]]]:
    """Yield (figures, verdict) of each run of a week, which begins with an outage of so many hours.

    What is held is not Done, so that the next run is judged for all of it again.
    """
    one = List(kind, random, WARM + WEEK).warmed()
    start = one.before
    for now in range(start + max(outage, kind.every), start + WEEK + 1, kind.every):
        figures = one.next(now)
        verdict = one.verdict(figures, now)
        yield figures, verdict
        if not any(said["held"] for said in verdict.values()):
            one.arrive(figures, now)


def wrong(mistake: str, usual: Figures, members: int, random: np.random.Generator) -> Figures:
    """Return what the run would do if somebody made this mistake in Customer.io, upon what it would do otherwise."""
    stay, part = members - usual.removes, random.uniform(0.55, 0.95)
    if mistake == "emptied":
        return Figures(0, members, 0)
    if mistake in ("half is gone", "identifiers gone"):  # an import that failed half-way; an attribute that was renamed
        gone, fewer = int(stay * part), int(usual.adds * part)
        return Figures(usual.wanted - gone - fewer, usual.removes + gone, usual.adds - fewer)
    if mistake == "condition narrowed":  # a window of 7 days becomes one of hours
        return Figures(int(usual.wanted * 0.1), members - int(usual.wanted * 0.1), 0)
    if mistake == "another segment":  # of 0.6 to 3 times as many, of whom a tenth are on the list
        size = int(members * random.uniform(0.6, 3)) + 60
        return Figures(size, members - int(members * 0.1), size - int(members * 0.1))
    # The condition widened, or who was excluded no longer is: nobody leaves, many come.
    more = int(members * (random.uniform(0.6, 3) if mistake == "exclusions lost" else random.uniform(1, 20))) + 60
    return Figures(usual.wanted + more, usual.removes, usual.adds + more)


MISTAKES = (
    *("emptied", "half is gone", "identifiers gone", "condition narrowed"),
    *("another segment", "condition widened", "exclusions lost"),
)

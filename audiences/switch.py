"""Which identifiers a version is sent with while it replaces those of the one before: not yet, both, or the new. Pure."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from .terms import IDENTIFIERS

DAYS: Final = 14
MOST_DAYS: Final = 90


@dataclass(frozen=True)
class Switch:
    """From the identifiers `before` to those `after`, on a day; for `days` from then on it can be taken back.

    A suppression is sent both as long: nobody is taken off before whoever takes their place has arrived, and who is known
    by an old identifier only stays. A targeting list changes on the day. `in_use_since`: a version that is put into use
    later than planned switches then.
    """

    before: tuple[str, ...]
    after: tuple[str, ...]
    on: date | None = None
    days: int = DAYS
    suppresses: bool = False
    in_use_since: date | None = None
    gone_back: bool = False

    @property
    def starts(self) -> date | None:
        """Return the first day of the new identifiers; None: as soon as the version is in use."""
        known = [day for day in (self.on, self.in_use_since) if day]
        return max(known) if known else None

    @property
    def ends(self) -> date | None:
        """Return the first day on which the old ones are given up, and nobody goes back any more."""
        return self.starts + timedelta(days=self.days) if self.starts else None

    @property
    def both(self) -> tuple[str, ...]:
        return (*self.after, *(name for name in self.before if name not in self.after))

    @property
    def only_order(self) -> bool:
        """Whether the same identifiers are sent, in another order of preference: then nothing is sent anew."""
        return set(self.before) == set(self.after)

    def used(self, day: date) -> tuple[str, ...]:
        """Return the identifiers that are sent on a day, in order of preference."""
        if self.gone_back or (self.starts and day < self.starts):
            return self.before
        if self.suppresses and self.ends and day < self.ends:
            return self.both
        return self.after

    def may_go_back(self, day: date) -> bool:
        return not self.gone_back and self.ends is not None and day < self.ends


def named(identifiers: tuple[str, ...]) -> str:
    """Return "email, then phone"."""
    return ", then ".join(IDENTIFIERS.get(name, name) for name in identifiers)


def told(switch: Switch) -> list[str]:
    """Return what the plan says, in sentences."""
    if switch.gone_back:
        return [f"Gone back to {named(switch.before)}"]
    if switch.starts is None or switch.ends is None or switch.only_order:
        return []
    both = "both are sent" if switch.suppresses else "it can be taken back"
    return [f"Instead of {named(switch.before)} from {_day(switch.starts)}; {both} until {_day(switch.ends)}"]


def lacks(switch: Switch) -> list[str]:
    """Return what the plan still needs."""
    if switch.on or switch.only_order:
        return []
    return [
        f"The identifiers change from {named(switch.before)} to {named(switch.after)}: choose the day under Identifier switch."
    ]


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"

"""One list over the time that is judged: what was found of it there, its past, and what stands above its counts."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from audiences.models import Activation

from .arrived import Arrived
from .habits import HABITS, NO_HABITS
from .laddering import Upper
from .weeks import Week
from .weighing import Past, lag_of


@dataclass(frozen=True)
class Span:
    """One list between its last settled reading on target (`start`) and the end of what is judged (`until`)."""

    found: Arrived
    past: Past
    upper: Upper
    start: datetime
    until: datetime

    @property
    def list(self) -> Activation:
        return self.found.activation

    @property
    def week(self) -> Week:
        return self.found.weeks[-1]

    @property
    def counted_at(self) -> datetime:
        """Return of when the newest figure is, else the end."""
        look = self.found.look
        return look.as_of if look else self.until

    @property
    def read_at(self) -> datetime:
        """Return until when people were accepted whom the newest figure is compared with."""
        look = self.found.look
        return max(look.as_of, look.as_of if look.by_hand else look.at) if look else self.until

    @property
    def settles(self) -> timedelta:
        """Return how long the platform takes at most until a change shows."""
        return max(HABITS.get(self.list.destination.platform, NO_HABITS).hard, lag_of(self.list))

"""A platform's clock: real time, moved or set by order, and what time it was there when something really happened."""

from __future__ import annotations

import time
from typing import Final

from sandbox.store import Store, keep_setting, setting

DAY: Final = 86_400.0


class Clock:
    """Platform time in Unix seconds. Moves are kept, so that what happened before a move stays as long ago as it was."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def _moves(self) -> list[list[float]]:
        """[real time of the move, seconds the clock is ahead since then], oldest first."""
        found: list[list[float]] = setting(self.store, "moves", [])
        return [[0.0, 0.0], *found]

    def now(self) -> float:
        """The platform's time."""
        return time.time() + self._moves()[-1][1]

    def at(self, real: float) -> float:
        """The platform's time at a real moment."""
        return real + next(ahead for moved, ahead in reversed(self._moves()) if moved <= real)

    def real(self, moment: float) -> float:
        """The real moment at which the platform's clock passed this time."""
        later = 0.0
        for moved, ahead in reversed(self._moves()):
            if moment - ahead >= moved:
                return min(moment - ahead, later) if later else moment - ahead
            later = moved
        return moment

    def move(self, seconds: float) -> float:
        """Move it forward and return the new time."""
        return self.set(self.now() + abs(seconds))

    def set(self, moment: float) -> float:
        """Let it be that time, and return it. Set back, what is to come counts as earlier than what has been."""
        real = time.time()
        keep_setting(self.store, "moves", [*self._moves()[1:], [real, moment - real]])
        return self.now()

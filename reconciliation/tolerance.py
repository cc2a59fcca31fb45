"""How far a list may be off before it drifts, and how that is printed. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from muster.figures import percent

from .usual import Usual

DIGITS: Final = 10  # percent: below it one digit after the point tells something


@dataclass(frozen=True)
class Tolerance:
    """`defined`: percent of what is expected, by the definition. `own`: how far the list's own weeks usually reach."""

    defined: float | None = None
    own: float | None = None

    @classmethod
    def of(cls, defined: float | None, normal: Usual | None) -> Tolerance:
        """Return the tolerance of a list; the farther side counts where its weeks do not reach equally far."""
        if normal is None:
            return cls(defined)
        low, high = normal.percent
        return cls(defined, 100 * max(normal.expected - low, high - normal.expected) / normal.expected)

    @property
    def percent(self) -> float | None:
        """Return what one week has to exceed: the definition's tolerance, and what is usual for the list."""
        return max((one for one in (self.defined, self.own) if one is not None), default=None)

    @property
    def words(self) -> str:
        """Return "±5%"; where the list's own weeks vary more, that too; empty where nothing is known."""
        if self.percent is None:
            return ""
        if self.defined is None:
            return f"±{_short(self.percent)}, as its own weeks vary"
        if self.own is not None and _short(self.own) != _short(self.defined) and self.own > self.defined:
            return f"±{_short(self.own)}, as its own weeks vary; ±{_short(self.defined)} by its definition"
        return f"±{_short(self.defined)}"


def _short(value: float) -> str:
    return percent(value, 0 if value >= DIGITS or value == round(value) else 1)

"""What the guards said of a run, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .reasons import RUN, named, small

if TYPE_CHECKING:
    from .models import Run


def judged(run: Run) -> list[str]:
    """Return what the guards said of each pass."""
    return [_judged(side, run.verdict[side]) for side in ("removes", "adds") if run.verdict.get(side)]


def _judged(side: str, verdict: dict[str, object]) -> str:
    name = {"removes": "removals", "adds": "additions"}[side]
    figure, limit = int(str(verdict.get("figure") or 0)), int(str(verdict.get("limit") or 0))
    if verdict.get("held"):
        why = small(named(RUN, str(verdict.get("why") or "guard")).label)
        return f"Held, {figure:,} {name}: {why}" + (f" of {limit:,}" if verdict.get("why") == "guard" else "")
    if verdict.get("released"):
        return f"Released, {figure:,} {name}; the limit was {limit:,}"
    if verdict.get("first"):
        return f"First sync: {figure:,} {name}, not judged"
    return f"Passed, {figure:,} of at most {limit:,} {name}"

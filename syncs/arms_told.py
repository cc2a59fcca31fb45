"""The arms of a holdout in sentences: of a reading, and of a run. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from audiences.arms import NO_ARM, NOT_AN_ARM
from audiences.platforms import Family
from audiences.terms import joined

from .telling import people

if TYPE_CHECKING:
    from .models import Run


def read(attribute: str, counts: Mapping[str, int]) -> str:
    """Return what a reading of the segment found of the holdout's attribute: {arm: people}, of all people read."""
    named = sorted((name, count) for name, count in counts.items() if name not in (NO_ARM, NOT_AN_ARM))
    if not named:
        return (
            f"Nobody in the segment has {attribute} with the name of an arm, so nobody would be held out. Check the attribute's "
            "name, or let the workflow assign its arms first."
        )
    parts = [f"{count:,} in {name}" for name, count in named]
    parts += [f"{counts[NO_ARM]:,} in no arm"] if counts.get(NO_ARM) else []
    parts += [f"{counts[NOT_AN_ARM]:,} with a value that names none"] if counts.get(NOT_AN_ARM) else []
    return f"By {attribute}: {joined(parts)}."


def wanted(run: Run) -> str:
    """Return how many of the people wanted are in which arm; empty where the definition has no holdout."""
    definition = run.definition
    if not definition.holdout_attribute or definition.suppresses or run.wanted is None:
        return ""
    named = sorted((name, count) for name, count in run.arms.items() if name != NO_ARM)
    parts = [f"{count:,} in {name}" for name, count in named]
    if none := run.arms.get(NO_ARM, 0):
        parts.append(f"{none:,} in no arm")
    held = run.left_out.get("held_out", 0)
    first = f"{people(held)} held out ({definition.holdout_attribute} is {definition.holdout_arm})"
    if definition.holdout_targets:
        first = "Held-out people are targeted all the same"
    elif run.activation.destination.spec.family != Family.ADS:
        first = f"The arm is sent along as {definition.holdout_attribute}"
    return f"{first}. Of those wanted: {joined(parts) or 'nobody'}."

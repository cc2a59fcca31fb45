"""Why a list is off, decided from its ladder, its judgement, and what happened since it was on target. Pure."""

from collections.abc import Sequence
from typing import Final

from . import causes_here, causes_there
from .case import Case, Finding, Kind, Side, Sure

MOST: Final = 0.5  # of the people in question: a cause of more than that is likely the one
RULES: Final = (*causes_here.RULES, *causes_there.RULES)
FEW: Final = 0.1  # a cause of less than that is not it


def causes(case: Case) -> list[Finding]:
    """Return what may be why, the likeliest first. Never empty for a list that is off.

    What no cause accounts for is the last one, with its people, also beside others.
    """
    found = [finding for rule in RULES if (finding := rule(case))]
    found.sort(key=lambda one: (-_weight(one, case), -one.sure, -(one.people.mid if one.people else 0.0)))
    rest = _unexplained(case, found)
    return [*found, rest] if rest else found


def main_cause(case: Case) -> Finding | None:
    """Return the cause that a report names first; None for a list that is on target and of which nothing is told."""
    told = [one for one in causes(case) if case.drift.is_outside or one.alone]
    return told[0] if told else None


def _weight(finding: Finding, case: Case) -> int:
    """Return how likely a cause is the one, beyond how sure it is that it happened."""
    if not case.drift.is_outside:
        return finding.sure
    side = Side.KEPT if case.is_above else Side.LOST
    if finding.explains not in {side, Side.BOTH}:
        return finding.sure - 2
    whole = (case.drift.not_removed if case.is_above else case.drift.missing).mid
    if finding.people is None or whole <= 0:
        return finding.sure
    part = finding.people.mid / whole
    return finding.sure + (1 if part >= MOST else -2 if part < FEW else 0)


def _unexplained(case: Case, found: Sequence[Finding]) -> Finding | None:
    """Return what is left. Of a list that is on target nothing is."""
    if not case.drift.is_outside:
        return None
    left = case.now.unexplained_gain if case.is_above else case.now.unexplained
    if found and found[0].sure > Sure.POSSIBLE and left.is_nobody:
        return None
    what = "too many" if case.is_above else "missing"
    words = f"{left} people are {what} without a cause that Muster knows."
    return Finding(
        Kind.UNEXPLAINED,
        "unexplained",
        "Muster knows no cause of it." if left.is_nobody else words,
        f"Look at the list at {case.place} and at what changed in this week.",
        Sure.POSSIBLE,
        left,
        estimated=not left.is_exact,
    )

"""How often the lists are refreshed: told, what it lacks, and when it cannot serve the purpose at all. Pure.

What cannot serve is blocked until a manager acknowledges it; the word holds for exactly the values that it was given for.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from muster.figures import target

from .terms import CADENCES, Terms

BREACH = 2  # times the target of the use case


@dataclass(frozen=True)
class Blocking:
    """One thing that keeps a definition from being locked. `about` are the values that a manager's word is bound to."""

    name: str
    sentence: str
    about: str


def blocking(terms: Terms) -> list[Blocking]:
    """Return what cannot serve the purpose, acknowledged or not."""
    every, window, allowed = CADENCES.get(terms.cadence), terms.window_hours, terms.freshness_minutes
    found = []
    if every and window and every >= window * 60:
        sentence = (
            f"Refreshed {terms.cadence}, and people stay only {target(window * 60)}: many come and go between two syncs and "
            "are never on the list. Refresh more often"
        )
        found.append(Blocking("dwell", sentence, f"{terms.cadence}; {window} h"))
    if allowed and terms.target_asked and allowed > BREACH * terms.target_asked:
        sentence = (
            f"The newest person may be {target(allowed)} old, and this use case needs {target(terms.target_asked)}: more than "
            "twice as old. Choose a shorter target"
        )
        found.append(Blocking("target", sentence, f"{target(allowed)}; {target(terms.target_asked)}"))
    return found


def open_ones(terms: Terms) -> list[Blocking]:
    """Return what is blocked and that no manager has acknowledged as it is now."""
    return [one for one in blocking(terms) if (one.name, one.about) not in {key[:2] for key in terms.acknowledged}]


def told(terms: Terms) -> Iterable[str]:
    """Return the clause in sentences."""
    fresh = f"newest person at most {target(terms.freshness_minutes)} old" if terms.freshness_minutes else ""
    yield "; ".join(part for part in (terms.cadence.capitalize(), fresh) if part)
    held = {(one.name, one.about) for one in blocking(terms)}
    for name, about, said in terms.acknowledged:
        if (name, about) in held:
            yield f"Acknowledged by {said}"


def lacks(terms: Terms, _today: date) -> Iterable[str]:
    """Return what the clause lacks."""
    every, allowed = CADENCES.get(terms.cadence), terms.freshness_minutes
    if not terms.cadence:
        yield "Choose how often the lists are refreshed."
    if not allowed:
        yield "Set the target for the newest person."
    if every and allowed and every > allowed:
        yield (
            f"Refreshed {terms.cadence}, the newest person is often older than the target of {target(allowed)}. "
            "Refresh more often, or allow more."
        )
    for one in open_ones(terms):
        yield f"{one.sentence}, or ask a manager to acknowledge it."

"""What a look at a list shows, as the lower rungs of its count ladder. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from .bands import exactly, known
from .ladder import NOT_READ, Seen, There
from .look import Look, Uploads
from .match_rate import SIZE_IS_REACH, Gap, Match
from .quantities import Basis, Quantity
from .readers.seen import Figure
from .readiness import Word
from .steps import Explained

REFUSED: Final = {Word.TOO_SMALL: "too_small", Word.BLOCKED: "blocked"}


def shown(
    platform: str,
    look: Look | None,
    match: Match | Gap,
    *,
    expected: tuple[float, float] | None = None,
    reached: tuple[float, float] | None = None,
    word: Word = Word.UNKNOWN,
    whole: bool = False,
    uploads: Uploads | None = None,
    losses: Sequence[Explained] = (),
    gains: Sequence[Explained] = (),
) -> There:
    """Return what is there. `expected` and `reached` in percent, as There has them; `word` is the list's readiness.

    `whole`: the platform's upload sessions carried the whole list, as after a first sync. Those of a later run carry what
    changed only, and are no count of the list. `uploads`: what the sessions since that run took in, None where it was the
    first one, so that all of them are its own.
    """
    if look is None:
        return There(unread=NOT_READ)
    size = _seen(look.size, look)
    reach = platform in SIZE_IS_REACH
    sessions, invalid = look.figure(Quantity.RECEIVED), look.figure(Quantity.INVALID)
    if uploads and sessions and invalid:
        sessions = replace(sessions, low=uploads.received, high=uploads.received)
        invalid = replace(invalid, low=uploads.invalid, high=uploads.invalid)
    return There(
        received=_seen(sessions, look) if whole else None,
        matched=_by_rate(look, match) or (None if reach else size),
        usable=size,
        expected=expected,
        reached=reached,
        invalid=(invalid.low or 0) if invalid and whole else 0,
        losses=losses,
        gains=gains,
        refuses=REFUSED.get(word, ""),
    )


def _by_rate(look: Look, match: Match | Gap) -> Seen | None:
    """Return the people whom the platform's own rate speaks of."""
    if isinstance(match, Gap) or not match.own or match.accepted is None:
        return None
    people = exactly(match.accepted).share(match.low, match.high)
    basis = Basis.ESTIMATED if match.basis == Basis.EXACT else match.basis
    return Seen(people, look.as_of, basis, Quantity.MATCH_RATE.value)


def _seen(figure: Figure | None, look: Look) -> Seen | None:
    people = known(figure.low, figure.high) if figure else None
    if figure is None or people is None:
        return None
    return Seen(people, look.as_of, figure.basis, f"{figure.quantity.value}:{figure.axis}")

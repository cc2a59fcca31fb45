"""A count ladder as JSON keeps it, and back. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from .bands import Band
from .ladder import Ladder, Place, Rung
from .quantities import Basis
from .steps import Cause, Step


def stored(ladder: Ladder, segments: Mapping[int, tuple[str, str]] | None = None) -> dict[str, Any]:
    """Return a ladder as JSON: the same ladder makes the same bytes.

    `segments` are excluded ones by number: what they are called, and why they are excluded.
    """
    rungs = [_rung(one) for one in ladder.rungs]
    if not segments:
        return {"rungs": rungs}
    return {"rungs": rungs, "segments": {str(number): list(segments[number]) for number in sorted(segments)}}


def segments_of(kept: Mapping[str, Any]) -> dict[int, tuple[str, str]]:
    """Return what was stored of the excluded segments: by number what each was called, and why it was excluded."""
    return {int(number): (str(name), str(why)) for number, (name, why) in kept.get("segments", {}).items()}


def restored(kept: Mapping[str, Any]) -> Ladder:
    """Return a stored ladder; one without rungs where nothing was stored."""
    return Ladder(tuple(_of_rung(one) for one in kept.get("rungs", [])))


def _rung(rung: Rung) -> dict[str, Any]:
    return {
        "place": rung.place.value,
        "people": [rung.people.low, rung.people.high] if rung.people else None,
        "as_of": rung.as_of.isoformat() if rung.as_of else None,
        "basis": rung.basis.value if rung.basis else None,
        "since": rung.since.value if rung.since else None,
        "why_none": rung.why_none,
        "losses": [_cause(one) for one in rung.step.losses],
        "gains": [_cause(one) for one in rung.step.gains],
    }


def _cause(cause: Cause) -> list[Any]:
    return [cause.code, cause.at_low, cause.at_high, cause.estimated, cause.usual]


def _of_rung(kept: Mapping[str, Any]) -> Rung:
    losses, gains = (tuple(Cause(*one) for one in kept[side]) for side in ("losses", "gains"))
    return Rung(
        Place(kept["place"]),
        Band(*kept["people"]) if kept["people"] else None,
        datetime.fromisoformat(kept["as_of"]) if kept["as_of"] else None,
        Basis(kept["basis"]) if kept["basis"] else None,
        Step(losses, gains),
        Place(kept["since"]) if kept["since"] else None,
        kept["why_none"],
    )

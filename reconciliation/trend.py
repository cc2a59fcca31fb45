"""The weeks of a match trend as they are stored, and back. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from .match_rate import Gap, Match
from .quantities import Basis
from .weeks import Point


def stored(one: Point | Gap) -> dict[str, Any]:
    """Return a week as JSON keeps it."""
    if isinstance(one, Gap):
        return {"gap": one.value}
    return {
        "low": round(one.match.low, 2),
        "high": round(one.match.high, 2),
        "as_of": one.as_of.isoformat(),
        "basis": one.match.basis.value,
        "own": one.match.own,
        "accepted": one.match.accepted,
        "size": list(one.size) if one.size else None,
        "behind": round(one.behind, 1),
    }


def points_of(weeks: Mapping[str, Mapping[str, Any]]) -> dict[str, Point | Gap]:
    """Return stored weeks as what they say."""
    return {week: _point(said) for week, said in weeks.items()}


def _point(said: Mapping[str, Any]) -> Point | Gap:
    if "gap" in said:
        return Gap(said["gap"])
    match = Match(said["low"], said["high"], Basis(said["basis"]), said["own"], said["accepted"])
    size = said["size"]
    bounds = (size[0], size[1]) if size else None
    return Point(match, datetime.fromisoformat(said["as_of"]), bounds, said.get("behind", 0.0))

"""What the analytics tools' lists of cohorts have in common: finding the asked ones, numbers, moments. Pure."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from muster.vendor_errors import Unreadable
from reconciliation.quantities import Basis, Quantity

from .answers import count, id_of
from .seen import Figure, ListSeen, State

READ_EFFECT: Final = "Nothing was read; figures of before stay, with their dates."
MILLISECONDS: Final = 10**11  # as seconds this is the year 5138, as milliseconds 1973
UNKNOWN: Final = Figure(Quantity.MEMBERS, None, None, Basis.REPORTED)
Entry = Mapping[str, Any]


def entries(vendor: str, found: Any) -> dict[str, Entry]:
    """Return the cohorts of a list by their ids as text. Raises Unreadable for anything that is no list of objects with ids."""
    if not isinstance(found, list) or not all(isinstance(one, dict) and id_of(one.get("id")) for one in found):
        raise Unreadable(vendor, "The answer is not a list of cohorts.")
    return {str(one["id"]): one for one in found}


def seen(ids: Sequence[str], found: Mapping[str, Entry], read: Callable[[str, Entry], ListSeen]) -> dict[str, ListSeen]:
    """Return each asked cohort as `read` shows it; one that is not there is gone."""
    return {one: read(one, found[one]) if one in found else ListSeen(one, gone=True) for one in ids}


def members(size: object) -> Figure:
    """Return the size of a cohort; unknown for everything but a whole number from 0."""
    known = count(size)
    return Figure(Quantity.MEMBERS, known, known, Basis.REPORTED)


def moment(value: object) -> datetime | None:
    """Return the moment of ISO 8601 text (without an offset: UTC), unix seconds or milliseconds; None for anything else."""
    try:
        if isinstance(value, str):
            found = datetime.fromisoformat(value)
            return found if found.tzinfo else found.replace(tzinfo=UTC)
        if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
            return datetime.fromtimestamp(value / 1000 if value >= MILLISECONDS else value, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None


def missing(field: str) -> State:
    """Return what stands for a figure that the answer did not have."""
    return State(field, "", f"The answer had no usable {field}.")

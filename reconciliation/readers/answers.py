"""Values out of platforms' answers, which may lack, add or mistype anything: what cannot be read is None. Pure."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from muster.redaction import excerpt
from muster.vendor_errors import Unreadable

LARGEST: Final = 10**15
NAME_LENGTH: Final = 200
LONGEST_ID: Final = 120
A_DAY: Final = 86_400.0


def count(value: object) -> int | None:
    """Return a number of people or percent, also one written as text; None for what is negative or none at all."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= 15:
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and 0 <= value <= LARGEST else None


def moment(value: object) -> datetime | None:
    """Return the time that Unix seconds stand for."""
    seconds = count(value)
    return datetime.fromtimestamp(seconds, UTC) if seconds and seconds < 32_503_680_000 else None


def name_of(value: object) -> str:
    """Return a name as it may be kept: on one line, without addresses and numbers of people."""
    return excerpt(str(value), limit=NAME_LENGTH) if isinstance(value, str) else ""


def id_of(value: object) -> str:
    """Return an id, also one that came as a number; empty where it is neither, or nothing that could be one."""
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return text if len(text) <= LONGEST_ID and text.isascii() and text.isprintable() else ""


def wait_of(seconds: float) -> float:
    """Return how long a platform asks to wait, at most a day."""
    return min(max(0.0, seconds), A_DAY)


def rows_of(value: object) -> Iterator[Mapping[str, Any]]:
    """Give the objects of a list, leaving out what is none."""
    yield from (row for row in (value if isinstance(value, list) else []) if isinstance(row, dict))


def object_of(value: object) -> Mapping[str, Any]:
    """Return an object, an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def answered(value: object, vendor: str) -> Mapping[str, Any]:
    """Return an answer that must be an object. Raises Unreadable."""
    if not isinstance(value, dict):
        raise Unreadable(vendor, "The answer is not an object.")
    return value

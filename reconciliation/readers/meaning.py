"""What one code of a platform means for a list."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The readiness that a code leads to. `ALLOWED` and `NOT_ALLOWED`: whether one of the platform's networks may use it."""

    USABLE = "usable"
    SETTLING = "settling"
    TOO_SMALL = "too_small"
    LOW_MATCH = "low_match"
    BLOCKED = "blocked"
    STALE = "stale"
    UNKNOWN = "unknown"
    ALLOWED = "allowed"
    NOT_ALLOWED = "not_allowed"


@dataclass(frozen=True)
class Meaning:
    """`words`: what is so; `do`: what to do next. Sentences, empty where there is nothing to say."""

    kind: Kind
    words: str = ""
    do: str = ""

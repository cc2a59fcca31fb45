"""What a reading can be about, how sure it is, and in which unit. Pure."""

from enum import StrEnum


class Quantity(StrEnum):
    """`MEMBERS` is the platform's own size of the list; `SEARCH` and `DISPLAY` are Google's sizes by network.

    `ACCEPTED` is Muster's own: distinct people in the ledger when the platform was read, the denominator of match rates.
    `ARM`: members in one arm of a holdout, the reading's axis names it; empty: in none.
    `RECEIVED`, `INVALID` and `MATCHED` are of a platform's upload sessions. `STATE` has no value, only a code and words.
    """

    MEMBERS = "members"
    SEARCH = "search"
    DISPLAY = "display"
    MATCH_RATE = "match_rate"
    RECEIVED = "received"
    INVALID = "invalid"
    MATCHED = "matched"
    DUPLICATES = "duplicates"
    WITHOUT_ID = "without_id"
    LIFE_SPAN = "life_span"
    ACCEPTED = "accepted"
    ARM = "arm"
    STATE = "state"


class Basis(StrEnum):
    """How a figure came about, as product.md names it."""

    EXACT = "exact"
    ROUNDED = "rounded"
    RANGE = "range"
    REPORTED = "reported"
    ESTIMATED = "estimated"
    MANUAL = "manual"


class Unit(StrEnum):
    PEOPLE = "people"
    ROWS = "rows"
    PERMILLE = "permille"
    DAYS = "days"
    NONE = ""


PERMILLE_IN_PERCENT = 10
UNITS: dict[Quantity, Unit] = dict.fromkeys(Quantity, Unit.PEOPLE) | {
    Quantity.MATCH_RATE: Unit.PERMILLE,
    Quantity.LIFE_SPAN: Unit.DAYS,
    Quantity.DUPLICATES: Unit.ROWS,
    Quantity.WITHOUT_ID: Unit.ROWS,
    Quantity.STATE: Unit.NONE,
}
BASIS_WORDS: dict[Basis, str] = {
    Basis.EXACT: "counted",
    Basis.ROUNDED: "rounded by the platform",
    Basis.RANGE: "a range the platform gives",
    Basis.REPORTED: "reported by the platform",
    Basis.ESTIMATED: "estimated",
    Basis.MANUAL: "entered by hand",
}

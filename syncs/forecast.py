"""What a list that does not exist yet is expected to cost and to match: always an expectation, with where it is from. Pure."""

from dataclasses import dataclass
from typing import Final

AUDIENCELIST_ROWS: Final = 10_000
HOURS: Final = 720  # a month
MINUTES: Final = HOURS * 60
RENEWED: Final = 0.8  # of the life span, after which members are sent again

# Published for shops that sell to people, by platform: with emails alone, and with phones too. Vendors' figures of no stated
# method that contradict each other: a first expectation, until the list's own readings say better.
PUBLISHED: Final[dict[str, tuple[tuple[float, float], tuple[float, float]]]] = {
    "meta": ((35.0, 60.0), (50.0, 80.0)),
    "google_ads": ((25.0, 45.0), (40.0, 70.0)),
}
PUBLISHER: Final = "donutzdigital.com"


@dataclass(frozen=True)
class Place:
    """How a destination is sent to: `each` events a person, or a person a row of an audiencelist; its life span, if any."""

    name: str
    platform: str
    each: int = 1
    rows: bool = False
    life_span_days: int | None = None


def first_send(place: Place, people: int) -> int:
    """Return how many events RudderStack bills for so many people in one go."""
    return -(-people // AUDIENCELIST_ROWS) if place.rows else people * place.each


def a_month(place: Place, people: int, *, moves: float, every_minutes: int | None) -> int:
    """Return the events of a month in which so many people enter or leave, at this cadence (None: as often as by the hour).

    An audiencelist costs at least an event for those who enter and one for those who leave, each time. Members who would
    expire are sent again.
    """
    again = people * 30 / (place.life_span_days * RENEWED) if place.life_span_days else 0.0
    if not place.rows:
        return round((moves + again) * place.each)
    syncs = MINUTES / (every_minutes or 60)
    by_side = first_send(place, max(1, round(moves / 2 / syncs))) if moves else 0
    return round(min(moves, syncs * 2 * by_side)) + first_send(place, round(again))


def turnover(people: int, window_hours: int) -> float:
    """Return how many people enter or leave in a month when everybody comes and goes once in the segment's window."""
    return people * 2 * HOURS / window_hours


def published_match(platform: str, identifiers: list[str]) -> tuple[float, float] | None:
    """Return the published range of the match rate in percent, None where none is known."""
    if platform not in PUBLISHED or "email" not in identifiers:
        return None
    return PUBLISHED[platform][1 if "phone" in identifiers else 0]

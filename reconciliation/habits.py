"""How each platform goes about lists: how few people are too few, and how long it takes people in. Pure."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from audiences.platforms import PLATFORMS


@dataclass(frozen=True)
class Habits:
    """How a platform goes about lists: fewest people it uses, how long it usually takes people in, and at most."""

    minimum: int | None = None
    settles: timedelta = timedelta()
    hard: timedelta = timedelta()


# How long each takes people in; how few are too few is audiences/platforms.py's to say.
SETTLES: Final = {
    "meta": (48, 72),
    "google_ads": (24, 48),
    "microsoft_ads": (48, 72),
    "x_ads": (8, 24),
}
HABITS: Final = {
    kind: Habits(platform.minimum, *(timedelta(hours=hours) for hours in SETTLES.get(kind, (0, 0))))
    for kind, platform in PLATFORMS.items()
}
NO_HABITS: Final = Habits()

"""When the clock asks for work that makes itself and is cheap to ask for too often: every five minutes, without a row."""

from datetime import datetime
from typing import Final

from django.conf import settings

PERIOD: Final = 300  # seconds


def is_turn(at: datetime) -> bool:
    """Whether a tick at this time asks. A turn is two ticks long, so that a slow one does not miss it."""
    return at.timestamp() % PERIOD < 2 * float(settings.TICK_SECONDS)

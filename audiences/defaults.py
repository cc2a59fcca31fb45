"""What a new audience starts with, by purpose. People change it; it only saves them from an empty page."""

from datetime import date, timedelta
from typing import Any

from .models import Purpose, Segment
from .terms import TARGETING

FRESHNESS_MINUTES: dict[str, int] = {
    Purpose.RETARGET: 120,
    Purpose.SUPPRESS: 60,
    Purpose.WINBACK: 1440,
    Purpose.CROSS_SELL: 1440,
    Purpose.LOOKALIKE: 1440,
    Purpose.MEASURE: 1440,
}
SUPPRESSION_BASIS = (
    "Legitimate interest: people are put on this list only so that they are not shown ads; nothing else is done with it"
)
REVIEW_AFTER = timedelta(days=180)


def clauses_for(purpose: str, segment: Segment, today: date) -> dict[str, Any]:
    """Return the fields of a first draft."""
    return {
        "freshness_minutes": FRESHNESS_MINUTES[purpose],
        "identifiers": ["email", "phone"],
        "consent": {"*": consent_for(purpose, segment.workspace.do_not_share)},
        "tolerance": 5.0,
        "check_every": "every Monday",
        "review_date": today + REVIEW_AFTER,
    }


def consent_for(purpose: str, do_not_share: str) -> dict[str, Any]:
    """Return the first consent rule of a purpose; a targeting rule's basis is left for a person to record."""
    return {
        "require_true": [],
        "not_true": [do_not_share] if do_not_share else [],
        "not_unsubscribed": purpose in TARGETING,
        "basis": SUPPRESSION_BASIS if purpose == Purpose.SUPPRESS else "",
    }

"""What the states mean that platforms give of a list: one table for each platform and axis. Pure.

A code that is missing in a table is not guessed: readiness then says that it is unknown, in the platform's own words.
"""

from typing import Final

from .meaning import Kind, Meaning
from .seen import State

_ELIGIBLE: Final = {
    "true": Meaning(Kind.ALLOWED),
    "false": Meaning(Kind.NOT_ALLOWED),
}
GOOGLE_ADS: Final = {
    "eligible_for_search": _ELIGIBLE,
    "eligible_for_display": _ELIGIBLE,
    "membership_status": {
        "OPEN": Meaning(Kind.USABLE),
        "CLOSED": Meaning(
            Kind.BLOCKED,
            "Google Ads closed this list: it takes in nobody new.",
            "Open it again in Google Ads' audience manager, then have everybody sent again.",
        ),
    },
    "account_user_list_status": {
        "ENABLED": Meaning(Kind.USABLE),
        "DISABLED": Meaning(
            Kind.BLOCKED,
            "The list is no longer shared with this Google Ads account.",
            "Ask who owns the list to share it again.",
        ),
    },
}
POSTHOG: Final = {
    "is_calculating": {
        "true": Meaning(Kind.SETTLING, "PostHog is working this cohort out anew.", "Nothing to do: it is read again."),
        "false": Meaning(Kind.USABLE),
    }
}
TABLES: Final[dict[str, dict[str, dict[str, Meaning]]]] = {"google_ads": GOOGLE_ADS, "posthog": POSTHOG}


def is_told(platform: str, state: State) -> bool:
    """Whether there is a table for what this state is about."""
    return state.axis in TABLES.get(platform, {})


def meaning_of(platform: str, state: State) -> Meaning | None:
    """Return what a state means, None for a code that Muster does not know."""
    return TABLES.get(platform, {}).get(state.axis, {}).get(state.code)

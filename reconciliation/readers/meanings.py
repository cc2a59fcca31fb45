"""What the states mean that platforms give of a list: one table for each platform and axis. Pure.

A code that is missing in a table is not guessed: readiness then says that it is unknown, in the platform's own words.
"""

from typing import Final

from . import meta_codes
from .meaning import Kind, Meaning
from .seen import State
from .tool_codes import AMPLITUDE, ANY, POSTHOG, WAREHOUSE

_ELIGIBLE: Final = {"true": Meaning(Kind.ALLOWED), "false": Meaning(Kind.NOT_ALLOWED)}
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
META: Final = {"delivery_status": meta_codes.DELIVERY, "operation_status": meta_codes.OPERATION}
TABLES: Final[dict[str, dict[str, dict[str, Meaning]]]] = {
    "meta": META,
    "google_ads": GOOGLE_ADS,
    "amplitude": AMPLITUDE,
    "posthog": POSTHOG,
    "warehouse": WAREHOUSE,
}
# Codes that say that there is nothing to say: another state of the list decides.
SAYS_NOTHING: Final = frozenset({("operation_status", "0")})


def is_told(platform: str, state: State) -> bool:
    """Whether there is a table for what this state is about, and it says something."""
    return state.axis in TABLES.get(platform, {}) and (state.axis, state.code) not in SAYS_NOTHING


def meaning_of(platform: str, state: State) -> Meaning | None:
    """Return what a state means, None for a code that Muster does not know."""
    table = TABLES.get(platform, {}).get(state.axis, {})
    found = table.get(state.code) or table.get(ANY)
    if found is None and platform == "meta" and state.axis in META:
        # Of some codes Meta documents no more than that they are unusable.
        documented = meta_codes.meaning(state.axis, state.code, state.words)
        found = documented if documented.kind != Kind.UNKNOWN else None
    return found

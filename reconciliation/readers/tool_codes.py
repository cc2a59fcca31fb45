"""What the states of analytics tools and of the warehouse mean for a list. Empty `words`: the state's own say it. Pure."""

from typing import Final

from .meaning import Kind, Meaning

ANY: Final = "*"  # every code of an axis that only speaks when something is so
WAIT: Final = "Nothing to do: it is read again."

AMPLITUDE: Final = {
    "archived": {"true": Meaning(Kind.BLOCKED, do="Or give the id of the cohort that is used instead.")},
    "lastComputed": {"null": Meaning(Kind.SETTLING, do=WAIT)},
}
POSTHOG: Final = {
    "is_calculating": {"true": Meaning(Kind.SETTLING, do=WAIT), "false": Meaning(Kind.USABLE)},
    "pending_version": {ANY: Meaning(Kind.SETTLING, do=WAIT)},
    "count": {"null": Meaning(Kind.SETTLING, do=WAIT)},
    "errors_calculating": {ANY: Meaning(Kind.STALE, do="Open the cohort in PostHog, mend it, and have it computed.")},
}
WAREHOUSE: Final = {
    "column": {
        "missing": Meaning(Kind.UNKNOWN, do="Look at RudderStack's warehouse syncs, and at the list's id here.")
    },
    "audience": {"ambiguous": Meaning(Kind.BLOCKED)},
    "rows": {"0": Meaning(Kind.UNKNOWN, do="RudderStack loads the warehouse on its own schedule: see its last sync.")},
}

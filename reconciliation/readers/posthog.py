"""Reads PostHog's cohorts back: the list of the project, page by page, by a personal API key.

The `count` of a page is the number of cohorts; the one of a cohort is its people, and is of before while it is computed.
Raises what muster/vendor_errors.py lists.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.conf import settings

from muster.http import BadCredentials, Door, Gone, Unreadable

from .answers import name_of
from .cohorts import READ_EFFECT, UNKNOWN, Entry, entries, members, moment, seen
from .seen import Figure, ListSeen, State

VENDOR: Final = "PostHog"
PAGE: Final = 100
MOST_PAGES: Final = 50
COMPUTING: Final = State("is_calculating", "true", "PostHog is computing the cohort; its count is of before.")
NOT_COUNTED: Final = State("count", "null", "PostHog has not counted the cohort yet.")
PENDING: Final = "PostHog has yet to compute the cohort's newest definition; its count is of the one before."
FAILED: Final = (
    "PostHog could not compute the cohort; its count is of the last time that it could. Look at it in PostHog."
)


class KeyRefused(BadCredentials):
    happened = "{vendor} refused the personal API key{code}."
    effect = READ_EFFECT
    next_step = (
        "Ask an administrator to enter it anew in Connections, and to check the data region: "
        "a key of one is unknown in the other."
    )


class NoScope(BadCredentials):
    happened = "{vendor} does not let this key read the project's cohorts{code}."
    effect = READ_EFFECT
    next_step = "Make a personal API key with the scope cohort:read for this project, and enter it in Connections."


class NoProject(Gone):
    happened = "{vendor} does not know this project{code}."
    effect = READ_EFFECT
    next_step = "Ask an administrator to check project id, data region and host in Connections."


def reader(options: Mapping[str, str], secrets: Mapping[str, str]) -> "PostHog":
    """Return a reader of the project that options and secrets name (needs.NEEDS["posthog"]). Raises AddressRefused."""
    door = Door(
        options.get("host") or settings.PLATFORM_HOSTS[f"posthog_{options['region']}"],
        vendor=VENDOR,
        headers={"Authorization": f"Bearer {secrets['token']}"},
        statuses={401: KeyRefused, 403: NoScope, 404: NoProject},
    )
    return PostHog(door, options["project"])


class PostHog:
    """One project. Threads may share it."""

    def __init__(self, door: Door, project: str) -> None:
        self._door, self.project = door, project

    def lists(self, ids: Sequence[str]) -> Mapping[str, ListSeen]:
        """Return each asked cohort by its id; pages end with the list, not with what was asked. Raises VendorError."""
        found: dict[str, Entry] = {}
        offset = 0
        for _ in range(MOST_PAGES):
            page = self._page(offset)
            shown = page.get("results")
            found |= entries(VENDOR, shown)
            if not page.get("next") or not shown:
                return seen(ids, {one: entry for one, entry in found.items() if not entry.get("deleted")}, cohort)
            offset += len(shown)
        raise Unreadable(VENDOR, f"The list of cohorts does not end after {MOST_PAGES} pages.")

    def _page(self, offset: int) -> dict[str, Any]:
        # The address in `next` is the server's own idea of where it is: behind a proxy it is not where we may go.
        path = f"/api/projects/{self.project}/cohorts/"
        page = self._door.get(path, params={"limit": PAGE, "offset": offset}).json()
        if not isinstance(page, dict):
            raise Unreadable(VENDOR, "The answer is not a list of cohorts.")
        return page


def cohort(one: str, entry: Entry) -> ListSeen:
    """Return what PostHog says of a cohort."""
    figure, states = judged(entry)
    return ListSeen(
        one,
        name_of(entry.get("name")),
        (figure,),
        tuple(states),
        as_of=moment(entry.get("last_calculation")),
        version="v1",
    )


def judged(entry: Entry) -> tuple[Figure, list[State]]:
    """Return the count and what is to be said of it: unknown while another one is on its way."""
    version, pending = entry.get("version"), entry.get("pending_version")
    failed = entry.get("errors_calculating")
    states = [State("errors_calculating", str(failed)[:60], FAILED)] if failed else []
    if entry.get("is_calculating"):
        return UNKNOWN, [COMPUTING, *states]
    if pending is not None and pending != version:
        return UNKNOWN, [State("pending_version", str(pending)[:60], PENDING), *states]
    figure = members(entry.get("count"))
    return figure, states if figure.low is not None else [NOT_COUNTED, *states]

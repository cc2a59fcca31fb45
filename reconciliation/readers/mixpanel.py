"""Reads Mixpanel's cohorts back: one list of the project, by service account.

A project has 60 queries an hour and 5 at once, shared with everybody who asks it: one request a read, whatever is asked.
Raises what muster/vendor_errors.py lists.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from django.conf import settings

from muster.http import BadCredentials, Door, Gone, RateLimited

from .answers import name_of
from .cohorts import READ_EFFECT, Entry, entries, members, missing, seen
from .seen import ListSeen, State

VENDOR: Final = "Mixpanel"
PATH: Final = "/api/query/cohorts/list"
HIDDEN: Final = State("is_visible", "0", "The cohort is hidden in Mixpanel's lists; it counts all the same.")


class AccountRefused(BadCredentials):
    happened = "{vendor} refused the service account{code}."
    effect = READ_EFFECT
    next_step = (
        "Ask an administrator to enter its user name and secret anew in Connections, and to check the data region. "
        "A service account can expire."
    )


class NoAccess(BadCredentials):
    happened = "{vendor} does not let the service account read this project{code}."
    effect = READ_EFFECT
    next_step = (
        "Ask who administers Mixpanel to add it to the project as a consumer or more, or correct the project id here."
    )


class NoProject(Gone):
    happened = "{vendor} does not know this project{code}."
    effect = READ_EFFECT
    next_step = "Ask an administrator to check project id and data region in Connections."


class HourSpent(RateLimited):
    happened = "{vendor} asked to wait{code}: the project has 60 queries an hour, and they are used up."
    effect = "It is read later; figures of before stay, with their dates."
    next_step = "Nothing to do. If it stays, look who else asks this project: Muster asks once a read."


def reader(options: Mapping[str, str], secrets: Mapping[str, str]) -> "Mixpanel":
    """Return a reader of the project that options and secrets name (needs.NEEDS["mixpanel"]). Raises AddressRefused."""
    door = Door(
        settings.PLATFORM_HOSTS[f"mixpanel_{options['region']}"],
        vendor=VENDOR,
        auth=(options["user"], secrets["password"]),
        statuses={400: NoProject, 401: AccountRefused, 403: NoAccess, 404: NoProject, 429: HourSpent},
    )
    return Mixpanel(door, options["project"])


class Mixpanel:
    """One project. Threads may share it."""

    def __init__(self, door: Door, project: str) -> None:
        self._door, self.project = door, project

    def lists(self, ids: Sequence[str]) -> Mapping[str, ListSeen]:
        """Return each asked cohort by its id, of one request. Raises VendorError."""
        answer = self._door.post(PATH, params={"project_id": self.project})
        return seen(ids, entries(VENDOR, answer.json()), cohort)


def cohort(one: str, entry: Entry) -> ListSeen:
    """Return what Mixpanel says of a cohort. It does not say when it counted; `created` is the cohort's birthday."""
    figure, states = members(entry.get("count")), []
    if figure.low is None:
        states.append(missing("count"))
    if entry.get("is_visible") in {0} and "is_visible" in entry:
        states.append(HIDDEN)
    return ListSeen(one, name_of(entry.get("name")), (figure,), tuple(states), version="query")

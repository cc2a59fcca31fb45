"""Reads Amplitude's cohorts back: one list of the project, by API key and secret key.

GET /api/3/cohorts is free of the monthly limit on downloads; 5 requests at once are shared with the dashboards' API.
Raises what muster/vendor_errors.py lists.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from django.conf import settings

from muster.http import BadCredentials, Door, Gone, Unreadable

from .answers import name_of
from .cohorts import READ_EFFECT, UNKNOWN, Entry, entries, members, missing, moment, seen
from .seen import ListSeen, State

VENDOR: Final = "Amplitude"
VERSION: Final = "3"
ARCHIVED: Final = State(
    "archived", "true", "The cohort is archived, so Amplitude no longer computes it. Unarchive it there."
)
NEVER: Final = State("lastComputed", "null", "Amplitude has not computed the cohort yet.")
EDITED: Final = "The cohort was changed after it was computed: the figure may still be of its definition before."


class KeysRefused(BadCredentials):
    happened = "{vendor} refused the API key or the secret key{code}."
    effect = READ_EFFECT
    next_step = (
        "Ask an administrator to enter both keys of one project in Connections, and to check the data region: "
        "a key of one is unknown in the other."
    )


class NotInPlan(BadCredentials):
    happened = "{vendor} does not let this project read its cohorts{code}."
    effect = READ_EFFECT
    next_step = (
        "Ask who administers Amplitude whether its plan includes the Behavioral Cohorts API and these keys may use it."
    )


class NoCohorts(Gone):
    happened = "{vendor} has no list of cohorts at this address{code}."
    effect = READ_EFFECT
    next_step = "Ask an administrator to check the data region in Connections."


def reader(options: Mapping[str, str], secrets: Mapping[str, str]) -> "Amplitude":
    """Return a reader of the project that options and secrets name (needs.NEEDS["amplitude"]). Raises AddressRefused."""
    return Amplitude(
        Door(
            settings.PLATFORM_HOSTS[f"amplitude_{options['region']}"],
            vendor=VENDOR,
            auth=(secrets["api_key"], secrets["secret_key"]),
            statuses={401: KeysRefused, 403: NotInPlan, 404: NoCohorts},
        )
    )


class Amplitude:
    """One project. Threads may share it."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def lists(self, ids: Sequence[str]) -> Mapping[str, ListSeen]:
        """Return each asked cohort by its id, of one request. Raises VendorError."""
        found = self._door.get("/api/3/cohorts").json()
        if not isinstance(found, dict):
            raise Unreadable(VENDOR, "The answer is not a list of cohorts.")
        return seen(ids, entries(VENDOR, found.get("cohorts")), cohort)


def cohort(one: str, entry: Entry) -> ListSeen:
    """Return what Amplitude says of a cohort.

    Nothing says that it is being computed: its size is of `lastComputed`, which comes as text or in unix time.
    """
    figure, states = members(entry.get("size")), []
    computed, edited = moment(entry.get("lastComputed")), moment(entry.get("lastMod"))
    if figure.low is None:
        states.append(missing("size"))
    if entry.get("archived"):
        figure = UNKNOWN
        states.append(ARCHIVED)
    elif "lastComputed" in entry and computed is None:
        figure = UNKNOWN
        states.append(NEVER)
    elif computed and edited and edited > computed:
        states.append(State("lastMod", edited.isoformat(timespec="seconds"), EDITED))
    return ListSeen(one, name_of(entry.get("name")), (figure,), tuple(states), as_of=computed, version=VERSION)

"""The small border that asks a RudderStack gateway whether it takes a write key, without sending anything.

An empty batch is refused by every gateway, but only after the key was checked: `POST /v1/batch {"batch": []}` gets
400 "empty batch payload" from a source that would take events. The table of answers is in RudderStack's gateway source.
"""

from dataclasses import dataclass

from muster.http import (
    AddressRefused,
    BadCredentials,
    Door,
    Gone,
    RateLimited,
    Rejected,
    Unreachable,
    Unreadable,
    VendorError,
)

from .models.workspace import CheckState

VENDOR = "RudderStack"


@dataclass(frozen=True)
class Finding:
    """How a connection test ended, in words for the person who has to do something about it."""

    state: CheckState
    words: str
    wrong_key: bool = False


TAKES = Finding(CheckState.WORKING, "RudderStack takes this write key. Nothing was sent to find that out.")
SWITCHED_OFF = Finding(
    CheckState.REFUSED, "RudderStack knows this key, but its source is switched off. Switch it on, then test again."
)
NO_GATEWAY = Finding(
    CheckState.REFUSED,
    "There is no RudderStack gateway at this address (404). Copy the data plane URL from RudderStack again.",
)
UNKNOWN_KEY = Finding(
    CheckState.REFUSED,
    "RudderStack does not know this write key (401); usually the source was deleted or made anew. "
    "Copy the key of the source from RudderStack and paste it here.",
    wrong_key=True,
)
STRANGER = Finding(
    CheckState.UNREADABLE,
    "Something answers at this address, but not as RudderStack does. Check the data plane URL, then test again.",
)


def probe(data_plane_url: str, write_key: str) -> Finding:
    """Return whether a gateway takes a write key. Raises nothing: what goes wrong is the finding."""
    try:
        door = Door(data_plane_url, vendor=VENDOR, auth=(write_key, ""))
        door.post("/v1/batch", json={"batch": []})
    except VendorError as error:
        return found(error)
    return STRANGER  # a gateway takes no empty batch


def found(error: VendorError) -> Finding:
    """Return what the refusal of an empty batch means."""
    match error:
        case AddressRefused():
            return Finding(CheckState.REFUSED, f"{error.words.happened} {error.detail} {error.words.next_step}")
        case Rejected() if error.status == 400 and "empty batch payload" in error.detail:
            return TAKES
        case Rejected() if error.status and 300 <= error.status < 400:
            return Finding(
                CheckState.UNREADABLE,
                "This address sends on to another one, and Muster follows no redirects. Enter the address it leads to.",
            )
        case RateLimited():
            return Finding(
                CheckState.WORKING, "RudderStack knows this write key and asks to send less at the moment (429)."
            )
        case Gone():
            return SWITCHED_OFF if "source is disabled" in error.detail else NO_GATEWAY
        case BadCredentials() if error.status == 401:
            return UNKNOWN_KEY
        case BadCredentials():
            return Finding(
                CheckState.REFUSED,
                f"This address refuses Muster ({error.status}). Ask whoever runs the data plane whether it lets this "
                "installation in.",
            )
        case Unreachable() | Unreadable():
            return Finding(
                CheckState.UNREADABLE,
                f"RudderStack did not answer as it should. {error.detail} Check the data plane URL; if it is right, test "
                "again in some minutes.",
            )
    return STRANGER

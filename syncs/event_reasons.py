"""Why an event is not forwarded: codes, and a line for each. What helps is on the feeds' pages. Pure."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Reason(StrEnum):
    TEST = "test"
    NO_PERSON = "no_person"
    ID_LOOKS_LIKE_ADDRESS = "id_looks_like_address"
    NOT_ISO_TIME = "not_iso_time"
    MISSING_PROPERTY = "missing_property"
    WRONG_TYPE = "wrong_type"
    LOOKS_LIKE_ADDRESS = "looks_like_address"
    TOO_LARGE = "too_large"
    UNREADABLE = "unreadable"
    REFUSED = "refused"
    ERASED = "erased"


WORDS: Mapping[Reason, str] = MappingProxyType(
    {
        Reason.TEST: "A test of the workflow's block: it arrived, and is not forwarded.",
        Reason.NO_PERSON: "No person id: nobody can be told apart at the destination.",
        Reason.ID_LOOKS_LIKE_ADDRESS: "The person id is an email address or a phone number, so it was not kept.",
        Reason.NOT_ISO_TIME: "Time is not an ISO time with offset.",
        Reason.MISSING_PROPERTY: "A required property is missing.",
        Reason.WRONG_TYPE: "A property is of another type than the feed says.",
        Reason.LOOKS_LIKE_ADDRESS: "A property reads like an email address or a phone number, so it was not kept.",
        Reason.TOO_LARGE: "The event is too large.",
        Reason.UNREADABLE: "The body is no JSON object that names an event.",
        Reason.REFUSED: "RudderStack refused it.",
        Reason.ERASED: "The person was erased; nothing about them is kept or sent.",
    }
)


def words_of(reason: Reason, prop: str = "") -> str:
    """Return a reason in a sentence that names the property it is about."""
    if not prop:
        return WORDS[reason]
    return {
        Reason.MISSING_PROPERTY: f"The required property “{prop}” is missing.",
        Reason.WRONG_TYPE: f"The property “{prop}” is of another type than the feed says.",
        Reason.LOOKS_LIKE_ADDRESS: f"The property “{prop}” reads like an email address or a phone number, so it was not kept.",
        Reason.TOO_LARGE: f"The property “{prop}” is longer than 1,000 characters.",
    }.get(reason, WORDS[reason])

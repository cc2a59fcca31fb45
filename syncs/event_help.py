"""What helps with events that were rejected, by the code of the reason. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from muster.figures import share


@dataclass(frozen=True)
class Help:
    """`usual_allowed`: some of it is no fault. `again`: whether another try may go otherwise, and after what."""

    words: str
    helps: str
    usual_allowed: bool = False
    again: bool = False


HELP: Final[Mapping[str, Help]] = {
    "test": Help(
        "A test of the workflow's block",
        "Nothing to do: “unsent” as event_id says that nothing happened to anybody. Its line says whether it would be forwarded.",
        usual_allowed=True,
    ),
    "no_person": Help(
        "No person id",
        "Send id in the body, the person's id in Customer.io. Before sign-in there is nobody to name.",
        usual_allowed=True,
    ),
    "id_looks_like_address": Help(
        "The person's id looks like an address",
        "Ask an administrator whether such ids may be sent; the workspace's page takes the reason.",
        again=True,
    ),
    "not_iso_time": Help(
        "A time is not an ISO time",
        "A journey step writes it in words, like “today”. Write it as 2026-11-23T09:20:00Z in Customer.io.",
    ),
    "missing_property": Help(
        "A required property is missing",
        "Fill it in the webhook block, or make it optional here and try again.",
        again=True,
    ),
    "wrong_type": Help(
        "A property has another type",
        "Correct it in the webhook block, or change the type here and try again.",
        again=True,
    ),
    "looks_like_address": Help(
        "A property reads like an address or a phone number",
        "Take it out of the webhook block's body. Muster neither keeps nor forwards it.",
    ),
    "too_large": Help("The event is too large", "Send fewer or shorter properties."),
    "unreadable": Help(
        "The body could not be read", "Look at the block's preview: a quote inside a value breaks the JSON."
    ),
    "refused": Help(
        "RudderStack refused it",
        "Look at the source in RudderStack: its event may be blocked by a tracking plan. Then try again.",
        again=True,
    ),
    "erased": Help("The person was erased", "Nothing to do: nothing about an erased person is forwarded."),
}


def help_with(code: str) -> Help:
    """Return what helps; a code that is not known has its own name as words."""
    known = HELP.get(code)
    return known or Help(
        code.replace("_", " ").capitalize() or "Not said", "Read the reason of one event below.", again=True
    )


def helps(code: str, events: int, received: int, expected: float) -> str:
    """Return the sentence beside a cause: where its share is within what is usual, that stands first."""
    known = help_with(code)
    if known.usual_allowed and expected and received and 100 * events / received <= expected:
        return f"Usual for this event: expected up to {expected:g}%, now {share(events, received)}."
    return known.helps

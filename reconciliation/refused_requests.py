"""What requests that were refused at the door mean, and what helps. Pure."""

from dataclasses import dataclass
from typing import Final

from muster.figures import number

WALL: Final = 20


@dataclass(frozen=True)
class Refused:
    """`bad`: nothing comes through, and somebody must act now."""

    bad: bool
    first: str
    then: str


def refused(*, unsigned: int, stale: int, unreadable: int, received: int) -> list[Refused]:
    """Return a line for each kind of request of the last 24 hours that was not taken as an event."""
    found = []
    if unsigned:
        found.append(_unsigned(unsigned, received))
    if stale:
        wall = not received and stale >= WALL
        found.append(
            Refused(
                wall,
                f"{_requests(stale)} carried a time that is too old, or ahead of this machine's clock.",
                "Answered 401. Somebody may have sent old ones again; if all are refused, this machine's clock is wrong.",
            )
        )
    if unreadable:
        found.append(
            Refused(
                False,
                f"{_requests(unreadable)} signed well and could not be read.",
                "The body is no JSON, or names no event. Look at the webhook block's preview; a quote in a value breaks it.",
            )
        )
    return found


def _unsigned(unsigned: int, received: int) -> Refused:
    if not received and unsigned >= WALL:
        return Refused(
            True,
            f"Every request is refused: {number(unsigned)} in 24 h, none signed with a key that Muster knows.",
            "The signing key here is not the one in Customer.io. Customer.io repeats each for 7 days, an hour apart, and later "
            "events queue behind it: add the right key now, and they arrive by themselves.",
        )
    if unsigned >= WALL and unsigned > received:
        return Refused(
            True,
            f"{_requests(unsigned)} of 24 h signed with a key that Muster does not know, more than were taken.",
            "Some webhook in Customer.io signs with another key, most likely after a rotation. Add that key beside this one.",
        )
    return Refused(
        False,
        f"{_requests(unsigned)} not signed, or with a key that Muster does not know.",
        "Answered 401, nothing kept. A few are strangers who try the address.",
    )


def _requests(count: int) -> str:
    return "1 request" if count == 1 else f"{number(count)} requests"

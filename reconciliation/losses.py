"""The causes of the count ladder in words: what a loss or a gain is called, what it means, and what helps. Pure."""

from collections.abc import Mapping
from typing import Final

from syncs.reasons import EXCLUDED, LEFT_OUT, UNUSABLE, Reason, left_out, named

from .steps import UNEXPLAINED

# {place} is the destination's platform: "Meta".
LOSSES: Final[dict[str, Reason]] = {
    "shared_identifier": Reason(
        "Share an identifier with another profile",
        "Several profiles in Customer.io are one person to {place}.",
        UNUSABLE["shared_identifier"].next_step,
    ),
    "additions_parked": Reason(
        "Additions are parked",
        "The guards hold them: far more than usual for this list.",
        "Release them, or look at the segment; the next run plans afresh.",
    ),
    "additions_refused": Reason(
        "Refused by RudderStack",
        "The request with them was refused (400) and narrowed down to these people.",
        "Read the run's message. The next run tries them again.",
    ),
    "additions_unanswered": Reason(
        "Sent without an answer",
        "Whether RudderStack has them is not known.",
        "Nothing: they are sent again before the next plan, with the same ids.",
    ),
    "additions_not_sent": Reason(
        "Not sent yet", "The run has not come to them, or stopped before.", "Nothing: the next run sends them."
    ),
    "invalid": Reason(
        "Refused by {place}",
        "{place} could not read the identifiers of these rows.",
        "Look at the mapping in RudderStack: hashing is off there, since Muster hashes.",
    ),
    "on_the_way": Reason(
        "On the way",
        "{place} has not taken them into an upload session yet.",
        "Nothing: look again after the next one.",
    ),
    "not_recognised": Reason(
        "Not known to {place}, as usual", "So many are not matched in any week of this list.", "Nothing."
    ),
    "not_recognised_learning": Reason(
        "Not known to {place}, or lost",
        "Muster is still learning what is usual for this list, so it cannot tell the two apart.",
        "Nothing yet: after eight weekly readings it can.",
    ),
    "not_reached": Reason(
        "Known, but ads do not reach them",
        "{place} counts as usable who was active lately and may be shown ads.",
        "Nothing.",
    ),
    "coverage": Reason(
        "Identifiers fell away",
        "Fewer people carry an identifier by which {place} knows them.",
        "See the coverage chart.",
    ),
    "lag": Reason(
        "Sent after {place} counted", "The size is older than the newest additions.", "Nothing: look again later."
    ),
    "skew": Reason(
        "Counted at another time", "The segment moved between both counts.", "Nothing: it evens out within a day."
    ),
    "expired": Reason(
        "Expired at {place}",
        "They were not sent again within the list's life span.",
        "Send all current members again, and let Muster renew them before they expire.",
    ),
    "too_small": Reason("Too small for ads", "{place} needs more people than are matched.", "Widen the segment."),
    "blocked": Reason("Ads may not use the list", "{place} does not allow it.", "See what {place} says of the list."),
    UNEXPLAINED: Reason(
        "Unexplained", "No cause that Muster knows accounts for them.", "See what changed in this week."
    ),
}

GAINS: Final[dict[str, Reason]] = {
    "removals_parked": Reason(
        "Removals are parked",
        "The guards hold them, so these people are still on the list.",
        "Release them, or look at the segment; the next run plans afresh.",
    ),
    "removals_refused": Reason(
        "Removals were refused", "RudderStack refused the request with them.", "Read the run's message."
    ),
    "removals_unanswered": Reason(
        "Removed without an answer",
        "Whether RudderStack has the removal is not known.",
        "Nothing: it is sent again before the next plan, with the same ids.",
    ),
    "removals_not_sent": Reason(
        "Not removed yet", "The run has not come to them, or stopped before.", "Nothing: the next run removes them."
    ),
    "not_removed": Reason(
        "Removed by Muster, still there",
        "RudderStack accepted the removal and {place} did not get smaller.",
        "See whether the destination in RudderStack passes removals on; then send everybody again.",
    ),
    "leaving": Reason(
        "Removed after {place} counted", "The size is older than the newest removals.", "Nothing: look again later."
    ),
    "other_writers": Reason(
        "Put there by somebody else",
        "Something besides Muster writes to this list.",
        "Find out who, or give Muster a list of its own.",
    ),
    UNEXPLAINED: Reason(
        "More than expected, unexplained", "No cause that Muster knows accounts for them.", "See who else writes to it."
    ),
}


def loss_in_words(code: str, place: str, segments: Mapping[int, str], why: Mapping[int, str]) -> Reason:
    """Return the words of a loss. `segments` and `why` name excluded segments as syncs.reasons.left_out does."""
    kind = code.partition(":")[0]
    if kind == EXCLUDED or (code in LEFT_OUT and code not in LOSSES):
        return left_out({code: 1}, segments, why)[0].reason
    return at(named(LOSSES, code), place)


def gain_in_words(code: str, place: str) -> Reason:
    """Return the words of a gain."""
    return at(named(GAINS, code), place)


def at(reason: Reason, place: str) -> Reason:
    """Return words as they are said of one platform."""
    return Reason(*(text.replace("{place}", place) for text in (reason.label, reason.meaning, reason.next_step)))

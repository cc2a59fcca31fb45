"""Codes of runs and their counts in words: what a cause is called, what it means, and what helps."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Reason:
    """`label` stands in a table; `meaning` and `next_step` are sentences."""

    label: str
    meaning: str
    next_step: str


@dataclass(frozen=True)
class Counted:
    """One cause and how many people it concerns."""

    code: str
    people: int
    reason: Reason


EXCLUDED: Final = "excluded"

LEFT_OUT: Final[dict[str, Reason]] = {
    "no_identifier": Reason(
        "No usable identifier",
        "None of the identifiers that this destination takes is there and valid.",
        "Collect an email or a phone number in Customer.io; they come in by themselves.",
    ),
    "consent": Reason(
        "No consent",
        "The consent rule asks for an attribute that is missing or not true.",
        "Nothing, unless they consent; a missing answer counts as no.",
    ),
    "unsubscribed": Reason(
        "Unsubscribed", "They unsubscribed in Customer.io.", "Nothing: that is their wish, and it is kept."
    ),
    "do_not_share": Reason(
        "Must not be shared",
        "They asked that their data is not shared.",
        "Nothing: that is their wish, and it is kept.",
    ),
    EXCLUDED: Reason(
        "Excluded",
        "They are in a segment that the definition excludes.",
        "They come back when they leave that segment.",
    ),
    "held_out": Reason(
        "Held out",
        "They are in the arm of the holdout that sees no ads, so that the effect can be measured.",
        "Nothing: they come in when Customer.io puts them into another arm.",
    ),
    "erased": Reason("Erased", "They were erased on request.", "Nothing: they stay out for good."),
    "shares_blocked": Reason(
        "Shares an identifier with somebody who is out",
        "Sending them would bring back a person who is left out.",
        "Merge the profiles in Customer.io if they are one person.",
    ),
    "id_has_at": Reason(
        "Customer.io id looks like an email",
        "The id contains “@” and would be sent in clear.",
        "Use ids without addresses, or have an administrator state in Connections why they may be sent.",
    ),
    "not_on_roster": Reason(
        "Not on the roster", "A pilot reaches the team's roster only, never a customer.", "Nothing: that is meant."
    ),
    "not_yet": Reason(
        "Waits for the ramp step",
        "The first tenth of the people is sent; the others wait until the list is grown.",
        "Have an approver grow the list when the first tenth has arrived.",
    ),
    "cleared": Reason("List is emptied", "This run removes everybody, as somebody asked.", "Nothing."),
    "exclusion_unavailable": Reason(
        "Exclusion could not be read",
        "Nobody new is added while an excluded segment cannot be read.",
        "See the run's message; the next run tries again.",
    ),
}

UNUSABLE: Final[dict[str, Reason]] = {
    "email_invalid": Reason("Email not valid", "It is not an email address.", "Correct it in Customer.io."),
    "email_hashed": Reason(
        "Email looks already hashed", "A hash cannot be normalised.", "Stop hashing in Customer.io; Muster hashes once."
    ),
    "phone_invalid": Reason(
        "Phone not valid",
        "It is not a phone number of the default country, nor one with a country code.",
        "Store numbers with their country code in Customer.io.",
    ),
    "phone_hashed": Reason(
        "Phone looks already hashed", "A hash cannot be normalised.", "Stop hashing in Customer.io; Muster hashes once."
    ),
    "id_has_at": Reason(
        "Customer.io id looks like an email", "The id contains “@”.", "Use ids without addresses in Customer.io."
    ),
    "shared_identifier": Reason(
        "Identifier shared by several people", "Several profiles carry it.", "Merge profiles that are one person."
    ),
}

LEAVING: Final[dict[str, Reason]] = {
    "left": Reason("Left the segment", "They no longer meet the segment's conditions.", "Nothing."),
    EXCLUDED: Reason("Now excluded", "They entered a segment that the definition excludes.", "Nothing."),
    "held_out": Reason("Now held out", "They were put into the arm of the holdout that sees no ads.", "Nothing."),
    "consent": Reason("Withdrew consent", "The consent rule no longer holds for them.", "Nothing."),
    "unsubscribed": Reason("Unsubscribed", "They unsubscribed in Customer.io.", "Nothing."),
    "do_not_share": Reason("Asked not to be shared", "They asked that their data is not shared.", "Nothing."),
    "erased": Reason("Erased", "They were erased on request.", "Nothing."),
    "no_identifier": Reason(
        "Lost their last usable identifier",
        "No identifier that this destination takes is left.",
        "Look at the coverage of identifiers if there are many.",
    ),
    "shares_blocked": Reason(
        "Shares an identifier with somebody who is out", "Keeping them would keep that person too.", "Nothing."
    ),
    "id_has_at": Reason(
        "Customer.io id now looks like an email", "The id contains “@”.", "Use ids without addresses in Customer.io."
    ),
    "not_on_roster": Reason("Taken off the roster", "They are on the team's roster no more.", "Nothing."),
    "not_yet": Reason("Outside the ramp step", "They wait until the list is grown.", "Have an approver grow the list."),
    "cleared": Reason("List is emptied", "Somebody asked to remove everybody.", "Nothing."),
    "deleted": Reason("Deleted in Customer.io", "The profile is gone.", "Nothing."),
}

RUN: Final[dict[str, Reason]] = {
    "not_admitted": Reason(
        "The version may not be sent",
        "Only a version that passed its pilot and is in use is sent to a list.",
        "Look at the audience's page: it says which version is in use and what the next one waits for.",
    ),
    "production_holds": Reason(
        "The production list holds them",
        "The pilot goes to the same list as production, so it removes nobody from it.",
        "Nothing: production removes whoever leaves.",
    ),
    "paused": Reason(
        "Paused",
        "A pause reaches this list: nobody new is sent, opt-out removals continue.",
        "It goes on by itself when the pause ends.",
    ),
    "reading_elsewhere": Reason(
        "Another run reads the segment",
        "The segment is read once for all its lists; this run uses that reading.",
        "Nothing to do: it goes on when the reading is complete.",
    ),
    "rate_limited": Reason(
        "Asked to wait",
        "Too many requests (429). It takes longer; nothing is lost and nothing was rejected.",
        "Nothing to do: it goes on by itself.",
    ),
    "unreachable": Reason(
        "No answer",
        "The other side does not answer. What was accepted stays; the rest waits.",
        "Nothing to do now. If it lasts over an hour, ask an administrator to look at Connections.",
    ),
    "guard": Reason(
        "Over its limit",
        "A part of the plan is much larger than usual for this list, so it is parked and was not sent.",
        "If so many changes are meant, release them. If not, look at the segment in Customer.io; the next run plans afresh.",
    ),
    "empty": Reason(
        "The audience is empty",
        "The definition now matches nobody, so removing everybody is parked.",
        "Check the segment in Customer.io; if it is meant to be empty, release it.",
    ),
    "clear": Reason(
        "Everybody is to be removed",
        "The list is retired, and whoever retired it wants nobody left on it.",
        "A second person releases it, or the list keeps its people.",
    ),
    "not_judged": Reason(
        "The first tenth was not judged in time",
        "The ramp step's judgement was due within 72 h, so nobody is added until somebody says what they saw.",
        "Ask an approver to look at the list over there, and to let the others follow on the audience's page.",
    ),
    "exclusion_unavailable": Reason(
        "An exclusion could not be read",
        "Nobody was added, since somebody who must be excluded could be among them.",
        "Restore the excluded segment in Customer.io, or change the definition; then sync again.",
    ),
    "arms_lost": Reason(
        "The arms of the holdout are gone",
        "Fewer than half of the people who had the holdout's attribute still have it, so who is held out cannot be told, and "
        "nobody was added.",
        "Look in Customer.io whether the attribute was renamed or emptied. Restore it, or change the holdout in a new version "
        "of the definition; then sync again.",
    ),
    "definition_changed": Reason(
        "The segment no longer matches the definition",
        "Its conditions were changed in Customer.io, so what that would change is parked.",
        "Adopt the change in a new version of the definition, or restore the segment; then sync again.",
    ),
    "pull_failed": Reason(
        "The segment could not be read completely",
        "Nothing was sent and nothing was removed; the list stays as it is.",
        "Sync again; if it fails again, look at the segment in Customer.io.",
    ),
    "bad_credentials": Reason(
        "The key was refused",
        "Nothing more can be sent or read with it; what was accepted stays.",
        "Ask an administrator to replace the key in Connections, then sync again.",
    ),
    "rejected": Reason(
        "The request was refused",
        "RudderStack would refuse the same request again, so sending stopped; what was accepted stays.",
        "Read the reason, correct what it names, then sync again.",
    ),
    "gone": Reason(
        "It no longer exists",
        "What this list reads from, or sends to, was deleted or renewed on the other side. Nothing more was sent.",
        "Look in Connections and in Customer.io whether it was recreated, and choose it again.",
    ),
    "cancelled": Reason(
        "Cancelled by a person",
        "What was accepted stays on the list; the rest was not sent.",
        "Sync again whenever you like; the next run plans afresh.",
    ),
    "lost": Reason(
        "Worker died",
        "Three workers in a row died without getting further. What was accepted stays; nothing is doubled.",
        "Sync again. If it is lost again, ask an administrator to look at the workers' log.",
    ),
    "stopped": Reason(
        "Stopped by Muster",
        "Sending to this list was stopped for a reason that trying again does not cure.",
        "Follow the message on the audience's page; syncing starts again after that.",
    ),
    "newer_version": Reason(
        "A newer version of the definition is current",
        "This run was planned for an older version; it was not sent on.",
        "Nothing to do: the next run uses the current version.",
    ),
    "quiet": Reason(
        "Waiting for a lost worker's last request",
        "Its request may still be underway; sending now could overtake it.",
        "Nothing to do: it goes on by itself within a minute.",
    ),
    "clock": Reason(
        "A worker's clock is off",
        "Its clock differs from the database's by more than 30 seconds, so it takes no work.",
        "Ask an administrator to set that machine's clock; other workers take the run meanwhile.",
    ),
}


def named(table: Mapping[str, Reason], code: str) -> Reason:
    """Return the words of a code; an unknown code is shown as it is, never hidden."""
    found = table.get(code)
    if found is None:
        label = code.replace("_", " ").capitalize()
        found = Reason(label, "Muster has no words for this cause.", "Tell an administrator what you see here.")
    return found


def left_out(counts: Mapping[str, int], segments: Mapping[int, str], why: Mapping[int, str]) -> list[Counted]:
    """Return the causes, largest first. `segments` names excluded segments by number, `why` says why they are excluded."""
    rows = [Counted(code, people, _left_out(code, segments, why)) for code, people in counts.items() if people]
    return sorted(rows, key=lambda row: (-row.people, row.reason.label))


def counted(table: Mapping[str, Reason], counts: Mapping[str, int]) -> list[Counted]:
    """Return the causes with people behind them, largest first."""
    rows = [Counted(code, people, named(table, code)) for code, people in counts.items() if people]
    return sorted(rows, key=lambda row: (-row.people, row.reason.label))


def leaving(counts: Mapping[str, int], segments: Mapping[int, str]) -> list[Counted]:
    """Return why people are removed, largest first. `segments` names excluded segments by number."""
    rows = [Counted(code, people, _leaving(code, segments)) for code, people in counts.items() if people]
    return sorted(rows, key=lambda row: (-row.people, row.reason.label))


def _leaving(code: str, segments: Mapping[int, str]) -> Reason:
    kind, _, number = code.partition(":")
    if kind != EXCLUDED or not number.isdecimal():
        return named(LEAVING, code)
    plain, name = LEAVING[EXCLUDED], segments.get(int(number)) or f"segment {number}"
    return Reason(f"Now in “{name}”", plain.meaning, plain.next_step)


def excluded_numbers(counts: Mapping[str, int]) -> list[int]:
    """Return the numbers of the segments that are named by codes like "excluded:12"."""
    parts = (code.partition(":") for code in counts)
    return [int(number) for kind, _, number in parts if kind == EXCLUDED and number.isdecimal()]


def _left_out(code: str, segments: Mapping[int, str], why: Mapping[int, str]) -> Reason:
    kind, _, number = code.partition(":")
    if kind != EXCLUDED or not number.isdecimal():
        return named(LEFT_OUT, code)
    plain = LEFT_OUT[EXCLUDED]
    name = segments.get(int(number)) or f"segment {number}"
    said = why.get(int(number), "").rstrip(". ")
    meaning = f"Excluded by the definition: {said}." if said else plain.meaning
    return Reason(f"In “{name}”", meaning, plain.next_step)


def small(label: str) -> str:
    """Return a label as it stands within a sentence."""
    return label[:1].lower() + label[1:]

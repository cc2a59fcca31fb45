"""What an event feed says of itself, as values with names instead of ids: what it lacks, and what is worth a look. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

TYPES: Final = {"text": "text", "number": "number", "yes_no": "yes or no", "time": "time"}
ARM: Final = "arm"
ASSIGNMENT, ENTRY = "assignment", "entry"
# What a property with such a name would hold; an event carries neither an address nor a phone number.
PERSONAL: Final = re.compile(
    r"(^|_)(e_?mail|mail|phone|mobile|msisdn|address|first_?name|last_?name|full_?name)(_|$)", re.I
)
NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_ .-]*")


@dataclass(frozen=True)
class Property:
    """One property that is kept and forwarded; `type` is a key of TYPES."""

    name: str
    type: str
    required: bool = False
    why: str = ""

    @classmethod
    def from_stored(cls, row: Mapping[str, Any]) -> "Property":
        return cls(str(row["name"]), str(row["type"]), bool(row.get("required")), str(row.get("why", "")))

    def stored(self) -> dict[str, Any]:
        """Return it as Feed.properties keeps it."""
        return vars(self)

    @property
    def type_words(self) -> str:
        return TYPES.get(self.type, self.type)

    @property
    def told(self) -> str:
        return f"{self.name} ({self.type_words}{', required' if self.required else ''})"


@dataclass(frozen=True)
class FeedTerms:
    """`pipe_trouble` is a sentence that keeps the pipe from being used; `places` are where it must arrive."""

    name: str
    kind: str
    meaning: str
    owner: str
    owner_active: bool = True
    checker: str = ""
    pipe: str = ""
    pipe_trouble: str = ""
    places: tuple[str, ...] = ()
    gone_places: tuple[str, ...] = ()
    properties: tuple[Property, ...] = ()
    rejects_expected: float = 0.0
    signing_keys: int = 0
    workspace_archived: bool = False


def is_personal(name: str) -> bool:
    """Whether a property of this name would carry an address, a phone number or a person's name."""
    return PERSONAL.search(name) is not None


def lacking(terms: FeedTerms) -> list[str]:
    """Return a sentence for each thing that keeps the feed from going live."""
    return [sentence for lacks, sentence in _clauses(terms) if lacks]


def _clauses(terms: FeedTerms) -> list[tuple[bool, str]]:
    unexplained = [one.name for one in terms.properties if not one.why]
    personal = [one.name for one in terms.properties if is_personal(one.name)]
    return [
        (terms.workspace_archived, "Its workspace is archived, so nothing arrives. Restore the workspace first."),
        (not terms.meaning, "Say what happened to a person when this event is sent."),
        (not terms.owner_active, f"{terms.owner} can no longer sign in: choose another owner."),
        (not terms.checker, "Name who checks it for drift."),
        (not terms.pipe, "Choose the pipe that carries it on."),
        (bool(terms.pipe_trouble), terms.pipe_trouble),
        (not terms.places, "Say where it must arrive: analytics, a warehouse, or both."),
        (bool(terms.gone_places), f"{', '.join(terms.gone_places)} is archived: take it off, or ask an administrator."),
        (bool(unexplained), f"Say why it is kept: {', '.join(unexplained)}."),
        (bool(personal), f"{', '.join(personal)}: an event carries no name, address or phone number. Take it out."),
        (not terms.signing_keys, "Its workspace has no signing key, so no webhook can be believed. Add one first."),
    ]


def warnings(terms: FeedTerms) -> list[str]:
    """Return a sentence for each thing that may be so and is worth a look."""
    names = {one.name for one in terms.properties}
    found = [
        (
            terms.owner == terms.checker and bool(terms.checker),
            f"{terms.owner} owns it and checks it. Somebody else sees more.",
        ),
        (
            terms.kind == ASSIGNMENT and ARM not in names,
            f"An assignment without the property “{ARM}” does not say who is held out. Add it, required.",
        ),
        (
            terms.rejects_expected > 10,
            f"{terms.rejects_expected:g}% of its events are expected to be lost. Ask in Customer.io for the person's id "
            "where the event is sent.",
        ),
        (
            terms.kind == ENTRY and terms.name.lower().startswith(("left", "exited")),
            "Its name reads like an exit, and its kind is entry.",
        ),
    ]
    return [sentence for holds, sentence in found if holds]


def changes(before: FeedTerms, after: FeedTerms) -> list[str]:
    """Return a sentence for each difference, for the event log."""
    words = (
        ("name", "Name"),
        ("kind", "Kind"),
        ("meaning", "Meaning"),
        ("owner", "Owner"),
        ("checker", "Drift checker"),
        ("pipe", "Pipe"),
    )
    told = [
        f"{label}: {getattr(before, name) or 'none'} → {getattr(after, name) or 'none'}"
        for name, label in words
        if getattr(before, name) != getattr(after, name)
    ]
    told += _moved("Arrives at", before.places, after.places)
    told += _moved("Properties", *(tuple(one.told for one in terms.properties) for terms in (before, after)))
    if before.rejects_expected != after.rejects_expected:
        told.append(f"Usual rejects: {before.rejects_expected:g}% → {after.rejects_expected:g}%")
    return told


def _moved(label: str, before: Sequence[str], after: Sequence[str]) -> list[str]:
    came, went = [one for one in after if one not in before], [one for one in before if one not in after]
    parts = [f"+ {one}" for one in came] + [f"− {one}" for one in went]
    return [f"{label}: {', '.join(parts)}"] if parts else []


def forwards_otherwise(before: FeedTerms, after: FeedTerms) -> bool:
    """Whether the change is one of what is kept or forwarded, and not only of words and people."""
    of_substance = ("name", "kind", "pipe", "places", "properties")
    return any(getattr(before, name) != getattr(after, name) for name in of_substance)

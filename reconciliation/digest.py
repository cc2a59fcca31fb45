"""What one person is told on Monday: first what they must do, then what recovered, then figures. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from muster.figures import number

from .weeks import key

MOST: Final = 12  # duties told one by one
REPLIES: Final = {
    "definition": "Accept as new level: the definition changed, and this is its size now.",
    "identity": "Fixing: the identifier that went missing is filled again.",
    "delivery": "Fixing: the connection is mended, then everybody is sent again.",
    "removal": "Fixing: the removals are sent again.",
    "match": "Fixing: we look at why the platform recognises fewer people.",
    "lag": "Expected: the platform is late; next week shows whether it caught up.",
    "expiry": "Fixing: everybody is sent again before more expire.",
    "unexplained": "Fixing: we compare the list with what the account itself shows.",
}


@dataclass(frozen=True)
class Duty:
    """One thing to do: what, why, a reply that would fit, and the path of the page where it is done."""

    what: str
    why: str = ""
    reply: str = ""
    path: str = ""


@dataclass(frozen=True)
class Figures:
    """How the lists of one reader stand. People as low and high."""

    lists: int = 0
    on_target: int = 0
    outside: int = 0
    unknown: int = 0
    learning: int = 0
    missing: str = "0"
    not_removed: str = "0"


@dataclass(frozen=True)
class Digest:
    """One person's week. Without duties and recoveries it is three lines."""

    name: str
    monday: date
    duties: Sequence[Duty]
    recovered: Sequence[str]
    figures: Figures

    @property
    def subject(self) -> str:
        count = len(self.duties)
        what = f"{number(count)} thing{'' if count == 1 else 's'} to do" if count else "nothing to do"
        return f"Muster, {key(self.monday)}: {what}"

    @property
    def lead(self) -> str:
        if not self.duties:
            return "Nothing needs you this week."
        return "This needs you." if len(self.duties) == 1 else f"These {number(len(self.duties))} need you."

    @property
    def told(self) -> Sequence[Duty]:
        return self.duties[:MOST]

    @property
    def more(self) -> str:
        """Return a sentence on the duties that are not told one by one."""
        left = len(self.duties) - MOST
        return f"And {number(left)} more; Muster shows all of them." if left > 0 else ""

    @property
    def recovery(self) -> str:
        if not self.recovered:
            return "No list came back on target."
        return f"Back on target: {', '.join(self.recovered)}."

    @property
    def standing(self) -> str:
        """Return the figures in a sentence or two."""
        own = self.figures
        if not own.lists:
            return "No list was judged in that week."
        parts = [f"{number(own.on_target)} of {number(own.lists)} list{'' if own.lists == 1 else 's'} on target"]
        if own.outside:
            parts.append(f"{number(own.outside)} outside")
        if own.unknown:
            parts.append(f"{number(own.unknown)} not known")
        if own.learning:
            parts.append(f"{number(own.learning)} learning what is usual")
        people = f"Missing people: {own.missing}. Not removed: {own.not_removed}."
        return f"{', '.join(parts)}. {people if own.outside else ''}".strip()


def reply_to(cause: str) -> str:
    """Return a reply that would fit a drift of this cause, to be changed at will."""
    return REPLIES.get(cause, REPLIES["unexplained"])


def lines(digest: Digest, base: str) -> list[str]:
    """Return the digest as lines of plain text; links begin with `base`."""
    said = [digest.lead]
    for count, duty in enumerate(digest.told, 1):
        said += ["", f"{count}. {duty.what}"]
        said += [f"   {part}" for part in (duty.why, duty.reply and f"Suggested reply: {duty.reply}") if part]
        said += [f"   {base}{duty.path}"] if duty.path else []
    said += ["", digest.more] if digest.more else []
    gap = [""] if digest.duties else []
    return [*said, *gap, digest.recovery, *gap, digest.standing]

"""What is true of an audience and what somebody has to do about it, from values: no row is asked for anything here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone

from .models import Lifecycle, Purpose
from .models.workspace import CheckState
from .terms import joined


@dataclass(frozen=True, slots=True)
class ListFacts:
    """One list that is not retired. `pipe` is empty where there is none that is in use; `sent` False: Muster needs none."""

    name: str
    members: int
    lifecycle: str
    stopped_words: str
    archived: bool
    pipe: str
    check_state: str
    check_words: str
    sent: bool = True

    @property
    def needs(self) -> list[str]:
        """Return what keeps the list from being sent."""
        if self.stopped_words:
            return [f"{self.name} is stopped: {self.stopped_words}"]
        if self.archived:
            return [f"{self.name} is archived, and this list still goes there. Take it off, or ask an administrator."]
        if not self.pipe and self.sent:
            return [f"{self.name} has no pipe, so nothing can be sent there."]
        if self.check_state == CheckState.REFUSED:
            return [f"{self.name}: the pipe {self.pipe} is refused. {self.check_words}"]
        return []


@dataclass(frozen=True, slots=True)
class VersionFacts:
    """One version of a definition. `freshness_minutes`: the target age of the newest person."""

    number: int
    purpose: str
    fingerprint: str
    review_date: date | None
    freshness_minutes: int | None
    lacking: Sequence[str]
    asked: str = ""

    @property
    def told(self) -> str:
        """Return how far a draft is; `asked` says that somebody was asked to approve it."""
        if self.asked:
            return self.asked
        parts = [label.lower() for label in self.lacking]
        if not parts:
            return f"v{self.number} is complete. Ask somebody to approve it; nothing is sent until then."
        lacks = "1 part is missing" if len(parts) == 1 else f"{len(parts)} parts are missing"
        return f"v{self.number} is a draft: {lacks} ({'; '.join(parts)}). Nothing is sent until it is approved."

    def mismatch(self, fingerprint: str) -> str:
        """Return a sentence when the segment is no longer the one that this version was locked with, as the engine judges it."""
        if not self.fingerprint or not fingerprint or self.fingerprint == fingerprint:
            return ""
        suppresses = self.purpose == Purpose.SUPPRESS
        effect = (
            "people are still added, nobody is removed"
            if suppresses
            else "nothing is sent but removals of people who opted out"
        )
        return (
            f"The segment no longer matches v{self.number}: its conditions were changed in Customer.io. "
            f"Until the change is adopted here or taken back there, {effect}."
        )


def request_told(number: int, by: str, of: str, at: datetime, until: datetime, today: date) -> str:
    """Return who was asked to approve a draft, and whether the request still lives."""
    since, end = timezone.localdate(at), timezone.localdate(until)
    who = f"{by} asked {of} on {since.day} {since:%b}"
    if end < today:
        return f"v{number}: {who}, and the request lapsed on {end.day} {end:%b}. Ask again."
    return f"v{number} waits for approval: {who}. The request lives until {end.day} {end:%b}."


@dataclass(frozen=True, slots=True)
class Facts:
    """An audience with its current version, its draft, and its lists by name. `fingerprint` is the segment's as it is now."""

    archived: bool
    owner: str
    owner_active: bool
    segment: str
    segment_gone: bool
    fingerprint: str
    current: VersionFacts | None
    draft: VersionFacts | None
    lists: Sequence[ListFacts]
    approved: VersionFacts | None = None

    @property
    def coming(self) -> str:
        """Return how far the versions are that are not in use yet; empty when there is none."""
        told = []
        if self.approved:
            told.append(f"v{self.approved.number} is approved and is proved on the roster before it is put into use.")
        if self.draft:
            told.append(self.draft.told)
        return " ".join(told)

    @property
    def life(self) -> str:
        """Return where the audience is in its life, as its lists are."""
        if self.archived:
            return Lifecycle.RETIRED
        if self.current is None:
            return Lifecycle.DRAFT
        lives = {one.lifecycle for one in self.lists}
        if not lives:
            return Lifecycle.RETIRED
        return Lifecycle.LIVE if Lifecycle.LIVE in lives or len(lives) > 1 else lives.pop()

    @property
    def mismatch(self) -> str:
        return self.current.mismatch(self.fingerprint) if self.current else ""

    def needs(self, today: date) -> list[str]:
        """Return a sentence for each thing that stops the audience or hides that it is wrong; the worst first."""
        return self.of_lists + self.whole(today)

    @property
    def of_lists(self) -> list[str]:
        """Return what stops its lists."""
        return [] if self.archived or self.current is None else [said for one in self.lists for said in one.needs]

    def whole(self, today: date) -> list[str]:
        """Return what is wrong with it whichever list it is."""
        if self.archived or self.current is None:
            return []
        said = []
        if mismatch := self.mismatch:
            said.append(mismatch)
        if self.segment_gone:
            said.append(f"Customer.io no longer lists {self.segment}, so it can no longer be read.")
        if not self.owner_active:
            said.append(f"{self.owner} can no longer sign in, so nobody owns this audience. Choose an owner.")
        review = self.current.review_date
        if review and review <= today:
            said.append(f"The review was due {review.day} {review:%b %Y}. Check that the definition still holds.")
        return said

    def verdict(self, today: date) -> str:
        """Return the first sentence about it."""
        if self.archived:
            return "Retired: nothing is sent for it any more."
        if self.current is None:
            return self.coming or "There is no definition yet."
        if needs := self.needs(today):
            return needs[0]
        if not self.lists:
            return "None of its lists is in use, so nothing is sent. Retire it for good, or take its lists back."
        names = joined(one.name for one in self.lists)
        return f"v{self.current.number} says who belongs on {names}. Nothing about the set-up needs you."

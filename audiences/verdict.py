"""What is true of an audience, in one sentence first, and what somebody has to do about it."""

from dataclasses import dataclass
from datetime import date

from django.utils import timezone

from .models import Activation, ApprovalRequest, Audience, Definition, Lifecycle, Segment
from .models.workspace import CheckState
from .terms import joined


@dataclass(frozen=True)
class Standing:
    """An audience with its versions and lists. `audience` needs for_page() or for_rows(), so that nothing is asked twice."""

    audience: Audience
    today: date

    @property
    def current(self) -> Definition | None:
        return self._version(Definition.State.CURRENT)

    @property
    def approved(self) -> Definition | None:
        return self._version(Definition.State.APPROVED)

    @property
    def draft(self) -> Definition | None:
        return self._version(Definition.State.DRAFT)

    @property
    def startable(self) -> bool:
        """Whether there is a version that the next draft can start from."""
        return bool(self.approved or self.current)

    def _version(self, state: str) -> Definition | None:
        return next((one for one in self.audience.definitions.all() if one.state == state), None)

    @property
    def newest(self) -> Definition:
        """Return the version that the audience is told by: the current one, else the approved one, else the draft."""
        return self.current or self.approved or self.draft or self.audience.definitions.all()[0]

    @property
    def lists(self) -> list[Activation]:
        """Return the lists that are not retired, by destination."""
        made = [one for one in self.audience.activations.all() if one.lifecycle != Lifecycle.RETIRED]
        return sorted(made, key=lambda one: one.destination.name)

    @property
    def life(self) -> str:
        """Return where the audience is in its life, as its lists are."""
        if self.audience.archived_at:
            return Lifecycle.RETIRED
        if self.current is None:
            return Lifecycle.DRAFT
        lives = {one.lifecycle for one in self.lists}
        return Lifecycle.LIVE if Lifecycle.LIVE in lives or len(lives) != 1 else lives.pop()

    @property
    def needs(self) -> list[str]:
        """Return a sentence for each thing that stops the audience or hides that it is wrong; the worst first."""
        if self.audience.archived_at or self.current is None:
            return []
        said = [sentence for one in self.lists for sentence in list_needs(one)]
        if self.mismatch:
            said.append(self.mismatch)
        if self.audience.segment.gone_at:
            said.append(f"Customer.io no longer lists {self.audience.segment}, so it can no longer be read.")
        if not self.audience.owner.is_active:
            said.append(f"{self.audience.owner} can no longer sign in, so nobody owns this audience. Choose an owner.")
        review = self.current.review_date
        if review and review <= self.today:
            said.append(f"The review was due {review.day} {review:%b %Y}. Check that the definition still holds.")
        return said

    @property
    def mismatch(self) -> str:
        """Return a sentence when the segment is no longer the one that the current version was locked with."""
        if self.current is None or not no_longer_matches(self.current, self.audience.segment):
            return ""
        number = self.current.number
        effect = (
            "people are still added, nobody is removed"
            if self.current.suppresses
            else "nothing is sent but removals of people who opted out"
        )
        return (
            f"The segment no longer matches v{number}: its conditions were changed in Customer.io. "
            f"Until the change is adopted here or taken back there, {effect}."
        )

    @property
    def verdict(self) -> str:
        """Return the first sentence of the page."""
        if self.audience.archived_at:
            return "Archived: nothing is sent any more, and what was sent before stays at the lists."
        if self.current is None:
            return self.coming or "There is no definition yet."
        if needs := self.needs:
            return needs[0]
        names = joined(one.destination.name for one in self.lists) or "no list"
        return f"v{self.current.number} says who belongs on {names}. Nothing about the set-up needs you."

    @property
    def coming(self) -> str:
        """Return how far the version is that is not in use yet; empty when there is none."""
        told = (
            [f"v{self.approved.number} is approved and is proved on the roster before it is put into use."]
            if self.approved
            else []
        )
        told += [draft_told(self.draft, self.today)] if self.draft else []
        return " ".join(told)


def no_longer_matches(locked: Definition, segment: Segment) -> bool:
    """Whether Customer.io's conditions differ from those that a version was locked with, as the engine judges it."""
    return bool(locked.fingerprint and segment.fingerprint and locked.fingerprint != segment.fingerprint)


def list_needs(one: Activation) -> list[str]:
    """Return what keeps one list from being sent."""
    name, pipe = one.destination.name, one.pipe
    if one.stopped_words:
        return [f"{name} is stopped: {one.stopped_words}"]
    if one.destination.archived_at:
        return [f"{name} is archived, and this list still goes there. Take it off, or ask an administrator."]
    if pipe is None or pipe.archived_at:
        return [f"{name} has no pipe, so nothing can be sent there."]
    if pipe.check_state == CheckState.REFUSED:
        return [f"{name}: the pipe {pipe.name} is refused. {pipe.check_words}"]
    return []


def draft_told(draft: Definition, today: date) -> str:
    """Return how far a draft is. `draft` comes from for_page() or for_rows()."""
    if asked := next(iter(draft.open_requests), None):  # type: ignore[attr-defined]
        return request_told(asked, today)
    parts = [label.lower() for label in draft.lacking]
    if not parts:
        return f"v{draft.number} is complete. Ask somebody to approve it; nothing is sent until then."
    lacks = "1 part is missing" if len(parts) == 1 else f"{len(parts)} parts are missing"
    return f"v{draft.number} is a draft: {lacks} ({'; '.join(parts)}). Nothing is sent until it is approved."


def request_told(asked: ApprovalRequest, today: date) -> str:
    """Return who was asked to approve a draft, and whether the request still lives."""
    number, until = asked.definition.number, timezone.localdate(asked.until)
    since = timezone.localdate(asked.asked_at)
    who = f"{asked.asked_by} asked {asked.asked_of} on {since.day} {since:%b}"
    if until < today:
        return f"v{number}: {who}, and the request lapsed on {until.day} {until:%b}. Ask again."
    return f"v{number} waits for approval: {who}. The request lives until {until.day} {until:%b}."

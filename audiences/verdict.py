"""One audience with its versions and lists, and what is true of it: the facts of a loaded row."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property

from .facts import Facts, ListFacts, VersionFacts, request_told
from .models import Activation, Audience, Definition, Lifecycle


@dataclass(frozen=True)
class Standing:
    """An audience as it was loaded by for_page(), so that nothing is asked twice; what changes afterwards is not seen."""

    audience: Audience
    today: date

    @cached_property
    def current(self) -> Definition | None:
        return self._version(Definition.State.CURRENT)

    @cached_property
    def approved(self) -> Definition | None:
        return self._version(Definition.State.APPROVED)

    @cached_property
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

    @cached_property
    def lists(self) -> list[Activation]:
        """Return the lists that are not retired, by destination."""
        made = [one for one in self.audience.activations.all() if one.lifecycle != Lifecycle.RETIRED]
        return sorted(made, key=lambda one: one.destination.name)

    @cached_property
    def facts(self) -> Facts:
        audience, segment = self.audience, self.audience.segment
        return Facts(
            archived=audience.archived_at is not None,
            owner=str(audience.owner),
            owner_active=audience.owner.is_active,
            segment=str(segment),
            segment_gone=segment.gone_at is not None,
            fingerprint=segment.fingerprint,
            current=version_facts(self.current),
            draft=version_facts(self.draft, self.today),
            lists=[list_facts(one) for one in self.lists],
            approved=version_facts(self.approved),
        )

    @property
    def life(self) -> str:
        return self.facts.life

    @cached_property
    def needs(self) -> list[str]:
        return self.facts.needs(self.today)

    @property
    def of_lists(self) -> list[str]:
        return self.facts.of_lists

    @cached_property
    def whole(self) -> list[str]:
        return self.facts.whole(self.today)

    @property
    def mismatch(self) -> str:
        return self.facts.mismatch

    @property
    def coming(self) -> str:
        return self.facts.coming

    @property
    def verdict(self) -> str:
        return self.facts.verdict(self.today)


def version_facts(one: Definition | None, today: date | None = None) -> VersionFacts | None:
    """Return what a verdict needs of a version; with `today`, also of the request that waits for it."""
    if one is None:
        return None
    asked = next(iter(one.open_requests), None) if today else None
    told = ""
    if asked and today:
        told = request_told(one.number, str(asked.asked_by), str(asked.asked_of), asked.asked_at, asked.until, today)
    lacking = tuple(one.lacking)
    return VersionFacts(
        one.number, one.purpose, one.fingerprint, one.review_date, one.freshness_minutes, lacking, asked=told
    )


def list_facts(one: Activation) -> ListFacts:
    """Return what a verdict needs of a list."""
    pipe = one.pipe if one.pipe and not one.pipe.archived_at else None
    return ListFacts(
        name=one.destination.name,
        members=one.members,
        lifecycle=one.lifecycle,
        stopped_words=one.stopped_words,
        archived=one.destination.archived_at is not None,
        pipe=pipe.name if pipe else "",
        check_state=pipe.check_state if pipe else "",
        check_words=pipe.check_words if pipe else "",
        sent=one.destination.spec.is_sent,
    )

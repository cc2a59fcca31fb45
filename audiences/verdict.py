"""One audience with its versions and lists, and what is true of it: the facts of a loaded row."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property

from .facts import Facts, ListFacts, VersionFacts
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
    def draft(self) -> Definition | None:
        return self._version(Definition.State.DRAFT)

    def _version(self, state: str) -> Definition | None:
        return next((one for one in self.audience.definitions.all() if one.state == state), None)

    @property
    def newest(self) -> Definition:
        """Return the version that the audience is told by: the current one, else the draft."""
        return self.current or self.draft or self.audience.definitions.all()[0]

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
            draft=version_facts(self.draft),
            lists=[list_facts(one) for one in self.lists],
        )

    @property
    def life(self) -> str:
        return self.facts.life

    @cached_property
    def needs(self) -> list[str]:
        return self.facts.needs(self.today)

    @property
    def mismatch(self) -> str:
        return self.facts.mismatch

    @property
    def verdict(self) -> str:
        return self.facts.verdict(self.today)


def version_facts(one: Definition | None) -> VersionFacts | None:
    """Return what a verdict needs of a version."""
    if one is None:
        return None
    return VersionFacts(
        one.number, one.purpose, one.fingerprint, one.review_date, one.freshness_minutes, tuple(one.lacking)
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
    )

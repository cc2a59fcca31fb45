"""Reads who should be on a suppression list now, and counts who of them is not: in five steps, of which the first may wait."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings

from audiences.models import Activation, Audience, Definition, Destination, Segment

from .counting import Count
from .eligibility import WHOLE
from .erased import Erased
from .ledger_keys import LedgerMoved
from .models import Pull, Run
from .source import Elsewhere, NotRead, source
from .staging import NotStaged, Staged
from .terms import Terms
from .uncovered import Uncovered, uncovered

TRIES: Final = 3
KEPT_MOST: Final = timedelta(hours=6)

Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Covering:
    """One suppression at one account: the audience, its list there (None: it has none), the other lists asked about."""

    audience: Audience
    destination: Destination
    suppression: Activation | None
    others: Sequence[Activation]
    target: timedelta

    def counted(self, *, holder: str, clock: Clock) -> tuple[Pull, Uncovered]:
        """Return the reading and the counts. Raises NotRead, Elsewhere, ClockOff, WrongKey, Tampered."""
        terms = self._terms(clock())
        own = self._read(self.audience.segment, terms.columns, holder, clock)
        excluded = [(one.number, self._read(one, terms.exclusion_columns, holder, clock)) for one in terms.exclusions]
        if len(excluded) < len(terms.run.definition.exclusions):
            raise NotRead("It excludes a segment that Muster does not know any more. Choose another in a new version.")
        try:
            return own, self._counted(terms, own, excluded)
        except NotStaged:
            raise Elsewhere("What was read was cleared away meanwhile.") from None

    def _terms(self, at: datetime) -> Terms:
        """Return what a run of the list would go by. Raises NotRead where nobody has written a definition."""
        versions = self.audience.definitions.order_by("-number")
        used = versions.filter(state=Definition.State.CURRENT).first() or versions.first()
        if used is None:
            raise NotRead(f"{self.audience} has no definition, so nobody knows who should be on it. Write one.")
        place = self.suppression or Activation(
            audience=self.audience, destination=self.destination, payload=self.destination.payload
        )
        return Terms(Run(activation=place, definition=used, payload=place.payload, created_at=at))

    def _read(self, segment: Segment, columns: dict[str, Any], holder: str, clock: Clock) -> Pull:
        half = self.target / 2
        return source(segment, columns, young=half, kept_for=min(half, KEPT_MOST), holder=holder, clock=clock)

    def _counted(self, terms: Terms, own: Pull, excluded: list[tuple[int, Pull]]) -> Uncovered:
        count = Count(
            Staged(own),
            # Whoever waits for a ramp step to end is not on the list either.
            replace(terms.rules, ramp=WHOLE, nobody=False),
            [(number, Staged(one)) for number, one in excluded],
            Erased(self.audience.segment.workspace),
            settings.HOME / "spool",
        )
        for _ in range(TRIES):
            try:
                return uncovered(count, self.suppression, self.others)
            except LedgerMoved:
                self._again()
        raise Elsewhere("The lists are being cut anew.")

    def _again(self) -> None:
        for one in (self.suppression, *self.others):
            if one is not None:
                one.refresh_from_db(fields=["shards", "generation", "epoch", "asserted_epoch"])

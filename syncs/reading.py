"""Gets the readings that a run needs: its audience's segment first, then each exclusion."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db.models import Q

from audiences.models import Segment

from . import as_shown, pull, staging
from .doorbell import ring
from .lease import Lease
from .models import Pull, Run
from .moves import tell
from .states import PullState, RunState
from .stops import End, Park
from .terms import Terms

EXCLUSION_AGE = timedelta(minutes=15)
ELSEWHERE = timedelta(seconds=5)
AS_SHOWN = (
    "Sent as it was shown: the held run's reading is younger than the freshness target and the list has not changed since, "
    "so the segment is not read again."
)

Clock = Callable[[], datetime]


class Reader:
    """Reads for one run. `beat` raises when the run must stop."""

    def __init__(self, terms: Terms, lease: Lease, clock: Clock, beat: Callable[[], None]) -> None:
        self.terms, self.lease, self.clock, self.beat = terms, lease, clock, beat

    def segment(self) -> Pull:
        """Return the complete reading of the audience's segment. Raises Park and End."""
        run: Run = self.lease.row
        shown = as_shown.reading_of(run, self.clock())
        if shown is not None and staging.covers(shown.columns, self.terms.columns):
            tell(run, "read the segment", AS_SHOWN, self.clock())
            return shown
        began_after = run.created_at
        if run.trigger == Run.Trigger.SCHEDULE and run.definition.freshness_minutes:
            began_after = self.clock() - timedelta(minutes=run.definition.freshness_minutes / 2)
        found = self._read(run.activation.audience.segment, self.terms.columns, began_after)
        if found.state == PullState.FAILED:
            words = found.words or "The segment could not be read completely. Nothing was changed. Try again."
            raise End(RunState.FAILED, "pull_failed", words)
        tell(run, "read the segment", told(found, run), self.clock())
        return found

    def exclusions(self) -> tuple[list[Pull], list[str]]:
        """Return the readings of the exclusions, and in words which of them could not be read. Raises Park."""
        complete, missing = [], []
        wanted = len(self.terms.run.definition.exclusions)
        if len(self.terms.exclusions) < wanted:
            missing.append(f"{wanted - len(self.terms.exclusions)} excluded segment that Muster does not know any more")
        for segment in self.terms.exclusions:
            found = self._read(segment, self.terms.exclusion_columns, self.clock() - self._age(segment))
            if found.state == PullState.COMPLETE:
                complete.append(found)
            else:
                missing.append(f"{segment.name}: {found.words}")
        return complete, missing

    def _age(self, segment: Segment) -> timedelta:
        """Return how old an exclusion's reading may be: 15 minutes, or its own freshness target where that is shorter."""
        targets = segment.audiences.filter(definitions__state="current", definitions__freshness_minutes__isnull=False)
        minutes = targets.values_list("definitions__freshness_minutes", flat=True)
        return min([EXCLUSION_AGE, *(timedelta(minutes=one) for one in minutes if one)])

    def _read(self, segment: Segment, columns: dict[str, object], began_after: datetime) -> Pull:
        found = pull.find_or_create(segment, columns, began_after=began_after, fingerprint=None, at=self.clock())
        if found.state in (PullState.WAITING, PullState.RUNNING):
            found = pull.advance(found.pk, holder=self.lease.row.holder, stop=self._stop, clock=self.clock)
            if found.state not in (PullState.WAITING, PullState.RUNNING):
                ring_for_waiting(segment, self.clock())
        if found.state in (PullState.WAITING, PullState.RUNNING):
            words = f"Another run is reading {segment.name}; this one goes on with the same reading."
            raise Park("reading_elsewhere", words, ELSEWHERE)
        return found

    def _stop(self) -> bool:
        self.beat()
        return False


def told(found: Pull, run: Run) -> str:
    """Return what was read, for the timeline."""
    people = int(found.counts.get("people", 0))
    shared = (
        ", shared with another run" if found.began_at and run.started_at and found.began_at < run.started_at else ""
    )
    how = "by export" if found.via == "export" else "in one page"
    size = "1 person" if people == 1 else f"{people:,} people"
    return f"Segment read {how}: {size}, complete{shared}.{apart(found, people)}"


def apart(found: Pull, people: int) -> str:
    """Return a sentence about a size that differs from both counts, though not by more than counts may; else nothing."""
    low, high = sorted((found.count_before or 0, found.count_after or 0))
    if low <= people <= high:
        return ""
    counted = f"{low:,}" if low == high else f"{low:,} to {high:,}"
    return f" Customer.io counted {counted}; a count may be off by 0.5 %, so the reading is believed."


def ring_for_waiting(segment: Segment, at: datetime) -> None:
    """Wake the runs that wait for this segment's reading: it has ended."""
    waiting = Run.objects.filter(state=RunState.WAITING, reason="reading_elsewhere")
    same = Q(activation__audience__segment=segment) | Q(words__contains=segment.name)
    for run_id in list(waiting.filter(same).values_list("pk", flat=True)):
        Run.objects.filter(pk=run_id, state=RunState.WAITING).update(wake_at=at)
        ring(run_id, at=at)

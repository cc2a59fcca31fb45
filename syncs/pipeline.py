"""One run, from the segment to RudderStack: every line a step. Any process may die at any of them; the next goes on."""

import time
from collections.abc import Callable
from datetime import datetime

from django.utils import timezone

from . import admission, debts, moves, outbox, overlapping, planning
from .deliver import Delivery
from .lease import Lease
from .models import Batch, Pull, Run
from .payload import VERSION
from .permit import Permit
from .plan import passes
from .reading import Reader
from .staging import NotStaged
from .states import RunState, Stage
from .stops import End, Park, SliceOver
from .terms import Terms
from .work import Maker

Clock = Callable[[], datetime]
READING_GONE = (
    "This run waited so long that its reading of the segment is gone. What was accepted stays accepted; nothing more is "
    "sent. Start a new run: it reads the segment again and goes on from there."
)
STAGE_OF = {"optouts": Stage.OPTOUTS, "removals": Stage.REMOVALS, "additions": Stage.ADDITIONS}


def work(run_id: int, *, holder: str, clock: Clock = timezone.now) -> Run | None:
    """Do what can be done of a run now and return it, None when somebody else works on it or it has ended.

    Raises what nobody foresaw: then the lease runs out and the run is taken up again, three times at most.
    """
    lease = moves.claim(run_id, holder=holder, clock=clock)
    if lease is None:
        return None
    with lease:
        run: Run = lease.row
        try:
            moves.begin(run, lease, clock())
            Road(run, lease, clock).walk()
            moves.arrived(run, lease, clock())
        except SliceOver:
            moves.slice_over(run, lease)
        except NotStaged:
            moves.end(run, lease, End(RunState.FAILED, "pull_failed", READING_GONE), clock())
        except Park as park:
            moves.park(run, lease, park, clock())
        except End as end:
            moves.end(run, lease, end, clock())
    return run


class Road:
    """The steps of a run under one lease."""

    def __init__(self, run: Run, lease: Lease, clock: Clock) -> None:
        self.run, self.lease, self.clock = run, lease, clock
        self.terms = Terms(run)
        self.permit = Permit(run, lease)

    def walk(self) -> None:
        """Go on from where the run is. Raises Stop and LeaseLost."""
        self.permit.cancelled()
        admission.check(self.run)
        if self.run.planned_at is None:
            readings, missing = self.read()
            if not self.run.is_dry:
                self.settle_others()
            self.compare(readings, missing)
        if not self.run.is_dry:
            self.send()

    def read(self) -> tuple[list[Pull], list[str]]:
        """Read the segment and the exclusions."""
        moves.enter(self.run, self.lease, Stage.READING, self.clock())
        reader = Reader(self.terms, self.lease, self.clock, self.permit.beat)
        self.lease.write(pull=reader.segment(), payload_version=VERSION)
        readings, missing = reader.exclusions()
        self.run.exclusion_pulls.set(readings)
        return readings, missing

    def settle_others(self) -> None:
        """Send again what earlier runs of this list left unknown: before that nobody can say what the list holds."""
        for owner_id in dict.fromkeys(batch.run_id for batch in outbox.debts_of(self.run.activation)):
            owner = Run.objects.select_related("pull", "definition").get(pk=owner_id)
            owner.activation = self.run.activation
            batches = [batch for batch in outbox.debts_of(self.run.activation) if batch.run_id == owner_id]
            self._settle(owner, batches)

    def compare(self, readings: list[Pull], missing: list[str]) -> None:
        """Compare and fix the plan."""
        moves.enter(self.run, self.lease, Stage.COMPARING, self.clock())
        planning.plan(self.terms, self.lease, readings, missing, self.permit.beat, self.clock)

    def send(self) -> None:
        """Settle what this run left unknown, then send the passes that are not parked, in their order."""
        own = [batch for batch in outbox.debts_of(self.run.activation) if batch.run_id == self.run.pk]
        if own:
            self._settle(self.run, own)
        order = passes(suppresses=self.terms.suppresses)
        begun = order.index(self.run.cursor_pass) if self.run.cursor_pass else 0
        for name in order[begun:]:
            if planning.has_work(self.run, name):
                moves.enter(self.run, self.lease, STAGE_OF[name], self.clock())
                self._delivery(Maker(self.run)).deliver(name)
                moves.tell(self.run, "sent a pass", f"{STAGE_OF[name].label}: all accepted or settled.", self.clock())
        planning.reasserted(self.run, self.lease)
        overlapping.note(self.run, self.lease, self.clock())

    def _settle(self, owner: Run, batches: list[Batch]) -> None:
        maker = Maker(owner)
        parcels = debts.parcels_of(maker, self.lease, batches, self.clock())
        for name in dict.fromkeys(parcel.batch.pass_name for parcel in parcels):
            mine = [parcel for parcel in parcels if parcel.batch.pass_name == name]
            self._delivery(maker).deliver("optouts" if name == "undo" else name, mine)

    def _delivery(self, maker: Maker) -> Delivery:
        left = 0.0
        if self.run.quiet_until is not None:
            left = (self.run.quiet_until - self.clock()).total_seconds()
        return Delivery(maker, self.lease, self.permit, self.clock, quiet_until=time.monotonic() + left)

"""Whether a run may go on sending: asked before every request, answered by the database at most half a second ago."""

import time
from datetime import timedelta

from django.conf import settings

from audiences.models import Activation
from muster.kept_query import KeptQuery

from .lease import Lease
from .models import Pause, Run
from .start import what_is_paused
from .states import RunState
from .stops import End, Park, SliceOver

FRESH_SECONDS = 0.5
_asked_to_cancel = KeptQuery(lambda pk: Run.objects.filter(pk=pk, cancel_asked_at__isnull=False).only("pk"), int)


class Permit:
    """Looks at cancellation, pauses, a stopped list, the slice and the lease; raises when sending must stop."""

    def __init__(self, run: Run, lease: Lease) -> None:
        self.run, self.lease = run, lease
        self._until = time.monotonic() + settings.SLICE_SECONDS
        self._beaten = self._looked = 0.0
        self._looked_for = ""

    def beat(self) -> None:
        """Check the lease, and now and then whether the run was cancelled. Raises LeaseLost, SliceOver excepted."""
        self.lease.check()
        if time.monotonic() - self._beaten > FRESH_SECONDS:
            self._beaten = time.monotonic()
            self.cancelled()

    def cancelled(self) -> None:
        """Raise End when somebody asked to cancel."""
        if _asked_to_cancel.first(self.run.pk):
            person = Run.objects.select_related("cancel_asked_by").get(pk=self.run.pk).cancel_asked_by
            by = f" by {person}" if person else ""
            raise End(
                RunState.CANCELLED,
                "cancelled",
                f"Cancelled{by}. What RudderStack had accepted stays accepted; the next run goes on from there.",
            )

    def may_send(self, pass_name: str) -> None:
        """Raise what stops the next request of a pass: LeaseLost, SliceOver, Park or End."""
        self.lease.check(settings.REQUEST_TIMEOUT)
        if time.monotonic() > self._until:
            raise SliceOver
        # A pause lets opt-outs through, so what was allowed in one pass says nothing of the next.
        if pass_name != self._looked_for or time.monotonic() - self._looked > FRESH_SECONDS:
            self.cancelled()
            self._paused(pass_name)
            self._looked, self._looked_for = time.monotonic(), pass_name

    def _paused(self, pass_name: str) -> None:
        for pause in Pause.objects.over(self.run.activation).select_related("destination", "audience", "by"):
            if pass_name != "optouts" or pause.optouts_too:
                paused = f"{what_is_paused(pause)} paused by {pause.by}: {pause.reason}"
                if self.run.trigger == Run.Trigger.EVENT:
                    # Parked, it would be in the way of the next one for somebody who opts out during the pause.
                    words = f"{paused} Opt-outs were removed before; the next run after the pause does the rest."
                    raise End(RunState.CANCELLED, "paused", words)
                raise Park("paused", f"{paused} The run goes on when that ends.", None)
        stopped = Activation.objects.filter(pk=self.run.activation_id).values_list("stopped_words", flat=True).first()
        if stopped:
            raise End(RunState.FAILED, "stopped", stopped)


def backoff(failures: int, chance: float) -> timedelta:
    """Return how long to wait after this many failures in a row: doubling from 1 s to 5 min, by 50 to 100 %."""
    return timedelta(seconds=min(300.0, 2.0 ** min(failures, 12) / 2) * (0.5 + chance / 2))

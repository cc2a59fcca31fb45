"""Delivers a planned run: cuts each pass into requests, keeps a few under way, and settles every answer.

One thread, this one, notes, commits and decides; a few others only post bytes. All of a pass is settled before the
next one begins.
"""

import random
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F

from muster.http import RateLimited, Rejected, VendorError

from .cutting import Cutter
from .lease import Lease, LeaseLost
from .models import Batch
from .outbox import Parcel, accepted, note, rejected, sending, split
from .payload import AUDIENCELIST
from .permit import Permit, backoff
from .rudderstack import RudderStack, TooLarge
from .states import RunState
from .stops import End, Park
from .work import Maker

PATIENCE = timedelta(seconds=5)  # a longer wait gives the worker back
MOST_FAILURES = 30  # about two hours of doubling waits

Clock = Callable[[], datetime]
Sent = tuple[Parcel, float, VendorError | None]


class Delivery:
    """One run's sending. `quiet_until` (monotonic seconds) keeps the first send away from a lost worker's last one."""

    def __init__(self, maker: Maker, lease: Lease, permit: Permit, clock: Clock, *, quiet_until: float = 0.0) -> None:
        self.maker, self.lease, self.permit, self.clock = maker, lease, permit, clock
        assert maker.run.activation.pipe is not None, "a startable list has a pipe"
        self.rudderstack = RudderStack(maker.run.activation.pipe)
        self.cutter = Cutter(maker, lease)
        self.waiting: deque[Parcel] = deque()
        self.flying: dict[Future[Sent], Parcel] = {}
        self.not_before = quiet_until
        self.suspects: dict[int, Parcel] = {}
        self.stop: Exception | None = None

    def deliver(self, pass_name: str, parcels: list[Parcel] | None = None) -> None:
        """Send a pass from the run's cursor to its end, or just the given parcels; everything is settled on return.

        Raises LeaseLost, SliceOver, Park and End; what was under way is settled first, or stays unknown.
        """
        self.waiting.extend(parcels or ())
        with ThreadPoolExecutor(settings.SENDERS, thread_name_prefix="send") as pool:
            while True:
                self._fill(pass_name, pool, cut=parcels is None)
                if not self.flying:
                    break
                done, _ = wait(self.flying, timeout=0.5, return_when=FIRST_COMPLETED)
                for future in done:
                    self.flying.pop(future)
                    self._settle(*future.result())
        if self.stop is not None:
            raise self.stop

    def _fill(self, pass_name: str, pool: ThreadPoolExecutor, *, cut: bool) -> None:
        while self.stop is None and len(self.flying) < settings.SENDERS:
            if self.flying and time.monotonic() < self.not_before:
                return
            try:
                self._pause_briefly(pass_name)
                again = bool(self.waiting)
                parcel = self.waiting.popleft() if again else self._next(pass_name) if cut else None
                if parcel is None:
                    return
                if not parcel.data:
                    accepted(parcel, self.maker, self.lease, self.clock())
                    continue
                if again:
                    self.permit.may_send(pass_name)
                    sending(parcel, self.lease, self.clock())
            except Exception as stop:
                # Kept until what is under way has been settled, then raised.
                self.stop = stop
                if isinstance(stop, LeaseLost) or not self.flying:
                    raise
                return
            self.flying[pool.submit(self._post, parcel)] = parcel

    def _next(self, pass_name: str) -> Parcel | None:
        cut = self.cutter.next(pass_name)
        if cut is None:
            return None
        parcel = note(self.maker, self.lease, pass_name, cut.works, cut.span, self.clock(), leaves=True, **cut.fields)
        self.cutter.moved(cut)
        return parcel

    def _pause_briefly(self, pass_name: str) -> None:
        """Wait until sending is welcome again. Raises what stops sending meanwhile."""
        self.permit.may_send(pass_name)
        while (left := self.not_before - time.monotonic()) > 0:
            time.sleep(min(left, 0.25))
            self.permit.may_send(pass_name)

    def _post(self, parcel: Parcel) -> Sent:
        began = time.monotonic()
        if not self.lease.still_held(settings.REQUEST_TIMEOUT):
            raise LeaseLost("the lease ends before an answer could be waited for")
        try:
            self.rudderstack.send(parcel.data)
        except VendorError as error:
            return parcel, time.monotonic() - began, error
        return parcel, time.monotonic() - began, None

    def _settle(self, parcel: Parcel, seconds: float, error: VendorError | None) -> None:
        if error is None:
            accepted(parcel, self.maker, self.lease, self.clock())
            self.cutter.learn(len(parcel.data), seconds)
            self._cleared(parcel)
        elif isinstance(error, TooLarge) and parcel.people > 1:
            self.cutter.too_large(len(parcel.data))
            self.waiting.extendleft(reversed(split(parcel, self.maker, self.lease, self.clock(), error.status)))
        elif error.retryable:
            self._again(parcel, error)
        elif isinstance(error, Rejected) and error.status in (400, 413):
            self._refused(parcel, error)
        else:
            self._give_up(error)

    def _again(self, parcel: Parcel, error: VendorError) -> None:
        """Keep a parcel for the same bytes once more; give the worker back when the wait is long."""
        self.waiting.appendleft(parcel)
        with transaction.atomic():
            # First: whoever lost the run must not say of a batch that its present holder may have under way what became of it.
            self.lease.write(failures_in_row=F("failures_in_row") + 1)
            if not error.ambiguous:
                Batch.objects.filter(pk=parcel.batch.pk).update(status=error.status or 0)
        self.lease.row.refresh_from_db(fields=["failures_in_row"])
        failures = self.lease.row.failures_in_row
        delay = backoff(failures, random.random())
        if isinstance(error, RateLimited) and error.retry_after:
            delay = max(delay, timedelta(seconds=min(error.retry_after, 3600)))
        reason = "rate_limited" if isinstance(error, RateLimited) else "unreachable"
        if failures >= MOST_FAILURES:
            self._stop_with(End(RunState.FAILED, reason, f"{error} {error.words.next_step}"))
        elif delay > PATIENCE:
            self._stop_with(Park(reason, f"{error} {error.words.effect} It is tried again by itself.", delay))
        self.not_before = max(self.not_before, time.monotonic() + delay.total_seconds())

    def _refused(self, parcel: Parcel, error: VendorError) -> None:
        """Narrow a refusal down to the rows it is about; what is refused in both halves alike is not about rows."""
        if self.maker.run.payload == AUDIENCELIST:
            self._give_up(error)
        elif self._is_first_half(parcel):
            self._suspect(parcel, error)
        elif parcel.people == 1:
            rejected(parcel, self.lease, self.clock(), str(error), error.status)
        else:
            self.waiting.extendleft(reversed(split(parcel, self.maker, self.lease, self.clock(), error.status)))

    def _is_first_half(self, parcel: Parcel) -> bool:
        parent = parcel.batch.parent
        return parent is not None and parent.parent_id is None and parent.status == 400

    def _suspect(self, parcel: Parcel, error: VendorError) -> None:
        """Hold a refused half back until its sibling's answer is known."""
        parent = parcel.batch.parent_id or 0
        if parent in self.suspects:
            self._give_up(error)
            return
        self.suspects[parent] = parcel
        siblings = [one for one in (*self.waiting, *self.flying.values()) if one.batch.parent_id == parent]
        if not siblings:
            self._cleared(parcel)

    def _cleared(self, parcel: Parcel) -> None:
        """The other half was accepted, so a suspect's refusal is about rows in it: narrow it down further."""
        suspect = self.suspects.pop(parcel.batch.parent_id or 0, None)
        if suspect is None:
            return
        if suspect.people == 1:
            rejected(suspect, self.lease, self.clock(), "RudderStack refused this row by itself (400).", 400)
        else:
            self.waiting.extendleft(reversed(split(suspect, self.maker, self.lease, self.clock(), 400)))

    def _give_up(self, error: VendorError) -> None:
        words = f"{error} {error.words.effect} {error.words.next_step}"
        reason = {"BadCredentials": "bad_credentials", "Gone": "gone"}.get(type(error).__name__, "rejected")
        self._stop_with(End(RunState.FAILED, reason, words, stops_list=True))

    def _stop_with(self, stop: Exception) -> None:
        self.stop = self.stop or stop

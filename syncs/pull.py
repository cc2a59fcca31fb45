"""Pulls a segment: reads it completely into staged shards, or says why not. A partial reading never becomes a complete one.

A pull is not resumed: after a death it starts again, with the same export where there is one. Staged shards carry the
fence, so that those of a lost reading are never taken for this one's.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain
from time import monotonic, sleep
from typing import Any, Final

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from audiences import segments
from audiences.customerio import CustomerIo
from audiences.membership import ONE_PAGE, Reading
from audiences.models import Segment
from muster.http import BadCredentials, Gone, RateLimited, Rejected, Unreachable, Unreadable, VendorError
from muster.redaction import excerpt
from muster.vault import pepper

from . import arms, staging
from .collecting import POLL_FIRST, POLL_GROWTH, POLL_MOST, Broken, Collector, Miss, at_usual_pace
from .lease import Lease, LeaseLost
from .models import Pull
from .normal_forms import with_forms_in_use
from .people import Asked, Columnist
from .spool import Spool
from .states import PullState

REBUILD_WITHIN: Final = timedelta(minutes=5)
EXPORT_WITHIN: Final = timedelta(hours=2)
# Younger than what the sweeper may drop, so that a run has time to say that it uses it.
DROPPED_WITHIN: Final = timedelta(minutes=1)
SHARED_FOR: Final = staging.KEPT - DROPPED_WITHIN
DEATHS: Final = 3
READINGS: Final = 2
BEAT_SECONDS: Final = 0.5
EFFECT: Final = "Nothing was changed: every list stays as it is."
NO_ARMS: Final = (
    f"has more than {arms.MOST} different values among the people of the segment, so it does not say who is held out."
)
ARMS_NEXT: Final = "Name the attribute that does in the definition's holdout, then sync again."
AGAIN: Final = "Sync again; if it happens again, look at the segment in Customer.io."
CODES: Final[tuple[tuple[type[VendorError], str], ...]] = (
    (BadCredentials, "bad_credentials"),
    (RateLimited, "rate_limited"),
    (Unreachable, "unreachable"),
    (Unreadable, "unreadable"),
    (Gone, "gone"),
    (Rejected, "rejected"),
)

Clock = Callable[[], datetime]


class Stopped(Exception):
    """Whoever asked for the reading wants it to stop here; it goes on later."""


def find_or_create(
    segment: Segment,
    columns: dict[str, Any],
    *,
    began_after: datetime | None,
    fingerprint: str | None,
    at: datetime,
) -> Pull:
    """Return a reading that serves: a complete one that may still be used, else one that is going on, else a new one.

    It holds `columns`, began at or after `began_after`, and the segment meant the same then as it does now, as far as
    is known; `fingerprint` says what it has to have meant, None whatever it means now.
    """
    with transaction.atomic():
        newest = Segment.objects.select_for_update().only("fingerprint").get(pk=segment.pk)
        meant = Q(fingerprint=newest.fingerprint)
        if fingerprint is not None:
            meant &= Q(fingerprint=fingerprint)
        late_enough = Q(began_at__gte=began_after) if began_after else Q()
        # Not `late_enough | …`: an empty condition or-ed with another is the other, so that what had begun was shut out.
        yet_to_begin = Q(began_at=None) if began_after else Q()
        staged = Q(finished_at__gt=at - SHARED_FOR) | Q(kept_until__gt=at + DROPPED_WITHIN)
        complete = Pull.objects.filter(
            late_enough, meant, staged, segment=segment, state=PullState.COMPLETE, dropped_at=None
        )
        going = Pull.objects.filter(
            late_enough | yet_to_begin, segment=segment, state__in=(PullState.WAITING, PullState.RUNNING)
        )
        for pull in chain(complete.order_by("-began_at"), going.order_by("pk")):
            if staging.covers(pull.columns, columns):
                return pull
        return Pull.objects.create(segment=segment, columns=with_forms_in_use(columns), created_at=at)


def advance(
    pull_id: int,
    *,
    holder: str,
    stop: Callable[[], bool],
    clock: Clock = timezone.now,
    rebuild_within: timedelta = REBUILD_WITHIN,
    export_within: timedelta = EXPORT_WITHIN,
) -> Pull:
    """Read the segment to the end and return the pull: Complete, Failed, or as another holder or a stop leaves it.

    `stop` is asked twice a second; when it returns True, or raises, the pull waits for the next call. How long to wait
    for a segment that is being rebuilt, and for an export, is `rebuild_within` and `export_within`. Raises ClockOff, and
    what `stop` raises.
    """
    pull = Pull.objects.get(pk=pull_id)
    if pull.state in (PullState.WAITING, PullState.RUNNING):
        lease = Lease.claim(pull, holder=holder, fields=_deaths)
        if lease is not None:
            with lease:
                _Reader(lease, stop, clock, rebuild_within, export_within).perform()
    return Pull.objects.select_related("segment__workspace").get(pk=pull_id)


def _deaths(found: Pull) -> dict[str, Any]:
    """Whoever ends in an orderly way leaves the pull waiting, so one that is running lost its worker."""
    return {"deaths": found.deaths + (found.state == PullState.RUNNING)}


@dataclass
class _Reader:
    """Reads for one pull, under its lease."""

    lease: Lease
    stop: Callable[[], bool]
    clock: Clock
    rebuild_within: timedelta
    export_within: timedelta
    stopping: bool = False
    beat_at: float = field(default=0.0)

    @property
    def pull(self) -> Pull:
        found: Pull = self.lease.row
        return found

    def perform(self) -> None:
        """Read until the pull is Complete or Failed, or until the reading has to stop here."""
        try:
            self._read_or_fail()
        except (Stopped, LeaseLost):
            pass
        finally:
            if self.stopping:
                self._wait()

    def _read_or_fail(self) -> None:
        try:
            self._read()
        except Broken as error:
            self._fail(error.code, f"{error.happened} {EFFECT} {error.next_step}")
        except arms.TooManyArms as error:
            self._fail("no_arms", f"{error} {NO_ARMS} {EFFECT} {ARMS_NEXT}")
        except VendorError as error:
            code = next(code for kind, code in CODES if isinstance(error, kind))
            detail = f" {error.detail}" if error.detail else ""
            self._fail(code, f"{error.words.happened}{detail} {EFFECT} {error.words.next_step}")

    def _read(self) -> None:
        if self.pull.deaths >= DEATHS:
            raise Broken("lost", "Three workers in a row died while they read the segment.", AGAIN)
        self.client = CustomerIo(self.pull.segment.workspace)
        asked = Asked.of(self.pull.columns)
        self.columnist = Columnist(asked, workspace_id=self.pull.segment.workspace_id, secret=pepper("ledger key"))
        self.collector = Collector(self.client, self.pull.segment.number, asked, self.columnist, self.beat, self.pause)
        while True:
            try:
                return self._once()
            except Miss as miss:
                staging.forget(self.lease)
                self.lease.write(tries=self.pull.tries + 1, export_id=None, rows=0, count_after=None)
                if self.pull.tries >= READINGS:
                    raise Broken(
                        miss.code, f"{self.pull.segment.name} could not be read completely. {miss}", AGAIN
                    ) from None

    def _once(self) -> None:
        """Read the segment once. Raises Miss when what was read may not be believed."""
        if not (self.pull.export_id and self.pull.began_at and self.pull.count_before is not None):
            self._before()
        if self.pull.export_id or (self.pull.count_before or 0) > ONE_PAGE:
            return self._by_export()
        page = self.collector.ask(lambda: self.client.members(self.pull.segment.number))
        if page.more:
            # A second page is cut out of a set that has moved meanwhile.
            return self._by_export()
        self.lease.write(via="membership")
        with self.collector.from_page(page) as (spool, missing):
            self._judge(spool, total=None, without_attributes=missing)
        return None

    def _by_export(self) -> None:
        if not self.pull.export_id:
            self.lease.write(export_id=self.collector.start_export().number, via="export")
        until = (self.pull.began_at or self.clock()) + self.export_within
        export = self.collector.finished_export(self.pull.export_id or 0, until=until, clock=self.clock)
        with self.collector.from_export(export) as spool:
            self._judge(spool, total=export.total, without_attributes=0)

    def _before(self) -> None:
        """Note how the segment is before anybody is read: finished, what it means, how many it counts."""
        self.lease.write(began_at=self.clock())
        segment = self._look()
        until, seconds = self.clock() + self.rebuild_within, POLL_FIRST
        while not segments.is_finished(segment):
            if self.clock() > until:
                done = f" ({segment.progress} %)" if segment.progress is not None else ""
                raise Broken(
                    "rebuilding",
                    f"Customer.io is still rebuilding {segment.name}{done}, and shows only a part of it meanwhile.",
                    "Sync again when the rebuild is finished.",
                )
            self.pause(at_usual_pace(seconds))
            seconds = min(seconds * POLL_GROWTH, POLL_MOST)
            self.lease.write(began_at=self.clock())
            segment = self._look()
        count = self.collector.ask(lambda: self.client.customer_count(segment.number))
        self.lease.write(
            count_before=count, count_after=None, fingerprint=segment.fingerprint, conditions=segment.conditions
        )

    def _look(self) -> Segment:
        workspace = self.pull.segment.workspace
        listed = self.collector.ask(lambda: segments.refresh(workspace, at=self.clock(), client=self.client))
        segment = listed.get(self.pull.segment.number)
        if segment is None:
            raise Broken(
                "gone",
                f"Customer.io no longer lists {self.pull.segment}: it was deleted or archived.",
                "Restore it in Customer.io, or choose another segment.",
            )
        return segment

    def _judge(self, spool: Spool, *, total: int | None, without_attributes: int) -> None:
        """Look again, and complete the pull if everything agrees. Raises Miss."""
        segment = self._look()
        if not segments.is_finished(segment):
            raise Miss("rebuilding", "Customer.io began to rebuild it meanwhile.")
        if segment.fingerprint != self.pull.fingerprint:
            raise Miss("changed", "Its conditions were changed in Customer.io meanwhile.")
        after = self.collector.ask(lambda: segments.measure(segment, at=self.clock(), client=self.client))
        self.lease.write(count_after=after, rows=spool.rows)
        reading = Reading(
            rows=spool.rows,
            people=spool.rows,
            before=self.pull.count_before or 0,
            after=after,
            total=total,
            without_attributes=without_attributes,
        )
        self._believe(reading)
        shards, counts = staging.store(self.lease, spool, self._nobody(), self.beat)
        # The same person twice hides somebody who is missing: only now is it known how many there are.
        self._believe(Reading(**{**vars(reading), "people": counts["people"]}))
        self.lease.write(
            state=PullState.COMPLETE,
            shards=shards,
            counts=arms.named(counts, self.columnist.namers),
            finished_at=self.clock(),
            tries=self.pull.tries + 1,
            reason="",
            words="",
        )

    def _believe(self, reading: Reading) -> None:
        if reading.shortfall:
            raise Miss("incomplete", reading.shortfall)

    def _nobody(self) -> Any:
        return self.columnist.columns({name: [] for name in self.collector.columns})

    def _fail(self, code: str, words: str) -> None:
        staging.forget(self.lease)
        self.lease.write(
            state=PullState.FAILED, reason=code, words=excerpt(words, limit=500), shards=0, finished_at=self.clock()
        )

    def _wait(self) -> None:
        """Leave the pull to the next worker: an export goes on by itself, anything else starts again."""
        began = {} if self.pull.export_id else {"began_at": None}
        try:
            self.lease.write(state=PullState.WAITING, **began)
        except LeaseLost:
            return

    def beat(self) -> None:
        """Raise Stopped or LeaseLost, or what `stop` raises, when the reading must end here."""
        if monotonic() < self.beat_at:
            return
        self.beat_at = monotonic() + BEAT_SECONDS
        self.lease.check()
        # Also when `stop` raises: that is its way to say so.
        self.stopping = True
        if self.stop():
            raise Stopped
        self.stopping = False

    def pause(self, seconds: float) -> None:
        """Wait, and look twice a second whether to stop."""
        until = monotonic() + seconds
        while (left := until - monotonic()) > 0:
            self.beat()
            sleep(min(left, BEAT_SECONDS))
        self.beat()

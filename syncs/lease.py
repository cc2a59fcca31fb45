"""The right to work on a row: a lease that is renewed while its holder lives, and a fence that every write names.

The database is the lock. A claim is one UPDATE that only one process wins; it raises the fence, and a holder that was
thought dead finds its own writes refused from then on. Times are the database's, never the worker's.
"""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, TypeVar

from django.conf import settings
from django.db import DatabaseError, connection, models
from django.db.models import Q
from django.db.models.expressions import Combinable
from django.db.models.functions import Now
from django.utils import timezone

from muster import kept_change

CLOCK_TOLERANCE = timedelta(seconds=30)

log = logging.getLogger(__name__)
Row = TypeVar("Row", bound=models.Model)


class LeaseLost(Exception):
    """Somebody else holds the row now, or nobody could tell; this process must write and send nothing more."""


class ClockOff(Exception):
    """This machine's clock differs from the database's by more than 30 seconds."""


def this_worker() -> str:
    """Return the name under which this process holds leases."""
    return f"{socket.gethostname()}:{os.getpid()}"


class Lease:
    """One row held by one process. Use as a context manager: a thread with its own connection renews it meanwhile.

    `row` is the row as claimed; `died` says that its last holder was lost, and `old_until` when that lease ended.
    """

    def __init__(self, row: Any, now: Callable[[], Combinable], taken: float, old_until: datetime | None) -> None:
        self.row = row
        self.fence: int = row.fence
        self.old_until = old_until
        self._now = now
        self._safe_until = taken + settings.LEASE_SECONDS
        self._stop = threading.Event()
        self._lost = False
        self._thread: threading.Thread | None = None

    @property
    def died(self) -> bool:
        return self.old_until is not None

    @classmethod
    def claim(
        cls,
        row: models.Model,
        *,
        holder: str,
        fields: Callable[[Any], dict[str, Any]] = lambda _row: {},
        now: Callable[[], Combinable] = Now,
        related: tuple[str, ...] = (),
    ) -> "Lease | None":
        """Return the lease, or None when somebody holds the row or it has ended. Raises ClockOff.

        `fields` gives what the claim changes besides, from the row as it was read; `row` is not changed. The lease's row
        comes with the `related` ones.
        """
        model: Any = type(row)
        taken = time.monotonic()
        found = model.objects.filter(pk=row.pk).annotate(database_now=now()).first()
        if found is None:
            return None
        check_clock(found.database_now)
        ends = now() + timedelta(seconds=settings.LEASE_SECONDS)
        changes = {"fence": found.fence + 1, "holder": holder, "state": "running", **fields(found)}
        free = Q(lease_until=None) | Q(lease_until__lt=now())
        open_row = model.objects.filter(free, pk=row.pk, fence=found.fence, state__in=("waiting", "running"))
        if not open_row.update(lease_until=ends, **changes):
            return None
        claimed = model.objects.select_related(*related).get(pk=row.pk)
        if claimed.fence != found.fence + 1:
            return None
        return cls(claimed, now, taken, found.lease_until)

    def still_held(self, margin: float = 0.0) -> bool:
        """Whether the lease surely lasts `margin` seconds more, by this machine's monotonic clock."""
        return not self._lost and time.monotonic() + margin < self._safe_until

    def check(self, margin: float = 0.0) -> None:
        """Raise LeaseLost unless the lease surely lasts `margin` seconds more."""
        if not self.still_held(margin):
            raise LeaseLost(f"{self.row} is no longer held by fence {self.fence}")

    def write(self, **fields: Any) -> None:
        """Change the row while it is held. Raises LeaseLost when the fence is another's; nothing is changed then."""
        where = {"pk": self.row.pk, "fence": self.fence, "state": "running"}
        if not kept_change.update(type(self.row), where, fields):
            self._lost = True
            raise LeaseLost(f"{self.row} was taken over from fence {self.fence}")
        for name, value in fields.items():
            if not hasattr(value, "resolve_expression"):
                setattr(self.row, name, value)

    def renew(self) -> bool:
        """Make the lease last from now on and return whether it is still ours."""
        asked = time.monotonic()
        model: Any = type(self.row)
        fields: dict[str, Any] = {"lease_until": self._now() + timedelta(seconds=settings.LEASE_SECONDS)}
        if hasattr(self.row, "heartbeat_at"):
            fields["heartbeat_at"] = self._now()
        if not model.objects.filter(pk=self.row.pk, fence=self.fence, lease_until__isnull=False).update(**fields):
            self._lost = True
            return False
        self._safe_until = asked + settings.LEASE_SECONDS
        return True

    def __enter__(self) -> "Lease":
        self._thread = threading.Thread(target=self._keep, name=f"lease of {self.row}", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        # An error that nobody foresaw counts as a death: the lease runs out, so that a crash loop is noticed and stopped.
        if kind is not None:
            return
        type(self.row).objects.filter(pk=self.row.pk, fence=self.fence).update(lease_until=None)

    def _keep(self) -> None:
        try:
            while not self._stop.wait(settings.RENEW_SECONDS):
                try:
                    if not self.renew():
                        return
                except DatabaseError as error:
                    log.warning("lease of %s not renewed: %s", self.row, type(error).__name__)
                    connection.close()
        finally:
            connection.close()


def check_clock(database_now: datetime) -> None:
    """Raise ClockOff when this machine's clock is not the database's: its leases would be judged wrongly."""
    skew = abs(database_now - timezone.now())
    if skew > CLOCK_TOLERANCE:
        raise ClockOff(f"this machine's clock differs from the database's by {skew.total_seconds():.0f} s")

"""Runs a list to its end in this process, as a worker would, slice by slice."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connections
from django.utils import timezone

from audiences.models import Activation
from syncs import pipeline
from syncs.compare import Comparison
from syncs.models import Run
from syncs.staging import Staged
from syncs.start import start
from syncs.terms import Terms


def work_off(run: Run) -> Run:
    """Work on a run until it has ended, and return it."""
    for _ in range(50):
        pipeline.work(run.pk, holder="test")
        run.refresh_from_db()
        if not run.is_live:
            return run
    raise AssertionError(f"{run} is still {run.state}: {run.words}")


def synced(made: Activation) -> Run:
    """Start a sync of a list and run it to its end."""
    return work_off(start(made, trigger=Run.Trigger.COMMAND, at=timezone.now()))


def counted_anew(run: Run) -> int:
    """Return how many share an identifier as a run counts that goes by no count before it."""
    assert run.pull is not None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("syncs.compare.known_of", lambda _activation: None)
        excluded = [Staged(one) for one in run.exclusion_pulls.order_by("pk")]
        again = Comparison(Terms(run), Staged(run.pull), excluded, lambda: None)
        again.planned(everybody=False)
    return again.counts.duplicates


@contextmanager
def working() -> Iterator[None]:
    """Work on every run that is live, in another thread, as workers would."""
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            for run in Run.objects.live():
                work_off(run)
            stop.wait(0.05)
        connections.close_all()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()

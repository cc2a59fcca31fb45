"""Runs a list to its end in this process, as a worker would, slice by slice."""

from django.utils import timezone

from audiences.models import Activation
from syncs import pipeline
from syncs.models import Run
from syncs.start import start


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

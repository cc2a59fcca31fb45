"""What RQ calls. A job carries an id and nothing else; the row says what to do."""

import logging

from django.db import close_old_connections
from django.utils import timezone

from audiences import watch

from . import event_runs, forwarding, pipeline, pre_flight, sweep
from .lease import ClockOff, LeaseLost, this_worker

log = logging.getLogger(__name__)


def wake(run_id: int) -> None:
    """Work on a run for a slice. A lost lease is no error: somebody else goes on."""
    close_old_connections()
    try:
        pipeline.work(run_id, holder=this_worker())
    except LeaseLost as lost:
        log.warning("run %d: %s", run_id, lost)
    except ClockOff as off:
        log.error("run %d is not touched: %s", run_id, off)
    sweep.ring_due()


def look(workspace_id: int) -> None:
    """Read a workspace's list of segments, if that is still due."""
    close_old_connections()
    watch.look(workspace_id, at=timezone.now())


def make_pre_flight(pre_flight_id: int) -> None:
    """Read and count what a draft would send."""
    close_old_connections()
    try:
        pre_flight.perform(pre_flight_id, holder=this_worker())
    except ClockOff as off:
        log.error("pre-flight %d is not made: %s", pre_flight_id, off)


def forward_events(pipe_id: int) -> None:
    """Forward the events that wait for a pipe; those of entries may ask for an early run."""
    close_old_connections()
    event_runs.ring_early(at=timezone.now())
    try:
        forwarding.forward(pipe_id, holder=this_worker())
    except LeaseLost as lost:
        log.warning("events of pipe %d: %s", pipe_id, lost)
    except ClockOff as off:
        log.error("events of pipe %d are not forwarded: %s", pipe_id, off)


def heed_opt_outs(workspace_id: int) -> None:
    """Ask for runs that remove whoever opted out in a workspace."""
    close_old_connections()
    event_runs.ask_for_removals(workspace_id, at=timezone.now())

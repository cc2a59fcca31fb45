"""What RQ calls to read destinations back, to judge and count lists, and to send messages. A job carries an id only."""

import logging

from django.db import close_old_connections
from django.utils import timezone

from syncs.lease import ClockOff, this_worker

from . import exposing, freezing, health, measure, posting, sending

log = logging.getLogger(__name__)


def read_back(access_id: int) -> None:
    """Read one destination back and keep what it says."""
    close_old_connections()
    measure.perform(access_id, at=timezone.now())


def judge(destination_id: int) -> None:
    """Judge the lists of one destination that wait for it, for the week that is running, and keep their health."""
    close_old_connections()
    health.keep_due(destination_id, at=timezone.now())


def send(delivery_id: int) -> None:
    """Send one message by its channel."""
    close_old_connections()
    sending.perform(delivery_id, at=timezone.now())


def freeze(day: int) -> None:
    """Judge and freeze the weekly reports that are due; `day` is the proleptic ordinal of the first one's Monday."""
    close_old_connections()
    freezing.freeze_due(at=timezone.now())


def make_messages(minute: int) -> None:
    """Make the digests and alerts that are due; `minute` since 1970 is when they were asked for."""
    close_old_connections()
    posting.make_due(at=timezone.now())


def count_exposure(required_id: int) -> None:
    """Count who an ad can still reach of one required suppression."""
    close_old_connections()
    try:
        exposing.perform(required_id, holder=this_worker())
    except ClockOff as off:
        log.error("exposure of %d is not counted: %s", required_id, off)

"""What RQ calls to read destinations back, to judge lists, and to send messages. A job carries an id and nothing else."""

from django.db import close_old_connections
from django.utils import timezone

from . import health, measure, sending


def read_back(access_id: int) -> None:
    """Read one destination back and keep what it says."""
    close_old_connections()
    measure.perform(access_id, at=timezone.now())


def judge(activation_id: int) -> None:
    """Judge one list for the week that is running and keep its health."""
    close_old_connections()
    health.keep_lists([activation_id], at=timezone.now())


def send(delivery_id: int) -> None:
    """Send one message by its channel."""
    close_old_connections()
    sending.perform(delivery_id, at=timezone.now())

"""What RQ calls to read destinations back and to judge lists. A job carries an id and nothing else."""

from django.db import close_old_connections
from django.utils import timezone

from . import health
from .measure import perform


def read_back(access_id: int) -> None:
    """Read one destination back and keep what it says."""
    close_old_connections()
    perform(access_id, at=timezone.now())


def judge(activation_id: int) -> None:
    """Judge one list for the week that is running and keep its health."""
    close_old_connections()
    health.keep_lists([activation_id], at=timezone.now())

"""What RQ calls to read destinations back. A job carries an id and nothing else."""

from django.db import close_old_connections
from django.utils import timezone

from .measure import perform


def read_back(access_id: int) -> None:
    """Read one destination back and keep what it says."""
    close_old_connections()
    perform(access_id, at=timezone.now())

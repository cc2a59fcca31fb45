"""Lets the demo be made up without waiting for the disk at every commit."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

NORMAL = 1


@contextmanager
def light_commits() -> Iterator[None]:
    """Let SQLite's commits wait for no disk meanwhile, also on connections that are opened meanwhile.

    With the power the newest commits can be lost, never the file: its log is still written in order. The last
    connection that closes has everything on the disk.
    """
    if connection.vendor != "sqlite":
        yield
        return
    before = synchronous()

    def lighten(connection: BaseDatabaseWrapper, **_more: Any) -> None:
        connection.cursor().execute(f"PRAGMA synchronous={NORMAL}")

    connection_created.connect(lighten)
    lighten(connection)
    try:
        yield
    finally:
        connection_created.disconnect(lighten)
        connection.cursor().execute(f"PRAGMA synchronous={before}")


def synchronous() -> int:
    """Return how SQLite waits for the disk on this thread's connection: 1 NORMAL, 2 FULL."""
    with connection.cursor() as cursor:
        return int(cursor.execute("PRAGMA synchronous").fetchone()[0])

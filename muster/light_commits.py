"""Lets SQLite's commits wait for no disk, where losing the newest of them with the power does no harm."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

NORMAL = 1


@contextmanager
def light_here() -> Iterator[None]:
    """Let this thread's connection wait for no disk meanwhile, unless it is in a transaction.

    With the power the newest commits can be lost, never the file: its log is written in order. The next commit of any
    connection that does wait has all before it on the disk.
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        yield
        return
    before = synchronous()
    connection.cursor().execute(f"PRAGMA synchronous={NORMAL}")
    try:
        yield
    finally:
        connection.cursor().execute(f"PRAGMA synchronous={before}")


@contextmanager
def light_commits() -> Iterator[None]:
    """Let this thread's connection, and those that are opened meanwhile, wait for no disk: while the demo is made up."""

    def lighten(connection: BaseDatabaseWrapper, **_more: Any) -> None:
        if connection.vendor == "sqlite":
            connection.cursor().execute(f"PRAGMA synchronous={NORMAL}")

    connection_created.connect(lighten)
    try:
        with light_here():
            yield
    finally:
        connection_created.disconnect(lighten)


def synchronous() -> int:
    """Return how SQLite waits for the disk on this thread's connection: 1 NORMAL, 2 FULL."""
    with connection.cursor() as cursor:
        return int(cursor.execute("PRAGMA synchronous").fetchone()[0])

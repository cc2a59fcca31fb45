"""Lets the demo be made up without waiting for the disk at every commit."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created


@contextmanager
def light_commits() -> Iterator[None]:
    """Let SQLite's commits wait for no disk meanwhile, on connections that are opened now too.

    With the power, the newest commits can be lost, never the file: its log is still written in order. The last
    connection that closes writes everything to the disk.
    """

    def lighten(connection: BaseDatabaseWrapper, **_more: Any) -> None:
        synchronous(connection, "NORMAL")

    connection_created.connect(lighten)
    synchronous(connection, "NORMAL")
    try:
        yield
    finally:
        connection_created.disconnect(lighten)
        synchronous(connection, "FULL")


def synchronous(connection: BaseDatabaseWrapper, how: str) -> None:
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA synchronous={how}")

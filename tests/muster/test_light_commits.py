"""Where commits need not wait for the disk they do not; afterwards they do as before."""

import threading

import pytest
from django.db import connection, transaction

from muster.light_commits import NORMAL, light_commits, light_here, synchronous

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "sqlite", reason="of SQLite only"),
]


def in_a_thread() -> int:
    """Return how a connection behaves that is opened now."""
    found: list[int] = []

    def look() -> None:
        found.append(synchronous())
        connection.close()

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    return found[0]


def test_every_connection_is_light_meanwhile_and_as_before_afterwards() -> None:
    connection.cursor().execute("PRAGMA synchronous=FULL")
    before, elsewhere = synchronous(), in_a_thread()

    with light_commits():
        assert (synchronous(), in_a_thread()) == (NORMAL, NORMAL)

    assert (synchronous(), in_a_thread()) == (before, elsewhere)


def test_a_failure_does_not_leave_it_light() -> None:
    connection.cursor().execute("PRAGMA synchronous=FULL")

    with pytest.raises(ValueError, match="in between"), light_commits():
        raise ValueError("in between")

    assert synchronous() == 2


def test_one_connection_alone_can_be_light() -> None:
    connection.cursor().execute("PRAGMA synchronous=FULL")
    elsewhere = in_a_thread()

    with light_here():
        assert (synchronous(), in_a_thread()) == (NORMAL, elsewhere)

    assert synchronous() == 2


def test_in_a_transaction_nothing_is_changed() -> None:
    connection.cursor().execute("PRAGMA synchronous=FULL")

    with transaction.atomic(), light_here():
        assert synchronous() == 2

"""Opens a session at a warehouse that cannot write: one transaction, with a deadline, only at judged addresses.

Raises what reconciliation/readers/warehouse_errors.py lists, and AddressRefused.
"""

import os
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_address
from typing import Any, Final

import psycopg
from django.conf import settings
from psycopg.rows import dict_row

from muster.addresses import Forbidden, is_private_host, resolve
from muster.vendor_errors import AddressRefused

from .warehouse_errors import VENDOR, NotThere, TooSlow, from_connection, from_statement

STATEMENT_SECONDS: Final = 120.0
Connection = psycopg.Connection[dict[str, Any]]
LIMITS: Final = """
SELECT set_config('statement_timeout', %(limit)s, true), set_config('lock_timeout', %(lock)s, true),
    set_config('timezone', 'UTC', true), set_config('work_mem', '64MB', true)
"""


@dataclass
class Session:
    """One transaction: everything in it is seen as of the same moment. `cut` bounds what arrived; None: until now.

    `seconds`: how long one statement may take. The server ends it then; one that does not answer at all is hung up on.
    """

    connection: Connection
    cut: datetime | None
    seconds: float
    hung_up: threading.Event = field(default_factory=threading.Event)

    def rows(self, statement: Any, **values: Any) -> list[dict[str, Any]]:
        """Return all rows of a statement."""
        patience = threading.Timer(self.seconds + settings.REQUEST_TIMEOUT, self._hang_up)
        patience.daemon = True
        patience.start()
        try:
            return self.connection.execute(statement, {"cut": self.cut, **values}).fetchall()
        finally:
            patience.cancel()

    def _hang_up(self) -> None:
        self.hung_up.set()
        # The waiting thread owns the connection; all that another may do is end its socket. It may have gone meanwhile.
        with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(self.connection.fileno())) as line:
            line.shutdown(socket.SHUT_RDWR)


@contextmanager
def session_at(
    options: Mapping[str, str], secrets: Mapping[str, str], cut: datetime | None, seconds: float
) -> Iterator[Session]:
    """Give a session. What PostgreSQL raises is not chained: its text holds names and values."""
    parameters = connection_parameters(options, secrets)
    try:
        connection = psycopg.connect(**parameters, row_factory=dict_row, prepare_threshold=None, autocommit=True)
    except psycopg.Error as error:
        raise from_connection(error) from None
    connection.autocommit = False
    connection.read_only = True
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    session = Session(connection, cut, seconds)
    try:
        with connection:
            # Local to the transaction, so that a pool in between hands nothing on to others.
            session.rows(LIMITS, limit=str(int(seconds * 1000)), lock=str(int(seconds * 500)))
            yield session
    except psycopg.Error as error:
        raise (TooSlow(VENDOR) if session.hung_up.is_set() else from_statement(error)) from None


def connection_parameters(options: Mapping[str, str], secrets: Mapping[str, str]) -> dict[str, Any]:
    """Return how to connect. Raises AddressRefused for a host that may not be called, NotThere for an unknown one.

    The address that was judged is the one that is called. Off loopback there is TLS; a host that MUSTER_PRIVATE_HOSTS
    does not list must also prove, by channel binding, that it knows the password: no list of authorities is needed.
    """
    host, port = options["host"], int(options["port"])
    try:
        address = str(resolve(host, port)[0][1][0])
    except Forbidden as error:
        raise AddressRefused(VENDOR, f"{str(error)[:1].upper()}{str(error)[1:]}.") from None
    except (OSError, OverflowError, UnicodeError):
        raise NotThere(VENDOR, "The host's name is unknown.") from None
    wait = max(2, int(settings.REQUEST_TIMEOUT))
    return {
        "host": host,
        "hostaddr": address,
        "port": port,
        "dbname": options["database"],
        "user": options["user"],
        "password": secrets["password"],
        "application_name": "muster",
        "client_encoding": "UTF8",
        "connect_timeout": wait,
        "tcp_user_timeout": wait * 1000,
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
        "gssencmode": "disable",
        **protection(address, private=is_private_host(host, port)),
    }


def protection(address: str, *, private: bool) -> dict[str, str]:
    """Return what keeps the password and the figures from others on the way."""
    if ip_address(address.partition("%")[0]).is_loopback:
        return {"sslmode": "prefer"}
    if private:
        return {"sslmode": "require", "require_auth": "!password"}
    return {"sslmode": "require", "require_auth": "scram-sha-256", "channel_binding": "require"}

"""What PostgreSQL refuses, in the taxonomy of muster/vendor_errors.py and in words for a person. Pure.

Texts of the server never go on: they hold names of users, tables and values. What is kept is its code (SQLSTATE).
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import psycopg
from psycopg import errors

from muster.vendor_errors import BadCredentials, Gone, Rejected, Unreachable, VendorError

from .cohorts import READ_EFFECT

VENDOR: Final = "The warehouse"


class WrongPassword(BadCredentials):
    happened = "{vendor} refused the user or the password."
    effect = READ_EFFECT
    next_step = "Ask an administrator to enter both anew in Connections."


class NoEntry(BadCredentials):
    happened = "{vendor} lets this user not in."
    effect = READ_EFFECT
    next_step = (
        "Ask who runs it for CONNECT on the database, and for a line in pg_hba.conf that lets this user in from here."
    )


class NoPermission(BadCredentials):
    happened = "{vendor} does not let this user read the tables."
    effect = READ_EFFECT
    next_step = (
        "Ask who runs it for USAGE on the schema and SELECT on its tables; docs/connecting.md has the statements."
    )


class NoDatabase(Gone):
    happened = "{vendor} has no database of this name."
    effect = READ_EFFECT
    next_step = "Ask an administrator to correct the database in Connections."


class NoSchema(Gone):
    happened = "{vendor} has no schema of this name."
    effect = READ_EFFECT
    next_step = (
        "RudderStack makes it with its first load. If there was one, ask an administrator to correct it in Connections."
    )


class NoTables(Gone):
    happened = "{vendor} has neither identifies nor audience_entered in this schema."
    effect = READ_EFFECT
    next_step = "Look at the warehouse's syncs in RudderStack; its first load makes them."


class OtherTables(Gone):
    happened = "{vendor} has tables of these names that RudderStack did not make: columns are missing."
    effect = READ_EFFECT
    next_step = "Ask an administrator to enter the schema that RudderStack loads in Connections."


class TooSlow(Unreachable):
    happened = "{vendor} did not count within the time limit."
    effect = READ_EFFECT
    next_step = (
        "Muster tries again by itself. If it stays, ask who runs it whether the tables are locked or very large."
    )


class NotThere(Unreachable):
    happened = "{vendor} cannot be reached at this host and port."
    effect = READ_EFFECT
    next_step = "Muster tries again by itself. If it stays, check host and port in Connections, and firewalls between."


class NotReady(Unreachable):
    happened = "{vendor} takes no connection now."
    effect = READ_EFFECT
    next_step = "Muster tries again by itself. If it stays, ask who runs it: it is starting, stopping or full."


class NotEncrypted(Rejected):
    happened = "{vendor} cannot prove over TLS that it is the right server."
    effect = "The password was not sent and nothing was read."
    next_step = "Ask who runs it for TLS with scram-sha-256 passwords, or list the host in MUSTER_PRIVATE_HOSTS."


class Refused(Rejected):
    happened = "{vendor} refused to count."
    effect = READ_EFFECT


STATEMENTS: Mapping[type[psycopg.Error], type[VendorError]] = MappingProxyType(
    {
        errors.InsufficientPrivilege: NoPermission,
        errors.UndefinedTable: NoTables,
        errors.InvalidSchemaName: NoSchema,
        errors.UndefinedColumn: OtherTables,
        errors.QueryCanceled: TooSlow,
        errors.LockNotAvailable: TooSlow,
        errors.InvalidPassword: WrongPassword,
        errors.InvalidAuthorizationSpecification: NoEntry,
        errors.InvalidCatalogName: NoDatabase,
        errors.AdminShutdown: NotReady,
        errors.CannotConnectNow: NotReady,
        errors.TooManyConnections: NotReady,
        errors.OperationalError: NotReady,
        errors.InterfaceError: NotReady,
    }
)
# A refused connection comes without a code, so its text decides. The order matters: the first that is in it counts.
CONNECTIONS: Final[tuple[tuple[re.Pattern[str], type[VendorError]], ...]] = tuple(
    (re.compile(words, re.IGNORECASE), kind)
    for words, kind in (
        (
            r"channel binding|does not support SSL|SSL error|certificate|require_auth|authentication method",
            NotEncrypted,
        ),
        (r"password authentication failed|no password supplied|role .* does not exist", WrongPassword),
        (r"pg_hba\.conf|permission denied for database|not permitted to log in", NoEntry),
        (r"database .* does not exist", NoDatabase),
        (r"starting up|shutting down|recovery mode|too many (clients|connections)|connection slots", NotReady),
    )
)


def from_statement(error: psycopg.Error) -> VendorError:
    """Return what an error of a statement stands for, with its SQLSTATE."""
    kind = next((kind for known, kind in STATEMENTS.items() if isinstance(error, known)), Refused)
    return kind(VENDOR, f"PostgreSQL's code is {error.sqlstate}." if error.sqlstate else "")


def from_connection(error: psycopg.Error) -> VendorError:
    """Return what a connection that was not made stands for."""
    text = str(error)
    return next((kind for pattern, kind in CONNECTIONS if pattern.search(text)), NotThere)(VENDOR)

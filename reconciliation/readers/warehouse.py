"""Reads audiences back from the PostgreSQL that RudderStack loads: who is in by the last state that landed.

An id is the trait of an audience ("muster_aud_vip"), counted in `identifies`, or where that has no such column in the
event tables; or the number of an audience there. It may have a schema in front, "other.muster_aud_vip", for a source
that lands elsewhere. The session cannot write. Raises what reconciliation/readers/warehouse_errors.py lists.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any, Final

import psycopg
from django.conf import settings
from django.utils.text import slugify
from psycopg.rows import dict_row

from muster.addresses import Forbidden, is_private_host, resolve
from muster.vendor_errors import AddressRefused, Gone
from reconciliation.quantities import Basis, Quantity

from .seen import Figure, ListSeen, State
from .warehouse_errors import VENDOR, NoSchema, NoTables, NotThere, from_connection, from_statement
from .warehouse_queries import (
    ENTERED,
    EXITED,
    IDENTIFIES,
    LAYOUT,
    TABLES,
    Layout,
    audiences_in,
    columns_of,
    event_count,
    is_identifier,
    layout_of,
    permitted,
    trait_count,
    written_as,
)

STATEMENT_SECONDS: Final = 120.0
TRAIT: Final = "muster_aud_"
Cursor = psycopg.Cursor[dict[str, Any]]
NOT_LANDED = State("column", "missing", "Nothing of this audience has landed yet, or the trait has another name.")
TWO_ALIKE = State(
    "audience", "ambiguous", "Audiences of the same name landed here; enter the audience's number as the list's id."
)
NO_ROWS = State("rows", "0", "The column is there, and no row of this audience yet.")


@dataclass(frozen=True)
class Session:
    """One transaction: everything in it is seen as of the same moment. `cut` bounds what arrived; None: until now."""

    cursor: Cursor
    cut: datetime | None

    def rows(self, statement: Any, **values: Any) -> list[dict[str, Any]]:
        """Return all rows of a statement."""
        return self.cursor.execute(statement, {"cut": self.cut, **values}).fetchall()


def reader(options: Mapping[str, str], secrets: Mapping[str, str]) -> "Warehouse":
    """Return a reader of the warehouse that options and secrets name (needs.NEEDS["warehouse"])."""
    return Warehouse(options, secrets)


class Warehouse:
    """`cut`: rows that arrived later do not count. `seconds`: how long one statement may take."""

    def __init__(
        self,
        options: Mapping[str, str],
        secrets: Mapping[str, str],
        *,
        cut: datetime | None = None,
        seconds: float = STATEMENT_SECONDS,
    ) -> None:
        self.options, self.secrets, self.cut, self.seconds = options, secrets, cut, seconds

    def lists(self, ids: Sequence[str]) -> Mapping[str, ListSeen]:
        """Return each asked list by its id; one of which nothing landed is `gone`. Raises VendorError."""
        with self._session() as session:
            own = self.options["schema"]
            layouts: dict[str, tuple[str, Layout]] = {own: layout(session, own)}
            return {one: self._seen(session, layouts, one) for one in ids}

    def _seen(self, session: Session, layouts: dict[str, tuple[str, Layout]], one: str) -> ListSeen:
        own, _, name = one.rpartition(".")
        schema = own or self.options["schema"]
        if not is_identifier(schema) or not (is_identifier(name) or name.isdecimal()):
            return ListSeen(one, gone=True, states=(NOT_LANDED,))
        try:
            if schema not in layouts:
                layouts[schema] = layout(session, schema)
        except Gone:
            # One list's own schema says nothing about the others.
            return ListSeen(one, gone=True, states=(NOT_LANDED,))
        return seen(session, *layouts[schema], one, name)

    @contextmanager
    def _session(self) -> Iterator[Session]:
        """Open a read-only transaction. What PostgreSQL raises is not chained: its text holds names and values."""
        parameters = connection_parameters(self.options, self.secrets)
        try:
            connection = psycopg.connect(**parameters, row_factory=dict_row, prepare_threshold=None, autocommit=True)
        except psycopg.Error as error:
            raise from_connection(error) from None
        connection.autocommit = False
        connection.read_only = True
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        try:
            with connection, connection.cursor() as cursor:
                # Local to the transaction, so that a pool in between hands nothing on to others.
                cursor.execute(
                    "SELECT set_config('statement_timeout', %(limit)s, true), set_config('lock_timeout', %(lock)s, true),"
                    " set_config('timezone', 'UTC', true), set_config('work_mem', '64MB', true)",
                    {"limit": str(int(self.seconds * 1000)), "lock": str(int(self.seconds * 500))},
                )
                yield Session(cursor, self.cut)
        except psycopg.Error as error:
            raise from_statement(error) from None


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


def layout(session: Session, schema: str) -> tuple[str, Layout]:
    """Return the schema's name as written there, and its tables, which may be read. Raises NoSchema, NoTables."""
    found = session.rows(LAYOUT, schema=schema, tables=list(TABLES))
    written, tables = layout_of(schema, [(row["nspname"], row["relname"], row["attname"]) for row in found])
    if not written:
        raise NoSchema(VENDOR)
    table = written_as(IDENTIFIES, tables) or written_as(ENTERED, tables)
    if not table:
        raise NoTables(VENDOR)
    session.rows(permitted(written, table))
    return written, tables


def seen(session: Session, schema: str, tables: Layout, one: str, name: str) -> ListSeen:
    """Return what the tables say about one list."""
    table = written_as(IDENTIFIES, tables)
    columns = [written_as(column, tables.get(table, ())) for column in columns_of(name)]
    if column := next(filter(None, columns), ""):
        return told(one, column, session.rows(trait_count(schema, table, column))[0])
    events = [(written_as(event, tables), event == ENTERED) for event in (ENTERED, EXITED)]
    events = [(event, entered) for event, entered in events if event]
    if not events or not events[0][1]:
        return ListSeen(one, gone=True, states=(NOT_LANDED,))
    found = audiences(session, schema, events[0][0], name)
    if not found:
        return ListSeen(one, gone=True, states=(NOT_LANDED,))
    if len(found) > 1:
        return ListSeen(one, figures=(Figure(Quantity.MEMBERS, None, None, Basis.EXACT),), states=(TWO_ALIKE,))
    return told(one, events[0][0], session.rows(event_count(schema, events), audiences=sorted(found))[0])


def audiences(session: Session, schema: str, table: str, name: str) -> set[str]:
    """Return the numbers of the audiences that the name means: the number itself, or those whose trait it is."""
    landed = [(row["audience_id"], row["audience_name"] or "") for row in session.rows(audiences_in(schema, table))]
    if name.isdecimal():
        return {number for number, _ in landed if number == name}
    stem = name.removeprefix(TRAIT)
    return {number for number, words in landed if number and stem == slugify(words)[:60].strip("-").replace("-", "_")}


def told(one: str, name: str, row: Mapping[str, Any]) -> ListSeen:
    """Return the figures of one counting."""
    known = row["rows"] > 0
    members = row["members"] if known else None
    return ListSeen(
        one,
        name=name,
        figures=(
            Figure(Quantity.MEMBERS, members, members, Basis.EXACT),
            Figure(Quantity.DUPLICATES, row["repeated"], row["repeated"], Basis.EXACT),
            Figure(Quantity.WITHOUT_ID, row["nameless"], row["nameless"], Basis.EXACT),
        ),
        states=() if known else (NO_ROWS,),
        as_of=aware(row["loaded"]),
        changed_at=aware(row["arrived"]),
        version="postgresql",
    )


def aware(moment: datetime | None) -> datetime | None:
    """Return the moment with its zone; a column without one holds UTC."""
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment

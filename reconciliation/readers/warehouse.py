"""Reads audiences back from the PostgreSQL that RudderStack loads: who is in by the last state that landed.

An id is the trait of an audience ("muster_aud_vip"), counted in `identifies`, or where that has no such column in the
event tables; or the number of an audience there. It may have a schema in front, "other.muster_aud_vip", for a source
that lands elsewhere. Raises what reconciliation/readers/warehouse_errors.py lists.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

from django.utils.text import slugify

from audiences.arms import arm_of
from muster.vendor_errors import Gone
from reconciliation.quantities import Basis, Quantity

from .seen import Figure, ListSeen, State
from .warehouse_errors import VENDOR, NoSchema, NoTables
from .warehouse_queries import (
    ENTERED,
    EXITED,
    IDENTIFIES,
    LAYOUT,
    TABLES,
    Layout,
    arm_count,
    audiences_in,
    columns_of,
    event_count,
    is_identifier,
    landed,
    layout_of,
    permitted,
    tables_of,
    trait_count,
    written_as,
)
from .warehouse_session import STATEMENT_SECONDS, Session, session_at

TRAIT: Final = "muster_aud_"
VERSION: Final = "postgresql"
NOT_LANDED = State("column", "missing", "Nothing of this audience has landed yet, or the trait has another name.")
TWO_ALIKE = State(
    "audience", "ambiguous", "Audiences of the same name landed here; enter the audience's number as the list's id."
)
NO_ARMS = State("arm", "missing", "No row that landed says an arm yet, or its trait has another name there.")
TOO_MANY_ARMS = State("arm", "too_many", "So many different values landed that they cannot be arms.")
MOST_ARMS: Final = 50
NO_HOLDOUTS: Final[Mapping[str, str]] = MappingProxyType({})
NO_ROWS = State("rows", "0", "The column is there, and no row of this audience yet.")


def reader(options: Mapping[str, str], secrets: Mapping[str, str]) -> "Warehouse":
    """Return a reader of the warehouse that options and secrets name (needs.NEEDS["warehouse"])."""
    return Warehouse(options, secrets)


@dataclass(frozen=True)
class Landed:
    """Rows and distinct message ids of one event, by stretch of time; None without a table."""

    counts: tuple[tuple[int, int], ...] | None


class Warehouse:
    """`cut`: rows that arrived later do not count. `seconds`: how long one statement may take."""

    def __init__(
        self,
        options: Mapping[str, str],
        secrets: Mapping[str, str],
        *,
        cut: datetime | None = None,
        seconds: float = STATEMENT_SECONDS,
        attributes: Mapping[str, str] = NO_HOLDOUTS,
    ) -> None:
        self.options, self.secrets, self.cut, self.seconds = options, secrets, cut, seconds
        self.attributes = attributes

    def with_arms(self, attributes: Mapping[str, str]) -> "Warehouse":
        """Return a reader that also counts the arms of holdouts: `attributes` by the id of the list."""
        return Warehouse(self.options, self.secrets, cut=self.cut, seconds=self.seconds, attributes=attributes)

    def lists(self, ids: Sequence[str]) -> Mapping[str, ListSeen]:
        """Return each asked list by its id. Raises VendorError.

        One of which nothing landed is unknown: its column comes with its first row. Gone is what no table can have.
        """
        with session_at(self.options, self.secrets, self.cut, self.seconds) as session:
            own = self.options["schema"]
            layouts: dict[str, tuple[str, Layout]] = {own: layout(session, own)}
            return {one: self._seen(session, layouts, one) for one in ids}

    def events(self, names: Sequence[str], starts: Sequence[datetime], until: datetime) -> Mapping[str, Landed]:
        """Return, by event, what landed in each stretch between `starts` and `until`. Raises VendorError.

        An event of which nothing landed has no table yet.
        """
        with session_at(self.options, self.secrets, self.cut, self.seconds) as session:
            return {name: landed_in(session, self.options["schema"], name, starts, until) for name in names}

    def _seen(self, session: Session, layouts: dict[str, tuple[str, Layout]], one: str) -> ListSeen:
        own, _, name = one.rpartition(".")
        schema = own or self.options["schema"]
        if not is_identifier(schema) or not (is_identifier(name) or name.isdecimal()):
            return ListSeen(one, gone=True)
        try:
            if schema not in layouts:
                layouts[schema] = layout(session, schema)
        except Gone:
            # One list's own schema says nothing about the others.
            return ListSeen(one, gone=True)
        found = seen(session, *layouts[schema], one, name)
        attribute = self.attributes.get(one, "")
        return with_arms(session, *layouts[schema], found, name, attribute) if attribute else found


def landed_in(session: Session, schema: str, event: str, starts: Sequence[datetime], until: datetime) -> Landed:
    """Return what landed of an event. Raises NoSchema."""
    names = tables_of(event)
    found = session.rows(LAYOUT, schema=schema, tables=list(names))
    written, tables = layout_of(schema, [(row["nspname"], row["relname"], row["attname"]) for row in found])
    if not written:
        raise NoSchema(VENDOR)
    table = next(filter(None, (written_as(name, tables) for name in names)), "")
    if not table:
        return Landed(None)
    rows = session.rows(landed(written, table), starts=list(starts), until=until)
    by_place = {row["place"]: (row["rows"], row["ids"]) for row in rows}
    return Landed(tuple(by_place.get(place, (0, 0)) for place in range(1, len(starts) + 1)))


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
        return unknown(one, NOT_LANDED)
    found = audiences(session, schema, events[0][0], name)
    if not found:
        return unknown(one, NOT_LANDED)
    if len(found) > 1:
        return unknown(one, TWO_ALIKE)
    return told(one, events[0][0], session.rows(event_count(schema, events), audiences=sorted(found))[0])


def with_arms(session: Session, schema: str, tables: Layout, found: ListSeen, name: str, attribute: str) -> ListSeen:
    """Return what was seen of a list with the members of each arm; without them where nothing says the arm.

    Both statements are of one transaction, so the arms add up to the members.
    """
    table = written_as(IDENTIFIES, tables)
    known = tables.get(table, frozenset())
    column, arm = (
        next(filter(None, (written_as(one, known) for one in columns_of(trait))), "") for trait in (name, attribute)
    )
    if not column or not arm or not is_identifier(attribute):
        return replace(found, states=(*found.states, NO_ARMS))
    rows = session.rows(arm_count(schema, table, column, arm, MOST_ARMS + 1))
    if len(rows) > MOST_ARMS:
        return replace(found, states=(*found.states, TOO_MANY_ARMS))
    by_arm: Counter[str] = Counter()
    for row in rows:
        by_arm[arm_of(row["arm"])] += row["members"]
    figures = [Figure(Quantity.ARM, people, people, Basis.EXACT, one) for one, people in sorted(by_arm.items())]
    return replace(found, figures=(*found.figures, *figures))


def audiences(session: Session, schema: str, table: str, name: str) -> set[str]:
    """Return the numbers of the audiences that the name means: the number itself, or those whose trait it is."""
    landed = [(row["audience_id"], row["audience_name"] or "") for row in session.rows(audiences_in(schema, table))]
    if name.isdecimal():
        return {number for number, _ in landed if number == name}
    stem = name.removeprefix(TRAIT)
    return {number for number, words in landed if number and stem == slugify(words)[:60].strip("-").replace("-", "_")}


def unknown(one: str, state: State) -> ListSeen:
    """Return a list of which nothing can be said but why."""
    return ListSeen(one, figures=(Figure(Quantity.MEMBERS, None, None, Basis.EXACT),), states=(state,), version=VERSION)


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
        version=VERSION,
    )


def aware(moment: datetime | None) -> datetime | None:
    """Return the moment with its zone; a column without one holds UTC."""
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment

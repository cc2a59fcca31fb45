"""Arms counted on a real PostgreSQL: by the newest row of each member, and never by a name that nobody checked."""

from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st

from reconciliation.quantities import Quantity
from reconciliation.readers.seen import ListSeen
from reconciliation.readers.warehouse import MOST_ARMS, Warehouse
from tests.reconciliation.warehouses import COLUMN, SCHEMA, SECRETS, TRAIT, at, options
from tests.reconciliation.warehouses import Warehouse as Server

EXP = "exp_winback"
ARM = f"context_traits_{EXP}"


def asked(server: Server, attribute: str = EXP, **how: Any) -> ListSeen:
    reader = Warehouse(options(server), SECRETS, **how).with_arms({TRAIT: attribute})
    return reader.lists([TRAIT])[TRAIT]


def by_arm(seen: ListSeen) -> dict[str, int | None]:
    return {figure.axis: figure.low for figure in seen.figures if figure.quantity is Quantity.ARM}


@pytest.fixture
def with_arms(landed: Server) -> Server:
    """The table of identifies with a column for the arm."""
    landed.execute("ALTER TABLE {s}.identifies ADD COLUMN {c} text", s=SCHEMA, c=ARM)
    return landed


def land(server: Server, *rows: tuple[Any, ...]) -> None:
    """Insert identifies: (id, user_id, timestamp, received_at, in the audience, arm)."""
    server.execute(
        'INSERT INTO {s}.identifies (id, user_id, "timestamp", received_at, {c}, {arm}) VALUES (%s, %s, %s, %s, %s, %s)',
        list(rows),
        s=SCHEMA,
        c=COLUMN,
        arm=ARM,
    )


def test_the_newest_row_of_each_member_says_the_arm(with_arms: Server) -> None:
    land(
        with_arms,
        ("1", "a", at(0), at(1), True, "control"),
        ("2", "a", at(5), at(6), True, "treated"),
        ("3", "b", at(0), at(1), True, "control"),
        ("4", "c", at(0), at(1), True, "control"),
        ("5", "c", at(5), at(6), False, None),
        ("6", "d", at(0), at(1), True, None),
        ("7", "e", at(0), at(1), None, "control"),
        ("3", "b", at(0), at(2), True, "control"),
        ("8", "f", at(0), at(1), True, " Control"),
        ("9", "g", at(0), at(1), True, "ann@shop.example"),
    )

    seen = asked(with_arms)

    assert by_arm(seen) == {"control": 2, "treated": 1, "": 1, "?": 1}
    members = next(figure.low for figure in seen.figures if figure.quantity is Quantity.MEMBERS)
    assert members == sum(people or 0 for people in by_arm(seen).values())
    assert "shop.example" not in str(seen)


def test_what_arrived_after_the_cut_does_not_count(with_arms: Server) -> None:
    land(with_arms, ("1", "a", at(0), at(1), True, "control"), ("2", "a", at(5), at(10), True, "treated"))

    assert by_arm(asked(with_arms, cut=at(9))) == {"control": 1}
    assert by_arm(asked(with_arms, cut=at(10))) == {"treated": 1}


@pytest.mark.parametrize("attribute", ["exp_other", 'x"; DROP TABLE identifies; --', "received_at; SELECT 1", ""])
def test_an_attribute_that_did_not_land_is_not_read_and_never_a_statement(with_arms: Server, attribute: str) -> None:
    land(with_arms, ("1", "a", at(0), at(1), True, "control"))

    seen = asked(with_arms, attribute)

    assert by_arm(seen) == {}
    assert [state.axis for state in seen.states] == (["arm"] if attribute else [])
    assert by_arm(asked(with_arms)) == {"control": 1}, "the table is still there"


def test_a_column_before_anybody_has_landed_is_not_read(landed: Server) -> None:
    assert by_arm(asked(landed)) == {}


def test_many_values_are_no_arms(with_arms: Server) -> None:
    land(with_arms, *[(str(n), f"u{n}", at(0), at(1), True, f"value {n}") for n in range(MOST_ARMS + 1)])

    seen = asked(with_arms)

    assert by_arm(seen) == {}
    assert [(state.axis, state.code) for state in seen.states] == [("arm", "too_many")]


few = st.integers(0, 3)
landings = st.lists(
    st.tuples(few, st.sampled_from(["a", "b", "c"]), few, few, st.booleans(), st.sampled_from(["control", "x", None])),
    unique_by=lambda row: row[:4],
    max_size=10,
)


@hypothesis.settings(max_examples=15, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])
@hypothesis.given(rows=landings)
def test_whatever_lands_is_counted_as_by_a_few_lines_of_python(with_arms: Server, rows: list[Any]) -> None:
    with_arms.execute("TRUNCATE {s}.identifies", s=SCHEMA)
    land(with_arms, *[(str(n), user, at(when), at(came), state, arm) for n, user, when, came, state, arm in rows])

    newest = {row[1]: row for row in sorted(rows, key=lambda row: (row[2], row[3], row[0]))}
    wanted: dict[str, int] = {}
    for row in newest.values():
        if row[4]:
            wanted[row[5] or ""] = wanted.get(row[5] or "", 0) + 1
    assert by_arm(asked(with_arms)) == wanted

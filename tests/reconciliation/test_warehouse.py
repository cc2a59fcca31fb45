"""The warehouse reader on a real PostgreSQL: what lands there doubled, late, out of order or not at all."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st

from reconciliation.quantities import Basis, Quantity
from reconciliation.readers.seen import ListSeen
from reconciliation.readers.warehouse import reader
from tests.reconciliation.warehouses import COLUMN, SCHEMA, SECRETS, TRAIT, Warehouse, at, look, options


def values(seen: ListSeen) -> dict[str, int | None]:
    assert all(figure.low == figure.high and figure.basis is Basis.EXACT for figure in seen.figures)
    return {figure.quantity.value: figure.low for figure in seen.figures}


def figures(warehouse: Warehouse, **how: Any) -> tuple[int | None, int | None, int | None]:
    """Return members, duplicates, rows without id."""
    found = values(look(warehouse, **how))
    return found[Quantity.MEMBERS], found[Quantity.DUPLICATES], found[Quantity.WITHOUT_ID]


ROWS: dict[str, tuple[list[tuple[Any, ...]], tuple[int, int, int]]] = {
    "entered": ([("1", "a", at(0), at(1), True), ("2", "b", at(0), at(1), True)], (2, 0, 0)),
    "entered, then left": ([("1", "a", at(0), at(1), True), ("2", "a", at(5), at(6), False)], (0, 0, 0)),
    "left, then entered again": (
        [("1", "a", at(0), at(1), True), ("2", "a", at(5), at(6), False), ("3", "a", at(9), at(10), True)],
        (1, 0, 0),
    ),
    "an older state lands late": ([("2", "a", at(5), at(6), False), ("1", "a", at(0), at(60), True)], (0, 0, 0)),
    "a retry landed twice": ([("1", "a", at(0), at(1), True), ("1", "a", at(0), at(2), True)], (1, 1, 0)),
    "three times": ([("1", "a", at(0), at(1), True)] * 3 + [("2", "b", at(0), at(1), True)], (2, 2, 0)),
    "a doubled entry does not outlive the exit": (
        [("1", "a", at(0), at(1), True), ("2", "a", at(5), at(6), False), ("1", "a", at(0), at(7), True)],
        (0, 1, 0),
    ),
    "equal timestamps: the later arrival counts": (
        [("2", "a", at(0), at(2), True), ("1", "a", at(0), at(3), False)],
        (0, 0, 0),
    ),
    "equal arrivals: the greater id counts": (
        [("2", "a", at(0), at(2), True), ("1", "a", at(0), at(2), False)],
        (1, 0, 0),
    ),
    "a time is missing: older than any other": (
        [("1", "a", None, at(9), True), ("2", "a", at(0), at(1), False)],
        (0, 0, 0),
    ),
    "rows without a user": (
        [("1", None, at(0), at(1), True), ("2", "", at(0), at(1), True), ("3", "a", at(0), at(1), True)],
        (1, 0, 2),
    ),
    "rows without an id are no duplicates": (
        [(None, "a", at(0), at(1), True), (None, "b", at(0), at(1), True)],
        (2, 0, 0),
    ),
    "identifies of other audiences say nothing": (
        [("1", "a", at(0), at(1), True), ("2", "a", at(5), at(6), None), ("3", "b", at(5), at(6), None)],
        (1, 0, 0),
    ),
    "everybody left": ([("1", "a", at(0), at(1), False)], (0, 0, 0)),
    "user ids differ by case": ([("1", "a", at(0), at(1), True), ("2", "A", at(0), at(1), True)], (2, 0, 0)),
}


@pytest.mark.parametrize("case", ROWS)
def test_the_last_state_counts(landed: Warehouse, case: str) -> None:
    rows, wanted = ROWS[case]
    landed.land(*rows)

    assert figures(landed) == wanted


few = st.integers(0, 3)
landings = st.lists(
    st.tuples(
        few, st.sampled_from([None, "", "a", "b", "c"]), st.none() | few, few, st.sampled_from([None, True, False])
    ),
    unique_by=lambda row: row[:4],
    max_size=12,
)


def place(row: tuple[int, str | None, int | None, int, bool | None]) -> tuple[bool, int, int, int]:
    """Return where a row stands among those of one person: by timestamp, arrival, id."""
    number, _, when, arrived, _ = row
    return when is not None, when or 0, arrived, number


@hypothesis.settings(max_examples=20, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])
@hypothesis.given(rows=landings)
def test_whatever_lands_is_counted_as_by_a_few_lines_of_python(landed: Warehouse, rows: list[Any]) -> None:
    landed.execute("TRUNCATE {s}.identifies", s=SCHEMA)
    landed.land(*[(str(row[0]), row[1], None if row[2] is None else at(row[2]), at(row[3]), row[4]) for row in rows])

    told = [row for row in rows if row[4] is not None]
    last = {row[1]: row[4] for row in sorted(told, key=place) if row[1]}
    members = sum(last.values()) if told else None
    assert figures(landed) == (members, len(told) - len({row[0] for row in told}), sum(not row[1] for row in told))


def test_what_arrived_after_the_cut_does_not_count(landed: Warehouse) -> None:
    landed.land(("1", "a", at(0), at(1), True), ("2", "a", at(5), at(10), False), ("3", "b", at(5), at(10), True))

    assert [figures(landed, cut=at(minute)) for minute in (1, 9, 10)] == [(1, 0, 0), (1, 0, 0), (1, 0, 0)]
    assert [look(landed, cut=at(minute)).as_of for minute in (1, 9, 10)] == [at(1), at(1), at(10)]
    assert figures(landed, cut=at(0.5))[0] is None


def test_rows_from_the_future_do_not_count_before_their_time(landed: Warehouse) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    landed.land(("1", "a", at(0), at(1), True), ("2", "b", at(0), tomorrow, True))

    assert figures(landed)[0] == 1


def test_fresh_is_the_table_and_changed_is_the_audience(landed: Warehouse) -> None:
    landed.land(("1", "a", at(0), at(1), True), ("2", "z", at(90), at(99), None))

    seen = look(landed)
    assert (seen.as_of, seen.changed_at, seen.name, seen.gone) == (at(99), at(1), COLUMN, False)


def test_a_column_without_rows_is_unknown_not_empty(landed: Warehouse) -> None:
    landed.land(("2", "z", at(90), at(99), None))

    seen = look(landed)
    assert (values(seen)[Quantity.MEMBERS], [state.code for state in seen.states]) == (None, ["0"])
    assert "no row of this audience yet" in seen.states[0].words


def test_several_lists_are_one_session_as_of_one_moment(landed: Warehouse) -> None:
    landed.execute("ALTER TABLE {s}.identifies ADD COLUMN context_traits_muster_aud_lapsed boolean", s=SCHEMA)
    landed.land(("1", "a", at(0), at(1), True), ("2", "b", at(0), at(1), True))
    landed.land(("3", "a", at(2), at(3), True), column="context_traits_muster_aud_lapsed")

    found = reader(options(landed), SECRETS).lists([TRAIT, "muster_aud_lapsed", "muster_aud_new"])
    assert [values(found[one])["members"] for one in found] == [2, 1, None]
    assert not any(found[one].gone for one in found)
    assert "Nothing of this audience has landed" in found["muster_aud_new"].states[0].words


NAMES = {
    "with RudderStack's prefix": ("muster_aud_vip", "context_traits_muster_aud_vip"),
    "without it": ("muster_aud_vip", "muster_aud_vip"),
    "numbers kept": ("muster_aud_cart_1h", "context_traits_muster_aud_cart_1h"),
    "numbers divided": ("muster_aud_cart_1h", "context_traits_muster_aud_cart_1_h"),
    "ordinals are not divided": ("muster_aud_2nd_90d", "context_traits_muster_aud_2nd_90_d"),
    "upper case": ("muster_aud_vip", "CONTEXT_TRAITS_MUSTER_AUD_VIP"),
    "cut at 63 bytes": ("muster_aud_" + "long_" * 12 + "end", ("context_traits_muster_aud_" + "long_" * 12)[:63]),
}


@pytest.mark.parametrize("case", NAMES)
def test_the_column_is_found_however_rudderstack_named_it(warehouse: Warehouse, case: str) -> None:
    trait, column = NAMES[case]
    warehouse.schema()
    warehouse.identifies(column)
    warehouse.land(("1", "a", at(0), at(1), True), column=column)

    seen = look(warehouse, trait)
    assert (values(seen)["members"], seen.name) == (1, column)


def test_upper_case_names_are_found(warehouse: Warehouse) -> None:
    warehouse.schema("Prod_Source")
    warehouse.identifies(schema="Prod_Source", table="IDENTIFIES")
    warehouse.land(("1", "a", at(0), at(1), True), schema="Prod_Source", table="IDENTIFIES")

    assert figures(warehouse, schema="Prod_Source") == figures(warehouse, schema="prod_source") == (1, 0, 0)


def test_of_two_schemas_the_one_written_alike_counts(landed: Warehouse) -> None:
    landed.schema("PROD_SOURCE")
    landed.identifies(schema="PROD_SOURCE")
    landed.land(("1", "a", at(0), at(1), True))
    landed.land(("1", "a", at(0), at(1), True), ("2", "b", at(0), at(1), True), schema="PROD_SOURCE")

    assert [figures(landed, schema=name)[0] for name in (SCHEMA, "PROD_SOURCE")] == [1, 2]


def test_a_list_may_name_a_schema_of_its_own(landed: Warehouse) -> None:
    landed.schema("other_source")
    landed.identifies(schema="other_source")
    landed.land(("1", "a", at(0), at(1), True), schema="other_source")

    assert figures(landed, one=f"other_source.{TRAIT}") == (1, 0, 0)


def test_a_column_of_text_is_read_as_well(warehouse: Warehouse) -> None:
    warehouse.schema()
    warehouse.identifies(type="text")
    warehouse.land(
        ("1", "a", at(0), at(1), "true"), ("2", "b", at(0), at(1), "false"), ("3", "c", at(0), at(1), "True")
    )

    assert figures(warehouse)[0] == 2


def test_names_that_want_out_of_their_quotes_are_no_lists(landed: Warehouse) -> None:
    landed.land(("1", "a", at(0), at(1), True))
    hostile = [
        'vip"; DROP TABLE prod_source.identifies; --',
        "vip' OR '1'='1",
        "pg_catalog.pg_authid;",
        "",
        "a b",
        "ünï",
        "x.y.z",
        "%s",
    ]

    found = reader(options(landed), SECRETS).lists(hostile)
    assert all(found[one].gone for one in hostile)
    assert figures(landed) == (1, 0, 0)


# Event tables, where identifies do not land


@pytest.fixture
def events(warehouse: Warehouse) -> Warehouse:
    """A schema with the two event tables."""
    warehouse.schema()
    warehouse.events("audience_entered")
    warehouse.events("audience_exited")
    return warehouse


def test_the_newest_event_of_a_person_counts(events: Warehouse) -> None:
    events.happen(
        "audience_entered",
        ("1", "a", at(0), at(1), 7, "VIP"),
        ("2", "b", at(0), at(1), 7, "VIP"),
        ("2", "b", at(0), at(2), 7, "VIP"),
        ("3", "c", at(8), at(9), 7, "VIP"),
        ("4", "z", at(0), at(1), 8, "Lapsed 90 days"),
        ("5", None, at(0), at(1), 7, "VIP"),
    )
    events.happen("audience_exited", ("6", "a", at(5), at(6), 7, "VIP"), ("7", "c", at(5), at(6), 7, "VIP"))

    assert figures(events) == figures(events, one="7") == (2, 1, 1)
    assert figures(events, one="muster_aud_lapsed_90_days") == (1, 0, 0)


def test_nobody_has_left_yet_so_there_is_no_table_of_exits(warehouse: Warehouse) -> None:
    warehouse.schema()
    warehouse.events("audience_entered")
    warehouse.happen("audience_entered", ("1", "a", at(0), at(1), 7, "VIP"))

    seen = look(warehouse)
    assert (values(seen)["members"], seen.name, seen.as_of) == (1, "audience_entered", at(1))


def test_a_name_that_two_audiences_had_is_unknown_and_says_so(events: Warehouse) -> None:
    events.happen("audience_entered", ("1", "a", at(0), at(1), 7, "VIP"), ("2", "b", at(0), at(1), 9, "vip"))

    seen = look(events)
    assert (values(seen), seen.gone) == ({"members": None}, False)
    assert "enter the audience's number" in seen.states[0].words
    assert figures(events, one="9") == (1, 0, 0)


def test_an_audience_of_which_no_event_landed_is_unknown(events: Warehouse) -> None:
    for one in (TRAIT, "12"):
        seen = look(events, one)
        assert (values(seen), seen.gone) == ({"members": None}, False)
        assert "Nothing of this audience has landed" in seen.states[0].words


@pytest.mark.slow
def test_a_million_rows_are_counted_within_the_time_limit(landed: Warehouse) -> None:
    """950,000 identifies of 400,000 people, and the twentieth part of them landed twice."""
    landed.execute(
        'INSERT INTO {s}.identifies (id, user_id, "timestamp", received_at, {c}) '
        "SELECT md5(g::text), 'user-' || mod(g, 400000), "
        "'2026-01-01'::timestamptz + g * interval '1 second', '2026-01-02'::timestamptz + g * interval '1 second', "
        "mod(g, 7) <> 0 FROM generate_series(1, 950000) g",
        s=SCHEMA,
        c=COLUMN,
    )
    landed.execute(
        "INSERT INTO {s}.identifies SELECT * FROM {s}.identifies WHERE mod(date_part('epoch', received_at)::bigint, 19) = 0",
        s=SCHEMA,
    )

    # The newest row of each is among the last 400,000: no matter what came before, and in which order rows lie.
    members = sum(1 for number in range(550_001, 950_001) if number % 7)
    began = time.monotonic()
    assert figures(landed) == (members, 50_000, 0)
    assert time.monotonic() - began < 60

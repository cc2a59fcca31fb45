"""What is asked of a warehouse that RudderStack loads: the names of its columns, and the statements. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, LiteralString

from psycopg import sql

IDENTIFIER: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*")
LONGEST: Final = 63  # bytes of a name in PostgreSQL; RudderStack cuts there
IDENTIFIES: Final = "identifies"
ENTERED, EXITED = "audience_entered", "audience_exited"
TABLES: Final = (IDENTIFIES, ENTERED, EXITED)
# Split as RudderStack does with "underscore divides numbers", which keeps 1st, 2nd, 3rd, 4th together.
BESIDE_DIGITS: Final = re.compile(r"\d*(?:1st|2nd|3rd|(?<![123])\dth)(?![a-z])|\d+|[a-z]+")

LAYOUT: Final = """
SELECT n.nspname, c.relname, a.attname FROM pg_catalog.pg_namespace n
LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
    AND lower(c.relname) = ANY(%(tables)s)
LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE lower(n.nspname) = lower(%(schema)s)
"""
# A state that is older by `timestamp` may arrive later, so the order of arrival only breaks ties. Figures of the column
# and freshness of the table come from the same look. `cut` is when the transaction began where nobody gave one.
COUNT: Final[LiteralString] = """
WITH told AS ({told}),
newest AS (
    SELECT DISTINCT ON (user_id) state FROM told WHERE user_id <> ''
    ORDER BY user_id, "timestamp" DESC NULLS LAST, received_at DESC, id DESC
)
SELECT (SELECT count(*) FROM newest WHERE state) AS members,
    rows, ids - (SELECT count(*) FROM (SELECT id FROM told WHERE id IS NOT NULL GROUP BY id) one) AS repeated,
    nameless, arrived, (SELECT max(received_at) FROM {freshest} WHERE received_at <= coalesce(%(cut)s, now())) AS loaded
FROM (
    SELECT count(*) AS rows, count(id) AS ids, max(received_at) AS arrived,
        count(*) FILTER (WHERE coalesce(user_id, '') = '') AS nameless
    FROM told
) totals
"""
FROM_TRAIT: Final[LiteralString] = """
SELECT id, user_id::text AS user_id, "timestamp", received_at, lower({column}::text) = 'true' AS state FROM {table}
WHERE received_at <= coalesce(%(cut)s, now()) AND {column} IS NOT NULL
"""
FROM_EVENTS: Final[LiteralString] = """
SELECT id, user_id::text AS user_id, "timestamp", received_at, {state} AS state FROM {table}
WHERE received_at <= coalesce(%(cut)s, now()) AND audience_id::text = ANY(%(audiences)s)
"""
# By the arm that the newest row of each member says; the arm is told in the same rows as the state. More arms than a holdout
# can have are no arms.
ARMS: Final[LiteralString] = """
WITH newest AS (
    SELECT DISTINCT ON (user_id) lower({column}::text) = 'true' AS state, coalesce({arm}::text, '') AS arm
    FROM {table}
    WHERE received_at <= coalesce(%(cut)s, now()) AND {column} IS NOT NULL AND user_id::text <> ''
    ORDER BY user_id, "timestamp" DESC NULLS LAST, received_at DESC, id DESC
)
SELECT arm, count(*) AS members FROM newest WHERE state GROUP BY arm ORDER BY members DESC, arm LIMIT {most}
"""
AUDIENCES: Final[LiteralString] = "SELECT DISTINCT audience_id::text, audience_name::text FROM {table}"
# Distinct message ids, because RudderStack may land a row twice; never count(*) alone.
LANDED: Final[LiteralString] = """
SELECT width_bucket(received_at::timestamptz, %(starts)s::timestamptz[]) AS place, count(*) AS rows, count(DISTINCT id) AS ids
FROM {table} WHERE received_at >= (%(starts)s::timestamptz[])[1] AND received_at < %(until)s GROUP BY 1
"""
CAMEL: Final = r"[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z0-9]+|[0-9]+"
WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")

Layout = Mapping[str, frozenset[str]]


def is_identifier(text: str) -> bool:
    """Whether the text may stand as a name in a statement, quoted."""
    return IDENTIFIER.fullmatch(text) is not None


def columns_of(trait: str) -> tuple[str, ...]:
    """Return the names that RudderStack may have given to a trait's column, the likeliest first.

    Traits of `context` land with that prefix; a setting of the source puts them without one; another divides numbers.
    """
    names: list[str] = []
    for whole in (f"context_traits_{trait}", trait):
        words = [word for word in whole.lower().split("_") if word]
        divided = [part for word in words for part in BESIDE_DIGITS.findall(word)]
        for parts in (words, divided):
            name = "_".join(parts)
            names.append(f"_{name}"[:LONGEST] if name[:1].isdigit() else name[:LONGEST])
    return tuple(dict.fromkeys(names))


def tables_of(event: str) -> tuple[str, ...]:
    """Return the names that RudderStack may give to an event's table, the likeliest first: "Coupon Shown" is coupon_shown.

    Whether figures stand apart from letters is a setting of the warehouse.
    """
    parts = [WORDS.findall(part) for part in re.split(r"[^A-Za-z0-9]+", event)]
    divided = [word.lower() for words in parts for word in words]
    kept = [word.lower() for part in re.split(r"[^A-Za-z0-9]+", event) for word in re.findall(CAMEL, part)]
    names = ["_".join(words) for words in (kept, divided) if words]
    return tuple(dict.fromkeys(f"_{name}"[:LONGEST] if name[:1].isdigit() else name[:LONGEST] for name in names))


def landed(schema: str, table: str) -> sql.Composed:
    """Return the statement that counts an event's rows and distinct message ids between the moments of `starts`."""
    return sql.SQL(LANDED).format(table=sql.Identifier(schema, table))


def layout_of(schema: str, rows: Iterable[tuple[str, str | None, str | None]]) -> tuple[str, Layout]:
    """Return the schema's name as it is written there, empty where it is missing, and its tables with their columns.

    Names are found whatever their case; one written exactly as asked wins.
    """
    found = list(rows)
    names = {name for name, _, _ in found}
    written = schema if schema in names else min(names, default="")
    tables: dict[str, set[str]] = {}
    for name, table, column in found:
        if name == written and table and column:
            tables.setdefault(table, set()).add(column)
    return written, {table: frozenset(columns) for table, columns in tables.items()}


def written_as(name: str, names: Iterable[str]) -> str:
    """Return the name as it is written among names, whatever its case; empty where it is not there."""
    alike = [one for one in names if one.lower() == name.lower()]
    return name if name in alike else min(alike, default="")


def trait_count(schema: str, table: str, column: str) -> sql.Composed:
    """Return the statement that counts who has the trait last."""
    place = sql.Identifier(schema, table)
    return counted([sql.SQL(FROM_TRAIT).format(table=place, column=sql.Identifier(column))], place)


def event_count(schema: str, tables: Sequence[tuple[str, bool]]) -> sql.Composed:
    """Return the statement that counts who entered last; `tables` says of each whether its rows mean entering."""
    parts = [
        sql.SQL(FROM_EVENTS).format(table=sql.Identifier(schema, table), state=sql.Literal(entered))
        for table, entered in tables
    ]
    return counted(parts, sql.Identifier(schema, tables[0][0]))


def counted(parts: Sequence[sql.Composed], freshest: sql.Identifier) -> sql.Composed:
    """Return the counting statement over rows of one or two tables."""
    return sql.SQL(COUNT).format(told=sql.SQL(" UNION ALL ").join(parts), freshest=freshest)


def arm_count(schema: str, table: str, column: str, arm: str, most: int) -> sql.Composed:
    """Return the statement that counts the members in each arm; the arm's column is `arm`."""
    return sql.SQL(ARMS).format(
        table=sql.Identifier(schema, table),
        column=sql.Identifier(column),
        arm=sql.Identifier(arm),
        most=sql.Literal(most),
    )


def audiences_in(schema: str, table: str) -> sql.Composed:
    """Return the statement that lists the audiences of an event table."""
    return sql.SQL(AUDIENCES).format(table=sql.Identifier(schema, table))


def permitted(schema: str, table: str) -> sql.Composed:
    """Return a statement that reads nothing, and fails where reading is not allowed."""
    return sql.SQL("SELECT FROM {table} LIMIT 0").format(table=sql.Identifier(schema, table))

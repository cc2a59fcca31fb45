"""Changes of rows whose SQL is built once a process, as in kept_query.py: for the few that each request to a pipe makes.

Values reach the database as Django prepares them. No signals are sent, and nothing of the rows in memory changes.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

from django.db import connections, models, transaction
from django.db.models import F, IntegerField, Value
from django.db.models.expressions import CombinedExpression, RawSQL
from django.db.models.sql import InsertQuery, UpdateQuery

DATABASE: Final = "default"
FEW: Final = 4


class Statement(NamedTuple):
    """SQL, and the names whose values are its parameters in turn."""

    sql: str
    names: tuple[str, ...]


def update(model: type[models.Model], where: Mapping[str, Any], fields: Mapping[str, Any]) -> int:
    """Give the fields of those rows that have all the values of `where`, none of them None, and return how many there are.

    A field becomes a value, or `F(itself) + n` or `- n`.
    """
    more = {name: _added(name, value) for name, value in fields.items() if hasattr(value, "resolve_expression")}
    statement = _update(model, tuple(where), tuple(fields), frozenset(more))
    given = {f"={name}": _prepared(model, name, value) for name, value in where.items()}
    given |= {name: _prepared(model, name, value) for name, value in {**fields, **more}.items()}
    return _execute(statement, given)[0]


def insert(row: models.Model) -> None:
    """Write a new row and give it its key. Raises IntegrityError."""
    _put(row, _insert(type(row), (), ()))


def put(rows: Sequence[models.Model], *, unique: Sequence[str], changing: Sequence[str], at_once: int = 500) -> None:
    """Write rows; where one with the same `unique` fields is there, change its `changing` fields. Keys are not told.

    A few are written one by one; of many, so many at once.
    """
    if len(rows) <= FEW:
        for row in rows:
            _put(row, _insert(type(row), tuple(unique), tuple(changing)))
        return
    type(rows[0])._default_manager.using(DATABASE).bulk_create(
        rows, batch_size=at_once, update_conflicts=True, unique_fields=unique, update_fields=changing
    )


def _put(row: models.Model, statement: Statement) -> None:
    fields = {field.name: field for field in row._meta.concrete_fields}
    connection = connections[DATABASE]
    given = {
        name: fields[name].get_db_prep_save(fields[name].pre_save(row, add=True), connection)
        for name in statement.names
    }
    _, found = _execute(statement, given)
    if found is not None:
        row.pk = found[0]
    row._state.adding, row._state.db = False, DATABASE


def _added(name: str, value: Any) -> int:
    """Return the n of `F(name) + n` or `F(name) - n`. Raises TypeError for another expression: its SQL could not be kept."""
    if isinstance(value, CombinedExpression) and isinstance(value.rhs, Value) and value.lhs == F(name):
        sign = {"+": 1, "-": -1}.get(value.connector, 0)
        if sign:
            return sign * int(value.rhs.value)
    raise TypeError(f"{name} would become {value!r}, which is neither a value nor F({name!r}) + n")


def _prepared(model: type[models.Model], name: str, value: Any) -> Any:
    field: Any = model._meta.pk if name == "pk" else model._meta.get_field(name)
    if hasattr(value, "prepare_database_save"):
        value = value.prepare_database_save(field)
    return field.get_db_prep_save(value, connections[DATABASE])


def _execute(statement: Statement, given: Mapping[str, Any]) -> tuple[int, Any]:
    """Return how many rows were touched, and the row that came back, None where none is asked for."""
    parameters = [given[name] for name in statement.names]
    with transaction.mark_for_rollback_on_error(using=DATABASE), connections[DATABASE].cursor() as cursor:
        cursor.execute(statement.sql, parameters)
        return cursor.rowcount, cursor.fetchone() if " RETURNING " in statement.sql else None


@lru_cache(maxsize=256)
def _update(
    model: type[models.Model], where: tuple[str, ...], fields: tuple[str, ...], more: frozenset[str]
) -> Statement:
    rows = model._default_manager.using(DATABASE).filter(**{name: _place(f"={name}") for name in where})
    query: Any = rows.query.chain(UpdateQuery)
    query.add_update_values({name: F(name) + _place(name) if name in more else _place(name) for name in fields})
    sql, names = query.get_compiler(DATABASE).as_sql()
    return Statement(sql, names)


def _place(name: str) -> RawSQL:
    """Stand where the value goes: its one parameter is the name."""
    return RawSQL("%s", [name], output_field=IntegerField())


@lru_cache(maxsize=64)
def _insert(model: type[models.Model], unique: tuple[str, ...], changing: tuple[str, ...]) -> Statement:
    conflict = models.query.OnConflict.UPDATE if unique else None  # type: ignore[attr-defined]
    query: Any = InsertQuery(
        model,
        on_conflict=conflict,
        update_fields=[model._meta.get_field(name) for name in changing],
        unique_fields=[model._meta.get_field(name) for name in unique],
    )
    fields = [field for field in model._meta.concrete_fields if not isinstance(field, models.AutoField)]
    query.insert_values(fields, [model(**{field.attname: None for field in fields})])
    compiler: Any = query.get_compiler(DATABASE)
    own = isinstance(model._meta.pk, models.AutoField) and not unique
    compiler.returning_fields = [model._meta.pk] if own else ()
    ((sql, _),) = compiler.as_sql()
    return Statement(sql, tuple(field.name for field in fields))

"""A question to the database whose SQL is built once a process: building it anew takes ten times as long as asking.

For what is asked at most requests, in the same words but for a key. All else stays with plain query sets.
"""

import copy
from collections.abc import Callable
from functools import cached_property
from typing import Any, Generic, NamedTuple, TypeVar

from django.db import connections, models
from django.db.models.query import ModelIterable
from django.http import Http404

Row = TypeVar("Row", bound=models.Model)
Key = int | str
LARGEST = (1 << 63) - 1  # the largest key that a database takes
# They stand in the SQL's parameters where the keys go, so they must be no value that a query has of itself.
PLACES: dict[type, Callable[[int], Key]] = {
    int: lambda at: -7_205_759_403_792_790 - at,
    str: lambda at: f"\x01{at}\x01",
}


class KeptQuery(Generic[Row]):
    """`KeptQuery(lambda slug: Audience.objects.filter(slug=slug), str)`, then `.rows("winback")` or `.first("winback")`.

    Joined rows, annotations and what is prefetched come as from the query set.
    """

    def __init__(self, ask: Callable[..., models.QuerySet[Row]], *kinds: type[int] | type[str]) -> None:
        self._ask = ask
        self._places = [PLACES[kind](at) for at, kind in enumerate(kinds)]

    def rows(self, *keys: Key) -> list[Row]:
        """Return what is found, none for a key that is too large for a database."""
        if any(isinstance(key, int) and abs(key) > LARGEST for key in keys):
            return []
        filled: Any = self._filled(keys)
        found: list[Row] = list(ModelIterable(filled))
        models.prefetch_related_objects(found, *self._prefetched)
        return found

    def first(self, *keys: Key) -> Row | None:
        """Return the first row found, else None."""
        return next(iter(self.rows(*keys)), None)

    def or_404(self, *keys: Key) -> Row:
        """Return the first row found. Raises Http404."""
        found = self.first(*keys)
        if found is None:
            raise Http404(f"No {self._built.rows.model._meta.object_name} is there.")
        return found

    @cached_property
    def _built(self) -> "_Built":
        rows = self._ask(*self._places)
        compiler: Any = rows.query.get_compiler(rows.db)
        sql, parameters = compiler.as_sql()
        columns = [column for column, _, _ in compiler.select[: compiler.col_count]]
        return _Built(rows, compiler, sql, parameters, compiler.get_converters(columns))

    @cached_property
    def _prefetched(self) -> tuple[Any, ...]:
        return tuple(getattr(self._built.rows, "_prefetch_related_lookups"))  # noqa: B009

    def _filled(self, keys: tuple[Key, ...]) -> "_Filled":
        built, given = self._built, dict(zip(self._places, keys, strict=True))
        parameters = tuple(given.get(one, one) if isinstance(one, int | str) else one for one in built.parameters)
        compiler: Any = copy.copy(built.compiler)
        compiler.connection = connections[compiler.using]  # of this thread
        compiler.as_sql = lambda *_, **__: (built.sql, parameters)
        compiler.get_converters = lambda _: built.converters
        return _Filled(built.rows, compiler)


class _Built(NamedTuple):
    rows: models.QuerySet[Any]
    compiler: Any
    sql: str
    parameters: tuple[Any, ...]
    converters: Any


class _Filled:
    """What Django asks of a query set to make its rows."""

    def __init__(self, rows: models.QuerySet[Any], compiler: Any) -> None:
        self.db, self.model, self.query = rows.db, rows.model, self
        self._compiler = compiler
        self._known_related_objects: dict[Any, Any] = {}

    def get_compiler(self, using: str) -> Any:
        return self._compiler

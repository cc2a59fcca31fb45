"""Rows that are written once. What was read stays what was read; a correction is a newer row."""

from typing import Any, Never, TypeVar

from django.db import models

Row = TypeVar("Row", bound=models.Model)


class AppendOnly(Exception):
    """Somebody wanted to change or delete what was read."""


class AppendOnlyQuerySet(models.QuerySet[Row]):
    def update(self, **_fields: Any) -> Never:
        raise AppendOnly("what was read cannot be changed")

    def delete(self) -> Never:
        raise AppendOnly("what was read cannot be deleted")

    def bulk_update(self, objs: Any, fields: Any, batch_size: int | None = None) -> Never:
        raise AppendOnly("what was read cannot be changed")


class AppendOnlyModel(models.Model):
    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnly("what was read cannot be changed")
        super().save(*args, **{**kwargs, "force_insert": True})

    def delete(self, *_args: Any, **_kwargs: Any) -> Never:
        raise AppendOnly("what was read cannot be deleted")

"""{% load audience_row %}: one row of the list of audiences."""

from functools import lru_cache

from django import template
from django.conf import settings
from django.template.loader import render_to_string

from audiences.rows import Row

register = template.Library()


@register.simple_tag
def audience_row(row: Row) -> str:
    """`{% audience_row row %}`: the same values look the same, so what was drawn is kept until a value changes."""
    return _drawn(row) if settings.DEBUG else _kept(row)


def _drawn(row: Row) -> str:
    return render_to_string("audiences/_audience_row.html", {"row": row})


_kept = lru_cache(maxsize=2048)(_drawn)

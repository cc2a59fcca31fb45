"""A choice among hundreds, drawn in one go: Django draws a template for each option, which takes a tenth of a second for 600."""

from functools import lru_cache
from typing import Any

from django.forms import Select
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join


@lru_cache(maxsize=64)
def _options(choices: tuple[tuple[str, Any], ...], chosen: frozenset[str]) -> str:
    marks = ((key, " selected" if key in chosen else "", label) for key, label in choices)
    return format_html_join("", '<option value="{}"{}>{}</option>', marks)


class LongSelect(Select):
    """A select without groups."""

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> Any:
        """Return the select with its options; `value` is the chosen one."""
        given = {str(one) for one in (value if isinstance(value, list | tuple) else [value]) if one is not None}
        choices = tuple((str(key), label) for key, label in self.choices)
        options = _options(choices, frozenset(key for key, _ in choices if key in given))
        return format_html(
            "<select{}>{}</select>", flatatt(self.build_attrs({**self.attrs, "name": name}, attrs)), options
        )

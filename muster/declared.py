"""A system check: a view that does not declare whom it is for keeps the project from starting."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import Error, register
from django.urls import URLPattern, URLResolver, get_resolver

from .access import is_declared


def views(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield (pattern, view) for every URL outside of Django's admin, which the middleware guards as a whole."""
    for entry in resolver.url_patterns:
        if isinstance(entry, URLPattern):
            yield prefix + str(entry.pattern), entry.callback
        elif isinstance(entry, URLResolver) and entry.app_name != "admin":
            yield from views(entry, prefix + str(entry.pattern))


@register()
def every_view_declares(*, app_configs: Sequence[AppConfig] | None, **_options: object) -> list[Error]:
    """Return an error for each view without @allow or @public."""
    return [
        Error(
            f"The view of /{pattern} does not declare whom it is for.",
            hint="Put @allow(Permission.…) or @public on it.",
            id="muster.E001",
        )
        for pattern, view in views(get_resolver())
        if not is_declared(view)
    ]

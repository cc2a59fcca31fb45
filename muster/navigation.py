"""The main navigation: where one can go, and who sees the way there."""

from dataclasses import dataclass

from .access import Permission


@dataclass(frozen=True)
class Place:
    """One entry. It is current on its own page and on the pages whose path begins with one of `covers`."""

    label: str
    icon: str
    url_name: str
    needs: frozenset[Permission]
    covers: tuple[str, ...]


def _any_of(*permissions: Permission) -> frozenset[Permission]:
    return frozenset(permissions)


PLACES = (
    Place("Your audiences", "home", "audiences:list", _any_of(Permission.READ), ("/audiences/",)),
    Place("Runs", "history", "syncs:runs", _any_of(Permission.READ), ("/runs/", "/pauses/", "/lists/")),
    Place(
        "Connections",
        "plug",
        "audiences:connections",
        _any_of(Permission.READ_SETUP),
        ("/connections/",),
    ),
    Place("Traits", "list", "audiences:traits", _any_of(Permission.READ_SETUP), ("/traits/",)),
    Place("People", "users", "people:list", _any_of(Permission.MANAGE_PEOPLE), ("/people/",)),
    Place("Event log", "report", "log", _any_of(Permission.READ_LOG), ("/log/",)),
)

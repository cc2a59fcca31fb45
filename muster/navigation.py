"""The main navigation: where one can go, and who sees the way there."""

from dataclasses import dataclass

from .access import Permission


@dataclass(frozen=True)
class Place:
    """One entry. It is current on its own page and on the pages whose path begins with one of `covers`.

    `count_url` names where the page loads from how many things there are to act on.
    """

    label: str
    icon: str
    url_name: str
    needs: Permission
    covers: tuple[str, ...]
    count_url: str = ""


PLACES = (
    Place(
        "Your audiences",
        "home",
        "your_audiences",
        Permission.READ,
        ("/audiences/", "/lists/"),
        "your_audiences_count",
    ),
    Place(
        "Suppression",
        "shield",
        "reconciliation:suppression",
        Permission.READ,
        ("/suppression/",),
        "reconciliation:suppression_count",
    ),
    Place("Drift reports", "report", "reconciliation:reports", Permission.READ, ("/reports/",)),
    Place("Runs", "history", "syncs:runs", Permission.READ, ("/runs/", "/pauses/")),
    Place(
        "Journey events", "bolt", "reconciliation:events", Permission.READ, ("/events/",), "reconciliation:events_count"
    ),
    Place("Health", "activity", "syncs:health_page", Permission.READ, ("/health/",)),
    Place(
        "Connections",
        "plug",
        "audiences:connections",
        Permission.READ_SETUP,
        ("/connections/", "/roster/"),
    ),
    Place("Readiness", "check", "syncs:readiness", Permission.READ, ("/readiness/",)),
    Place("Core cohorts", "users", "audiences:cohorts", Permission.READ, ("/cohorts/",)),
    Place("Traits", "list", "audiences:traits", Permission.READ_SETUP, ("/traits/",)),
    Place("People", "users", "people:list", Permission.MANAGE_PEOPLE, ("/people/",)),
    Place("Event log", "clock", "log", Permission.READ_LOG, ("/log/",)),
)

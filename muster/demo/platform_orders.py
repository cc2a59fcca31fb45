"""What the demo orders from the stand-ins of the platforms behind RudderStack, over HTTP as anybody else would."""

from datetime import datetime
from typing import Any

from django.conf import settings

from muster.http import Door

from .ad_accounts import (
    AD_SETS,
    CAMPAIGNS,
    CART,
    COHORTS,
    IDS,
    LATE,
    LATE_AD_SET,
    MATCH_WITHOUT_PHONES,
    OTHERS,
    PLATFORMS,
)
from .northwind import AMPLITUDE, GOOGLE, META


class Platforms:
    """The ad accounts and the analytics project in which Northwind's lists are."""

    def __init__(self) -> None:
        url = str(settings.SANDBOX_RUDDER)
        self.doors = {
            key: Door(f"{url}/platforms/{plan.standin}", vendor=f"Sandbox {plan.standin}", timeout=60)
            for key, plan in PLATFORMS.items()
        }

    def order(self, key: str, path: str, body: Any) -> None:
        self.doors[key].post(f"/_sandbox/{path}", json=body)

    def make(self) -> None:
        """Fill the accounts: how many people they know, lists that Muster does not fill, ads, cohorts."""
        for key, plan in PLATFORMS.items():
            if plan.switches:
                self.order(key, "options", dict(plan.switches))
        for key, lists in OTHERS.items():
            for number, other in lists.items():
                self.order(key, f"lists/{number}", other)
        for number, cohort in COHORTS.items():
            self.order(AMPLITUDE, f"lists/{number}", cohort)
        for number, ad_set in AD_SETS.items():
            self.order(META, f"ad_sets/{number}", dict(ad_set))
        for number, campaign in CAMPAIGNS.items():
            self.order(GOOGLE, f"campaigns/{number}", dict(campaign))

    def make_late_ad_set(self) -> None:
        """Let somebody make an ad set that leaves nobody out whom it should."""
        self.order(META, f"ad_sets/{LATE}", dict(LATE_AD_SET))

    def recognise_fewer(self) -> None:
        """Let Meta know fewer of those who left a cart, as where identifiers are lost."""
        self.order(META, f"lists/{IDS[CART, META]}", {"match": MATCH_WITHOUT_PHONES})

    def set_clocks(self, at: datetime) -> None:
        """Let it be that time at every platform."""
        for key in self.doors:
            self.order(key, "clock", {"now": at.timestamp()})

    def fail_once(self, key: str) -> None:
        """Let a platform be out of order when it is asked next."""
        self.order(key, "faults", {"kind": "503", "match": {"path": "customers|act_|cohorts|[0-9]{6}"}})


def config_of(audience: str, key: str, list_name: str) -> dict[str, Any]:
    """Return how RudderStack's destination names the list that it fills."""
    if (audience, key) not in IDS or not list_name:
        return {}
    plan = PLATFORMS[key]
    return {"audienceId": IDS[audience, key], "audienceName": list_name, plan.whose: plan.account}

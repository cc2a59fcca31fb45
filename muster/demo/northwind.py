"""Northwind Outfitters, the demo's company: its segments in Customer.io, its destinations, its traits. Only data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

COMPANY: Final = "Northwind Outfitters"
# The winback journey's random branch writes who sees its ads and who is held out.
WINBACK_ARMS: Final = "exp_winback"
PEOPLE_COUNT: Final = 4000
PEOPLE: Final = {
    "count": PEOPLE_COUNT,
    "seed": 2026,
    "arms": {WINBACK_ARMS: {"control": 0.1, "treated": 0.85}},
}
HOUR, DAY = 3600, 86400


def did(event: str, within: int, *, times: int = 1, inverse: bool = False) -> dict[str, Any]:
    """Return the condition that an event happened within so many seconds (0: ever)."""
    return {"event": {"type": "event", "name": event, "id": 0}, "inverse": inverse, "times": times, "within": within}


def has(attribute: str, operator: str, value: str = "", *, inverse: bool = False) -> dict[str, Any]:
    """Return the condition that an attribute has a value, in the form that Customer.io shows."""
    row = {"field": "to", "operator": operator, "value": value, "inverse": inverse}
    change = {"type": "attribute_change", "name": attribute, "id": 0, "filters": {"and": [row]}}
    return {"event": change, "ui_type": "attribute", "inverse": False, "times": 1, "within": 0}


@dataclass(frozen=True)
class SegmentPlan:
    """A segment at Customer.io: its conditions, and which share of which people the stand-in puts in it."""

    number: int
    name: str
    conditions: tuple[dict[str, Any], ...]
    share: float
    first: int = 0
    last: int = PEOPLE_COUNT
    description: str = ""
    used_by: Mapping[str, list[int]] = field(default_factory=dict)

    def order(self) -> dict[str, Any]:
        """Return what the stand-in needs to make it."""
        return {
            "id": self.number,
            "name": self.name,
            "description": self.description,
            "conditions": {"and": list(self.conditions)},
            "generated": {"from": self.first, "to": self.last, "share": self.share},
            "used_by": dict(self.used_by),
        }


NOT_BOUGHT = did("order_completed", 7 * DAY, inverse=True)
CART_1, CART_4, CART_24 = 4182, 4183, 4184
BOUGHT, REFUNDED, SUPPORT, UNSUBSCRIBED = 3901, 3907, 3911, 3920
VIP, LAPSED, BOOTS, HOLDOUT, NEW = 4016, 4021, 4090, 4120, 4133

SEGMENTS: Final = (
    SegmentPlan(BOUGHT, "Purchased in last 7 days", (did("order_completed", 7 * DAY),), 0.2),
    SegmentPlan(
        REFUNDED,
        "Refunded or chargeback, 90 d",
        ({"or": [did("order_refunded", 90 * DAY), did("chargeback_opened", 90 * DAY)]},),
        0.04,
    ),
    SegmentPlan(
        SUPPORT,
        "Support-sensitive customers",
        (has("support_flag", "eq", "sensitive"),),
        0.012,
        description="Open complaint or safety case. Nobody here sees an ad.",
    ),
    SegmentPlan(UNSUBSCRIBED, "Unsubscribed, all channels", (has("unsubscribed", "eq", "true"),), 0.08),
    SegmentPlan(
        VIP, "VIP, lifetime value over $1,200", (has("ltv_tier", "eq", "vip"), has("orders", "gte", "5")), 0.05
    ),
    SegmentPlan(
        LAPSED,
        "Lapsed 90 d, 2+ orders",
        (did("order_completed", 90 * DAY, inverse=True), has("orders", "gte", "2")),
        0.36,
        last=3400,
    ),
    SegmentPlan(BOOTS, "Bought hiking boots, no care kit", (did("boots_bought", 60 * DAY), NOT_BOUGHT), 0.07),
    SegmentPlan(
        HOLDOUT,
        "Coupon holdout, November",
        (did("Holdout Assigned", 30 * DAY),),
        0.10,
        description="Ten in a hundred carts get no coupon, so that the coupon's effect can be measured.",
        used_by={"campaigns": [71]},
    ),
    SegmentPlan(NEW, "New subscribers, no order yet", (has("orders", "eq", "0"), did("signed_up", 30 * DAY)), 0.09),
    SegmentPlan(
        CART_1,
        "Cart abandoned 1–4 h, over $80",
        (
            did("cart_updated", 4 * HOUR),
            did("cart_updated", HOUR, inverse=True),
            has("cart_value", "gt", "80"),
            NOT_BOUGHT,
        ),
        0.55,
        last=2600,
        used_by={"campaigns": [64]},
    ),
    SegmentPlan(
        CART_4,
        "Cart abandoned 4–24 h, over $80",
        (
            did("cart_updated", DAY),
            did("cart_updated", 4 * HOUR, inverse=True),
            has("cart_value", "gt", "80"),
            NOT_BOUGHT,
        ),
        0.26,
        first=1300,
        last=2600,
    ),
    SegmentPlan(
        CART_24,
        "Cart abandoned 1–3 d, over $80",
        (
            did("cart_updated", 3 * DAY),
            did("cart_updated", DAY, inverse=True),
            has("cart_value", "gt", "80"),
            NOT_BOUGHT,
        ),
        0.36,
        first=2600,
    ),
)
# Somebody shortens the refund window in Customer.io without telling anyone: the list then holds its removals.
EDITED: Final = {
    "conditions": {"and": [{"or": [did("order_refunded", 30 * DAY), did("chargeback_opened", 30 * DAY)]}]},
    "generated": {"from": 0, "to": PEOPLE_COUNT, "share": 0.016},
}


@dataclass(frozen=True)
class TeamPlan:
    """People of the company who are people in Customer.io too, and in which segments they are, so that pilots reach them."""

    team: str
    names: tuple[str, ...]
    segments: tuple[int, ...]


# Who is in a suppression is excluded from targeting, so two groups of the team prove the two kinds of audience.
TEAM: Final = (
    TeamPlan("Retention", ("priya.raman", "tomas.lindqvist", "mia.torres", "helen.marchetti"), (CART_1, LAPSED, VIP)),
    TeamPlan("Data", ("yusuf.demir", "ana.bello", "ravi.nair"), (HOLDOUT, BOOTS, CART_1)),
    TeamPlan("Paid media", ("grace.adeyemi", "kim.olsen", "lena.sato"), (BOUGHT, REFUNDED)),
)


@dataclass(frozen=True)
class DestinationPlan:
    key: str
    name: str
    platform: str
    account: str
    lag_minutes: int | None = None


META, GOOGLE, AMPLITUDE, WAREHOUSE = "meta", "google", "amplitude", "warehouse"
DESTINATIONS: Final = (
    DestinationPlan(META, "Meta, NW US", "meta", "act_4471902118", 7),
    DestinationPlan(GOOGLE, "Google Ads, NW US", "google_ads", "884-130-2117"),
    DestinationPlan(AMPLITUDE, "Amplitude", "amplitude", "Northwind production"),
    DestinationPlan(WAREHOUSE, "Warehouse", "warehouse", "rudder_events"),
)


@dataclass(frozen=True)
class TraitPlan:
    name: str
    type: str
    description: str
    sensitive: bool = False


TRAITS: Final = (
    TraitPlan("ltv_tier", "text", "Tier of lifetime value: none, bronze, silver, gold, vip"),
    TraitPlan("orders", "number", "Completed orders so far"),
    TraitPlan("country", "text", "Country of the delivery address"),
    TraitPlan("last_order_at", "timestamp", "When the newest order was completed"),
    TraitPlan("support_flag", "text", "Set while a complaint or safety case is open", sensitive=True),
)

# Which segments the company's core cohorts are.
COHORTS: Final = {
    "recent_buyers": BOUGHT,
    "unsubscribed": UNSUBSCRIBED,
    "refunded": REFUNDED,
    "support_sensitive": SUPPORT,
    "held_out": HOLDOUT,
    "vip": VIP,
    "lapsed": LAPSED,
}

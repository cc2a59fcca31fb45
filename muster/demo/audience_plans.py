"""The audiences of Northwind Outfitters, each as its owner would fill the form in. Only data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.text import slugify

from .northwind import (
    AMPLITUDE,
    BOOTS,
    BOUGHT,
    CART_1,
    GOOGLE,
    HOLDOUT,
    LAPSED,
    META,
    REFUNDED,
    SUPPORT,
    UNSUBSCRIBED,
    VIP,
    WAREHOUSE,
)
from .sign_ins import GRACE, PRIYA, TOMAS


@dataclass(frozen=True)
class AudiencePlan:
    """An audience as its owner would fill the form in; `lists` maps a destination's key to the list's name there."""

    name: str
    segment: int
    purpose: str
    owner: str
    checker: str
    lists: Mapping[str, str]
    clauses: Mapping[str, Any]
    excludes: Mapping[int, str] = field(default_factory=dict)
    locked: bool = True

    @property
    def slug(self) -> str:
        return slugify(self.name)


CONSENT: Final = {"require_true": ["ad_consent"], "not_true": ["do_not_share"], "not_unsubscribed": True}
BOUGHT_WHY = "Who has just bought should not be asked to buy"
NOT_NOW = {
    BOUGHT: BOUGHT_WHY,
    UNSUBSCRIBED: "Who unsubscribed does not want to hear from us",
    REFUNDED: "Money back means trust lost",
    SUPPORT: "An open complaint comes first",
    HOLDOUT: "Who is held out must see no ads, else the effect cannot be measured",
}


def targeting(low: int, high: int, **clauses: Any) -> dict[str, Any]:
    """Return the clauses that targeting audiences at Northwind have in common."""
    basis = "Consent: the ad_consent box at checkout"
    return {
        "identifiers": ["email", "phone"],
        "phone_country": "US",
        "consent": {"*": {**CONSENT, "basis": basis}},
        "size_low": low,
        "size_high": high,
        "match_low": 54.0,
        "match_high": 66.0,
        "tolerance": 5.0,
        **clauses,
    }


def suppressing(low: int, high: int, **clauses: Any) -> dict[str, Any]:
    """Return the clauses that suppression audiences at Northwind have in common; their consent rule is the default."""
    return {
        "identifiers": ["email", "phone"],
        "phone_country": "US",
        "size_low": low,
        "size_high": high,
        "match_low": 46.0,
        "match_high": 60.0,
        "tolerance": 5.0,
        **clauses,
    }


AUDIENCES: Final = (
    AudiencePlan(
        "Purchased in last 7 days",
        BOUGHT,
        "suppress",
        PRIYA,
        GRACE,
        {META: "NW | Purchased 7 d", GOOGLE: "NW | Purchased 7 d"},
        suppressing(
            400,
            480,
            use_case="post_purchase",
            outcome="Recent buyers are not shown prospecting and retargeting ads",
            campaign="All paid campaigns",
            outcome_measure="Share of impressions on buyers of the last 7 days",
            entry_rule="In with the order",
            exit_rule="Out 7 days after the newest order",
            cadence="every 30 minutes",
            freshness_minutes=60,
            window_hours=168,
        ),
    ),
    AudiencePlan(
        "Refunded or chargeback, 90 d",
        REFUNDED,
        "suppress",
        PRIYA,
        TOMAS,
        {META: "NW | Refunded 90 d"},
        suppressing(
            140,
            180,
            use_case="refund_risk",
            outcome="High-refund-risk customers are not advertised to",
            campaign="All paid campaigns",
            outcome_measure="Refund rate of orders that came through paid media",
            entry_rule="In with the refund or chargeback",
            exit_rule="Out after 90 days without another one",
            cadence="every day",
            freshness_minutes=1440,
            window_hours=2160,
        ),
    ),
    AudiencePlan(
        "Cart abandoners 1–4 h",
        CART_1,
        "retarget",
        PRIYA,
        GRACE,
        {META: "NW | Cart 1–4 h", GOOGLE: "NW | Cart 1–4 h"},
        targeting(
            200,
            260,
            use_case="cart_1_4h",
            threshold="$80",
            outcome="Win carts back while they are warm",
            campaign="Cart rescue",
            outcome_measure="Orders within 24 h of entry, against the 10 % holdout",
            entry_rule="In when the cart is older than 1 h",
            exit_rule="Out on an order or after 4 h",
            cadence="every 15 minutes",
            freshness_minutes=30,
            window_hours=3,
        ),
        NOT_NOW,
    ),
    AudiencePlan(
        "Winback 90 d, 2+ orders",
        LAPSED,
        "winback",
        TOMAS,
        GRACE,
        {META: "NW | Winback 90", GOOGLE: "NW | Winback 90"},
        targeting(
            750,
            900,
            use_case="winback",
            outcome="Bring back customers who ordered twice or more and went quiet",
            campaign="Winback autumn",
            outcome_measure="Orders within 30 days, against the holdout arm",
            entry_rule="In after 90 days without an order",
            exit_rule="Out on the next order",
            cadence="every day",
            freshness_minutes=1440,
        ),
        NOT_NOW,
    ),
    AudiencePlan(
        "VIP lookalike seed",
        VIP,
        "lookalike",
        TOMAS,
        PRIYA,
        {META: "NW | VIP seed"},
        targeting(
            170,
            230,
            outcome="A seed from which Meta finds people like our best customers",
            campaign="Prospecting lookalike 1 %",
            outcome_measure="Cost of a first order, against broad prospecting",
            entry_rule="In with the fifth order above $1,200 in all",
            exit_rule="Never, except on a refund or when consent ends",
            cadence="every day",
            freshness_minutes=1440,
        ),
        {REFUNDED: "A refunder is not whom we want more of"},
    ),
    AudiencePlan(
        "Coupon holdout, November",
        HOLDOUT,
        "measure",
        TOMAS,
        PRIYA,
        {AMPLITUDE: "", WAREHOUSE: ""},
        {
            "identifiers": ["external_id"],
            "consent": {"*": {"not_true": ["do_not_share"], "basis": "Legitimate interest: measuring our own offers"}},
            "traits": [
                {"name": "ltv_tier", "reason": "The effect is reported by tier"},
                {"name": "orders", "reason": "Newcomers and regulars are reported apart"},
            ],
            "size_low": 350,
            "size_high": 450,
            "match_low": 95.0,
            "match_high": 100.0,
            "tolerance": 2.0,
            "use_case": "holdout",
            "outcome": "Know what the November coupon is worth",
            "campaign": "Coupon November",
            "outcome_measure": "Order rate of the holdout against those who were shown the coupon",
            "entry_rule": "In when the journey assigns the holdout arm",
            "exit_rule": "Out 30 days later",
            "cadence": "every 6 hours",
            "freshness_minutes": 720,
            "window_hours": 720,
        },
    ),
    AudiencePlan(
        "Boot care cross-sell",
        BOOTS,
        "cross_sell",
        PRIYA,
        GRACE,
        {META: "NW | Boot care"},
        targeting(
            250,
            310,
            outcome="Sell the care kit to people whose boots are new",
            campaign="Boot care",
            outcome_measure="Care kits sold within 14 days of entry",
            entry_rule="In 7 days after the boots",
            exit_rule="Out with the care kit, or 60 days after the boots",
        ),
        NOT_NOW,
        locked=False,
    ),
)

"""The audiences of Northwind Outfitters, each as its owner would fill the form in. Only data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.text import slugify

from audiences.cohorts import COHORTS, HELD_OUT
from audiences.use_cases import CASES
from audiences.use_cases import NOT_NOW as NOT_NOW_COHORTS

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
    VIP,
    WAREHOUSE,
    WINBACK_ARMS,
)
from .northwind import COHORTS as SEGMENTS_OF
from .sign_ins import GRACE, PRIYA, TOMAS


@dataclass(frozen=True)
class AudiencePlan:
    """An audience as its owner would fill the form in; `lists` maps a destination's key to the list's name there.

    What its use case fills in does not stand here: `clauses` are only what the company knows besides.
    """

    name: str
    segment: int
    owner: str
    checker: str
    lists: Mapping[str, str]
    clauses: Mapping[str, Any]
    case: str = ""
    threshold: str = ""
    purpose: str = ""
    excludes: Mapping[int, str] = field(default_factory=dict)
    locked: bool = True

    @property
    def slug(self) -> str:
        return slugify(self.name)


CONSENT: Final = {"require_true": ["ad_consent"], "not_true": ["do_not_share"], "not_unsubscribed": True}
NOT_NOW = {SEGMENTS_OF[key]: COHORTS[key].why for key in (*NOT_NOW_COHORTS, HELD_OUT)}


def targeting(low: int, high: int, **clauses: Any) -> dict[str, Any]:
    """Return the clauses that targeting audiences at Northwind have in common."""
    basis = "Consent: the ad_consent box at checkout"
    return {
        "phone_country": "US",
        "consent": {"*": {**CONSENT, "basis": basis}},
        "size_low": low,
        "size_high": high,
        "match_low": 54.0,
        "match_high": 68.0,
        "tolerance": 5.0,
        **clauses,
    }


def suppressing(low: int, high: int, **clauses: Any) -> dict[str, Any]:
    """Return the clauses that suppression audiences at Northwind have in common; their consent rule is the default."""
    return {
        "phone_country": "US",
        "size_low": low,
        "size_high": high,
        "match_low": 50.0,
        "match_high": 68.0,
        "tolerance": 5.0,
        **clauses,
    }


AUDIENCES: Final = (
    AudiencePlan(
        CASES["post_purchase"].name,
        BOUGHT,
        PRIYA,
        GRACE,
        {META: "NW | Purchased 7 d", GOOGLE: "NW | Purchased 7 d"},
        suppressing(720, 900, campaign="All paid campaigns"),
        case="post_purchase",
    ),
    AudiencePlan(
        CASES["refund_risk"].name,
        REFUNDED,
        PRIYA,
        TOMAS,
        {META: "NW | Refunded 90 d"},
        suppressing(140, 180, campaign="All paid campaigns"),
        case="refund_risk",
    ),
    AudiencePlan(
        CASES["cart_1_4h"].name,
        CART_1,
        PRIYA,
        GRACE,
        {META: "NW | Cart 1–4 h", GOOGLE: "NW | Cart 1–4 h"},
        targeting(1300, 1550, campaign="Cart rescue"),
        case="cart_1_4h",
        threshold="$80",
    ),
    AudiencePlan(
        CASES["winback"].name,
        LAPSED,
        TOMAS,
        GRACE,
        {META: "NW | Winback 90", GOOGLE: "NW | Winback 90", WAREHOUSE: ""},
        targeting(
            1100,
            1350,
            campaign="Winback autumn",
            identifiers=["email", "phone", "external_id"],
            holdout_attribute=WINBACK_ARMS,
            holdout_arm="control",
        ),
        case="winback",
    ),
    AudiencePlan(
        CASES["vip_seed"].name,
        VIP,
        TOMAS,
        PRIYA,
        {META: "NW | VIP seed"},
        targeting(170, 230, campaign="Prospecting lookalike 1 %"),
        case="vip_seed",
    ),
    AudiencePlan(
        "Coupon holdout, November",
        HOLDOUT,
        TOMAS,
        PRIYA,
        {AMPLITUDE: "", WAREHOUSE: ""},
        {
            "consent": {"*": {"not_true": ["do_not_share"], "basis": "Legitimate interest: measuring our own offers"}},
            "size_low": 350,
            "size_high": 450,
            "match_low": 95.0,
            "match_high": 100.0,
            "tolerance": 2.0,
            "campaign": "Coupon November",
            "window_hours": 720,
        },
        case="holdout",
    ),
    AudiencePlan(
        "Boot care cross-sell",
        BOOTS,
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
        purpose="cross_sell",
        excludes=NOT_NOW,
        locked=False,
    ),
)

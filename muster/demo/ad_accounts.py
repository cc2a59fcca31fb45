"""What the platforms of Northwind's destinations hold, how they are read, and which ads use which list. Only data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.text import slugify

from audiences.use_cases import CASES
from syncs.payload import audience_trait

from .northwind import AMPLITUDE, GOOGLE, META

META_ACCOUNT, GOOGLE_CUSTOMER = "4471902118", "884-130-2117"


@dataclass(frozen=True)
class PlatformPlan:
    """A platform that is read back: the stand-in's name and switches, and what an administrator would enter.

    `whose` is the key in a destination's config, at RudderStack, that names its `account`.
    """

    standin: str
    options: Mapping[str, str]
    secrets: Mapping[str, str]
    switches: Mapping[str, Any] = field(default_factory=dict)
    whose: str = ""
    account: str = ""


# A warehouse is read by SQL, and the demo has none: that destination shows what it looks like without reading access.
PLATFORMS: Final = {
    META: PlatformPlan(
        "meta",
        {"account": META_ACCOUNT},
        {"token": "sandbox-meta-token"},
        {"match": 0.58, "seed": 3},
        "adAccountId",
        META_ACCOUNT,
    ),
    GOOGLE: PlatformPlan(
        "google_ads",
        {"customer": GOOGLE_CUSTOMER, "client_id": "sandbox-client.apps.googleusercontent.com"},
        {"client_secret": "sandbox-client-secret", "refresh_token": "sandbox-refresh-token"},
        {"match": 0.63, "seed": 5},
        "customerId",
        GOOGLE_CUSTOMER.replace("-", ""),
    ),
    AMPLITUDE: PlatformPlan(
        "amplitude_us",
        {"region": "us"},
        {"api_key": "sandbox-amplitude-key", "secret_key": "sandbox-amplitude-secret"},
    ),
}


PURCHASED, REFUNDED, CART, WINBACK, VIP, HOLDOUT = (
    CASES["post_purchase"].name,
    CASES["refund_risk"].name,
    CASES["cart_1_4h"].name,
    CASES["winback"].name,
    CASES["vip_seed"].name,
    "Coupon holdout, November",
)
# By which id the platform knows a list, by audience and destination.
IDS: Final = {
    (PURCHASED, META): "23851904170081",
    (PURCHASED, GOOGLE): "8841302204",
    (REFUNDED, META): "23851904170055",
    (CART, META): "23851904170112",
    (CART, GOOGLE): "8841302117",
    (WINBACK, META): "23851904170127",
    (WINBACK, GOOGLE): "8841302131",
    (VIP, META): "23851904170140",
    (HOLDOUT, AMPLITUDE): "nwho11ut",
}
# Nobody told Muster this id yet, so the list is among those that it does not know.
UNTOLD: Final = (WINBACK, GOOGLE)

COHORTS: Final = {IDS[HOLDOUT, AMPLITUDE]: {"name": HOLDOUT, "trait": audience_trait(slugify(HOLDOUT))}}

OLD_BUYERS, UPLOAD, AGENCY, OLD_ALL = "23851904168801", "23851904168822", "23851904168840", "8841300902"
# Lists of the accounts that no audience of Muster fills.
OTHERS: Final = {
    META: {
        OLD_BUYERS: {"name": "Buyers 2024, upload by hand", "members": 18_420, "account": META_ACCOUNT},
        UPLOAD: {"name": "Newsletter upload, March", "members": 6_110, "account": META_ACCOUNT},
        AGENCY: {"name": "Agency test, high basket", "members": 2_940, "account": META_ACCOUNT},
    },
    GOOGLE: {
        OLD_ALL: {
            "name": "All customers 2024",
            "members": 21_300,
            "matched": 14_900,
            "customer": GOOGLE_CUSTOMER.replace("-", ""),
        },
    },
}

_META_OFF = [IDS[PURCHASED, META], IDS[REFUNDED, META]]
_GOOGLE_OFF = [IDS[PURCHASED, GOOGLE]]
MATCH_WITHOUT_PHONES: Final = 0.5
LATE: Final = "120210900701"  # an ad set that somebody makes in the last week, from an old template

AD_SETS: Final[Mapping[str, Mapping[str, Any]]] = {
    "120210900101": {"name": "Prospecting broad US", "excluded": [IDS[REFUNDED, META], OLD_BUYERS]},
    "120210900102": {"name": "Prospecting lookalike 1 %", "included": [IDS[VIP, META]], "excluded": _META_OFF},
    "120210900201": {"name": "Cart 1–4 h, v2", "included": [IDS[CART, META]], "excluded": _META_OFF},
    "120210900202": {"name": "Cart 1–4 h, stories", "included": [IDS[CART, META]], "excluded": _META_OFF},
    "120210900301": {"name": "Winback autumn", "included": [IDS[WINBACK, META]], "excluded": _META_OFF},
    "120210900401": {"name": "Catalogue, all boots", "excluded": [IDS[REFUNDED, META]]},
    "120210900402": {"name": "Catalogue, jackets", "excluded": _META_OFF},
    "120210900501": {"name": "Boot care, buyers of boots", "included": [AGENCY], "excluded": _META_OFF},
    "120210900601": {"name": "Summer sale", "effective_status": "PAUSED"},
}
LATE_AD_SET: Final[Mapping[str, Any]] = {"name": "Creator test 4", "excluded": [OLD_BUYERS]}

CAMPAIGNS: Final[Mapping[str, Mapping[str, Any]]] = {
    "20410011": {"name": "Search, boots", "excluded": _GOOGLE_OFF},
    "20410012": {"name": "Search, jackets", "excluded": _GOOGLE_OFF},
    "20410021": {"name": "Cart rescue", "included": [IDS[CART, GOOGLE]], "excluded": _GOOGLE_OFF},
    "20410031": {"name": "Winback autumn", "included": [IDS[WINBACK, GOOGLE]], "excluded": _GOOGLE_OFF},
    "20410041": {"name": "Shopping, all products", "included": [OLD_ALL]},
    "20410042": {"name": "Clearance 2025", "status": "PAUSED"},
}

# What Northwind wrote down each Monday before it had Muster: match rate in percent, oldest first; None: nobody looked.
WRITTEN_DOWN: Final[Mapping[str, tuple[int | None, ...]]] = {
    META: (57, 58, 58, 57, 59, 58, 59, None, 58, 57, 56, 58, 60, 59, 58, 58, None, 59, 57, 58),
    GOOGLE: (63, 62, 63, 64, 63, 63, 62, 61, 63, 64, None, 62, 63, 63, 65, 64, None, 63, 62, 63),
}
WRITTEN_OF: Final = ((PURCHASED, META), (PURCHASED, GOOGLE), (CART, META), (CART, GOOGLE), (WINBACK, META))

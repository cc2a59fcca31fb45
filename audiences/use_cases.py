"""What audiences are registered for, as data: one choice fills the form in, and the draft is held against it.

A use case makes one audience, or several at once (the tiers of abandoned carts). What it fills in, people change.
"""

from dataclasses import dataclass

from .cohorts import BUYERS, HELD_OUT, LAPSED, REFUNDED, SUPPORT, UNSUBSCRIBED, VIP
from .terms import IDENTIFIERS

NOT_NOW = (BUYERS, UNSUBSCRIBED, REFUNDED, SUPPORT)
AD_IDENTIFIERS = ("email", "phone")
HELD_OUT_ARM = "control"
SPREAD = 0.2  # of the people there are now: a size band that holds until it is known better


@dataclass(frozen=True)
class Case:
    """One audience's definition as its use case has it.

    `excludes` are cohorts, ticked at first; leaving one out takes a reason. `asks_threshold` names the value above which
    people are in. `traits` are (name, type, why): of use to analytics and warehouse lists, so only a case that never goes
    to ads ticks them. `smallest`: fewer people are of no use at an ad account; `largest_share`: more of the workspace than
    that is another audience. `cohort`: what its segment means in this company. `asks_holdout`: its
    outcome is measured against held-out people. `finds` matches names of segments that may
    be it.
    """

    key: str
    name: str
    purpose: str
    outcome: str
    measure: str
    entry_rule: str
    exit_rule: str
    cadence: str
    freshness_minutes: int
    finds: str
    window_hours: int | None = None
    identifiers: tuple[str, ...] = AD_IDENTIFIERS
    excludes: tuple[str, ...] = ()
    asks_threshold: str = ""
    traits: tuple[tuple[str, str, str], ...] = ()
    smallest: int = 0
    largest_share: float = 0.5
    cohort: str = ""
    ads: bool = True
    asks_holdout: bool = False

    @property
    def ticked_traits(self) -> tuple[tuple[str, str, str], ...]:
        """Return the traits that are ticked at first: none where a list may go to an ad platform, which refuses traits."""
        return () if self.ads else self.traits

    @property
    def identified_by(self) -> str:
        """Return "Email, then phone"."""
        return ", then ".join(IDENTIFIERS[name] for name in self.identifiers).capitalize()


@dataclass(frozen=True)
class UseCase:
    """One card on the page: what it is for, and the audiences that it makes, the freshest first."""

    key: str
    label: str
    told: str
    cases: tuple[Case, ...]

    @property
    def exclusive(self) -> bool:
        """Whether it makes several audiences, of which nobody is in two."""
        return len(self.cases) > 1


CART_TRAITS = (
    ("cart_value", "number", "The effect is reported by value of the cart"),
    ("last_cart_at", "timestamp", "Tells how warm the cart was"),
)
ORDERS_TRAITS = (("orders", "number", "Newcomers and regulars are reported apart"),)
ENOUGH_FOR_ADS, ENOUGH_FOR_SEED = 300, 100  # Meta's floors, for delivery and for a lookalike's seed


def _cart(key: str, said: str, *, older: str, until: str, cadence: str, fresh: int, window: int, finds: str) -> Case:
    return Case(
        key=key,
        name=f"Cart abandoners {said}",
        purpose="retarget",
        outcome="Win carts back while they are warm",
        measure="Orders within 24 h of entry, against people who were not shown the ad",
        entry_rule=f"In when the cart is older than {older}, without an order since",
        exit_rule=f"Out on an order, or when the cart is older than {until}",
        cadence=cadence,
        freshness_minutes=fresh,
        window_hours=window,
        finds=finds,
        excludes=NOT_NOW,
        asks_threshold="cart value",
        traits=CART_TRAITS,
        smallest=ENOUGH_FOR_ADS,
        largest_share=0.3,
    )


USE_CASES: dict[str, UseCase] = {
    one.key: one
    for one in (
        UseCase(
            "cart",
            "Abandoned cart, three tiers",
            "1–4 h, 4–24 h, 1–3 d, nobody in two of them. Newest person at most 30 min, 2 h, 6 h old.",
            (
                _cart(
                    "cart_1_4h",
                    "1–4 h",
                    older="1 h",
                    until="4 h",
                    cadence="every 15 minutes",
                    fresh=30,
                    window=3,
                    finds=r"cart.*\b1\s*[-–]\s*4\s*h",
                ),
                _cart(
                    "cart_4_24h",
                    "4–24 h",
                    older="4 h",
                    until="24 h",
                    cadence="every hour",
                    fresh=120,
                    window=20,
                    finds=r"cart.*\b4\s*[-–]\s*24\s*h",
                ),
                _cart(
                    "cart_1_3d",
                    "1–3 d",
                    older="24 h",
                    until="3 days",
                    cadence="every 2 hours",
                    fresh=360,
                    window=48,
                    finds=r"cart.*\b1\s*[-–]\s*3\s*d",
                ),
            ),
        ),
        UseCase(
            "post_purchase",
            "Post-purchase suppression",
            "Bought in the last 7 days. Newest person at most 60 min old; additions go first.",
            (
                Case(
                    key="post_purchase",
                    name="Purchased in last 7 days",
                    purpose="suppress",
                    outcome="Recent buyers are not shown prospecting and retargeting ads",
                    measure="Share of impressions on buyers of the last 7 days",
                    entry_rule="In with the order",
                    exit_rule="Out 7 days after the newest order",
                    cadence="every 30 minutes",
                    freshness_minutes=60,
                    window_hours=168,
                    finds=r"(purchas|bought|order|buyer).*\b7\s*d",
                    cohort=BUYERS,
                ),
            ),
        ),
        UseCase(
            "winback",
            "Winback, with a holdout arm",
            "2 or more orders, none for 90 days. Held-out people are excluded. Newest person at most 24 h old.",
            (
                Case(
                    key="winback",
                    name="Winback 90 d, 2+ orders",
                    purpose="winback",
                    outcome="Bring back customers who ordered twice or more and went quiet",
                    measure="Orders within 30 days, against the holdout arm",
                    entry_rule="In after 90 days without an order",
                    exit_rule="Out on the next order",
                    cadence="every day",
                    freshness_minutes=1440,
                    finds=r"lapsed|win.?back",
                    excludes=(*NOT_NOW, HELD_OUT),
                    traits=ORDERS_TRAITS,
                    smallest=ENOUGH_FOR_ADS,
                    cohort=LAPSED,
                    asks_holdout=True,
                ),
            ),
        ),
        UseCase(
            "vip_seed",
            "VIP lookalike seed",
            "The best customers, from whom a platform finds people like them. Newest person at most 24 h old.",
            (
                Case(
                    key="vip_seed",
                    name="VIP lookalike seed",
                    purpose="lookalike",
                    outcome="A seed from which the platform finds people like our best customers",
                    measure="Cost of a first order, against broad prospecting",
                    entry_rule="In with the lifetime value that makes a VIP",
                    exit_rule="Out on a refund, or when consent ends",
                    cadence="every day",
                    freshness_minutes=1440,
                    finds=r"\bvip\b|high.?(ltv|value)",
                    excludes=(UNSUBSCRIBED, REFUNDED, SUPPORT),
                    traits=(("ltv_tier", "text", "The seed is reported by tier"),),
                    smallest=ENOUGH_FOR_SEED,
                    largest_share=0.1,
                    cohort=VIP,
                ),
            ),
        ),
        UseCase(
            "refund_risk",
            "High-refund-risk suppression",
            "A refund or chargeback in 90 days. Newest person at most 24 h old.",
            (
                Case(
                    key="refund_risk",
                    name="Refunded or chargeback, 90 d",
                    purpose="suppress",
                    outcome="Customers with a high risk of a refund are not advertised to",
                    measure="Refund rate of orders that came through paid media",
                    entry_rule="In with the refund or chargeback",
                    exit_rule="Out after 90 days without another one",
                    cadence="every 12 hours",
                    freshness_minutes=1440,
                    window_hours=2160,
                    finds=r"refund|chargeback",
                    cohort=REFUNDED,
                ),
            ),
        ),
        UseCase(
            "support_sensitive",
            "Support-sensitive suppression",
            "An open complaint or safety case. Newest person at most 12 h old.",
            (
                Case(
                    key="support_sensitive",
                    name="Support-sensitive customers",
                    purpose="suppress",
                    outcome="Who has an open complaint sees no ad until it is settled",
                    measure="Complaints that mention an ad",
                    entry_rule="In when the complaint or case is opened",
                    exit_rule="Out when it is closed",
                    cadence="every 6 hours",
                    freshness_minutes=720,
                    finds=r"support|complaint|sensitive",
                    cohort=SUPPORT,
                ),
            ),
        ),
        UseCase(
            "holdout",
            "Measurement or holdout",
            "The arm that sees no ads, to analytics and the warehouse, never to ads. Newest person at most 24 h old.",
            (
                Case(
                    key="holdout",
                    name="Holdout",
                    purpose="measure",
                    outcome="Know what the campaign is worth",
                    measure="Order rate of the holdout against those who were shown the ads",
                    entry_rule="In when the journey assigns the holdout arm",
                    exit_rule="Out when the test ends",
                    cadence="every 6 hours",
                    freshness_minutes=1440,
                    finds=r"hold.?out|control group",
                    identifiers=("external_id",),
                    traits=ORDERS_TRAITS,
                    cohort=HELD_OUT,
                    ads=False,
                ),
            ),
        ),
    )
}
CASES: dict[str, Case] = {case.key: case for one in USE_CASES.values() for case in one.cases}


def size_band(people: int | None) -> tuple[int | None, int | None]:
    """Return the first expected size around the people there are now; none when nobody was counted."""
    if people is None:
        return None, None
    return _two_digits(people * (1 - SPREAD), up=False), _two_digits(people * (1 + SPREAD), up=True)


def _two_digits(value: float, *, up: bool) -> int:
    step: int = 10 ** max(0, len(str(int(value))) - 2)
    whole = int(value // step)
    return (whole + (1 if up and value > whole * step else 0)) * step

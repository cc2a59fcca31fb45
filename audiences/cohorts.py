"""Core cohorts: groups of people that mean the same in the whole company, whichever audience uses them. Only data.

Which segment of a workspace is one of them, a manager says (models.CoreCohort).
"""

from dataclasses import dataclass

BUYERS, UNSUBSCRIBED, REFUNDED, SUPPORT, HELD_OUT, VIP, LAPSED = (
    "recent_buyers",
    "unsubscribed",
    "refunded",
    "support_sensitive",
    "held_out",
    "vip",
    "lapsed",
)


@dataclass(frozen=True)
class Cohort:
    """`why` is the reason for which others exclude it; `finds` matches names of segments that may be it."""

    key: str
    label: str
    meaning: str
    why: str = ""
    finds: str = ""


COHORTS: dict[str, Cohort] = {
    cohort.key: cohort
    for cohort in (
        Cohort(
            BUYERS,
            "Recent buyers",
            "Ordered in the last 7 days",
            "Who has just bought should not be asked to buy",
            r"(purchas|bought|order|buyer).*\b7\s*d",
        ),
        Cohort(
            UNSUBSCRIBED,
            "Unsubscribed, all channels",
            "Unsubscribed from every channel",
            "Who unsubscribed does not want to hear from us",
            r"unsubscribed",
        ),
        Cohort(
            REFUNDED,
            "Refunded or chargeback",
            "A refund or chargeback in the last 90 days",
            "Money back means trust lost, and a high risk of the next refund",
            r"refund|chargeback",
        ),
        Cohort(
            SUPPORT,
            "Support-sensitive",
            "An open complaint or safety case",
            "An open complaint comes before any ad",
            r"support|complaint|sensitive",
        ),
        Cohort(
            HELD_OUT,
            "Held-out people",
            "Assigned to a holdout arm",
            "Who is held out must see no ads, else the effect cannot be measured",
            r"hold.?out|control group",
        ),
        Cohort(VIP, "VIP", "Our best customers by lifetime value", finds=r"\bvip\b|high.?(ltv|value)"),
        Cohort(LAPSED, "Lapsed", "2 or more orders, none in the last 90 days", finds=r"lapsed|win.?back|inactive"),
    )
}

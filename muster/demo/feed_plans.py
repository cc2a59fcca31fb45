"""The demo's feeds of journey events, as its company registers them."""

from dataclasses import dataclass
from typing import Final

from audiences.use_cases import CASES
from syncs.event_reasons import Reason

from .northwind import AMPLITUDE, WAREHOUSE
from .sign_ins import PRIYA, TOMAS

DATA_OUT_PIPE: Final = "events-coupon"


@dataclass(frozen=True)
class FeedPlan:
    """One feed. `a_day` arrive, of which `rejected` are for the reasons told and `waiting` wait; lags in seconds."""

    name: str
    kind: str
    meaning: str
    owner: str
    checker: str
    pipe: str
    places: tuple[str, ...]
    a_day: int
    waiting: int
    lag: int
    properties: tuple[tuple[str, str, bool, str], ...] = ()
    expected: float = 0.0
    rejected: tuple[tuple[Reason, str, int], ...] = ()
    rings: str = ""

    @property
    def lost(self) -> int:
        return sum(count for _, _, count in self.rejected)


JOURNEY: Final = ("journey_id", "text", False, "To tell two journeys of one person apart")
FEEDS: Final = (
    FeedPlan(
        "Entered Winback Journey",
        "entry",
        "A person starts the winback journey",
        TOMAS,
        PRIYA,
        "events-winback",
        (AMPLITUDE, WAREHOUSE),
        4812,
        6,
        40,
        (JOURNEY, ("orders", "number", False, "Winback rate by number of orders")),
        rings=CASES["winback"].name,
    ),
    FeedPlan(
        "Holdout Assigned",
        "assignment",
        "A person is put in or out of the 10% holdout",
        PRIYA,
        TOMAS,
        "events-holdout",
        (WAREHOUSE,),
        9640,
        0,
        35,
        (("arm", "text", True, "Without it nobody can be compared"), JOURNEY),
    ),
    FeedPlan(
        "Coupon Shown",
        "exposure",
        "A coupon was on screen",
        TOMAS,
        PRIYA,
        DATA_OUT_PIPE,
        (WAREHOUSE,),
        21377,
        4,
        38,
        (
            ("coupon", "text", True, "Which coupon brings people back"),
            ("value", "number", False, "What it costs"),
            ("shown_at", "time", False, "How long before the order"),
        ),
        expected=2.0,
        rejected=((Reason.NO_PERSON, "", 398), (Reason.NOT_ISO_TIME, "", 13)),
    ),
    FeedPlan(
        "Left Cart Rescue",
        "exit",
        "A person leaves the cart rescue journey",
        PRIYA,
        TOMAS,
        "events-cart",
        (AMPLITUDE,),
        3150,
        2,
        36,
        (JOURNEY,),
    ),
)

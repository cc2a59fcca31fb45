"""What a definition of done says, as values with names instead of ids. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .switch import Switch

SUPPRESS = "suppress"
TARGETING = frozenset({"retarget", "winback", "cross_sell", "lookalike"})
BY_HAND = "by hand"
CADENCES: dict[str, int] = {
    "every 15 minutes": 15,
    "every 30 minutes": 30,
    "every hour": 60,
    "every 2 hours": 120,
    "every 6 hours": 360,
    "every 12 hours": 720,
    "every day": 1440,
    "every week": 10080,
}
IDENTIFIERS = {"email": "email", "phone": "phone", "external_id": "external id"}


@dataclass(frozen=True)
class Rule:
    """Who may be sent, as far as consent goes; `basis` is the lawful one, in words."""

    require_true: tuple[str, ...] = ()
    not_true: tuple[str, ...] = ()
    not_unsubscribed: bool = False
    basis: str = ""


@dataclass(frozen=True)
class ListTerms:
    """One list: a destination, what it takes, the pipe to it.

    `trouble` is a sentence that keeps it from being locked; `waits_for` who was asked to make its pipe. One that Muster
    does not send to (`sent` False) needs no pipe: people get there another way.
    """

    name: str
    platform: str
    ads: bool
    takes: tuple[str, ...]
    pipe: str = ""
    list_name: str = ""
    rule: Rule = Rule()
    trouble: str = ""
    waits_for: str = ""
    sent: bool = True


@dataclass(frozen=True)
class Reasoned:
    """Something chosen with a reason: a trait, or a segment to exclude."""

    name: str
    reason: str = ""
    trouble: str = ""


@dataclass(frozen=True)
class Holdout:
    """Who is held out so that an effect can be measured: those of whom `attribute` says `arm`. Empty: not said yet.

    `targets`: they are targeted all the same.
    """

    attribute: str = ""
    arm: str = ""
    targets: bool = False
    trouble: str = ""


@dataclass(frozen=True)
class Terms:
    """Everything that a definition of done says, with names instead of ids.

    `share` is the part of the workspace's people who are in the segment (0 to 1, None: not known, or too few people to
    say), `people` how many there are in it, and `smallest` how few are of no use at an ad account. `first_in_draft` names
    an audience that was registered before, while nothing is live yet. `expected` are exclusions of the use case that are
    not made: with the reason why, or with the trouble that there is none. `other_meaning` says that another segment is
    the company's core cohort. `target_asked` is the freshness in minutes that the use case, else the purpose, needs;
    `acknowledged` are managers' words on what is blocked: (name, values, who and why). `useful_traits` are those that the
    use case needs, None where there is no use case. `holdout_asked`: the use case measures against held-out people;
    `holdout_reason` says why there are none, or why they are targeted.
    """

    purpose: str
    purpose_label: str
    segment: str
    owner: str
    name: str = ""
    use_case: str = ""
    may_go_to_ads: bool = True
    threshold_asked: str = ""
    threshold: str = ""
    expected: tuple[Reasoned, ...] = ()
    share: float | None = None
    share_allowed: float = 0.5
    people: int | None = None
    smallest: int = 0
    useful_traits: tuple[str, ...] | None = None
    other_meaning: str = ""
    first_in_draft: str = ""
    segment_kind: str = "dynamic"
    segment_trouble: str = ""
    owner_active: bool = True
    checker: str = ""
    outcome: str = ""
    campaign: str = ""
    measure: str = ""
    logic: str = ""
    logic_troubles: tuple[str, ...] = ()
    entry_rule: str = ""
    exit_rule: str = ""
    cadence: str = ""
    freshness_minutes: int | None = None
    target_asked: int | None = None
    acknowledged: tuple[tuple[str, str, str], ...] = ()
    window_hours: int | None = None
    lists: tuple[ListTerms, ...] = ()
    identifiers: tuple[str, ...] = ()
    phone_country: str = ""
    switch: Switch | None = None
    traits: tuple[Reasoned, ...] = ()
    exclusions: tuple[Reasoned, ...] = ()
    exclusions_reason: str = ""
    holdout: Holdout | None = None
    holdout_asked: bool = False
    holdout_reason: str = ""
    size: tuple[int | None, int | None] = (None, None)
    match: tuple[float | None, float | None] = (None, None)
    tolerance: float | None = None
    review_date: date | None = None
    check_every: str = ""

    @property
    def targets(self) -> bool:
        return self.purpose in TARGETING


def joined(names: Iterable[str], word: str = "and") -> str:
    """Return "a", "a and b", or "a, b and c"."""
    *most, last = [*names] or [""]
    return f"{', '.join(most)} {word} {last}" if most else last

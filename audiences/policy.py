"""The suppression policy as values: what a line says in sentences, and what is suggested for an account. Pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from muster.figures import target

from .cohorts import COHORTS
from .use_cases import CASES, NOT_NOW

BASIS = "Legitimate interest: they are on the list only so that they are shown no ads; nothing else is done with it"
DEFAULT_MINUTES = 1440


@dataclass(frozen=True)
class Said:
    """One line of the policy in words, for what changed and for the page."""

    label: str
    audience: str
    target_minutes: int
    basis: str
    first_spend: date | None = None

    @property
    def sentences(self) -> list[str]:
        """Return the line in sentences that can be held beside those of another state."""
        spends = f"The account spends from {self.first_spend:%Y-%m-%d} on." if self.first_spend else ""
        told = [
            f"“{self.label}”, newest person at most {target(self.target_minutes)} old.",
            f"Fulfilled by {self.audience}." if self.audience else "No audience fulfils it yet.",
            f"Basis: {self.basis}",
            spends,
        ]
        return [one for one in told if one]


@dataclass(frozen=True)
class Known:
    """A suppression audience that there is: the cohort that its segment or use case means, and its freshness target."""

    key: int
    name: str
    cohort: str = ""
    minutes: int | None = None


@dataclass(frozen=True)
class Suggestion:
    """A line that an account may want. `key` names it in the form; `audience` is 0 while nobody registered one."""

    key: str
    label: str
    meaning: str
    cohort: str
    target_minutes: int
    audience: int = 0
    audience_name: str = ""


def suggestions(known: Iterable[Known], cohorts: Collection[str], audiences: Collection[int]) -> list[Suggestion]:
    """Return what else is usually required: the cohorts that use cases exclude, then other suppression audiences.

    `cohorts` and `audiences` are those that the account requires already.
    """
    there = list(known)
    found = [_of_cohort(key, there) for key in NOT_NOW if key not in cohorts]
    taken = {*audiences, *(one.audience for one in found)}
    others = [one for one in there if one.key not in taken and not (one.cohort and one.cohort in cohorts)]
    return [one for one in found if one.audience not in audiences] + [_of_audience(one) for one in others]


def _of_cohort(key: str, known: Iterable[Known]) -> Suggestion:
    cohort, its = COHORTS[key], next((one for one in known if one.cohort == key), None)
    minutes = its.minutes if its and its.minutes else _usual_minutes(key)
    named = its or Known(0, "")
    return Suggestion(key, cohort.label, cohort.meaning, key, minutes, named.key, named.name)


def _of_audience(one: Known) -> Suggestion:
    meaning = "A suppression audience that is registered"
    return Suggestion(f"audience-{one.key}", one.name, meaning, "", one.minutes or DEFAULT_MINUTES, one.key, one.name)


def _usual_minutes(cohort: str) -> int:
    """Return the target of the use case that suppresses this cohort."""
    cases = (one for one in CASES.values() if one.cohort == cohort and one.purpose == "suppress")
    return next((one.freshness_minutes for one in cases), DEFAULT_MINUTES)

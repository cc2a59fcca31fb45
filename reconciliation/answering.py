"""Answers to drift: who may answer, what the answer is about, whether a promise held, and when silence is raised.

The owner, the drift checker and the deputies of both answer. A manager answers only where owner and checker have both
left: otherwise the answer of who knows the list would be one that somebody else gave.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Final

from django.db import transaction

from audiences import working_days
from audiences.models import Activation, Audience
from muster import audit
from muster.access import Permission, Role, can
from muster.models import Person

from .models import Answer, ListWeek

OUTSIDE: Final = ("drifting", "broken")
REPORTED_AT: Final = time(6)
PATIENCE: Final = 3  # working days
WEEK: Final = timedelta(days=7)
VERBS: Final = {
    Answer.Kind.EXPECTED: "called the drift expected of",
    Answer.Kind.FIXING: "promised to fix",
    Answer.Kind.ACCEPT: "accepted the new level of",
    Answer.Kind.RETIRE: "answered that it is retired:",
}


class NothingToAnswer(Exception):
    """The list is not outside its tolerance, or no longer by the drift that the reader saw."""


@dataclass(frozen=True)
class Drift:
    """A list that is outside: its newest judged week, and the answers to this drift, the newest first."""

    week: ListWeek
    answers: list[Answer] = field(default_factory=list)

    @property
    def since(self) -> date:
        return self.week.since or self.week.monday

    @property
    def answer(self) -> Answer | None:
        """Return the answer that counts."""
        return self.answers[0] if self.answers else None

    def broken_promise(self, today: date) -> bool:
        """Whether it was to be fixed by a day that is past, and is still outside."""
        by = self.answer.fix_by if self.answer and self.answer.kind == Answer.Kind.FIXING else None
        return by is not None and by < today

    def raised_at(self, zone: tzinfo) -> datetime:
        """Return when silence is raised to the managers: three working days after it was first reported."""
        reported = datetime.combine(self.since + WEEK, REPORTED_AT, tzinfo=zone)
        return working_days.after(reported, PATIENCE, zone)

    def is_raised(self, at: datetime, zone: tzinfo) -> bool:
        """Whether nobody answered in time."""
        return self.answer is None and at >= self.raised_at(zone)


def drifts_of(lists: Iterable[int]) -> dict[int, Drift]:
    """Return the drifts of those of these lists that are outside now, by list. Two queries.

    A week that could not be judged ends no drift. Pilots and retired lists have none.
    """
    judged = ListWeek.objects.filter(activation__in=list(lists), activation__kind=Activation.Kind.PRODUCTION)
    judged = judged.exclude(activation__lifecycle="retired").exclude(verdict="unknown")
    newest = {one.activation_id: one for one in judged.select_related(*LIST).order_by("monday")}
    drifts = {pk: Drift(week) for pk, week in newest.items() if week.verdict in OUTSIDE}
    for one in Answer.objects.filter(activation__in=drifts).select_related("by").order_by("-at", "-pk"):
        if one.since == drifts[one.activation_id].since:
            drifts[one.activation_id].answers.append(one)
    return drifts


LIST: Final = (
    "activation__audience__owner__deputy",
    "activation__audience__drift_checker__deputy",
    "activation__destination",
)


def drift_of(activation: Activation) -> Drift | None:
    """Return the drift of a list; None while it is not outside."""
    return drifts_of([activation.pk]).get(activation.pk)


def answerable(audience: Audience) -> list[Person]:
    """Return who may answer for an audience, whom to ask first: owner, checker, their deputies; else the managers."""
    named = [one for one in (audience.owner, audience.drift_checker) if one is not None and one.is_active]
    deputies = [one.deputy for one in named if one.deputy is not None]
    found = [one for one in dict.fromkeys([*named, *deputies]) if can(one, Permission.ANSWER)]
    return found or list(Person.objects.active().filter(role=Role.MANAGER).order_by("full_name", "pk"))


def may_answer(person: Person, audience: Audience) -> bool:
    return person in answerable(audience)


def answer(
    activation: Activation,
    *,
    since: date,
    kind: str,
    note: str,
    by: Person,
    at: datetime,
    fix_by: date | None = None,
) -> Answer:
    """Keep an answer to the drift that began at `since`; earlier ones stay. Raises NothingToAnswer."""
    with transaction.atomic():
        Activation.objects.select_for_update().get(pk=activation.pk)
        drift = drift_of(activation)
        if drift is None or drift.since != since:
            raise NothingToAnswer(str(activation))
        kept = Answer.objects.create(
            activation=activation,
            since=since,
            monday=drift.week.monday,
            kind=kind,
            fix_by=fix_by if kind == Answer.Kind.FIXING else None,
            note=note,
            by=by,
            at=at,
        )
        detail = {"answer": kept.get_kind_display(), "week": f"{kept.monday:%G-W%V}"}
        if kept.fix_by:
            detail["fix_by"] = kept.fix_by.isoformat()
        audience_id, verb = activation.audience_id, VERBS[Answer.Kind(kind)]
        audit.record(verb=verb, subject=activation, by=by, reason=note, detail=detail, audience_id=audience_id, at=at)
    return kept

"""Collects what each person is told of a week: their duties, what recovered of their lists, and how those stand."""

from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.urls import reverse

from audiences.models import Activation, ApprovalRequest, Audience, Feed
from muster.access import Role
from muster.figures import number, span
from muster.models import Installation, Person

from .answering import OUTSIDE, Drift, answerable, drifts_of
from .digest import Digest, Duty, Figures, reply_to
from .feed_rows import Feeds, Row
from .models import ListWeek, ReadAccess, Report
from .weeks import key

DAY: Final = timedelta(days=1)


class Week:
    """A frozen week as all its digests read it: a handful of queries, then one person after the other."""

    def __init__(self, monday: date, at: datetime) -> None:
        self.monday, self.at = monday, at
        self.zone = ZoneInfo(Installation.current().time_zone)
        self.today = at.astimezone(self.zone).date()
        rows = ListWeek.objects.filter(monday=monday, activation__kind=Activation.Kind.PRODUCTION)
        loaded = "activation__audience__owner__deputy", "activation__audience__drift_checker__deputy"
        self.rows = list(rows.select_related(*loaded, "activation__destination").order_by("-missing_high", "pk"))
        lists = [one.activation_id for one in self.rows]
        before = ListWeek.objects.filter(monday=monday - 7 * DAY, activation__in=lists, verdict__in=OUTSIDE)
        self.were_outside = set(before.values_list("activation_id", flat=True))
        found = drifts_of(lists)
        self.drifts = [found[one.activation_id] for one in self.rows if one.activation_id in found]
        waiting = ApprovalRequest.objects.waiting(at).select_related("definition__audience", "asked_by")
        self.asked = list(waiting.order_by("asked_at"))
        failing = ReadAccess.objects.filter(archived_at=None, destination__archived_at=None, failing_since__lt=at - DAY)
        self.failing = list(failing.select_related("destination").order_by("failing_since"))
        self.feeds = Feeds(at).need if Feed.objects.exclude(state=Feed.State.RETIRED).exists() else []
        self.unsigned = Report.objects.filter(monday=monday, signed_at=None).exists()
        self._knows: dict[int, list[Person]] = {}

    def knows(self, audience: Audience) -> list[Person]:
        if audience.pk not in self._knows:
            self._knows[audience.pk] = answerable(audience)
        return self._knows[audience.pk]

    def digest(self, person: Person) -> Digest:
        """Return what this person is told. Who owns or checks lists reads of those, everybody else of all."""
        own = [one for one in self.rows if person in self.knows(one.activation.audience)]
        rows = own if own and person.role == Role.MARKETER else self.rows
        recovered = [
            _name(one) for one in rows if one.verdict == "on_target" and one.activation_id in self.were_outside
        ]
        return Digest(person.full_name, self.monday, self.duties(person), recovered, figures(rows))

    def duties(self, person: Person) -> list[Duty]:
        """Return what this person must do, most pressing first."""
        own = [one for one in self.drifts if person in self.knows(one.week.activation.audience)]
        broken = [_promise(one) for one in own if one.broken_promise(self.today)]
        open_drifts = [_unanswered(one) for one in own if one.answer is None]
        asked = [_approval(one) for one in self.asked if one.asked_of_id == person.pk]
        events = [_event(one) for one in self.feeds if person in one.named]
        duties = [*broken, *open_drifts, *events, *asked]
        if person.role == Role.MANAGER:
            others = [one for one in self.drifts if one not in own]
            duties += [self._raised(one) for one in others if one.is_raised(self.at, self.zone)]
            duties += [_promise(one, of_another=True) for one in others if one.broken_promise(self.today)]
            duties += [_report(self.monday)] if self.unsigned else []
        if person.role == Role.ADMINISTRATOR:
            duties += [_unreadable(one) for one in self.failing]
        return duties

    def _raised(self, drift: Drift) -> Duty:
        audience = drift.week.activation.audience
        days = (self.today - drift.since).days - 7
        why = f"{drift.week.reason} Ask {audience.owner.full_name}, or have somebody else own it."
        what = f"{_name(drift.week)}: nobody answered for {number(max(days, 0))} days."
        return Duty(what, why.strip(), path=reverse("reconciliation:answer", args=[drift.week.activation_id]))


def figures(rows: list[ListWeek]) -> Figures:
    """Return how lists stand, people summed low with low and high with high, missing and not removed apart."""
    outside = [one for one in rows if one.verdict in OUTSIDE]
    missing = span(sum(one.missing_low for one in outside), sum(one.missing_high for one in outside))
    left = span(sum(one.not_removed_low for one in outside), sum(one.not_removed_high for one in outside))
    on_target = sum(one.verdict == "on_target" for one in rows)
    unknown = sum(one.verdict == "unknown" for one in rows)
    learning = sum(one.verdict == "learning" for one in rows)
    return Figures(len(rows), on_target, len(outside), unknown, learning, missing, left)


def _name(one: ListWeek) -> str:
    return str(one.activation)


def _unanswered(drift: Drift) -> Duty:
    week = drift.week
    state = "broken" if week.verdict == "broken" else "outside tolerance"
    why = " ".join(part for part in (week.reason, week.cause_words, week.next_step) if part)
    path = reverse("reconciliation:answer", args=[week.activation_id])
    return Duty(f"{_name(week)} is {state}. Answer it.", why, reply_to(week.cause), path)


def _promise(drift: Drift, *, of_another: bool = False) -> Duty:
    given, week = drift.answer, drift.week
    if given is None or given.fix_by is None:
        raise ValueError("this drift was promised nothing")
    day = f"{given.fix_by:%d %b}".lstrip("0")
    what = f"{_name(week)}: promised by {day}, and still outside."
    why = f"“{given.note}”, {given.by.full_name}. {week.reason}".strip()
    reply = "" if of_another else "Fixing, with a new day, or: accept as new level."
    return Duty(what, why, reply, reverse("reconciliation:answer", args=[week.activation_id]))


def _report(monday: date) -> Duty:
    return Duty(
        f"Read and sign the report of {key(monday)}.", path=reverse("reconciliation:report", args=[key(monday)])
    )


def _event(row: Row) -> Duty:
    counted = f"{number(row.counted.received)} received in 24 h, {number(row.counted.forwarded)} forwarded."
    return Duty(f"The event {row.feed.name} needs you.", f"{row.verdict.sentence} {counted}", path=row.address)


def _approval(asked: ApprovalRequest) -> Duty:
    version = asked.definition
    what = f"{asked.asked_by.full_name} asks you to approve v{version.number} of {version.audience.name}."
    path = reverse("audiences:version", args=[version.audience.slug, version.number])
    return Duty(what, asked.words, path=path)


def _unreadable(access: ReadAccess) -> Duty:
    path = reverse("reconciliation:access", args=[access.destination_id])
    return Duty(f"{access.destination.name} cannot be read back.", access.check_words, path=path)

"""Freezes the report of each ISO week on Monday 06:00 of the workspace, once, and keeps what is found later apart."""

from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction

from muster import audit
from muster.models import Installation, Person

from .bands import Band
from .models import Correction, ListWeek, Report
from .report_duties import in_people
from .report_facts import inputs, judged, line
from .report_of import band, digest, report_of
from .weekly_inputs import WEEK, Line
from .weeks import key, monday_of

FROZEN_AT: Final = time(6)
BACK: Final = 4  # weeks that are made up for after an outage
WATCHED: Final = 8  # weeks in which a judgement that changes makes a correction
RECENT: Final = timedelta(hours=1)  # the clock looks every few seconds: what was judged before has been compared
LONGEST: Final = 500


class AlreadySigned(Exception):
    """Somebody signed the report before."""


def due_at(monday: date, zone: ZoneInfo) -> datetime:
    """Return when the report of a week is frozen: Monday 06:00 after it."""
    return datetime.combine(monday + WEEK, FROZEN_AT, zone)


def newest_due(at: datetime, zone: ZoneInfo) -> date:
    """Return the Monday of the newest week whose report is due."""
    monday = monday_of(at.astimezone(zone).date()) - WEEK
    return monday if due_at(monday, zone) <= at else monday - WEEK


def freeze_due(*, at: datetime) -> int:
    """Freeze what is due, and return how many reports that made; also append what changed in weeks frozen before."""
    zone = ZoneInfo(Installation.current().time_zone)
    newest = newest_due(at, zone)
    weeks = [newest - back * WEEK for back in range(BACK)]
    made = set(Report.objects.filter(monday__in=weeks).values_list("monday", flat=True))
    open_weeks = [one for one in reversed(weeks) if one not in made]
    known = set(ListWeek.objects.filter(monday__in=open_weeks).values_list("monday", flat=True))
    frozen = sum(freeze(one, at=at) is not None for one in open_weeks if one in known)
    correct_changed(at=at)
    return frozen


def freeze(monday: date, *, at: datetime) -> Report | None:
    """Freeze the report of a week, and return it; None if it was frozen already, by whomever."""
    content = report_of(inputs(monday, at))
    try:
        with transaction.atomic():
            made = Report.objects.create(monday=monday, frozen_at=at, content=content, digest=digest(content))
            audit.record(verb="froze the drift report of", subject=made, detail={"digest": made.digest}, at=at)
    except IntegrityError:
        return None
    return made


def preview(monday: date, *, at: datetime) -> dict[str, Any]:
    """Return what the report of a week would say now. It stores nothing."""
    return report_of(inputs(monday, at))


def correct(report: Report, words: str, at: datetime) -> Correction:
    """Append what was found after a report was frozen. Its figures stay."""
    return Correction.objects.create(report=report, at=at, words=words[:LONGEST])


def correct_changed(*, at: datetime) -> int:
    """Append a correction for each list that is judged otherwise than a frozen report says, and return how many."""
    made = 0
    recent = ListWeek.objects.filter(judged_at__gt=at - RECENT, judged_at__lte=at)
    changed = recent.filter(monday__gte=at.date() - (WATCHED + 1) * WEEK)
    newest = dict(changed.order_by("judged_at").values_list("monday", "judged_at"))
    for report in Report.objects.filter(monday__in=newest):
        if newest[report.monday] > report.frozen_at:
            made += _correct(report, at)
    return made


def _correct(report: Report, at: datetime) -> int:
    frozen = {one["list"]: one for side in ("outside", "inside") for one in report.content[side]}
    said = [one.words for one in report.corrections.order_by("at", "pk")]
    made = 0
    for row in judged(report.monday):
        own = line(row)
        before = [one for one in said if one.startswith(f"{own.name}: ")]
        words = _words(own, frozen.get(own.list), corrected=bool(before))
        if words and (not before or before[-1] != words[:LONGEST]):
            correct(report, words, at)
            made += 1
    return made


def _words(own: Line, was: dict[str, Any] | None, *, corrected: bool) -> str:
    """Return what is and what was; empty where nothing differs and nothing was corrected before."""
    if was is None:
        return f"{own.name}: {_told(own)}; it was not in the report."
    same = all(was[name] == value for name, value in _compared(own).items())
    if same:
        return f"{own.name}: as the report says after all, {_told(own)}." if corrected else ""
    return f"{own.name}: {_told(own)}; was {_stored(was)}."


def _compared(own: Line) -> dict[str, Any]:
    return {"verdict": own.verdict, "missing": band(own.missing), "not_removed": band(own.not_removed)}


def _told(own: Line) -> str:
    people = in_people(own.missing, own.not_removed)
    return f"{own.verdict.replace('_', ' ')}{f', {people}' if people else ''}"


def _stored(was: dict[str, Any]) -> str:
    missing, kept = (Band(*was[name]) for name in ("missing", "not_removed"))
    people = in_people(missing, kept)
    return f"{was['verdict'].replace('_', ' ')}{f', {people}' if people else ''}"


def sign(report: Report, *, by: Person, at: datetime) -> Report:
    """Sign a report off. Raises AlreadySigned."""
    with transaction.atomic():
        if not Report.objects.filter(pk=report.pk, signed_by=None).update(signed_by=by, signed_at=at):
            raise AlreadySigned(f"The report of {key(report.monday)} was signed before.")
        audit.record(verb="signed off the drift report of", subject=report, by=by, at=at)
    report.signed_by, report.signed_at = by, at
    return report


def is_late(report: Report) -> bool:
    """Whether it was frozen later than a tick after its time, as after an outage."""
    zone = ZoneInfo(report.content["zone"])
    return report.frozen_at - due_at(report.monday, zone) > timedelta(minutes=30)

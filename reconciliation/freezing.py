"""Freezes the report of each ISO week on Monday 06:00 of the workspace, once, and keeps what is found later apart."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models import Max

from muster import audit
from muster.models import Installation, Person
from syncs.doorbell import enqueue

from . import judging
from .bands import Band
from .models import Correction, ListWeek, Report
from .report_duties import in_people
from .report_facts import inputs, line
from .report_of import band, digest, report_of
from .turns import is_turn
from .weekly_inputs import WEEK, Line
from .weeks import key, monday_of

JOB: Final = "reconciliation.jobs.freeze"
FROZEN_AT: Final = time(6)
BACK: Final = 4  # weeks that are made up for after an outage
WATCHED: Final = 2  # frozen weeks that are judged again for corrections
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


def ring_due(*, at: datetime) -> int:
    """Ask for a worker when a report is due and not frozen, every five minutes until it is; return how many were asked."""
    due = open_weeks(at) if is_turn(at) else []
    return int(enqueue(JOB, "report", day=due[0].toordinal())) if due else 0


def freeze_due(*, at: datetime) -> int:
    """Judge and freeze what is due, and return how many reports that made.

    Before it freezes a week, the weeks frozen last are judged again: what differs is appended to them as corrections.
    """
    due = open_weeks(at)
    if not due:
        return 0
    for report in Report.objects.filter(monday__lt=due[0]).order_by("-monday")[:WATCHED]:
        correct_from(report, judging.judge_week(report.monday, at=at), at)
    return sum(bool(judging.judge_week(monday, at=at)) and freeze(monday, at=at) is not None for monday in due)


def open_weeks(at: datetime) -> list[date]:
    """Return the Mondays of weeks that are due and not frozen: the newest, and those missed since the last report."""
    newest = newest_due(at, ZoneInfo(Installation.current().time_zone))
    last = Report.objects.aggregate(last=Max("monday"))["last"]
    missed = (newest - last) // WEEK if last else 1
    return [newest - back * WEEK for back in reversed(range(min(max(missed, 0), BACK)))]


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


def correct_from(report: Report, rows: Iterable[ListWeek], at: datetime) -> int:
    """Append a correction for each list that is judged otherwise than the report says, and return how many.

    `rows` are the lists of its week as they are judged now. What was said before is not said again.
    """
    frozen = {one["list"]: one for side in ("outside", "inside") for one in report.content[side]}
    said = [one.words for one in report.corrections.order_by("at", "pk")]
    made = 0
    for row in rows:
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

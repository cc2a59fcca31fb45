"""Loads what a weekly report is made of. Nothing that was known only after `made_at` is in it."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from muster.models import Installation

from .bands import Band, known
from .models import Answer, Correction, ListWeek, Report
from .report_events import definitions, held, overrides
from .report_exposed import exposed
from .report_feeds import feeds
from .report_of import WEEKS, past_week
from .weekly_inputs import OUTSIDE, WEEK, Happened, Inputs, Line, PastWeek, Promise, Reply


def inputs(monday: date, at: datetime) -> Inputs:
    """Return what the report of a week is made of, as known at `at`. Sixteen queries, four more where there are feeds."""
    home = Installation.current()
    zone = ZoneInfo(home.time_zone)
    rows = judged(monday)
    earlier = _earlier(monday, rows)
    replies = _replies(rows, at)
    lines = tuple(_line(one, earlier, replies) for one in rows)
    given = Inputs(monday, zone, home.time_zone, home.name, at, lines)
    return Inputs(
        monday,
        zone,
        home.time_zone,
        home.name,
        at,
        lines,
        past=_past(monday, at),
        promises=_promises(given, rows),
        exposed=exposed([one.activation for one in rows], given.begins, min(given.ends, at)),
        held=held(given.begins, given.ends),
        overrides=overrides(given.begins, given.ends, zone),
        definitions=definitions(given.begins, given.ends),
        corrections=_corrections(monday, at),
        feeds=feeds(monday, min(given.ends, at)),
    )


def judged(monday: date) -> list[ListWeek]:
    """Return the lists as judged in a week. One query."""
    found = ListWeek.objects.filter(monday=monday).defer("ladder")
    return list(found.select_related("activation__audience__owner", "activation__destination").order_by("activation"))


def line(one: ListWeek, reply: Reply | None = None, unread_weeks: int = 0) -> Line:
    """Return a stored week of a list as the report takes it."""
    list_, audience = one.activation, one.activation.audience
    return Line(
        list=list_.pk,
        audience=audience.name,
        slug=audience.slug,
        place=list_.destination.name,
        platform=list_.destination.platform,
        owner=audience.owner.full_name,
        verdict=one.verdict,
        since=one.since,
        in_segment=one.in_segment,
        accepted=one.accepted,
        size=known(one.size_low, one.size_high),
        expected=known(one.expected_low, one.expected_high),
        off=one.off,
        missing=Band(one.missing_low, one.missing_high),
        not_removed=Band(one.not_removed_low, one.not_removed_high),
        tolerance=one.tolerance,
        learned=one.learned,
        reason=one.reason,
        cause=one.cause,
        cause_words=one.cause_words,
        next_step=one.next_step,
        incident=one.incident,
        as_of=one.as_of,
        unread_weeks=unread_weeks,
        reply=reply,
    )


def reply_of(one: Answer) -> Reply:
    return Reply(one.kind, one.get_kind_display(), one.note, one.by.full_name, one.at, one.fix_by)


def _line(one: ListWeek, earlier: dict[int, dict[date, str]], replies: dict[tuple[int, date], Reply]) -> Line:
    reply = replies.get((one.activation_id, one.since or one.monday)) if one.verdict in OUTSIDE else None
    return line(one, reply, _unread_weeks(one, earlier.get(one.activation_id, {})))


def _unread_weeks(one: ListWeek, before: dict[date, str]) -> int:
    if one.verdict != "unknown":
        return 0
    weeks, monday = 1, one.monday - WEEK
    while before.get(monday) == "unknown":
        weeks, monday = weeks + 1, monday - WEEK
    return weeks


def _earlier(monday: date, rows: Sequence[ListWeek]) -> dict[int, dict[date, str]]:
    """Return the verdicts of the weeks before, of lists that nobody can judge now. One query."""
    unknown = [one.activation_id for one in rows if one.verdict == "unknown"]
    found: dict[int, dict[date, str]] = {}
    before = ListWeek.objects.filter(activation__in=unknown, monday__lt=monday, monday__gte=monday - 26 * WEEK)
    for list_id, week, verdict in before.values_list("activation", "monday", "verdict"):
        found.setdefault(list_id, {})[week] = verdict
    return found


def _replies(rows: Iterable[ListWeek], at: datetime) -> dict[tuple[int, date], Reply]:
    """Return the newest reply to each drift, by list and the week in which it began. One query."""
    outside = [one.activation_id for one in rows if one.verdict in OUTSIDE]
    answers = Answer.objects.filter(activation__in=outside, at__lte=at).select_related("by").order_by("at", "pk")
    return {(one.activation_id, one.since): reply_of(one) for one in answers}


def _past(monday: date, at: datetime) -> tuple[PastWeek, ...]:
    """Return the weeks before: as their reports were frozen, else as they are judged. Two queries."""
    first = monday - (WEEKS - 1) * WEEK
    reports = Report.objects.filter(monday__gte=first, monday__lt=monday, frozen_at__lte=at)
    frozen = {one.monday: _told(one.content) for one in reports.only("monday", "content")}
    rows = ListWeek.objects.filter(monday__gte=first, monday__lt=monday).exclude(monday__in=frozen)
    by_week: dict[date, list[tuple[str, str]]] = {one: [] for one in frozen}
    for name, week, verdict in rows.values_list("activation__audience__name", "monday", "verdict"):
        by_week.setdefault(week, []).append((name, verdict))
    return tuple(past_week(week, frozen.get(week) or by_week[week]) for week in sorted(by_week))


def _told(content: dict[str, list[dict[str, str]]]) -> list[tuple[str, str]]:
    """Return audience and verdict of each list as a frozen report has them."""
    return [(one["audience"], one["verdict"]) for side in ("outside", "inside") for one in content[side]]


def _promises(given: Inputs, rows: Sequence[ListWeek]) -> tuple[Promise, ...]:
    """Return what was promised up to the end of the week before and was open then, by list the newest. One query."""
    made = Answer.objects.filter(kind=Answer.Kind.FIXING, at__lte=given.made_at, monday__lt=given.monday)
    recent = made.filter(monday__gte=given.monday - 8 * WEEK).select_related("by", "activation__audience")
    newest = {one.activation_id: one for one in recent.select_related("activation__destination").order_by("at", "pk")}
    now = {one.activation_id: one for one in rows}
    was_out = _outside_before(given.monday, list(newest))
    return tuple(
        _promise(one, now.get(key)) for key, one in sorted(newest.items()) if key in was_out or _falls_due(one, given)
    )


def _falls_due(one: Answer, given: Inputs) -> bool:
    return one.fix_by is not None and given.monday <= one.fix_by < given.monday + WEEK


def _outside_before(monday: date, lists: Iterable[int]) -> set[int]:
    before = ListWeek.objects.filter(activation__in=lists, monday=monday - WEEK, verdict__in=OUTSIDE)
    return set(before.values_list("activation", flat=True))


def _promise(one: Answer, now: ListWeek | None) -> Promise:
    list_ = one.activation
    return Promise(
        list=list_.pk,
        name=f"{list_.audience.name} at {list_.destination.name}",
        slug=list_.audience.slug,
        note=one.note,
        by=one.by.full_name,
        fix_by=one.fix_by,
        verdict=now.verdict if now else "",
        since=one.since,
        still_since=now.since if now else None,
        missing=Band(now.missing_low, now.missing_high) if now else Band(0, 0),
    )


def _corrections(monday: date, at: datetime) -> tuple[Happened, ...]:
    """Return what was found of earlier weeks since the last report was frozen. Two queries."""
    last = Report.objects.filter(monday__lt=monday).order_by("-monday").values_list("frozen_at", flat=True).first()
    since = last or at - timedelta(weeks=1)
    found = Correction.objects.filter(at__gt=since, at__lte=at, report__monday__lt=monday).select_related("report")
    return tuple(Happened(one.at, f"{one.report.monday:W%V}: {one.words}") for one in found.order_by("at", "pk"))

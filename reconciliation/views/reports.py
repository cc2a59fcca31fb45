"""The weekly drift report: all weeks, one week on screen, on paper and as CSV, its audiences, and the manager's signature."""

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from audiences.views.loading import me
from muster.access import Permission, allow, who_can
from muster.figures import full
from muster.htmx import onward, page
from muster.local_time import installation_of
from reconciliation import freezing
from reconciliation.models import ListWeek, Report
from reconciliation.report_csv import csv_of
from reconciliation.report_page import Shown, shown
from reconciliation.weeks import key, monday_of

WEEKS = 26


@allow(Permission.READ)
@require_safe
def reports(request: HttpRequest) -> HttpResponse:
    """All weeks, newest first, with what is to be decided of the newest. Nine queries."""
    weeks = Report.objects.order_by("-monday").select_related("signed_by")
    found = Paginator(weeks.defer("content"), WEEKS).get_page(request.GET.get("page"))
    totals = dict(weeks.filter(pk__in=[one.pk for one in found]).values_list("pk", "content__totals"))
    newest = weeks.first()
    running = monday_of(timezone.localdate(timezone.now(), _zone(request)))
    context = {
        "page": found,
        "rows": [(one, totals[one.pk]) for one in found],
        "newest": shown(newest, newest.content) if newest else None,
        "running": key(running),
        "is_running": ListWeek.objects.filter(monday=running).exists(),
        "signers": who_can(Permission.SIGN)[:3],
    }
    return page(request, "reconciliation/reports.html", context)


@allow(Permission.READ)
@require_safe
def report(request: HttpRequest, week: str) -> HttpResponse:
    """One week: as it was frozen, or as it would say now and not frozen."""
    return _sheet(request, "reconciliation/report.html", week)


@allow(Permission.READ)
@require_safe
def audiences(request: HttpRequest, week: str) -> HttpResponse:
    """One row for each audience across all its destinations, as the report of the week has them."""
    return _sheet(request, "reconciliation/report_audiences.html", week)


@allow(Permission.READ)
@require_safe
def report_csv(request: HttpRequest, week: str) -> HttpResponse:
    """The lists of a week for spreadsheets."""
    found = _week_or_404(request, week)
    frozen = full(found.report.frozen_at, found.zone) if found.report else "not frozen"
    raw = found.report.content if found.report else freezing.preview(_monday_or_404(week), at=timezone.now())
    response = HttpResponse(csv_of(raw, frozen), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="drift-report-{found.week}.csv"'
    return response


@allow(Permission.SIGN)
@require_POST
def sign(request: HttpRequest, week: str) -> HttpResponse:
    """Sign a frozen report off, once."""
    found = Report.objects.filter(monday=_monday_or_404(week)).first()
    if found is None:
        raise Http404("only a frozen report is signed")
    try:
        freezing.sign(found, by=me(request), at=timezone.now())
    except freezing.AlreadySigned as refused:
        messages.error(request, f"{refused} Your click changed nothing.")
    else:
        messages.success(request, f"You signed off the drift report of {key(found.monday)}.")
    return onward(request, "reconciliation:report", week)


def _sheet(request: HttpRequest, template: str, week: str) -> HttpResponse:
    found = _week_or_404(request, week)
    context: dict[str, Any] = {"shown": found, "content": found.content, "signers": who_can(Permission.SIGN)[:3]}
    context["late"] = found.report is not None and freezing.is_late(found.report)
    context["link"] = request.build_absolute_uri(request.path)
    # A report is the same for every reader, its clock too.
    with timezone.override(found.zone):
        return page(request, template, context)


def _week_or_404(request: HttpRequest, week: str) -> Shown:
    """Return a week that is frozen, or running, or was judged and is not frozen yet."""
    monday, now = _monday_or_404(week), timezone.now()
    frozen = Report.objects.select_related("signed_by").filter(monday=monday).first()
    if frozen:
        return shown(frozen, frozen.content)
    running = monday_of(timezone.localdate(now, _zone(request)))
    if monday > running or (monday < running and not ListWeek.objects.filter(monday=monday).exists()):
        raise Http404("there is no report of this week")
    return shown(None, freezing.preview(monday, at=now))


def _monday_or_404(week: str) -> date:
    try:
        year, _, number = week.partition("-W")
        monday = date.fromisocalendar(int(year), int(number), 1)
    except (ValueError, OverflowError):
        raise Http404("this is no week") from None
    if key(monday) != week:
        raise Http404("this is no week")
    return monday


def _zone(request: HttpRequest) -> ZoneInfo:
    """Return the workspace's time zone: whose weeks these are."""
    return ZoneInfo(installation_of(request).time_zone)

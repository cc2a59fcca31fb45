"""Figures that people read off a platform: one list by hand, or many as CSV. A preview stores nothing.

They need ANSWER: an entered figure is what somebody says the platform shows, as an answer to drift is, and changes
nothing of what is registered. Paid media and administrators do not vouch for figures.
"""

import csv
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from audiences.models import Activation
from audiences.views.loading import me
from muster.access import Permission, allow, who_can
from muster.figures import number
from muster.htmx import onward, page
from reconciliation import entering
from reconciliation.csv_rows import HEADER, MOST_BYTES, MOST_ROWS, NotCsv, harmless
from reconciliation.csv_rows import rows as rows_of
from reconciliation.entering import Entry, enter
from reconciliation.forms.entries import EntryForm, ImportForm
from reconciliation.forms.fields import judged
from reconciliation.history import history
from reconciliation.importing import lists, preview

from .loading import list_or_404, to_change


@allow(Permission.READ)
@require_http_methods(["GET", "HEAD", "POST"])
def enter_figures(request: HttpRequest, pk: int) -> HttpResponse:
    """What people entered of a list; a POST adds what the platform shows now."""
    to_change(request, Permission.ANSWER)
    found = list_or_404(pk)
    if request.method != "POST":
        return page(request, "reconciliation/enter.html", _shown(found, EntryForm()))
    form = EntryForm(request.POST)
    if not form.is_valid():
        return page(request, "reconciliation/enter.html", _shown(found, form))
    corrects = (found.pk, form.cleaned_data["as_of"]) in entering.known([found])
    enter([_entry(found, form)], by=me(request), at=timezone.now())
    words = (
        "It corrects the entry before, which stays below."
        if corrects
        else "Nobody can change it; a correction is a new entry."
    )
    messages.success(request, f"Your figures are stored. {words}")
    return onward(request, "reconciliation:enter", pk)


def _entry(found: Activation, form: EntryForm) -> Entry:
    given = form.cleaned_data
    low, high, rate = given["low"], given["high"], given["rate"]
    return Entry(
        found,
        as_of=given["as_of"],
        low=low,
        high=low if high is None else high,
        rate=None if rate is None else round(rate, 1),
        reported=not given["not_reported"],
        note=given["note"],
    )


def _shown(found: Activation, form: EntryForm) -> dict[str, Any]:
    entries = history(entering.of_people(found))
    return {"list": found, "form": form, "entries": entries, "ask": who_can(Permission.ANSWER)[:3]}


@allow(Permission.ANSWER)
@require_http_methods(["GET", "HEAD", "POST"])
def import_figures(request: HttpRequest) -> HttpResponse:
    """Figures of many lists: choose or paste a CSV, look at what would be stored, confirm."""
    context: dict[str, Any] = {"header": HEADER, "most_rows": MOST_ROWS, "most_kb": MOST_BYTES // 1024}
    form = ImportForm(request.POST, request.FILES) if request.method == "POST" else ImportForm()
    if request.method == "POST" and form.is_valid():
        text, now = form.given, timezone.now()
        try:
            previewed = preview(rows_of(text, lambda cell: judged(cell, now)))
        except NotCsv as refusal:
            form.add_error("file" if form.cleaned_data.get("file") else "text", str(refusal))
        else:
            wrong = sum(bool(one.errors) for one in previewed)
            new = [one.entry for one in previewed if one.entry]
            if "confirm" in request.POST and not wrong and new:
                return _stored(request, new)
            context |= {"rows": previewed, "wrong": wrong, "new": new, "text": text}
            form = ImportForm(initial={"text": text})
    return page(request, "reconciliation/import.html", context | {"form": form})


def _stored(request: HttpRequest, new: list[Entry]) -> HttpResponse:
    stored = enter(new, by=me(request), at=timezone.now(), source=entering.CSV)
    many = len({one.activation.pk for one in new})
    which = f"{number(len(stored))} figure{'' if len(stored) == 1 else 's'} of {number(many)} list{'' if many == 1 else 's'}"
    messages.success(request, f"{which} stored. Each list shows them under entered figures, with your name.")
    return redirect("reconciliation:import")


@allow(Permission.ANSWER)
@require_safe
def template(request: HttpRequest) -> HttpResponse:
    """A CSV with the header and a row for each list, to be filled in."""
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="muster-figures.csv"'
    writer = csv.writer(response)
    writer.writerow(HEADER)
    for one in lists():
        writer.writerow([harmless(str(one)), "", "", "", ""])
    return response

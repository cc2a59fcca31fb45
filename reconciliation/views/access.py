"""Reading access of destinations: enter it, test it, stop and resume it. Administrators change, operators see the state."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audiences.models import Destination
from audiences.models.workspace import CheckState
from audiences.views.loading import me, posted
from muster.access import Permission, allow, who_can
from muster.htmx import onward, page, varied, wants_fragment
from reconciliation import reading_access
from reconciliation.forms.access import AccessForm
from reconciliation.models import ReadAccess
from reconciliation.reading_rows import reading_rows, row_of
from reconciliation.trying_access import try_access

from .loading import access_or_404, destination_or_404, to_change


@allow(Permission.READ_SETUP)
@require_safe
def rows(request: HttpRequest) -> HttpResponse:
    """How every destination is read back; the page of connections loads it."""
    context = {"rows": reading_rows(), "ask": who_can(Permission.MANAGE_CONNECTIONS)}
    return varied(page(request, "reconciliation/reading.html", context, part="reading"))


@allow(Permission.READ_SETUP)
@require_http_methods(["GET", "HEAD", "POST"])
def access(request: HttpRequest, pk: int) -> HttpResponse:
    """How one destination is read back; a POST saves what is entered and tests it."""
    to_change(request, Permission.MANAGE_CONNECTIONS)
    destination = destination_or_404(pk)
    kept = ReadAccess.objects.filter(destination=destination).select_related("destination").first()
    form = AccessForm(destination, kept, posted(request))
    if request.method != "POST" or not form.is_valid():
        return page(request, "reconciliation/access.html", _shown(destination, kept, form))
    return _saved(request, destination, form)


def _saved(request: HttpRequest, destination: Destination, form: AccessForm) -> HttpResponse:
    saved = reading_access.keep(destination, form.options, form.secrets, by=me(request), at=timezone.now())
    if saved.taken_out:
        words = "Its secrets were taken out, because the account or host changed. Enter those that belong to it."
        messages.warning(request, f"The reading of {destination} is saved. {words}")
    else:
        _say(request, destination, saved.access, "is saved")
    return onward(request, "reconciliation:access", destination.pk)


def _say(request: HttpRequest, destination: Destination, access: ReadAccess, what: str) -> None:
    finding = try_access(access, by=me(request), at=timezone.now())
    say = messages.success if finding.state == CheckState.WORKING else messages.warning
    say(request, f"The reading of {destination} {what}. {finding.words}")


def _shown(destination: Destination, kept: ReadAccess | None, form: AccessForm) -> dict[str, Any]:
    return {
        "destination": destination,
        "access": kept,
        "row": row_of(destination, kept),
        "form": form,
        "needs": reading_access.needs_of(destination),
        "ask": who_can(Permission.MANAGE_CONNECTIONS),
    }


@allow(Permission.MANAGE_CONNECTIONS)
@require_POST
def test(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask the platform now, and return the row or the page that it was asked from."""
    found = access_or_404(pk)
    if found.archived_at is None:
        try_access(found, by=me(request), at=timezone.now())
    if wants_fragment(request):
        row = row_of(found.destination, found)
        return varied(page(request, "reconciliation/_reading_row.html", {"row": row}))
    return onward(request, f"{reverse('reconciliation:access', args=[pk])}#state")


@allow(Permission.MANAGE_CONNECTIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what no longer reading means, then stop it."""
    found = access_or_404(pk)
    if request.method == "POST":
        if reading_access.archive(found, by=me(request), at=timezone.now()):
            messages.success(request, f"{found.destination} is no longer read. It can be read again from this page.")
        return onward(request, "reconciliation:access", pk)
    row = row_of(found.destination, found)
    return page(request, "reconciliation/stop.html", {"access": found, "destination": found.destination, "row": row})


@allow(Permission.MANAGE_CONNECTIONS)
@require_POST
def resume(request: HttpRequest, pk: int) -> HttpResponse:
    """Read the destination again, and test that at once."""
    found = access_or_404(pk)
    if reading_access.restore(found, by=me(request), at=timezone.now()):
        found.refresh_from_db()
        _say(request, found.destination, found, "goes on")
    return onward(request, "reconciliation:access", pk)

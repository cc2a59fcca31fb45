"""What changed: one dated feed of an audience, one of an account. Each line has an address of its own."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from audiences.models import Audience, Destination
from muster.access import Permission, allow
from muster.htmx import page
from syncs import changes


@allow(Permission.READ)
@require_safe
def of_audience(request: HttpRequest, slug: str) -> HttpResponse:
    """Everything that changed about an audience."""
    audience = get_object_or_404(Audience.objects.select_related("segment"), slug=slug)
    found = changes.of_audience(audience)
    return _page(request, audience, changes.newest(found) if "newest" in request.GET else found)


@allow(Permission.READ)
@require_safe
def of_account(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything that changed at an account and about the audiences that are sent there."""
    destination = get_object_or_404(Destination, pk=pk)
    return _page(request, destination, changes.of_destination(destination))


def _page(request: HttpRequest, subject: Audience | Destination, found: list[changes.Change]) -> HttpResponse:
    kinds = sorted({one.kind for one in found})
    wanted = request.GET.get("kind", "")
    shown = [one for one in found if one.kind == wanted] if wanted in kinds else found
    audience = subject if isinstance(subject, Audience) else None
    context = {"subject": subject, "audience": audience, "changes": shown, "kinds": kinds, "wanted": wanted}
    return page(request, "syncs/changes.html", context | {"newest": "newest" in request.GET}, part="changes")

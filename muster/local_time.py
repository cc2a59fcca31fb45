"""Times on a page are in the reader's time zone, else in the installation's."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from .models import Installation


def installation_of(request: HttpRequest) -> Installation:
    """Return the installation's row, read once a request."""
    if not hasattr(request, "_installation"):
        request._installation = Installation.current()  # type: ignore[attr-defined]
    found: Installation = request._installation  # type: ignore[attr-defined]
    return found


def zone_of(request: HttpRequest) -> ZoneInfo:
    """Return the time zone in which this reader reads."""
    return ZoneInfo(getattr(request.user, "time_zone", "") or installation_of(request).time_zone)


class LocalTime:
    """Middleware: makes the reader's time zone the current one for each view that is called."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Probes answer without a database, webhooks say themselves when it is away.
        if request.path in settings.PROBES or request.path.startswith(settings.WEBHOOKS):
            return self.get_response(request)
        with timezone.override(zone_of(request)):
            return self.get_response(request)


def installation(request: HttpRequest) -> dict[str, object]:
    """Context processor: `installation`."""
    return {"installation": installation_of(request)}

"""The event log: who did what to which object, and why."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from muster.access import Permission, allow
from muster.forms import LogFilter
from muster.htmx import page

A_PAGE = 50


@allow(Permission.READ_LOG)
@require_safe
def log(request: HttpRequest) -> HttpResponse:
    """Events, newest first, filtered by the address of the page."""
    form = LogFilter(request.GET)
    form.is_valid()  # what cannot be read is said beside its field; the rest still filters
    events = Paginator(form.events().select_related("actor"), A_PAGE).get_page(request.GET.get("page"))
    filtered = {name for name, value in request.GET.items() if value and name != "page"}
    return page(request, "muster/log.html", {"form": form, "events": events, "filtered": filtered}, part="events")

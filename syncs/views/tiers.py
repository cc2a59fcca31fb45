"""The hand-over between tiers: a fragment for the audience's page."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from audiences.models import Audience
from muster.access import Permission, allow
from muster.htmx import page, varied
from syncs.tiers import tiers_of


@allow(Permission.READ)
@require_safe
def of_audience(request: HttpRequest, slug: str) -> HttpResponse:
    """Who came from other tiers, went to them, or is in two. Four queries a list. 404 for an audience that is no tier."""
    audience = get_object_or_404(Audience, slug=slug)
    if not audience.family:
        raise Http404("this audience is no tier")
    context = {"audience": audience, "places": tiers_of(audience)}
    return varied(page(request, "syncs/tiers.html", context, part="tiers"))

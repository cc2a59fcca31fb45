"""Pages about people and the installation itself."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from muster.access import Permission, allow


@allow(Permission.READ)
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The first page after signing in."""
    return redirect("audiences:list")

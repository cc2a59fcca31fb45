"""Pages about people and the installation itself."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.templatetags.static import static
from django.views.decorators.http import require_safe

from muster.access import public


@public
@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """What browsers ask for where a page names no icon, as the back office's do not."""
    return redirect(static("favicon.svg"))

"""What a person meets when a page cannot be shown: what happened, its effect, what to do next."""

import logging
import secrets

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from muster.access import Permission, public, who_can

log = logging.getLogger(__name__)


@public
def not_allowed(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403: says whom to ask."""
    permission = getattr(exception, "permission", None)
    people = who_can(permission) if isinstance(permission, Permission) else []
    return render(request, "403.html", {"people": people}, status=403)


@public
def form_too_old(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 of a form whose token does not fit: mostly one that stayed open over a sign-in."""
    return render(request, "403_form.html", status=403)


@public
def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404, for people who are signed in with the way back."""
    return render(request, "404.html", status=404)


@public
def not_taken(request: HttpRequest) -> HttpResponse:
    """405: the address is there, but takes no request of this method. The caller adds which it takes."""
    return render(request, "405.html", status=405)


@public
def not_understood(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400: what came is no request of a page of ours. Looks at nothing else of it."""
    return HttpResponse(render_to_string("400.html"), status=400)


@public
def broken(request: HttpRequest) -> HttpResponse:
    """500, with a reference under which the log holds what happened. Touches no database: that may be what broke."""
    reference = secrets.token_hex(4).upper()
    log.exception("500, reference %s", reference)
    return HttpResponse(render_to_string("500.html", {"reference": f"{reference[:4]}-{reference[4:]}"}), status=500)

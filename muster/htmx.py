"""One question, one answer: does this request want a fragment of the page, or the page? And what htmx is answered."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers
from django_htmx.http import HttpResponseClientRedirect

HEADERS = ("HX-Request", "HX-Boosted", "HX-History-Restore-Request")


def wants_fragment(request: HttpRequest) -> bool:
    """Whether htmx asks for a fragment. Boosted links and a restored history (both send HX-Request) want the page."""
    asked, boosted, restored = (request.headers.get(name) == "true" for name in HEADERS)
    return asked and not boosted and not restored


def varied(response: HttpResponse) -> HttpResponse:
    """Return the response marked as one that depends on htmx's headers, so that no cache mixes fragment and page."""
    patch_vary_headers(response, HEADERS)
    return response


def page(
    request: HttpRequest, template: str, context: Mapping[str, Any] | None = None, *, part: str = "", status: int = 200
) -> HttpResponse:
    """Return the page, or for htmx only its partial named `part` ({% partialdef part inline %} in the template)."""
    name = f"{template}#{part}" if part and wants_fragment(request) else template
    return varied(render(request, name, dict(context or {}), status=status))


def with_messages(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Return a fragment with the messages of this request beside it; htmx puts them where messages are on the page."""
    if wants_fragment(request):
        response.write(render_to_string("_messages.html", {"out_of_band": True}, request))
    return response


def onward(request: HttpRequest, to: Any, *args: Any, **kwargs: Any) -> HttpResponse:
    """Return the way to another page. htmx would follow a plain redirect and put that whole page into the fragment."""
    target = resolve_url(to, *args, **kwargs)
    return HttpResponseClientRedirect(target) if wants_fragment(request) else HttpResponseRedirect(target)

"""One question, one answer: does this request want a fragment of the page, or the page?"""

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

HEADERS = ("HX-Request", "HX-Boosted", "HX-History-Restore-Request")


def wants_fragment(request: HttpRequest) -> bool:
    """Whether htmx asks for a fragment. Boosted links and a restored history (both send HX-Request) want the page."""
    asked, boosted, restored = (request.headers.get(name) == "true" for name in HEADERS)
    return asked and not boosted and not restored


def varied(response: HttpResponse) -> HttpResponse:
    """Return the response marked as one that depends on htmx's headers, so that no cache mixes fragment and page."""
    patch_vary_headers(response, HEADERS)
    return response

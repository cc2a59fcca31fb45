"""A method that an address does not take is refused in a sentence: Django's own refusal has no body at all."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

from muster.views import failures


class RefusedMethods:
    """Middleware: puts our page into a refusal by `require_POST` and its kin, and keeps what the address takes."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not isinstance(response, HttpResponseNotAllowed) or response.content:
            return response
        page = failures.not_taken(request)
        page.headers["Allow"] = response.headers["Allow"]
        vars(page)["_has_been_logged"] = True  # by Django, when the method was refused
        return page

"""Loads what a page is about, or answers 404."""

from typing import cast

from django.http import Http404, HttpRequest, QueryDict
from django.utils import timezone

from audiences.listing import for_page
from audiences.models import Audience, Definition
from audiences.verdict import Standing
from muster.kept_query import KeptQuery
from muster.models import Person

_whole = KeptQuery(lambda slug: for_page(Audience.objects.all()).filter(slug=slug), str)


def standing(slug: str) -> Standing:
    """Return the audience of this address with its versions and lists. Raises Http404."""
    audience = _whole.first(slug)
    if audience is None:
        raise Http404("no such audience")
    return Standing(audience, timezone.localdate())


def version_of(here: Standing, number: int) -> Definition:
    """Return one version of the audience. Raises Http404."""
    found = next((one for one in here.audience.definitions.all() if one.number == number), None)
    if found is None:
        raise Http404("no such version")
    found.audience = here.audience
    return found


def draft_of(here: Standing) -> Definition:
    """Return the draft, on the loaded audience. Raises Http404."""
    if here.draft is None:
        raise Http404("no draft")
    return version_of(here, here.draft.number)


def me(request: HttpRequest) -> Person:
    """Return who asks; behind @allow it is always somebody."""
    return cast(Person, request.user)


def posted(request: HttpRequest) -> QueryDict | None:
    """Return what was posted, also when it is empty; None for a page that is only looked at."""
    return request.POST if request.method == "POST" else None

"""Loads what a page is about, or answers 404."""

from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from audiences.models import Activation, Destination, Feed
from audiences.platforms import PLATFORMS, Family
from muster.access import NotAllowed, Permission, can
from muster.kept_query import KeptQuery
from reconciliation.models import ReadAccess
from reconciliation.readers.opening import READERS

AD_PLATFORMS = [kind for kind, platform in PLATFORMS.items() if platform.family == Family.ADS]

FEED = ("workspace", "owner", "drift_checker", "pipe", "audience", "live_by")


def _places(pk: int) -> QuerySet[Destination]:
    return Destination.objects.filter(archived_at=None, platform__in=READERS, pk=pk)


def _lists(pk: int) -> QuerySet[Activation]:
    return Activation.objects.select_related("audience", "destination", "list_at").filter(pk=pk)


_destination = KeptQuery(_places, int)
_account = KeptQuery(lambda pk: _places(pk).filter(platform__in=AD_PLATFORMS), int)
_list = KeptQuery(_lists, int)
_ad_list = KeptQuery(lambda pk: _lists(pk).filter(destination__platform__in=AD_PLATFORMS), int)
_feed = KeptQuery(lambda slug: Feed.objects.select_related(*FEED).filter(slug=slug), str)


def destination_or_404(pk: int, *, ads: bool = False) -> Destination:
    """Return a destination that is in use and that Muster can read; with `ads` only an ad account."""
    return (_account if ads else _destination).or_404(pk)


def access_or_404(pk: int) -> ReadAccess:
    """Return the reading access of a destination that is in use."""
    # Asked for by the destination: a number too large for a key is nobody's, which Django knows of keys only.
    return get_object_or_404(ReadAccess.objects.select_related("destination"), destination=destination_or_404(pk))


def list_or_404(pk: int, *, ads: bool = False) -> Activation:
    """Return a list with audience, destination and its id there; with `ads` only one in an ad account."""
    return (_ad_list if ads else _list).or_404(pk)


def to_change(request: HttpRequest, *permissions: Permission) -> None:
    """Raise NotAllowed, which says whom to ask, for a POST of a reader who holds none of the permissions."""
    if request.method == "POST" and not may(request, *permissions):
        raise NotAllowed("changing this needs another permission", permissions[0])


def may(request: HttpRequest, *permissions: Permission) -> bool:
    return any(can(request.user, one) for one in permissions)


def feed_or_404(slug: str) -> Feed:
    """Return a feed with its workspace, people, pipe and audience."""
    return _feed.or_404(slug)

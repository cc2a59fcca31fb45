"""Loads what a page is about, or answers 404."""

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from audiences.models import Activation, Destination, Feed
from audiences.platforms import PLATFORMS, Family
from muster.access import NotAllowed, Permission, can
from reconciliation.models import ReadAccess
from reconciliation.readers.opening import READERS

AD_PLATFORMS = [kind for kind, platform in PLATFORMS.items() if platform.family == Family.ADS]


def destination_or_404(pk: int, *, ads: bool = False) -> Destination:
    """Return a destination that is in use and that Muster can read; with `ads` only an ad account."""
    found = Destination.objects.filter(archived_at=None, platform__in=READERS)
    return get_object_or_404(found.filter(platform__in=AD_PLATFORMS) if ads else found, pk=pk)


def access_or_404(pk: int) -> ReadAccess:
    """Return the reading access of a destination that is in use."""
    # Asked for by the destination: a number too large for a key is nobody's, which Django knows of keys only.
    return get_object_or_404(ReadAccess.objects.select_related("destination"), destination=destination_or_404(pk))


def list_or_404(pk: int, *, ads: bool = False) -> Activation:
    """Return a list with audience, destination and its id there; with `ads` only one in an ad account."""
    found = Activation.objects.select_related("audience", "destination", "list_at")
    return get_object_or_404(found.filter(destination__platform__in=AD_PLATFORMS) if ads else found, pk=pk)


def to_change(request: HttpRequest, *permissions: Permission) -> None:
    """Raise NotAllowed, which says whom to ask, for a POST of a reader who holds none of the permissions."""
    if request.method == "POST" and not may(request, *permissions):
        raise NotAllowed("changing this needs another permission", permissions[0])


def may(request: HttpRequest, *permissions: Permission) -> bool:
    return any(can(request.user, one) for one in permissions)


def feed_or_404(slug: str) -> Feed:
    """Return a feed with its workspace, people, pipe and audience."""
    joined = Feed.objects.select_related("workspace", "owner", "drift_checker", "pipe", "audience", "live_by")
    return get_object_or_404(joined, slug=slug)

"""Looks at each workspace's list of segments by itself: one request covers all audiences made of it."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q, QuerySet

from muster.vendor_errors import VendorError

from . import segments
from .connecting import told
from .models import Workspace


def due(at: datetime) -> QuerySet[Workspace]:
    """Return connected workspaces whose list was not read, and not tried, for the time between two looks."""
    before = at - timedelta(seconds=settings.SEGMENT_POLL_SECONDS)
    unread = Q(segments_read_at=None) | Q(segments_read_at__lte=before)
    untried = Q(watched_at=None) | Q(watched_at__lte=before)
    return Workspace.objects.filter(unread, untried, archived_at=None).exclude(api_key_last4="")


def tried(workspaces: list[int], *, at: datetime) -> None:
    """Note that somebody was asked to look, so that nobody else is until the next look is due."""
    Workspace.objects.filter(pk__in=workspaces).update(watched_at=at)


def look(workspace_id: int, *, at: datetime) -> bool:
    """Read the list of one workspace and return whether that worked.

    A refusal is kept in words on the workspace; the next look tries again.
    """
    workspace = Workspace.objects.filter(pk=workspace_id, archived_at=None).first()
    if workspace is None:
        return False
    try:
        segments.refresh(workspace, at=at)
    except VendorError as error:
        Workspace.objects.filter(pk=workspace_id).update(watch_words=told(error)[:500])
        return False
    Workspace.objects.filter(pk=workspace_id).update(watch_words="")
    return True

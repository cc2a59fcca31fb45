"""Keeps the live list of a workspace's segments: what they are called, how they stand, and what they mean."""

from datetime import datetime
from typing import Any, Final

import orjson
from django.db import transaction
from django.db.models import Q, QuerySet

from muster.redaction import redact, redact_value

from . import segment_changes
from .conditions import fingerprint, raw_fingerprint
from .customerio import FINISHED, CustomerIo, SegmentShown
from .models import Audience, Segment, Workspace

LONGEST_NAME: Final = 300
READ: Final = (
    "name",
    "description",
    "kind",
    "state",
    "progress",
    "conditions",
    "fingerprint",
    "raw_fingerprint",
    "tags",
    "edited_at",
    "seen_at",
    "gone_at",
)


def refresh(workspace: Workspace, *, at: datetime, client: CustomerIo | None = None) -> dict[int, Segment]:
    """Read the list with one request, store it, and return the segments that Customer.io lists, by number.

    A segment that is no longer listed (deleted or archived) keeps its row and gets `gone_at`. Raises VendorError; then
    nothing is stored.
    """
    shown = (client or CustomerIo(workspace)).segments()
    rows = {one.number: _row(workspace, one, at) for one in shown}
    with transaction.atomic():
        # One look at a time, so that each change is recorded once.
        Workspace.objects.select_for_update(of=("self",)).only("pk").filter(pk=workspace.pk).first()
        known = Segment.objects.filter(workspace=workspace)
        if (same := _unchanged(known, rows)) is not None:
            known.filter(gone_at=None).update(seen_at=at)
            Workspace.objects.filter(pk=workspace.pk).update(segments_read_at=at)
            return same
        before = {one.pk: one for one in _registered(workspace)}
        Segment.objects.bulk_create(
            rows.values(), update_conflicts=True, unique_fields=["workspace", "number"], update_fields=READ
        )
        known.exclude(number__in=rows).filter(gone_at=None).update(gone_at=at)
        Workspace.objects.filter(pk=workspace.pk).update(segments_read_at=at)
        stored = list(known.filter(Q(number__in=rows) | Q(pk__in=list(before))))
        segment_changes.record(before, stored, at=at)
        return {one.number: one for one in stored if one.number in rows}


def _unchanged(known: QuerySet[Segment], rows: dict[int, Segment]) -> dict[int, Segment] | None:
    """Return the listed segments as they are stored, seen now; None when anything is to be stored but that."""
    stored = list(known)
    listed = {one.number: one for one in stored if one.gone_at is None}
    if listed.keys() != rows.keys():
        return None
    for number, row in rows.items():
        if any(getattr(listed[number], name) != getattr(row, name) for name in READ if name != "seen_at"):
            return None
    for number, one in listed.items():
        one.seen_at = rows[number].seen_at
    return listed


def _registered(workspace: Workspace) -> list[Segment]:
    """Return the segments that an audience is registered for, as they are stored."""
    registered = Audience.objects.filter(segment__workspace=workspace, archived_at=None)
    return list(Segment.objects.filter(pk__in=registered.values("segment")))


def measure(segment: Segment, *, at: datetime, client: CustomerIo | None = None) -> int:
    """Read how many people Customer.io counts in a segment, store it, and return it. Raises VendorError."""
    size = (client or CustomerIo(segment.workspace)).customer_count(segment.number)
    Segment.objects.filter(pk=segment.pk).update(size=size, size_at=at)
    segment.size, segment.size_at = size, at
    return size


def is_finished(segment: Segment) -> bool:
    """Whether its membership is complete: while a segment is being rebuilt, Customer.io shows a part of it as if it were all."""
    return segment.state == FINISHED


def _row(workspace: Workspace, shown: SegmentShown, at: datetime) -> Segment:
    return Segment(
        workspace=workspace,
        number=shown.number,
        name=_text(shown.name)[:LONGEST_NAME],
        description=_text(shown.description),
        kind=shown.kind[:20],
        state=shown.state[:20],
        progress=shown.progress,
        conditions=_tree(shown.conditions),
        fingerprint=fingerprint(shown.conditions),
        raw_fingerprint=raw_fingerprint(shown.conditions),
        tags=[_text(tag) for tag in shown.tags],
        edited_at=shown.edited_at,
        seen_at=at,
    )


def _text(text: str) -> str:
    return redact(text.replace("\x00", ""))


def _tree(conditions: Any) -> Any:
    """Return conditions as they may be stored: somebody's address in them is hidden; the fingerprints know it."""
    return orjson.loads(orjson.dumps(redact_value(conditions)).replace(b"\\u0000", b"")) if conditions else None

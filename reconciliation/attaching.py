"""Keeps where ads use each list: a row when something changed or the last is a day old, and what a person signs."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import transaction
from django.db.models import OuterRef, Subquery

from audiences.models import Activation, Destination, Lifecycle
from muster import audit
from muster.models import Person
from muster.redaction import excerpt

from .attachment import Use, told, use_of
from .models import Attachment
from .readers.seen import AdSetSeen
from .suppressing import suppressing

KEPT_ANEW = timedelta(days=1)
SIGNED = "signed"
SIGNED_FOR = timedelta(days=30)
Key = TypeVar("Key")


def keep(destination: Destination, ad_sets: Sequence[AdSetSeen], *, at: datetime) -> list[Attachment]:
    """Keep where each list of the destination is used by what is active, and return the rows written.

    Lists whose id at the platform nobody told are left out: nothing can be said of them.
    """
    lists = list(
        Activation.objects.filter(destination=destination, list_at__isnull=False, kind=Activation.Kind.PRODUCTION)
        .exclude(lifecycle=Lifecycle.RETIRED)
        .select_related("list_at", "audience")
    )
    before, purpose = newest(lists, source=destination.platform), suppressing(lists)
    written = []
    for one in lists:
        use = _redacted(use_of(one.list_at.external_id, ad_sets))
        last = before.get(one.pk)
        if last and use_in(last) == use and at - last.at < KEPT_ANEW:
            continue
        with transaction.atomic():
            written.append(_row(one, use, source=destination.platform, at=at))
            if last and use_in(last) != use:
                _note(one, last, use, suppresses=purpose[one.pk], at=at)
    return written


def sign(activation: Activation, use: Use, *, by: Person, at: datetime, note: str = "") -> Attachment:
    """Keep what a person saw in the account, for SIGNED_FOR, and return it."""
    with transaction.atomic():
        row = _row(activation, use, source=SIGNED, at=at, by=by, note=note, expires_at=at + SIGNED_FOR)
        audit.record(
            verb="checked where ads use",
            subject=activation,
            by=by,
            detail={"now": [told(use, suppresses=suppresses_of(activation), platform=activation.destination.platform)]},
            audience_id=activation.audience_id,
            at=at,
        )
    return row


def use_in(row: Attachment) -> Use:
    """Return what a row says."""
    return Use(row.active, tuple(row.included), tuple(row.excluded), tuple(row.lacking))


def newest(lists: Iterable[Activation], *, source: str = "") -> dict[int, Attachment]:
    """Return the newest row of each list, by the list's key; of one source, or of any. One query."""
    rows = Attachment.objects.filter(activation=OuterRef("pk"))
    last = (rows.filter(source=source) if source else rows).order_by("-at", "-pk").values("pk")[:1]
    newest_of = Activation.objects.filter(pk__in=[one.pk for one in lists]).values(newest=Subquery(last))
    return {one.activation_id: one for one in Attachment.objects.filter(pk__in=newest_of).select_related("by")}


def suppresses_of(activation: Activation) -> bool:
    return suppressing([activation])[activation.pk]


def _row(
    activation: Activation,
    use: Use,
    *,
    source: str,
    at: datetime,
    by: Person | None = None,
    note: str = "",
    expires_at: datetime | None = None,
) -> Attachment:
    return Attachment.objects.create(
        activation=activation,
        at=at,
        source=source,
        active=use.active,
        included=list(use.included),
        excluded=list(use.excluded),
        lacking=list(use.lacking),
        by=by,
        note=excerpt(note, limit=500),
        expires_at=expires_at,
    )


def _redacted(use: Use) -> Use:
    """Return the use with names as they may be kept: what people call their ads can hold an address."""
    return Use(use.active, *(tuple(excerpt(name) for name in names) for names in _names(use)))


def _names(use: Use) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    return use.included, use.excluded, use.lacking


def _note(activation: Activation, last: Attachment, use: Use, *, suppresses: bool, at: datetime) -> None:
    was, now = (
        told(one, suppresses=suppresses, platform=activation.destination.platform) for one in (use_in(last), use)
    )
    if was != now:
        audit.record(
            verb="saw another use of",
            subject=activation,
            detail={"was": [was], "now": [now]},
            audience_id=activation.audience_id,
            at=at,
        )

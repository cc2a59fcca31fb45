"""Reads each destination back on its own schedule and keeps what it says.

Nothing here touches a sync. A platform that does not answer leaves a gap in the history, never a zero, and one notice on
its destination, however many lists it holds.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, cast

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from audiences.connecting import told
from audiences.models import Activation
from audiences.models.workspace import CheckState
from audiences.platforms import Family
from muster import audit
from muster.http import BadCredentials, RateLimited, VendorError
from syncs.doorbell import enqueue
from syncs.terms import holdout_of

from . import arrived, attaching, events_landed, health, match_trend, unknown_lists
from .keeping import keep
from .models import ListAt, ReadAccess
from .readers.seen import AdReader, ArmReader, Reader
from .readers.warehouse import Warehouse
from .trying_access import reader_of

JOB: Final = "reconciliation.jobs.read_back"
TAKEN: Final = timedelta(minutes=20)  # a lost job costs so long, then it is asked for again
FIRST_RETRY: Final = timedelta(minutes=5)
ADS_EVERY: Final = timedelta(hours=6)


def due(at: datetime) -> QuerySet[ReadAccess]:
    """Return what is to be read now and has what it takes."""
    usable = ReadAccess.objects.filter(archived_at=None, destination__archived_at=None).exclude(secret="")
    return usable.filter(Q(next_at=None) | Q(next_at__lte=at))


def ring_due(*, at: datetime) -> int:
    """Ask for a worker for each destination that is due, each taken by one tick only, and return how many."""
    rang = 0
    for access_id, next_at in due(at).values_list("pk", "next_at"):
        if ReadAccess.objects.filter(pk=access_id, next_at=next_at).update(next_at=at + TAKEN):
            rang += enqueue(JOB, "reading", access_id=access_id)
    return rang


def ask_now(access: ReadAccess, *, at: datetime) -> bool:
    """Ask for a worker that reads it now, and return whether Redis took it; without Redis the next tick asks again."""
    taken = enqueue(JOB, "reading", access_id=access.pk)
    ReadAccess.objects.filter(pk=access.pk).update(next_at=at + TAKEN if taken else None)
    return taken


def perform(access_id: int, *, at: datetime) -> bool:
    """Read one destination back and return whether that worked. A refusal is kept in words; the next try comes by itself."""
    access = ReadAccess.objects.select_related("destination").filter(pk=access_id, archived_at=None).first()
    if access is None or not access.secret:
        return False
    try:
        reader = reader_of(access)
        _read_lists(access, reader, at)
    except VendorError as error:
        _failed(access, error, at)
        return False
    if isinstance(reader, Warehouse):
        events_landed.read(access, reader, at=at)
    if access.destination.spec.family == Family.ADS:
        _read_ads(access, reader, at)
    _worked(access, at)
    return True


def lists_of(access: ReadAccess) -> QuerySet[Activation]:
    """Return the lists at a destination whose id at the platform is known, pilots and stopped ones too."""
    known = Activation.objects.filter(destination=access.destination_id, audience__archived_at=None)
    return known.exclude(list_at=None).select_related("list_at", "destination")


def _read_lists(access: ReadAccess, reader: Reader, at: datetime) -> None:
    # What Muster holds is noted before the platform is asked: a sync in between makes the platform later, not earlier.
    lists = list(lists_of(access))
    if not lists:
        reader.lists([])
        return
    if access.destination.spec.family == Family.WAREHOUSE:
        reader = cast("ArmReader", reader).with_arms(holdouts_of(lists))
    seen = reader.lists(sorted({one.list_at.external_id for one in lists}))
    for one in lists:
        found = seen.get(one.list_at.external_id)
        if found is None:
            continue
        with transaction.atomic():
            keep(one, found, source=access.destination.platform, at=at)
            _note_name(one, found.name, gone=found.gone, at=at)
        match_trend.keep(one.pk, at=at)
        arrived.keep(one.pk, at=at)
    health.ask(access.destination_id, [one.pk for one in lists], at=at)


def holdouts_of(lists: Sequence[Activation]) -> dict[str, str]:
    """Return the attributes of the holdouts in use, by the ids of the lists that are told of them. One query."""
    used = arrived.definitions_of({one.audience_id for one in lists})
    said = {
        one.list_at.external_id: holdout_of(used[one.audience_id], one.destination.spec.family)
        for one in lists
        if one.audience_id in used
    }
    return {external_id: holdout.attribute for external_id, holdout in said.items() if holdout}


def _note_name(one: Activation, name: str, *, gone: bool, at: datetime) -> None:
    """Keep what the platform calls the list, and say once that it is gone, or there again."""
    was_gone = one.list_at.gone_at is not None
    ListAt.objects.filter(pk=one.list_at.pk).update(
        gone_at=(one.list_at.gone_at or at) if gone else None, name_seen=name or one.list_at.name_seen
    )
    if gone != was_gone:
        verb = "no longer found at the platform" if gone else "found again at the platform"
        audit.record(verb=verb, subject=one, audience_id=one.audience_id, detail={"id": one.list_at.external_id}, at=at)


def _read_ads(access: ReadAccess, reader: Reader, at: datetime) -> None:
    """Read what uses the lists, and which other lists there are. That they cannot be read does not spoil the figures."""
    if access.ads_read_at and at - access.ads_read_at < ADS_EVERY:
        return
    ads, words = cast("AdReader", reader), []
    ad_sets = seen = None
    try:
        seen = ads.everything()
    except VendorError as error:
        words.append(told(error))
    try:
        ad_sets = ads.ad_sets()
    except VendorError as error:
        words.append(told(error))
    with transaction.atomic():
        if ad_sets is not None:
            attaching.keep(access.destination, ad_sets, at=at)
        if seen is not None:
            unknown_lists.keep(access.destination, seen, ad_sets, at=at)
        read_at = access.ads_read_at if words else at
        ReadAccess.objects.filter(pk=access.pk).update(ads_words=" ".join(words)[:500], ads_read_at=read_at)


def _failed(access: ReadAccess, error: VendorError, at: datetime) -> None:
    state = CheckState.REFUSED if isinstance(error, BadCredentials) else CheckState.UNREADABLE
    ReadAccess.objects.filter(pk=access.pk).update(
        check_state=state,
        check_words=told(error)[:500],
        checked_at=at,
        failing_since=access.failing_since or at,
        failures=access.failures + 1,
        next_at=at + wait_after(error, access.failures),
    )
    if access.check_state != state:
        audit.record(verb="could not be read back", subject=access.destination, reason=told(error), at=at)


def _worked(access: ReadAccess, at: datetime) -> None:
    ReadAccess.objects.filter(pk=access.pk).update(
        check_state=CheckState.WORKING,
        check_words="",
        checked_at=at,
        read_at=at,
        failing_since=None,
        failures=0,
        next_at=at + between_readings(access.pk),
    )
    if access.failing_since:
        audit.record(verb="is read back again", subject=access.destination, at=at)


def wait_after(error: VendorError, failures: int) -> timedelta:
    """Return how long to wait after a failure: doubled each time, no longer than between two readings, as asked by a limit."""
    usual = timedelta(seconds=float(settings.MEASURE_SECONDS))
    asked = timedelta(seconds=error.retry_after or 0) if isinstance(error, RateLimited) else timedelta()
    doubled: timedelta = FIRST_RETRY * 2 ** min(failures, 10)
    return max(asked, min(doubled, usual))


def between_readings(access_id: int) -> timedelta:
    """Return the time between two readings, shifted by up to a twentieth so that destinations do not come all at once."""
    return timedelta(seconds=float(settings.MEASURE_SECONDS) * (1 + (access_id * 37 % 101 - 50) / 1000))

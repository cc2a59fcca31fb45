"""Asks a platform whether it can be read back, keeps what it shows, and says which cause it is when it cannot."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from django.db import transaction

from audiences.connecting import told
from audiences.models.workspace import CheckState
from audiences.pipe_probe import Finding
from audiences.platforms import PLATFORMS, Family
from audiences.terms import joined
from muster import audit
from muster.figures import number
from muster.models import Person
from muster.vendor_errors import AddressRefused, BadCredentials, RateLimited, VendorError

from . import attaching, unknown_lists
from .attachment import nouns
from .models import ListAt, ReadAccess
from .readers.opening import reader_for
from .readers.seen import AdReader, AdSetSeen, ListSeen, Reader
from .reading_access import lacking, secrets_of


@dataclass(frozen=True)
class Look:
    """How asking ended. `lists` and `ad_sets` are None where they could not be read or the platform has none."""

    finding: Finding
    lists: Sequence[ListSeen] | None = None
    ad_sets: Sequence[AdSetSeen] | None = None
    ads_words: str = ""


def reader_of(access: ReadAccess) -> Reader:
    """Return the reader of a destination, as it is set up now. Raises VendorError."""
    return reader_for(access.destination.platform, access.options, secrets_of(access))


def reads_ads(access: ReadAccess) -> bool:
    return PLATFORMS[access.destination.platform].family == Family.ADS


def try_access(access: ReadAccess, *, by: Person, at: datetime) -> Finding:
    """Ask the platform, keep the finding and what it showed of the account, and return the finding."""
    look = ask(access)
    with transaction.atomic():
        _keep(access, look.finding, at)
        if look.lists is not None:
            unknown_lists.keep(access.destination, look.lists, look.ad_sets, at=at)
            access.ads_words = look.ads_words[:500]
        if look.ad_sets is not None:
            attaching.keep(access.destination, look.ad_sets, at=at)
            access.ads_read_at = at
        access.save()
        found = {"found": look.finding.state.label}
        audit.record(verb="tested the reading of", subject=access.destination, by=by, detail=found, at=at)
    return look.finding


def _keep(access: ReadAccess, finding: Finding, at: datetime) -> None:
    access.check_state, access.check_words, access.checked_at = finding.state, finding.words[:500], at
    if finding.state == CheckState.WORKING:
        access.failing_since, access.failures, access.next_at = None, 0, None
    elif finding.state != CheckState.UNKNOWN and access.failing_since is None:
        access.failing_since = at


def ask(access: ReadAccess) -> Look:
    """Return how the platform answers what is entered. Keeps nothing."""
    if missing := lacking(access):
        words = f"Enter first: {joined(need.label.lower() for need in missing)}. The platform was not asked."
        return Look(Finding(CheckState.UNKNOWN, words))
    try:
        reader = reader_of(access)
        return _of_ads(access, cast(AdReader, reader)) if reads_ads(access) else _of_lists(access, reader)
    except VendorError as error:
        return Look(refused(error))


def refused(error: VendorError) -> Finding:
    """Return a failure as the state of the connection with its cause."""
    if isinstance(error, BadCredentials | AddressRefused):
        return Finding(CheckState.REFUSED, told(error), wrong_key=isinstance(error, BadCredentials))
    if isinstance(error, RateLimited):
        words = (
            f"{error.vendor} asks to be asked less at the moment, so the access was not judged. Test again in a while."
        )
        return Finding(CheckState.UNREADABLE, words)
    return Finding(CheckState.UNREADABLE, told(error))


def _of_ads(access: ReadAccess, reader: AdReader) -> Look:
    platform = PLATFORMS[access.destination.platform]
    lists = reader.everything()
    said = f"{platform.label} answers; {number(len(lists))} customer list{'' if len(lists) == 1 else 's'} can be read"
    try:
        ad_sets = reader.ad_sets()
    except VendorError as error:
        words = told(error)
        return Look(Finding(CheckState.WORKING, f"{said}, but not where ads use them. {words}"), lists, None, words)
    one, several = nouns(platform.kind)
    active = f"{number(len(ad_sets))} active {one if len(ad_sets) == 1 else several}"
    return Look(Finding(CheckState.WORKING, f"{said}, and {active}."), lists, ad_sets)


def _of_lists(access: ReadAccess, reader: Reader) -> Look:
    label = PLATFORMS[access.destination.platform].label
    known = ListAt.objects.filter(activation__destination=access.destination)
    ids = sorted(set(known.values_list("external_id", flat=True)))
    seen = reader.lists(ids)
    there = sum(external_id in seen and not seen[external_id].gone for external_id in ids)
    if not ids:
        words = f"{label} answers. No list has its id there yet, so there is nothing to read."
    else:
        words = f"{label} answers; it knows {number(there)} of the {number(len(ids))} lists whose ids are entered."
    return Look(Finding(CheckState.WORKING, words))

"""Keeps by which id a platform knows a list, after asking the platform, and says what the id should be."""

import re
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F

from audiences.models import Activation
from audiences.platforms import Family
from muster import audit
from muster.models import Person
from muster.redaction import excerpt
from muster.vendor_errors import VendorError
from syncs.payload import audience_trait

from .models import ListAt, ReadAccess, UnknownList
from .readers.seen import ListSeen
from .reading_access import is_readable, lacking
from .trying_access import reader_of

DIGITS = re.compile(r"[0-9]{1,25}")
WORD = re.compile(r"[A-Za-z0-9_-]{1,60}")
# A trait, also with another schema in front, or the audience's number where two audiences had one name.
# An audience's address of 60 letters makes a trait of 71, longer than a name in PostgreSQL: its column is cut.
NAME = re.compile(
    r"(?=.{1,120}\Z)(?:[A-Za-z_][A-Za-z0-9_$]{0,62}\.)?[A-Za-z_][A-Za-z0-9_$]{0,90}|[0-9]{1,18}", re.ASCII
)
# By platform: what its ids look like, what they are called, and where one finds them.
IDS: dict[str, tuple[re.Pattern[str], str, str]] = {
    "meta": (DIGITS, "Audience id", "In Ads Manager under Audiences, the column Audience ID: digits only."),
    "google_ads": (DIGITS, "User list id", "In Google Ads under Audience manager, the number in the list's address."),
    "amplitude": (WORD, "Cohort id", "The last part of the cohort's address in Amplitude."),
    "mixpanel": (DIGITS, "Cohort id", "The number in the cohort's address in Mixpanel."),
    "posthog": (DIGITS, "Cohort id", "The number in the cohort's address in PostHog."),
    "warehouse": (NAME, "Trait", "The column of “identifies” that says whether somebody is in the audience."),
}
UNREAD = (
    re.compile(r"[!-~]{1,120}"),
    "List id",
    "As the platform shows it; it stands beside the figures that are entered.",
)


def id_of(platform: str) -> tuple[re.Pattern[str], str, str]:
    """Return what ids of lists look like there, what they are called, and where one finds them."""
    return IDS.get(platform, UNREAD)


class WrongId(Exception):
    """This id cannot be the list's; the sentence says why and what to do. Nothing was changed."""


@dataclass(frozen=True)
class Named:
    """The id as it is kept; `unchecked` says why the platform was not asked, or did not answer.

    `anew`: the list before it is gone at the platform, so the next run sends everybody to this one.
    """

    at: ListAt
    unchecked: str = ""
    anew: bool = False


def trait_of(activation: Activation) -> str:
    """Return the trait by which Muster tells analytics and warehouses who is in the audience."""
    return audience_trait(activation.audience.slug)


def suggestion(activation: Activation) -> str:
    """Return the id that is known without asking: the trait in a warehouse. Cohorts are made by hand and have their own."""
    return trait_of(activation) if activation.destination.spec.family == Family.WAREHOUSE else ""


def set_id(activation: Activation, external_id: str, *, by: Person, at: datetime) -> Named:
    """Keep the id of a list and what the platform calls it. Raises WrongId for what it cannot be."""
    pattern, label, where = id_of(activation.destination.platform)
    if not pattern.fullmatch(external_id):
        raise WrongId(f"This is no {label.lower()}. {where}")
    if (other := holder_of(activation, external_id)) is not None:
        raise WrongId(
            f"{other.audience} has this id already. Two audiences that fill one list would undo each other; choose the list "
            "that is this audience's own."
        )
    seen, unchecked = _asked(activation, external_id)
    if seen and seen.gone:
        raise WrongId(
            f"{activation.destination} knows no list with this id. Check the id, and that it is of this account; a list "
            "that was deleted there has to be made anew."
        )
    name = excerpt(seen.name, limit=300) if seen else ""
    with transaction.atomic():
        anew = _fill_anew(activation, external_id)
        kept, made = ListAt.objects.update_or_create(
            activation=activation,
            defaults={"external_id": external_id, "name_seen": name, "gone_at": None, "set_at": at},
        )
        UnknownList.objects.filter(destination=activation.destination, external_id=external_id).delete()
        now = f"“{name}” there" if name else "an id that was not checked" if unchecked else "an id the platform knows"
        audit.record(
            verb="told the id of" if made else "changed the id of",
            subject=activation,
            by=by,
            detail={"now": [now]},
            audience_id=activation.audience_id,
            at=at,
        )
    return Named(kept, unchecked, anew)


def _fill_anew(activation: Activation, external_id: str) -> bool:
    """Trust the ledger no more where another list took the place of one that is gone; return whether it did.

    Nobody counts as there, on a suppression as protected, before everybody was sent again. An id that was only corrected
    changes nothing of that: its list was never gone.
    """
    gone = ListAt.objects.filter(activation=activation, gone_at__isnull=False).exclude(external_id=external_id)
    return bool(gone.exists() and Activation.objects.filter(pk=activation.pk).update(epoch=F("epoch") + 1))


def forget_id(activation: Activation, *, by: Person, at: datetime) -> bool:
    """Take the id of a list out, so that it is read no more, and return whether it had one."""
    with transaction.atomic():
        if not ListAt.objects.filter(activation=activation).delete()[0]:
            return False
        audit.record(verb="took out the id of", subject=activation, by=by, audience_id=activation.audience_id, at=at)
    return True


def holder_of(activation: Activation, external_id: str) -> Activation | None:
    """Return the list of another audience at the same destination that has the id. A pilot goes to its audience's list."""
    others = Activation.objects.filter(destination=activation.destination_id, list_at__external_id=external_id)
    return others.exclude(audience=activation.audience_id).select_related("audience", "destination").first()


def readable(activation: Activation) -> tuple[ReadAccess | None, str]:
    """Return the access by which a list can be read, or None and why there is none."""
    if not is_readable(activation.destination):
        return None, f"Muster has no reader of {activation.destination.spec.label}: its figures are entered by hand."
    access = ReadAccess.objects.filter(destination=activation.destination_id).select_related("destination").first()
    if access is None or access.archived_at:
        return None, f"{activation.destination} is not set up to be read."
    if lacking(access):
        return None, f"The reading of {activation.destination} lacks something that must be entered first."
    return access, ""


def _asked(activation: Activation, external_id: str) -> tuple[ListSeen | None, str]:
    access, why_not = readable(activation)
    if access is None:
        return None, why_not
    try:
        return reader_of(access).lists([external_id])[external_id], ""
    except VendorError as error:
        return None, f"{error.words.happened} {error.detail}".strip()

"""What is known of where ads use each list of an audience: read from the account, signed by a person, or unknown."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from audiences.models import Activation
from audiences.platforms import Family

from .attaching import SIGNED, newest, use_in
from .attachment import Use, is_attached, told
from .models import Attachment, ListAt, ReadAccess, UnknownList
from .reading_access import is_readable
from .suppressing import suppressing

READ_FOR = timedelta(days=3)  # after which what was read of an account that cannot be read now counts no more


@dataclass(frozen=True)
class WhereUsed:
    """One list. `look` is the newest look at it, also one that no longer counts; `at` its id there."""

    list: Activation
    at: ListAt | None
    access: ReadAccess | None
    look: Attachment | None
    suppresses: bool
    unknown: int
    now: datetime

    @property
    def is_ads(self) -> bool:
        return self.list.destination.spec.family == Family.ADS

    @property
    def has_reader(self) -> bool:
        return is_readable(self.list.destination)

    @property
    def is_read(self) -> bool:
        """Whether Muster reads where ads use the list by itself, and could when it last tried."""
        access = self.access
        works = bool(access and not access.archived_at and access.ads_read_at and not access.ads_words)
        return bool(works and access and not access.failing_since and self.at and not self.at.gone_at)

    @property
    def use(self) -> Use | None:
        """Return what is known now: None where the newest look no longer counts."""
        if self.look is None or self.is_over:
            return None
        return use_in(self.look)

    @property
    def is_signed(self) -> bool:
        return self.look is not None and self.look.source == SIGNED

    @property
    def is_over(self) -> bool:
        """Whether the newest look is too old: a signed one after its 30 days, one that was read after three."""
        if self.look is None:
            return False
        until = self.look.expires_at or self.look.at + READ_FOR
        return until <= self.now

    @property
    def state(self) -> str:
        """Return "attached", "not_attached" or "unknown"."""
        attached = is_attached(self.use, suppresses=self.suppresses) if self.use else None
        return "unknown" if attached is None else "attached" if attached else "not_attached"

    @property
    def sentence(self) -> str:
        """Return what is true of the list's use now."""
        if self.use:
            return told(self.use, suppresses=self.suppresses, platform=self.list.destination.platform)
        if self.look and self.is_signed:
            return "The signed check has expired, so nobody knows whether ads use it as they should."
        if self.look:
            return "What was read is too old to count. Sign what you see in the account."
        return "Nobody has looked yet where ads use it."


def where_used(lists: Sequence[Activation], now: datetime) -> list[WhereUsed]:
    """Return for each list what is known of its use. Four queries."""
    places = {one.destination_id for one in lists}
    access = {one.destination_id: one for one in ReadAccess.objects.defer("secret").filter(destination__in=places)}
    strange = list(
        UnknownList.objects.filter(destination__in=places, known_reason="").values_list("destination", flat=True)
    )
    looks, purpose = newest(lists), suppressing(lists)
    return [
        WhereUsed(
            list=one,
            at=getattr(one, "list_at", None),
            access=access.get(one.destination_id),
            look=looks.get(one.pk),
            suppresses=purpose[one.pk],
            unknown=strange.count(one.destination_id),
            now=now,
        )
        for one in lists
    ]

"""Who unsubscribed by an event: noted at once, out of every later addition to targeting, until a reading says otherwise.

A reading that began a quarter of an hour later, and shows the person as subscribed, lifts it: what Customer.io's own
segments and exports show may be some minutes behind its events.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import chain
from typing import Final

import numpy as np
from django.db.models import Q, QuerySet

from audiences.identity import NOTHING, email_digests, phone_digests
from audiences.models import Workspace
from audiences.sha256 import sha256
from muster.columns import KEY, Array, Columns

from .erased import identifier_hint, identifier_value
from .models import OptOut
from .people import TRUE, UNSUBSCRIBED
from .tokens import Flags, Tokens, keys_among, salt, words
from .webhook_body import Delivered

COUNTRY: Final = "US"  # of numbers that name none; every other is read by its code
BEHIND: Final = timedelta(minutes=15)
FLAG: Final = f"flag:{UNSUBSCRIBED}"
Kind = OptOut.Kind


def digests_of(told: Delivered) -> list[bytes]:
    """Return the SHA-256 of every normal form of an event's identifiers that any destination needs."""
    named = email_digests([told.email])[0] | phone_digests([told.phone], COUNTRY)[0]
    ids = [sha256(told.person_id.encode()).digest()] if told.person_id else []
    return sorted({*chain.from_iterable(named.values()), *ids} - {NOTHING})


def note(workspace_id: int, key: bytes, digests: Iterable[bytes], *, at: datetime, received_at: datetime) -> bool:
    """Note that somebody unsubscribed at `at`, by key and identifiers; whether anything is new. In a transaction.

    What a later reading has already taken back stays so: an old event that comes again says nothing new.
    """
    values = [(Kind.KEY, key, 0)] if key else []
    values += [(Kind.IDENTIFIER, identifier_value(one), identifier_hint(one)) for one in digests]
    new = False
    for kind, value, hint in values:
        times = {"at": at, "received_at": received_at}
        mine, made = OptOut.objects.get_or_create(
            workspace_id=workspace_id, kind=kind, value=value, defaults={**times, "hint": hint}
        )
        later = Q(pk=mine.pk) & Q(at__lt=at) & (Q(lifted_at=None) | Q(lifted_at__lt=at))
        new |= made or bool(OptOut.objects.filter(later).update(**times, asked_at=None, lifted_at=None))
    return new


class OptedOut:
    """The open opt-outs of a workspace, for one list's comparison and sending. Without a workspace: nobody's."""

    def __init__(self, workspace: Workspace | None) -> None:
        self.workspace = workspace
        rows = list(open_of(workspace).values_list("kind", "value", "hint", "received_at")) if workspace else []
        self.newest = max((row[3] for row in rows), default=None)
        self._keys = {bytes(value): received for kind, value, _, received in rows if kind == Kind.KEY}
        self._values = {bytes(value): received for kind, value, _, received in rows if kind == Kind.IDENTIFIER}
        self.keys: Array = np.frombuffer(b"".join(sorted(self._keys)), KEY)
        self._named = set(self._keys.values())
        self._hints = np.zeros(1 << 16, np.bool_)
        self._hints[[hint for kind, _, hint, _ in rows if kind == Kind.IDENTIFIER]] = True
        self._lifted: set[datetime] = set()

    def is_current(self) -> bool:
        """Whether nobody unsubscribed since."""
        if self.workspace is None:
            return True
        later = Q(received_at__gt=self.newest) if self.newest else Q()
        return not open_of(self.workspace).filter(later).exists()

    def may_hold(self, tokens: Tokens, code: int) -> bool:
        """Whether one of these identifiers of a field may be of somebody who opted out."""
        return bool(self._values and self._hinted(tokens ^ salt(code)).any())

    def flags(self, people: Columns, columns: Iterable[str], *, began_at: datetime | None = None) -> Flags:
        """Return who opted out, by key or by one of these identifiers, as far as their digests are there.

        `began_at`: when the reading that shows these people began; it may lift what they said long enough before.
        """
        found = keys_among(people["key"], self.keys)
        said = {int(place): self._keys[people["key"][place].ljust(16, b"\0")] for place in np.flatnonzero(found)}
        for column in columns:
            if column in people:
                said |= self._by_identifier(people[column], said)
        for place, received in said.items():
            found[place] = not self._is_lifted(people, place, received, began_at)
        return found

    def _by_identifier(self, digests: Array, known: dict[int, datetime]) -> dict[int, datetime]:
        if not self._values or not len(digests):
            return {}
        places = [int(place) for place in np.flatnonzero(self._hinted(words(digests))) if int(place) not in known]
        found = {place: self._values.get(identifier_value(digests[place].tobytes())) for place in places}
        return {place: received for place, received in found.items() if received is not None}

    def _hinted(self, first_words: Tokens) -> Flags:
        hints = np.ascontiguousarray(first_words).view(np.dtype("<u2")).reshape(-1, 4)[:, 0]
        return np.asarray(self._hints[hints])

    def _is_lifted(self, people: Columns, place: int, received: datetime, began_at: datetime | None) -> bool:
        if received in self._lifted:
            return True
        if began_at is None or FLAG not in people or began_at < received + BEHIND or people[FLAG][place] == TRUE:
            return False
        # Of somebody whose key is known, only that profile may take it back: another one may share the address.
        mine = self._keys.get(people["key"][place].ljust(16, b"\0")) == received
        if mine or received not in self._named:
            self._lifted.add(received)
            return True
        return False

    def lift(self, began_at: datetime) -> int:
        """Write down what the reading lifted, and return how many rows that were."""
        if not self._lifted or self.workspace is None:
            return 0
        mine = open_of(self.workspace).filter(received_at__in=self._lifted)
        return mine.update(lifted_at=began_at)


def open_of(workspace: Workspace) -> QuerySet[OptOut]:
    """Return the opt-outs of a workspace that still hold."""
    return OptOut.objects.filter(workspace=workspace, lifted_at=None)

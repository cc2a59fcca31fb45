"""Who was erased: asked at the plan and again at every addition."""

import hashlib

import numpy as np

from audiences.models import Workspace
from muster.columns import KEY, Array
from muster.kept_query import KeptQuery
from muster.vault import pepper

from .models import Tombstone
from .tokens import Flags, Tokens, salt, words

_later = KeptQuery(
    lambda workspace, newest: Tombstone.objects.filter(workspace_id=workspace, pk__gt=newest).only("pk")[:1], int, int
)


def identifier_value(digest: bytes) -> bytes:
    """Return what a tombstone keeps of an identifier's SHA-256."""
    return hashlib.blake2b(digest, key=pepper("tombstone"), digest_size=16).digest()


def identifier_hint(digest: bytes) -> int:
    """Return the 16 bits by which most identifiers are told apart from an erased one without a keyed hash."""
    return int.from_bytes(digest[:2], "little")


class Erased:
    """The tombstones of a workspace as of `newest`, the newest one's primary key."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        rows = list(Tombstone.objects.filter(workspace=workspace).values_list("pk", "kind", "value", "hint"))
        self.newest = max((row[0] for row in rows), default=0)
        keys = sorted(bytes(value) for _, kind, value, _ in rows if kind == Tombstone.Kind.KEY)
        self.keys: Array = np.frombuffer(b"".join(keys), KEY)
        self._values = {bytes(value) for _, kind, value, _ in rows if kind == Tombstone.Kind.IDENTIFIER}
        self._hints = np.zeros(1 << 16, np.bool_)
        self._hints[[hint for _, kind, _, hint in rows if kind == Tombstone.Kind.IDENTIFIER]] = True

    def is_current(self) -> bool:
        """Whether nobody was erased since."""
        return _later.first(self.workspace.pk, self.newest) is None

    def may_hold(self, tokens: Tokens, code: int) -> bool:
        """Whether one of these identifiers of a field may be an erased person's."""
        return bool(self._values and self._hinted(tokens ^ salt(code)).any())

    def _hinted(self, first_words: Tokens) -> Flags:
        hints = np.ascontiguousarray(first_words).view(np.dtype("<u2")).reshape(-1, 4)[:, 0]
        return np.asarray(self._hints[hints])

    def identifier(self, digests: Array, _code: int = 0) -> Flags:
        """Return which 32-byte digests belong to an erased person."""
        found = np.zeros(len(digests), np.bool_)
        if not self._values or not len(digests):
            return found
        for place in np.flatnonzero(self._hinted(words(digests))):
            found[place] = identifier_value(digests[place].tobytes()) in self._values
        return found

"""Customer.io's signature of a webhook (scheme v0): hex HMAC-SHA256 over `v0:<timestamp>:<raw body>`. Pure.

The timestamp is the text of X-CIO-Timestamp, unix seconds, the signature the text of X-CIO-Signature.
"""

import hmac
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

SCHEME: Final = "v0"
AHEAD: Final = timedelta(minutes=5)  # how far the sender's clock may be before ours
LONGEST_TIMESTAMP: Final = 12


def signature(key: str, timestamp: str, body: bytes) -> str:
    """Return what Customer.io writes into X-CIO-Signature."""
    return hmac.digest(key.encode(), head(timestamp) + body, "sha256").hex()


def head(timestamp: str) -> bytes:
    """Return what is signed before the body."""
    return f"{SCHEME}:{timestamp}:".encode("utf-8", "replace")


class Signers:
    """The keys that are valid now, asked which of them signed a body that comes in pieces."""

    def __init__(self, keys: Sequence[str], timestamp: str) -> None:
        self._hashes = [hmac.new(key.encode(), head(timestamp), "sha256") for key in keys]

    def update(self, piece: bytes) -> None:
        """Take the next piece of the body."""
        for one in self._hashes:
            one.update(piece)

    def signer(self, given: str) -> int | None:
        """Return the place of the key that signed, None for none. It takes as long whichever it is."""
        wanted = given.strip().lower().encode("utf-8", "replace")
        found = None
        for place, one in enumerate(self._hashes):
            if hmac.compare_digest(one.hexdigest().encode(), wanted):
                found = place
        return found


def sent_at(timestamp: str) -> datetime | None:
    """Return the moment that a timestamp names, None where it is none."""
    text = timestamp.strip()
    if not (text.isascii() and text.isdecimal() and len(text) <= LONGEST_TIMESTAMP):
        return None
    try:
        return datetime.fromtimestamp(int(text), UTC)
    except (OverflowError, ValueError, OSError):
        return None


def is_fresh(sent: datetime, now: datetime, window: timedelta) -> bool:
    """Whether a request that was sent then may still be believed."""
    return now - window <= sent <= now + AHEAD

"""RudderStack's HTTP API (data plane): one request with a batch of events, by write key.

POST /v1/batch, Basic auth with the write key as user name, gzip. 200 with the body `ok` means stored, nothing more
(facts read in rudder-server's gateway, Aug 2026). Raises what muster/vendor_errors.py lists, and TooLarge for a 413.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from isal import igzip

from audiences.models import Pipe
from muster.http import BadCredentials, Door, Gone, RateLimited, Rejected, Unreachable, Unreadable, VendorError

VENDOR: Final = "RudderStack"
GZIP_LEVEL: Final = 1
LARGEST_BODY: Final = 3_900_000  # the gateway refuses over 4,096,000 bytes after gunzip


class TooLarge(Rejected):
    """The body is over the gateway's limit; half of it may not be."""

    happened = "{vendor} refused the request{code}: it is too large."


STATUSES: Mapping[int, type[VendorError]] = MappingProxyType(
    {
        400: Rejected,
        401: BadCredentials,
        403: BadCredentials,
        404: Gone,
        413: TooLarge,
        429: RateLimited,
        503: Unreachable,
        504: Unreachable,
    }
)


class RudderStack:
    """One pipe: a data plane and a write key. Threads may share it."""

    def __init__(self, pipe: Pipe) -> None:
        self._door = Door(
            pipe.data_plane_url,
            vendor=VENDOR,
            auth=(pipe.write_key, ""),
            secrets=[pipe.write_key],
            statuses=STATUSES,
            max_bytes=1 << 20,
        )

    def send(self, body: bytes) -> None:
        """Return when RudderStack accepted the events. Raises VendorError; `ambiguous` when it may have them all the same.

        An answer of 200 that is not `ok` comes from something in between: whether RudderStack has the events is unknown.
        """
        answer = self._door.post(
            "/v1/batch",
            data=igzip.compress(body, GZIP_LEVEL, mtime=0),
            headers={"Content-Type": "application/json", "Content-Encoding": "gzip"},
        )
        if answer.body.strip().lower() != b"ok":
            raise Unreadable(VENDOR, "It did not say ok.", status=answer.status, ambiguous=True)

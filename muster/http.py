"""The one door out: every request that Muster makes to a vendor over HTTP leaves here.

The door owns the deadline over the whole exchange, the size limit, the refusal of redirects and of addresses that are
not public, the redaction of secrets and personal data in errors, and the table that turns a status into an error.
Callers see neither `requests` nor a status code.
"""

import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import MappingProxyType
from typing import Any
from urllib.parse import urljoin, urlsplit

import orjson
import requests
from django.conf import settings
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import HTTPError

from .addresses import Forbidden, check_url
from .redaction import excerpt
from .sockets import EXCHANGE, Exchange, judged_session
from .unpacking import CannotUnpack, unpacked
from .vendor_errors import (
    AddressRefused,
    BadCredentials,
    Gone,
    RateLimited,
    Rejected,
    Unreachable,
    Unreadable,
    VendorError,
    Words,
)

__all__ = [
    "AddressRefused",
    "Answer",
    "BadCredentials",
    "Door",
    "Gone",
    "RateLimited",
    "Refusal",
    "Rejected",
    "Unreachable",
    "Unreadable",
    "VendorError",
    "Words",
]

ALWAYS = {"User-Agent": "Muster/1 (+audience reconciliation)", "Accept-Encoding": "gzip"}
CREDENTIAL = re.compile("auth|key|token|secret", re.IGNORECASE)
CHUNK = 1 << 16
EXCERPT_BYTES = 4096
JUDGED_BYTES = 1 << 16
CUT_WORD = re.compile(r"[^\s,;]*\Z")
STREAM_SECONDS = 900.0
LONGEST_WAIT = 24 * 3600
STREAM_BYTES = 16 << 30
STATUSES: Mapping[int, type[VendorError]] = MappingProxyType(
    {
        401: BadCredentials,
        403: BadCredentials,
        404: Gone,
        408: Unreachable,
        410: Gone,
        425: RateLimited,
        429: RateLimited,
    }
)

Query = Mapping[str, Any] | Sequence[tuple[str, Any]] | None


@dataclass(frozen=True)
class Answer:
    """A 2xx answer, read completely."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    vendor: str

    def json(self) -> Any:
        """Return the body parsed as JSON. Raises Unreadable."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            raise Unreadable(self.vendor, "The answer is not JSON.", status=self.status) from None


@dataclass(frozen=True)
class Refusal:
    """An answer that is not 2xx, as it came: `body` is its beginning and not redacted, so it must not be kept."""

    status: int
    headers: Mapping[str, str]
    body: bytes


Judge = Callable[[Refusal], VendorError | None]


class Door:
    """One vendor at one base URL with one credential. Threads may share it: each keeps its own connections.

    `secrets` are taken out of every error besides what `auth` and an Authorization header carry. `statuses` overrides
    entries of STATUSES. `judge` is for a vendor whose body says more than its status: the error that it makes of a
    refusal is raised, None leaves it to the status. `timeout` is in seconds, over the whole exchange: name look-up
    excepted, no byte is sent or read after it. Raises AddressRefused for a base URL that may not be called.
    """

    def __init__(
        self,
        base_url: str,
        *,
        vendor: str,
        secrets: Sequence[str] = (),
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        statuses: Mapping[int, type[VendorError]] | None = None,
        judge: Judge | None = None,
        timeout: float | None = None,
        max_bytes: int = 64 << 20,
    ) -> None:
        self.vendor = vendor
        self.base_url = self._allowed(base_url).rstrip("/")
        self.headers = dict(headers or {})
        self.auth = auth
        words = [word for name, value in self.headers.items() if CREDENTIAL.search(name) for word in value.split()]
        self.secrets = [secret for secret in (*secrets, *(auth or ()), ":".join(auth or ()), *words) if secret]
        self.statuses = {**STATUSES, **(statuses or {})}
        self.judge = judge
        self.timeout = timeout
        self.max_bytes = max_bytes
        self._local = threading.local()

    def get(self, path: str, params: Query = None) -> Answer:
        """Return the answer to a GET below the base URL. Raises VendorError."""
        return self._ask("GET", path, params=params)

    def post(
        self,
        path: str,
        *,
        json: Any = None,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        params: Query = None,
    ) -> Answer:
        """Return the answer to a POST of `json` or of `data` below the base URL. Raises VendorError."""
        sent_headers = dict(headers or {})
        if json is not None:
            data = orjson.dumps(json)
            sent_headers.setdefault("Content-Type", "application/json")
        return self._ask("POST", path, params=params, data=data, headers=sent_headers)

    @contextmanager
    def stream(
        self, url_or_path: str, *, bearer: bool = False, timeout: float = STREAM_SECONDS, max_bytes: int = STREAM_BYTES
    ) -> Iterator[Iterator[bytes]]:
        """Open a download, at another host too, and give its chunks of at most 64 KB. Raises VendorError, while reading too.

        The credential and the door's headers go along only with `bearer=True`, and then only to the base URL's own host.
        `timeout` is over the whole download, in seconds; a single wait is limited by the door's own.
        """
        url = self._allowed(urljoin(self.base_url + "/", url_or_path))
        if bearer and urlsplit(url)[:2] != urlsplit(self.base_url)[:2]:
            raise AddressRefused(self.vendor, "The key goes only to the host that it belongs to.")
        exchange = Exchange(time.monotonic() + timeout, idle=self._seconds())
        with self._named(exchange):
            response = self._send(exchange, "GET", url, own=bearer)
        try:
            self._check(exchange, response)
            yield self._chunks(exchange, response, max_bytes)
        finally:
            response.close()

    def _ask(self, method: str, path: str, **parts: Any) -> Answer:
        seconds = self._seconds()
        exchange = Exchange(time.monotonic() + seconds, idle=seconds)
        with self._named(exchange):
            response = self._send(
                exchange, method, self._allowed(f"{self.base_url}/{path.lstrip('/')}"), own=True, **parts
            )
        try:
            self._check(exchange, response)
            body = b"".join(self._chunks(exchange, response, self.max_bytes))
        finally:
            response.close()
        return Answer(response.status_code, response.headers, body, self.vendor)

    def _send(
        self,
        exchange: Exchange,
        method: str,
        url: str,
        *,
        own: bool,
        headers: Mapping[str, str] | None = None,
        **parts: Any,
    ) -> requests.Response:
        token = EXCHANGE.set(exchange)
        try:
            return self._session().request(
                method,
                url,
                headers={**ALWAYS, **(self.headers if own else {}), **(headers or {})},
                auth=self.auth if own else None,
                allow_redirects=False,
                stream=True,
                timeout=exchange.left(),
                **parts,
            )
        finally:
            EXCHANGE.reset(token)

    def _session(self) -> requests.Session:
        if not hasattr(self._local, "session"):
            self._local.session = judged_session()
        session: requests.Session = self._local.session
        # A vendor's cookies would make one request depend on another.
        session.cookies.clear()
        return session

    def _seconds(self) -> float:
        return self.timeout if self.timeout is not None else float(settings.REQUEST_TIMEOUT)

    def _allowed(self, url: str) -> str:
        try:
            return check_url(url)
        except Forbidden as error:
            raise AddressRefused(self.vendor, excerpt(str(error))) from None

    @contextmanager
    def _named(self, exchange: Exchange) -> Iterator[None]:
        """Turn what the network raises into the taxonomy. The original is not chained: its text holds addresses and keys."""
        try:
            yield
        except Forbidden as error:
            problem: VendorError = AddressRefused(self.vendor, excerpt(str(error)))
        except CannotUnpack:
            problem = Unreadable(self.vendor, "The answer is packed in a way that cannot be unpacked.", ambiguous=True)
        except ValueError:
            problem = Rejected(self.vendor, "The key or the address holds characters that cannot be sent.")
        except (requests.RequestException, HTTPError, OSError) as error:
            problem = Unreachable(self.vendor, excerpt(reason(error), self.secrets), ambiguous=exchange.sent)
        else:
            return
        raise problem from None

    def _chunks(self, exchange: Exchange, response: requests.Response, limit: int) -> Iterator[bytes]:
        read = 0
        with self._named(exchange):
            packed = response.raw.stream(CHUNK, decode_content=False)
            for chunk in unpacked(packed, response.headers.get("Content-Encoding", ""), CHUNK):
                read += len(chunk)
                if read > limit:
                    raise Unreadable(self.vendor, f"The answer is longer than {limit:,} bytes.", ambiguous=True)
                yield chunk

    def _check(self, exchange: Exchange, response: requests.Response) -> None:
        """Raise what the status stands for; a redirect is refused, whatever it points at."""
        status = response.status_code
        if 200 <= status < 300:
            return
        if 300 <= status < 400:
            raise Rejected(self.vendor, "The answer is a redirect, and Muster follows none.", status=status)
        kind = self.statuses.get(status, Unreachable if status >= 500 else Rejected)
        body = self._beginning(exchange, response, JUDGED_BYTES if self.judge else EXCERPT_BYTES)
        if self.judge and (judged := self.judge(Refusal(status, response.headers, body))):
            raise judged
        detail = self._detail(body)
        if issubclass(kind, RateLimited):
            raise kind(self.vendor, detail, status=status, retry_after=retry_after(response.headers, datetime.now(UTC)))
        raise kind(self.vendor, detail, status=status, ambiguous=status >= 500)

    def _beginning(self, exchange: Exchange, response: requests.Response, limit: int) -> bytes:
        body = b""
        try:
            for chunk in self._chunks(exchange, response, self.max_bytes):
                body += chunk
                if len(body) >= limit:
                    break
        except VendorError:
            body = body or b"The reason it gave was lost on the way."
        return body

    def _detail(self, body: bytes) -> str:
        text = body.decode("utf-8", "replace")
        # What is cut in the middle would no longer read like an address or a key, and pass the redaction.
        return excerpt(text if len(body) < EXCERPT_BYTES else CUT_WORD.sub("", text), self.secrets)


def reason(error: BaseException) -> str:
    """Return why the network failed, in words without addresses: the innermost cause speaks for the layers around it."""
    seen: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in seen:
        seen.append(cause)
        cause = cause.__cause__ or cause.__context__
    if any(isinstance(cause, TimeoutError | requests.Timeout) for cause in seen):
        return "No complete answer within the time limit."
    told = [cause.strerror for cause in seen if isinstance(cause, OSError) and cause.strerror]
    return (
        f"The connection failed: {told[-1]}." if told else "The connection was closed before the answer was complete."
    )


def retry_after(headers: CaseInsensitiveDict[str], now: datetime) -> float | None:
    """Return the seconds to wait that a Retry-After header asks for (RFC 9110 §10.2.3: seconds or a date), at most a day.

    None where it says nothing.
    """
    value = headers.get("Retry-After", "").strip()
    if value.isdecimal():
        return float(min(int(value[:20]), LONGEST_WAIT))
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, TypeError):
        return None
    asked = (at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds()
    return min(max(0.0, asked), LONGEST_WAIT)

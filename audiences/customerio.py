"""The border to Customer.io's App API: segments, their people, exports, reporting webhooks. Only reading, nothing else.

Customer.io adds keys without notice, so unknown ones are ignored; a missing one that is needed makes the answer
Unreadable. Every request waits for its turn (rate.py).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import orjson
from django.conf import settings

from muster.http import (
    Answer,
    BadCredentials,
    Door,
    Gone,
    RateLimited,
    Rejected,
    Unreachable,
    Unreadable,
    VendorError,
)
from muster.redaction import redact

from . import membership, rate
from .conditions import readable
from .models import Workspace

VENDOR: Final = rate.VENDOR
LARGEST_BULK: Final = 100
FINISHED: Final = "finished"
PATIENCE: Final = 20.0

Row = TypeVar("Row")


class NoKey(BadCredentials):
    happened = "No key of {vendor} has been entered."
    next_step = "Ask an administrator to enter the App API key of this workspace in Connections."


class KeyUnknown(BadCredentials):
    """Customer.io answers a wrong region exactly as it answers a wrong key."""

    happened = "{vendor} does not know this key in this region{code}."
    next_step = (
        "Either the key is wrong or revoked, or the workspace is in the other region: {vendor} answers both alike. "
        "Ask an administrator to check both in Connections."
    )


class KeyRefused(BadCredentials):
    happened = "{vendor} knows the key, but does not let it read this{code}."
    next_step = (
        "Ask an administrator whether the key's scope, or a list of allowed addresses in {vendor}, keeps Muster out."
    )


class WrongPlace(Rejected):
    """A path that does not exist there, as opposed to a thing that does not exist."""

    happened = "Something else than {vendor}'s App API answers at this address{code}."
    next_step = "Ask an administrator to check the address of {vendor} that Muster is set to."


class LinkExpired(Unreachable):
    happened = "The download link of {vendor} no longer works{code}."
    effect = "Nothing was read from it; Muster asks for a new one."


@dataclass(frozen=True)
class SegmentShown:
    """A segment as the list shows it. `conditions` is None where Customer.io shows none."""

    number: int
    name: str
    description: str
    kind: str
    state: str
    progress: int | None
    conditions: Any
    tags: list[str]
    edited_at: datetime | None

    @property
    def is_finished(self) -> bool:
        return self.state == FINISHED


@dataclass(frozen=True)
class Export:
    """An export job. `total` is how many rows it has, once it is done."""

    number: int
    status: str
    failed: bool
    total: int
    created_at: datetime | None

    @property
    def is_done(self) -> bool:
        return self.status == "done" and not self.failed

    @property
    def has_failed(self) -> bool:
        return self.failed or self.status == "failed"


@dataclass(frozen=True)
class Webhook:
    """A reporting webhook. `endpoint` may hold a key."""

    name: str
    endpoint: str = field(repr=False)
    events: list[str]
    disabled: bool


class CustomerIo:
    """One workspace. Threads may share it. Every method raises VendorError.

    `patience` is how many seconds a request may wait for its turn before it is given up as RateLimited.
    """

    def __init__(self, workspace: Workspace, *, patience: float = PATIENCE) -> None:
        if not workspace.api_key:
            raise NoKey(VENDOR)
        self.workspace_id = workspace.pk
        self.patience = patience
        host = settings.CUSTOMERIO_HOSTS[workspace.region]
        self._door = Door(
            host,
            vendor=VENDOR,
            headers={"Authorization": f"Bearer {workspace.api_key}"},
            statuses={401: KeyUnknown, 403: KeyRefused},
        )
        # Signed links lead to another host, which must never see the key: this door has none to give.
        expired = dict.fromkeys((400, 401, 403, 404, 410), LinkExpired)
        self._store = Door(host, vendor=VENDOR, secrets=[workspace.api_key], statuses=expired)
        self._prefix = ""

    def people(self) -> int:
        """Return how many people the workspace has, about; the smallest question that needs a good key."""
        rows = self._list("/v1/workspaces", "workspaces")
        return max((int(row.get("people") or 0) for row in rows), default=0)

    def segments(self) -> list[SegmentShown]:
        """Return every segment: one request covers all."""
        return [self._made(shown_segment, row) for row in self._list("/v1/segments", "segments")]

    def customer_count(self, segment: int) -> int:
        """Return how many people Customer.io counts in a segment."""
        found = self._document("GET", f"/v1/segments/{segment}/customer_count")
        count = found.get("count")
        if not isinstance(count, int) or isinstance(count, bool) or found.get("segment_id", segment) != segment:
            raise Unreadable(VENDOR, "The count of a segment is missing from the answer.")
        return count

    def members(self, segment: int) -> membership.Page:
        """Return the first page of a segment's members, the largest that there is: the only one that cannot drift."""
        path = f"/v1/segments/{segment}/membership"
        found = self._document("GET", path, params={"limit": membership.ONE_PAGE})
        try:
            return membership.page(found, segment)
        except membership.Malformed as error:
            raise Unreadable(VENDOR, f"Instead of members came {error}.") from None

    def attributes(self, cio_ids: Sequence[str], names: Sequence[str]) -> dict[str, list[str]]:
        """Return these attributes of up to 100 people by cio_id. Whom Customer.io does not know any more is missing."""
        found = self._attributes(cio_ids, names)
        if not found and cio_ids and not self._prefix:
            # Some places of the API want the id with its prefix, and leave out silently what they do not know.
            self._prefix = "cio_"
            found = self._attributes(cio_ids, names)
            self._prefix = "cio_" if found else ""
        return found

    def _attributes(self, cio_ids: Sequence[str], names: Sequence[str]) -> dict[str, list[str]]:
        body = {"ids": [self._prefix + one for one in cio_ids]}
        found = self._document("POST", "/v1/customers/attributes", params={"id_type": "cio_id"}, json=body)
        try:
            return membership.attributes(found, names)
        except membership.Malformed as error:
            raise Unreadable(VENDOR, f"Instead of people came {error}.") from None

    def start_export(self, segment: int, columns: Sequence[str]) -> Export:
        """Ask for an export of a segment's people as they are now, with these columns."""
        body = {"filters": {"segment": {"id": segment}}, "attributes": list(columns)}
        return self._export(self._document("POST", "/v1/exports/customers", json=body))

    def export(self, number: int) -> Export:
        """Return how an export stands. Raises Gone when Customer.io has dropped it."""
        return self._export(self._document("GET", f"/v1/exports/{number}"))

    @contextmanager
    def download(self, export: int) -> Iterator[Iterator[bytes]]:
        """Open an export that is done, through a new link, and give its bytes."""
        url = self._document("GET", f"/v1/exports/{export}/download").get("url")
        if not isinstance(url, str) or not url:
            raise Unreadable(VENDOR, "The answer has no download link.")
        with self._store.stream(url) as chunks:
            yield chunks

    def reporting_webhooks(self) -> list[Webhook]:
        """Return the reporting webhooks of the workspace."""
        return [self._made(shown_webhook, row) for row in self._list("/v1/reporting_webhooks", "reporting_webhooks")]

    def _export(self, document: Mapping[str, Any]) -> Export:
        return self._made(shown_export, document.get("export"))

    @staticmethod
    def _made(make: Callable[[Any], Row], row: Any) -> Row:
        try:
            return make(row)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            raise Unreadable(VENDOR, "The answer lacks what it should hold.") from None

    def _list(self, path: str, key: str) -> list[Any]:
        document = self._document("GET", path)
        rows = document.get(key, "missing")
        if rows is None:
            return []
        if not isinstance(rows, list):
            raise Unreadable(VENDOR, f"The answer has no list of {key.replace('_', ' ')}.")
        return rows

    def _document(self, method: str, path: str, *, params: Any = None, json: Any = None) -> Mapping[str, Any]:
        rate.take_turn(self.workspace_id, patience=self.patience)
        try:
            answer = (
                self._door.get(path, params) if method == "GET" else self._door.post(path, json=json, params=params)
            )
        except RateLimited as error:
            if error.retry_after:
                rate.hold_back(self.workspace_id, error.retry_after)
            raise
        except Gone as error:
            # What does not exist is said in JSON; a path that does not exist is said in plain text.
            if not error.detail.startswith("{"):
                raise WrongPlace(VENDOR, error.detail, status=error.status) from None
            error.detail = said(error.detail)
            raise
        except VendorError as error:
            error.detail = said(error.detail)
            raise
        return _object(answer)


def said(detail: str) -> str:
    """Return Customer.io's own words out of its envelope; what has another form stays as it is."""
    try:
        return "; ".join(str(one["detail"]) for one in orjson.loads(detail)["errors"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return detail


def shown_segment(row: Any) -> SegmentShown:
    """Return a segment from a row of the list. Raises KeyError, TypeError or ValueError for a row that is none."""
    progress, edited = row.get("progress"), row.get("updated_at")
    return SegmentShown(
        number=_whole(row["id"]),
        name=str(row["name"]),
        description=str(row.get("description") or ""),
        kind=str(row.get("type") or ""),
        state=str(row["state"]),
        progress=_whole(progress) if progress is not None else None,
        conditions=readable(row.get("conditions")) or None,
        tags=[str(tag) for tag in row.get("tags") or []],
        edited_at=datetime.fromtimestamp(_whole(edited), UTC) if edited else None,
    )


def shown_export(row: Any) -> Export:
    """Return an export from its row. Raises as `shown_segment` does."""
    created = row.get("created_at")
    return Export(
        number=_whole(row["id"]),
        status=str(row["status"]),
        failed=bool(row.get("failed")),
        total=_whole(row.get("total") or 0),
        created_at=datetime.fromtimestamp(_whole(created), UTC) if created else None,
    )


def shown_webhook(row: Any) -> Webhook:
    """Return a reporting webhook from its row. Raises as `shown_segment` does."""
    return Webhook(
        name=redact(str(row.get("name") or "")),
        endpoint=str(row["endpoint"]),
        events=[str(event) for event in row.get("events") or []],
        disabled=bool(row.get("disabled")),
    )


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise TypeError("not a whole number")
    return int(value)


def _object(answer: Answer) -> Mapping[str, Any]:
    document = answer.json()
    if not isinstance(document, dict):
        raise Unreadable(VENDOR, "The answer is not a JSON object.", status=answer.status)
    return document

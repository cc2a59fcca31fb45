"""Customer.io's own RudderStack Data Out (legacy): a reporting webhook that points at a RudderStack source.

It is read and shown, so that nobody is surprised: its events reach whatever stands behind the same source. Write keys are
compared by their keyed digest and never kept.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from .credentials import key_check
from .customerio import CustomerIo, Webhook
from .models import Pipe, Workspace

WRITE_KEY: Final = "writekey"


@dataclass(frozen=True)
class DataOut:
    """One Data Out. `write_key_check` finds the pipe with the same key; two different keys have two different ones."""

    name: str
    data_plane_url: str
    write_key_check: str
    events: tuple[str, ...]
    disabled: bool

    @classmethod
    def of(cls, webhook: Webhook) -> "DataOut | None":
        """Return the Data Out that a webhook is, or None when it does not point at a RudderStack source."""
        try:
            parts = urlsplit(webhook.endpoint)
            host = f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname
        except ValueError:
            return None
        keys = [value for name, value in parse_qsl(parts.query) if name.lower() == WRITE_KEY]
        # Some put the key where a name and password would be; RudderStack takes both.
        key = keys[0] if keys else parts.username if parts.path.rstrip("/").endswith("/v1/webhook") else ""
        if not key or not host:
            return None
        return cls(
            name=webhook.name,
            data_plane_url=f"{parts.scheme}://{host}",
            write_key_check=key_check(key),
            events=tuple(sorted(webhook.events)),
            disabled=webhook.disabled,
        )

    def stored(self) -> dict[str, Any]:
        """Return it as Workspace.data_out keeps it."""
        return {**vars(self), "events": list(self.events)}

    @classmethod
    def from_stored(cls, row: Mapping[str, Any]) -> "DataOut":
        return cls(**{**row, "events": tuple(row["events"])})


def read(workspace: Workspace, *, at: datetime, client: CustomerIo | None = None) -> list[DataOut]:
    """Read the workspace's Data Out, store it, and return it. Raises VendorError; then nothing is stored."""
    webhooks = (client or CustomerIo(workspace)).reporting_webhooks()
    found = [one for webhook in webhooks if (one := DataOut.of(webhook))]
    workspace.data_out, workspace.data_out_read_at = [one.stored() for one in found], at
    workspace.save(update_fields=["data_out", "data_out_read_at"])
    return found


def known(workspace: Workspace) -> list[DataOut]:
    """Return the workspace's Data Out as last read."""
    return [DataOut.from_stored(row) for row in workspace.data_out]


def sending_into(pipe: Pipe, workspaces: Iterable[Workspace]) -> list[tuple[Workspace, DataOut]]:
    """Return each Data Out that is on and sends with the pipe's write key, as last read."""
    if not pipe.write_key_check:
        return []
    return [
        (workspace, one)
        for workspace in workspaces
        for one in known(workspace)
        if one.write_key_check == pipe.write_key_check and not one.disabled
    ]

"""What goes wrong between RudderStack and an ad platform without the sender ever hearing of it. Pure.

A destination's config has it: `token` "expired"; `drops`, a list of actions ("delete") that a transformation filters out;
`unmapped`: no field of the record reaches the platform; `loses`, the share of additions that are aborted.
"""

from __future__ import annotations

import zlib
from typing import Any, Final

from sandbox.gateway import Event
from sandbox.rows import Failed, Filtered

SCALE: Final = 1 << 32


def carried(config: dict[str, Any], event: Event) -> None:
    """Let an event through to the platform. Raises Failed, and Filtered for what a transformation drops."""
    action = str(event.get("action"))
    if action in config.get("drops", ()):
        raise Filtered(action)
    if config.get("token") == "expired":
        raise Failed(401, "the platform refuses the destination's token")
    if config.get("unmapped"):
        raise Failed(400, "no field of the record is mapped to an identifier")
    loses = float(config.get("loses", 0))
    if loses and action != "delete" and zlib.crc32(str(event.get("messageId")).encode()) < loses * SCALE:
        raise Failed(500, "aborted after the last retry")

"""App API: segments and their membership."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any, Final

from sandbox.envelopes import error
from sandbox.segments import patch, set_members
from sandbox.web import Refusal, Reply, Request, Route, json_reply, route
from sandbox.workspace import Workspace

DEFAULT_PAGE: Final = 1000
LARGEST_PAGE: Final = 30000


def cursor_of(offset: int) -> str:
    """A positional cursor, as observed: base64 of `0:<offset>`."""
    return base64.b64encode(f"0:{offset}".encode()).decode()


def offset_of(cursor: str) -> int:
    """The position a cursor means. Raises Refusal (400) for what was never a cursor."""
    if not cursor:
        return 0
    try:
        offset = int(base64.b64decode(cursor, validate=True).decode().removeprefix("0:"))
    except (binascii.Error, UnicodeDecodeError, ValueError) as bad:
        raise Refusal(error(400)) from bad
    if offset < 0:
        raise Refusal(error(400))
    return offset


class SegmentPages:
    """Handlers for /v1/segments."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    def routes(self) -> list[Route]:
        """Their rows of the route table."""
        return [
            route("GET", r"/v1/segments", self.all),
            route("GET", r"/v1/segments/([^/]+)", self.one),
            route("GET", r"/v1/segments/([^/]+)/customer_count", self.count),
            route("GET", r"/v1/segments/([^/]+)/used_by", self.used_by),
            route("GET", r"/v1/segments/([^/]+)/membership", self.membership),
        ]

    def all(self, request: Request) -> Reply:
        """All segments in one reply; any query is ignored."""
        found, shown = self.workspace.segments(), not self.workspace.options()["omit_conditions"]
        return json_reply({"segments": [found.shown(row, shown) for row in found.all()]})

    def one(self, request: Request, text: str) -> Reply:
        """One segment. `conditions` is left out: only the list has been seen with it."""
        return json_reply({"segment": self.workspace.segments().shown(self.workspace.segment(text), False)})

    def count(self, request: Request, text: str) -> Reply:
        """How many people are in it."""
        row = self.workspace.segment(text)
        count = len(self.workspace.segments().roster(row)) - row["count_lag"]
        if "count_off" in request.faults:
            count += int(request.faults["count_off"].get("by", 1))
        return json_reply({"segment_id": row["id"], "count": max(0, count)})

    def used_by(self, request: Request, text: str) -> Reply:
        """Campaigns and newsletters that use it; null where there is none."""
        row = self.workspace.segment(text)
        used = json.loads(row["used_by"])
        return json_reply(
            {
                "segment_id": row["id"],
                "used_by": {
                    name: used.get(name) or None for name in ("campaigns", "sent_newsletters", "draft_newsletters")
                },
            }
        )

    def membership(self, request: Request, text: str) -> Reply:
        """A page by position in a set that changes underneath."""
        row = self.workspace.segment(text)
        cursor = request.query.get("start", "")
        limit = page_size(request.query.get("limit", ""))
        offset = offset_of(cursor)
        roster = self.workspace.segments().roster(row)
        served = max(0, offset - limit) if "repeat_page" in request.faults else offset
        people = list(self.workspace.people().people(roster.numbers(served, served + limit)))
        after = cursor_of(offset + limit) if offset + limit < len(roster) else ""
        if "loop_cursor" in request.faults:
            after = cursor or cursor_of(offset + limit)
        if "short_page" in request.faults:
            people = people[: len(people) - int(request.faults["short_page"].get("drop", (len(people) + 1) // 2))]
            after = request.faults["short_page"].get("next", after)
        self._change(request.faults, row["id"], [number for number, _ in people])
        identifiers = self.workspace.identifiers(person for _, person in people)
        return json_reply(
            {
                "segment_id": row["id"],
                "ids": [found["id"] or "" for found in identifiers] or None,
                "identifiers": identifiers or None,
                "next": after,
            }
        )

    def _change(self, faults: dict[str, dict[str, Any]], segment: int, served: list[int]) -> None:
        """What an order lets happen behind the reader's back, after the page was read."""
        store = self.workspace.store
        if "mutate_between_pages" in faults:
            set_members(store, segment, served[: int(faults["mutate_between_pages"].get("remove", 1))], False)
        if "rebuild" in faults:
            wanted = {"state": "build", "progress": 40} | {
                name: value for name, value in faults["rebuild"].items() if name in {"state", "progress", "finish_in"}
            }
            patch(store, self.workspace.segment(str(segment)), wanted, self.workspace.segments().now)


def page_size(text: str) -> int:
    """The page size: 0 and nothing mean 1000, more than 30000 means 30000. Raises Refusal (400) for no number."""
    if not text.removeprefix("-").isdecimal() and text:
        raise Refusal(error(400))
    wanted = int(text or 0)
    return min(LARGEST_PAGE, wanted) if wanted > 0 else DEFAULT_PAGE

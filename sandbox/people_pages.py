"""App API: people, one by one, a hundred at a time, or by filter."""

from __future__ import annotations

from typing import Any, Final

from sandbox.envelopes import error
from sandbox.filters import BadFilter, Selection
from sandbox.people import Person
from sandbox.population import KINDS
from sandbox.segment_pages import cursor_of, offset_of
from sandbox.store import setting
from sandbox.web import Refusal, Reply, Request, Route, json_reply, route
from sandbox.workspace import Workspace

MOST_IDS: Final = 100
MOST_FOUND: Final = 1000


class PeoplePages:
    """Handlers for /v1/customers and the reporting webhooks' list."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    def routes(self) -> list[Route]:
        """Their rows of the route table."""
        return [
            route("GET", r"/v1/workspaces", self.workspaces),
            route("POST", r"/v1/customers", self.search),
            route("GET", r"/v1/customers", self.by_email),
            route("POST", r"/v1/customers/attributes", self.attributes_of_many),
            route("GET", r"/v1/customers/([^/]+)/attributes", self.attributes),
            route("GET", r"/v1/customers/([^/]+)/segments", self.segments),
            route("GET", r"/v1/reporting_webhooks", self.reporting_webhooks),
        ]

    def workspaces(self, request: Request) -> Reply:
        """One row; its counts are coarse."""
        counts = {
            "messages_sent": 12000,
            "billable_messages_sent": 11500,
            "object_types": 0,
            "objects": 0,
            "people": len(self.workspace.people().everybody()),
        }
        return json_reply({"workspaces": [self.workspace.options()["workspace"] | counts]})

    def search(self, request: Request) -> Reply:
        """Identifiers of the people a filter selects, paged by position."""
        body = request.json()
        if not isinstance(body, dict) or set(body) != {"filter"}:
            return error(400)
        try:
            selection = Selection(body["filter"], self.workspace.people(), self.workspace.segments())
        except BadFilter as bad:
            return error(400, f"bad request: {bad}")
        text = request.query.get("limit", "")
        limit = min(MOST_FOUND, int(text)) if text.isdecimal() and int(text) else 50
        offset = offset_of(request.query.get("start", ""))
        found = list(selection.people_from(offset, limit + 1))
        people = self.workspace.identifiers(person for _, person in found[:limit])
        return json_reply(
            {
                "identifiers": people or None,
                "ids": [person["id"] or "" for person in people] or None,
                "next": cursor_of(offset + limit) if len(found) > limit else "",
            }
        )

    def by_email(self, request: Request) -> Reply:
        """People with this address; an un-encoded plus finds nobody and says nothing."""
        people = self.workspace.people()
        numbers = people.find("email", request.query.get("email", ""))
        found = [
            {"email": person.get("email"), "id": person.get("id"), "cio_id": person["cio_id"]}
            for _, person in people.people(numbers)
        ]
        return json_reply({"results": found})

    def _kind(self, request: Request) -> str:
        """Which identifier the request means. Raises Refusal (400) for one that the workspace does not use."""
        kind = request.query.get("id_type", "id")
        if kind not in KINDS or (self.workspace.options()["id_only"] and kind in {"email", "phone"}):
            raise Refusal(error(400))
        return kind

    def attributes_of_many(self, request: Request) -> Reply:
        """Up to 100 people with every attribute; the unknown are left out, the order is our own."""
        kind, body = self._kind(request), request.json()
        ids = body.get("ids") if isinstance(body, dict) else None
        if not isinstance(ids, list) or not 1 <= len(ids) <= MOST_IDS or not all(isinstance(one, str) for one in ids):
            return error(400)
        people = self.workspace.people()
        numbers = sorted({number for one in ids for number in people.find(kind, one)}, reverse=True)
        found = [{"customer": self.shown(person)} for _, person in people.people(numbers)]
        if "short_page" in request.faults:
            found = found[: len(found) - int(request.faults["short_page"].get("drop", 1))]
        return json_reply({"customers": found})

    def shown(self, person: Person) -> dict[str, Any]:
        """A person with attributes; every attribute's value is a string."""
        return {
            "id": person.get("id", ""),
            "identifiers": self.workspace.identifiers([person])[0],
            "attributes": person,
            "timestamps": dict.fromkeys(person, 1700000000),
            "devices": [],
            "unsubscribed": person.get("unsubscribed", "").lower() in {"true", "1"},
        }

    def _one(self, request: Request, text: str) -> tuple[int, Person]:
        people = self.workspace.people()
        for found in people.people(people.find(self._kind(request), text)):
            return found
        raise Refusal(error(404))

    def attributes(self, request: Request, text: str) -> Reply:
        """One person with every attribute."""
        return json_reply({"customer": self.shown(self._one(request, text)[1])})

    def segments(self, request: Request, text: str) -> Reply:
        """The segments one person is in."""
        number, _ = self._one(request, text)
        segments = self.workspace.segments()
        return json_reply(
            {
                "segments": [
                    {"id": row["id"], "name": row["name"], "description": row["description"]}
                    for row in segments.all()
                    if number in segments.roster(row)
                ]
            }
        )

    def reporting_webhooks(self, request: Request) -> Reply:
        """The reporting webhooks; Data Out to RudderStack is one of them. Null when there is none."""
        return json_reply({"reporting_webhooks": setting(self.workspace.store, "reporting_webhooks", None) or None})

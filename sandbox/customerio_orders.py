"""Orders to the Customer.io stand-in, under /_sandbox."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from sandbox import population, segments
from sandbox.churn import churn
from sandbox.population import People
from sandbox.senders import Sender, Senders
from sandbox.store import keep_setting
from sandbox.web import Refusal, Reply, Request, Route, json_reply, ndjson_reply, route
from sandbox.workspace import OPTIONS, Workspace


def refused(words: str) -> Refusal:
    """An order that cannot be carried out."""
    return Refusal(json_reply({"error": words}, 400))


class CustomerIoOrders:
    """Handlers for the orders."""

    before_reset: Callable[[], None]

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.senders = Senders(workspace.speed)

    def routes(self) -> list[Route]:
        """The route table."""
        return [
            route("POST", r"/_sandbox/reset", self.reset),
            route("POST", r"/_sandbox/options", self.options),
            route("POST", r"/_sandbox/keys", self.keys),
            route("POST", r"/_sandbox/people", self.people),
            route("GET", r"/_sandbox/people", self.everybody),
            route("POST", r"/_sandbox/people/upsert", self.upsert),
            route("POST", r"/_sandbox/people/delete", self.delete),
            route("POST", r"/_sandbox/people/merge", self.merge),
            route("POST", r"/_sandbox/segments", self.put_segment),
            route("POST", r"/_sandbox/segments/(\d+)", self.patch_segment),
            route("POST", r"/_sandbox/segments/(\d+)/churn", self.churn),
            route("GET", r"/_sandbox/segments/(\d+)/members", self.members),
            route("POST", r"/_sandbox/reporting_webhooks", self.reporting_webhooks),
            route("POST", r"/_sandbox/webhooks", self.add_webhook),
            route("POST", r"/_sandbox/webhooks/(\d+)/send", self.send_webhooks),
            route("POST", r"/_sandbox/webhooks/(\d+)/once", self.send_once),
            route("GET", r"/_sandbox/webhooks/(\d+)", self.webhook),
            route("GET", r"/_sandbox/requests", self.requests),
            route("DELETE", r"/_sandbox/requests", self.forget_requests),
        ]

    def reset(self, request: Request) -> Reply:
        """Forget everything."""
        self.before_reset()
        self.workspace.reset()
        self.senders.clear()
        return json_reply({"reset": True})

    def options(self, request: Request) -> Reply:
        """Turn switches; unknown ones are refused."""
        wanted = request.order()
        if unknown := set(wanted) - set(OPTIONS):
            raise refused(f"Unknown options: {', '.join(sorted(unknown))}.")
        chosen = self.workspace.options() | wanted
        keep_setting(self.workspace.store, "options", chosen)
        return json_reply(chosen)

    def keys(self, request: Request) -> Reply:
        """Make, change or (scope null) revoke an App API key."""
        wanted = request.order()
        keys = self.workspace.keys() | {str(wanted["key"]): wanted.get("scope", "full")}
        keep_setting(self.workspace.store, "keys", {key: scope for key, scope in keys.items() if scope})
        return json_reply({"keys": len(keys)})

    def people(self, request: Request) -> Reply:
        """Generate the population: {count, seed, shares, plain, twins, arms}. The same seed keeps what was changed since."""
        wanted = {"seed": 1} | request.order()
        store = self.workspace.store
        with store.write():
            if People(store).chosen["seed"] != wanted["seed"]:
                store.clear(["people", "members"])
            keep_setting(store, "people", wanted)
        return json_reply({"count": People(store).count})

    def everybody(self, request: Request) -> Reply:
        """All living people, one JSON object a line."""
        people = self.workspace.people()
        return ndjson_reply(person for _, person in people.people(people.everybody().numbers()))

    def upsert(self, request: Request) -> Reply:
        """Create or change people."""
        return json_reply({"cio_ids": population.upsert(self.workspace.store, request.order()["people"])})

    def delete(self, request: Request) -> Reply:
        """Delete people."""
        return json_reply({"deleted": population.delete(self.workspace.store, request.order()["cio_ids"])})

    def merge(self, request: Request) -> Reply:
        """Merge `from` into `into`, which takes over the memberships."""
        wanted, store = request.order(), self.workspace.store
        with store.write():
            found = self.workspace.segments()
            source = self.workspace.people().find("cio_id", wanted["from"])
            joined = [row["id"] for row in found.all() if source and source[0] in found.roster(row)]
            merged = population.merge(store, wanted["from"], wanted["into"])
            if merged is None:
                raise refused("Both people must exist, and be two.")
            for segment in joined:
                segments.set_members(store, segment, [merged[1]], True)
        return json_reply({"merged": True, "segments": joined})

    def put_segment(self, request: Request) -> Reply:
        """Create a segment, or replace it."""
        return json_reply({"id": segments.put(self.workspace.store, request.order(), time.time())})

    def patch_segment(self, request: Request, text: str) -> Reply:
        """Change a segment."""
        segments.patch(self.workspace.store, self.workspace.segment(text), request.order(), time.time())
        return json_reply({"id": int(text)})

    def churn(self, request: Request, text: str) -> Reply:
        """Swap a share of the members."""
        wanted = request.order()
        done = churn(
            self.workspace.store,
            self.workspace.segments(),
            self.workspace.segment(text),
            float(wanted.get("share", 0.01)),
            int(wanted.get("seed", 1)),
        )
        return json_reply(done)

    def members(self, request: Request, text: str) -> Reply:
        """The true members with their attributes, one a line: what a test compares with."""
        people, found = self.workspace.people(), self.workspace.segments()
        return ndjson_reply(person for _, person in people.people(found.roster(self.workspace.segment(text)).numbers()))

    def reporting_webhooks(self, request: Request) -> Reply:
        """Set the reporting webhooks that the App API lists."""
        hooks: list[dict[str, Any]] = request.order().get("reporting_webhooks", [])
        listed = [
            {
                "id": number,
                "name": f"Webhook {number}",
                "events": ["email_sent"],
                "disabled": False,
                "full_resolution": False,
                "with_content": False,
            }
            | hook
            for number, hook in enumerate(hooks, 1)
        ]
        keep_setting(self.workspace.store, "reporting_webhooks", listed)
        return json_reply({"reporting_webhooks": listed})

    def _sender(self, text: str) -> Sender:
        found = self.senders.all.get(int(text))
        if found is None:
            raise refused("There is no such webhook.")
        return found

    def add_webhook(self, request: Request) -> Reply:
        """Make a webhook that signs and sends."""
        return json_reply({"id": self.senders.add(request.order())})

    def send_webhooks(self, request: Request, text: str) -> Reply:
        """Queue events: {events, duplicate, shuffle}."""
        wanted = request.order()
        shuffle = wanted.get("shuffle")
        queued = self._sender(text).send(
            wanted["events"],
            duplicate=bool(wanted.get("duplicate")),
            shuffle=None if shuffle is None else int(shuffle),
        )
        return json_reply({"queued": queued})

    def send_once(self, request: Request, text: str) -> Reply:
        """Post one event past the queue: {event, forge, age}."""
        wanted = request.order()
        status = self._sender(text).once(
            wanted["event"], forge=bool(wanted.get("forge")), age=float(wanted.get("age", 0))
        )
        return json_reply({"status": status})

    def webhook(self, request: Request, text: str) -> Reply:
        """What became of what a webhook sends, and its newest attempts."""
        sender = self._sender(text)
        return json_reply({**sender.state(), "attempts": list(sender.attempts)[-100:]})

    def requests(self, request: Request) -> Reply:
        """Recorded requests, oldest first, after the id in `after`."""
        rows = self.workspace.store.rows(
            "SELECT * FROM requests WHERE id > ? ORDER BY id", (request.query.get("after", 0),)
        )
        return json_reply({"requests": [dict(row) | {"has_bearer": bool(row["has_bearer"])} for row in rows]})

    def forget_requests(self, request: Request) -> Reply:
        """Start the record anew."""
        self.workspace.store.clear(["requests"])
        return json_reply({"requests": []})

"""Orders to the RudderStack stand-in, under /_sandbox, and questions about what arrived and what became of it."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from sandbox import adplatform, analytics, delivery
from sandbox.adplatform import as_held
from sandbox.delivery import Delivery
from sandbox.inbox import Inbox
from sandbox.mirror import people_at, person_held
from sandbox.rows import AD_PLATFORMS
from sandbox.store import Store, keep_setting
from sandbox.web import Refusal, Reply, Request, Route, json_reply, ndjson_reply, route

KEY = r"/_sandbox/sources/([^/]+)"


def refused(words: str, status: int = 400) -> Refusal:
    """An order that cannot be carried out."""
    return Refusal(json_reply({"error": words}, status))


class RudderStackOrders:
    """Handlers for the orders."""

    before_reset: Callable[[], None]

    def __init__(self, received: Store, held: Store, box: Inbox, carrier: Delivery, speed: float) -> None:
        self.received, self.held, self.inbox, self.delivery, self.speed = received, held, box, carrier, speed

    def routes(self) -> list[Route]:
        """The route table."""
        return [
            route("POST", r"/_sandbox/reset", self.reset),
            route("POST", r"/_sandbox/sources", self.put_source),
            route("POST", r"/_sandbox/rate_limit", self.rate_limit),
            route("POST", r"/_sandbox/suppressed", self.suppressed),
            route("POST", r"/_sandbox/platform/people", self.people),
            route("POST", r"/_sandbox/platform/mirror", self.mirror),
            route("GET", KEY + r"/membership", self.membership),
            route("GET", KEY + r"/audit", self.audit),
            route("POST", KEY + r"/empty", self.empty),
            route("GET", KEY + r"/requests", self.requests),
            route("GET", KEY + r"/batches", self.batches),
            route("GET", KEY + r"/events", self.events),
            route("GET", KEY + r"/tracked", self.tracked),
            route("GET", KEY + r"/users/([^/]+)", self.user),
        ]

    def reset(self, request: Request) -> Reply:
        """Forget everything."""
        self.before_reset()
        self.inbox.clear()
        self.received.clear(["settings"])
        self.held.clear((*adplatform.TABLES, *analytics.TABLES, *delivery.TABLES))
        return json_reply({"reset": True})

    def put_source(self, request: Request) -> Reply:
        """Create or change a source with its destinations."""
        wanted = request.order()
        known = {*AD_PLATFORMS, *analytics.TYPES}
        for place in wanted.get("destinations", []):
            if place.get("type") not in known:
                raise refused(f"Unknown destination type {place.get('type')}. Known: {', '.join(sorted(known))}.")
        return json_reply({"id": self.inbox.put_source(wanted), "write_key": wanted["write_key"]})

    def rate_limit(self, request: Request) -> Reply:
        """Limit events: {events, seconds}; an empty body lifts the limit. The window runs at the sandbox's speed."""
        wanted = request.order()
        limit = (
            {"events": int(wanted["events"]), "seconds": float(wanted.get("seconds", 60)) / self.speed}
            if wanted
            else None
        )
        keep_setting(self.received, "rate_limit", limit)
        return json_reply({"rate_limit": limit})

    def suppressed(self, request: Request) -> Reply:
        """Suppress users: their events get 200 and are not stored."""
        users = [str(user) for user in request.order().get("user_ids", [])]
        keep_setting(self.received, "suppressed", users)
        return json_reply({"suppressed": len(users)})

    def people(self, request: Request) -> Reply:
        """Define people: lists of digests, or {ref, identifiers}."""
        wanted = [
            (person.get("ref"), as_held(person["identifiers"])) if isinstance(person, dict) else (None, as_held(person))
            for person in request.order()["people"]
        ]
        named = [(ref or f"person-{index}", held) for index, (ref, held) in enumerate(wanted, self._defined() + 1)]
        return json_reply({"people": self.delivery.platform.define(named)})

    def _defined(self) -> int:
        return int(self.held.value("SELECT coalesce(max(person), 0) FROM persons"))

    def mirror(self, request: Request) -> Reply:
        """One platform person for each person of a Customer.io stand-in, or for those in `people`."""
        wanted = request.order()
        strict = bool(wanted.get("strict"))
        try:
            if "people" in wanted:
                return json_reply(
                    {"people": self.delivery.platform.define(person_held(one, strict) for one in wanted["people"])}
                )
            return json_reply({"people": self.delivery.platform.define(people_at(wanted["customerio"], strict))})
        except OSError as error:
            raise refused(f"The people could not be read: {error}.") from error

    def _source(self, write_key: str) -> sqlite3.Row:
        found = self.inbox.source(write_key)
        if found is None:
            raise refused("There is no source with this write key.", 404)
        return found

    def _destination(self, request: Request, write_key: str) -> sqlite3.Row:
        places = self.inbox.destinations(self._source(write_key)["id"])
        name = request.query.get("destination")
        chosen = [place for place in places if name in {None, place["name"]}]
        if len(chosen) != 1:
            raise refused(
                f"Say which destination: {', '.join(place['name'] for place in places) or 'there is none'}.", 404
            )
        return chosen[0]

    def membership(self, request: Request, write_key: str) -> Reply:
        """Who is on a destination's list now; `identifiers=0` leaves the long lists out."""
        place = self._destination(request, write_key)
        totals = self.delivery.catch_up(place)
        shown: dict[str, Any] = {
            "destination": place["name"],
            "type": place["type"],
            "adds": totals["adds"],
            "removes": totals["removes"],
            "filtered": totals["filtered"],
            "failed": self.delivery.failed(place["id"]),
        }
        whole = request.query.get("identifiers") != "0"
        if place["type"] in AD_PLATFORMS:
            return json_reply(shown | self._listed(place["id"], whole))
        shown |= self.delivery.analytics.summary(place["id"])
        trait = request.query.get("trait")
        if trait is not None:
            users = self.delivery.analytics.members(place["id"], trait)
            shown |= {"people": len(users)} | ({"user_ids": users} if whole else {})
        return json_reply(shown)

    def _listed(self, place: int, whole: bool) -> dict[str, Any]:
        platform = self.delivery.platform
        shown: dict[str, Any] = {
            "people": platform.people(place),
            "strangers": platform.strangers(place),
            "fingerprint": platform.fingerprint(place),
        }
        return (
            shown | {"identifiers": list(platform.identifiers(place)), "refs": platform.refs(place)} if whole else shown
        )

    def audit(self, request: Request, write_key: str) -> Reply:
        """Membership, with the message ids that came more than once."""
        shown: Any = self.membership(request, write_key).body
        repeated = self.delivery.duplicates(self._source(write_key)["id"])
        return Reply(200, shown[:-1] + b',"duplicates":' + json_reply(repeated).body + b"}")

    def empty(self, request: Request, write_key: str) -> Reply:
        """Purge a destination's list behind everybody's back."""
        place = self._destination(request, write_key)
        self.delivery.catch_up(place)
        self.delivery.platform.empty(place["id"])
        self.delivery.analytics.empty(place["id"])
        return json_reply({"emptied": place["name"]})

    def requests(self, request: Request, write_key: str) -> Reply:
        """Every request with this write key, also the refused; `after` gives the first id to leave out."""
        rows = self.received.rows(
            "SELECT * FROM requests WHERE source = ? AND id > ? ORDER BY id",
            (self._source(write_key)["id"], request.query.get("after", 0)),
        )
        return json_reply({"requests": [dict(row) | {"stored": bool(row["stored"])} for row in rows]})

    def batches(self, request: Request, write_key: str) -> Reply:
        """How often each body was stored."""
        rows = self.received.rows(
            "SELECT sha256, count(*) AS times, min(id) AS first, max(events) AS events, max(body_bytes) AS bytes FROM requests "
            "WHERE source = ? AND stored = 1 GROUP BY sha256 ORDER BY first",
            (self._source(write_key)["id"],),
        )
        return json_reply({"batches": [dict(row) for row in rows]})

    def events(self, request: Request, write_key: str) -> Reply:
        """Every stored event, one a line, with the request it came in."""
        source = self._source(write_key)["id"]

        def lines() -> Iterator[dict[str, Any]]:
            for row, events in self.inbox.bodies(source, int(request.query.get("after", 0))):
                for event in events:
                    yield {"request": row["id"], "at": row["at"], "event": event}

        return ndjson_reply(lines())

    def tracked(self, request: Request, write_key: str) -> Reply:
        """What a vendor that tells events apart by messageId would count: each track event once, by name."""
        first: dict[str, str] = {}
        stored = 0
        for _, events in self.inbox.bodies(self._source(write_key)["id"]):
            for event in events:
                if event.get("type") == "track":
                    stored += 1
                    first.setdefault(str(event["messageId"]), str(event["event"]))
        return json_reply({"stored": stored, "events": len(first), "by_name": dict(Counter(first.values()))})

    def user(self, request: Request, write_key: str, user: str) -> Reply:
        """One user's traits at an analytics destination."""
        place = self._destination(request, write_key)
        self.delivery.catch_up(place)
        traits = self.delivery.analytics.traits(place["id"], user)
        if traits is None:
            raise refused("This user is unknown there.", 404)
        return json_reply({"user_id": user, "traits": traits})

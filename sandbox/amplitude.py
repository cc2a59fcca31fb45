"""Amplitude's Behavioral Cohorts API: the list of a project's cohorts, by API key and secret key."""

from __future__ import annotations

import time
from typing import Any, Final

from sandbox.cohorts import Cohorts, CohortStandIn, Limits, TooMany, basic_pair, shaped, written
from sandbox.platform_lists import Behind, Held
from sandbox.platform_standin import platform_store
from sandbox.web import Reply, Request, json_reply

API_KEY, SECRET_KEY = "sandbox-amplitude-key", "sandbox-amplitude-secret"
PATH: Final = "/api/3/cohorts"
AT_ONCE: Final = 5
OPTIONS: Final[dict[str, Any]] = {"last_computed": "text", "takes_ms": 0}
WORDS: Final = {
    401: ("unauthorized", "Incorrect API key or secret key"),
    403: ("forbidden", "This project does not have access to this API"),
    404: ("not_found", "Not found"),
    429: ("too_many_requests", "Exceeded concurrent limit"),
}


def refusal(status: int, details: dict[str, Any]) -> Reply:
    """An error in Amplitude's form, or the body of the order."""
    if "body" in details:
        return Reply(status, str(details["body"]).encode(), str(details.get("content_type", "application/json")))
    kind, message = WORDS.get(status, ("internal_error", "Internal server error"))
    return json_reply({"error": {"http_code": status, "type": kind, "message": message}}, status)


class Amplitude:
    """One project."""

    def __init__(self, cohorts: Cohorts, limits: Limits) -> None:
        self.cohorts, self.limits = cohorts, limits

    def handle(self, request: Request) -> Reply:
        """Answer as Amplitude."""
        if request.path != PATH:
            return refusal(404, {})
        if basic_pair(request) != (API_KEY, SECRET_KEY):
            return refusal(401, {})
        if request.method != "GET":
            return refusal(405, {})
        try:
            with self.limits.taken():
                time.sleep(float(self.cohorts.options()["takes_ms"]) / 1000)
                return json_reply({"cohorts": [shaped(held, self.entry(held)) for held in self.cohorts.all()]})
        except TooMany:
            return refusal(429, {})

    def entry(self, held: Held) -> dict[str, Any]:
        """One cohort. It has no mark of being computed: its size and `lastComputed` are those of before."""
        look = self.cohorts.look(held)
        return {
            "appId": 100001,
            "archived": bool(held.wanted.get("archived")),
            "createdAt": 1_700_000_000,
            "definition": {"cohortType": "UNIQUES"},
            "description": "",
            "finished": True,
            "hidden": False,
            "id": held.external_id,
            "lastComputed": self.computed(look.computed),
            "lastMod": held.wanted.get("last_mod", 1_700_000_000),
            "name": held.name,
            "owners": ["owner@example.com"],
            "published": True,
            "size": look.people or 0,
            "type": "redshift",
            "viewers": [],
        }

    def computed(self, moment: float | None) -> str | int | None:
        """`lastComputed` in the form ordered: text, seconds or milliseconds."""
        form = self.cohorts.options()["last_computed"]
        if moment is None or form == "text":
            return written(moment)
        return int(moment * 1000) if form == "milliseconds" else int(moment)


def amplitude_app(behind: Behind) -> CohortStandIn:
    """The stand-in, for both regions."""
    cohorts = Cohorts(platform_store(behind, "amplitude"), behind, "AMPLITUDE", OPTIONS)
    limits = Limits(cohorts.clock, behind.speed, (), AT_ONCE)
    return CohortStandIn(cohorts, limits, Amplitude(cohorts, limits).handle, refusal)

"""Mixpanel's Query API: the list of a project's cohorts, by service account. 60 queries an hour, 5 at once."""

from __future__ import annotations

import time
from typing import Any, Final

from sandbox.cohorts import Cohorts, CohortStandIn, Limits, TooMany, basic_pair, shaped, written
from sandbox.platform_lists import Behind, Held
from sandbox.platform_standin import platform_store
from sandbox.web import Reply, Request, json_reply

USER, PASSWORD, PROJECT = "sandbox.mp-service-account", "sandbox-mixpanel-secret", "1001"
PATH: Final = "/api/query/cohorts/list"
HOURLY: Final = (60, 3600.0)
AT_ONCE: Final = 5
OPTIONS: Final[dict[str, Any]] = {"allowed": True, "takes_ms": 0}
WORDS: Final = {
    400: "Invalid project_id",
    401: "Invalid service account credentials",
    403: "You do not have permission to view this project",
    404: "Not found",
    429: "Query rate limit exceeded, please retry later",
}


def refusal(status: int, details: dict[str, Any]) -> Reply:
    """An error in Mixpanel's form, or the body of the order."""
    if "body" in details:
        return Reply(status, str(details["body"]).encode(), str(details.get("content_type", "application/json")))
    words = WORDS.get(status, "An internal error occurred")
    return json_reply({"status": "error", "request": PATH, "error": words}, status)


class Mixpanel:
    """One project."""

    def __init__(self, cohorts: Cohorts, limits: Limits) -> None:
        self.cohorts, self.limits = cohorts, limits

    def handle(self, request: Request) -> Reply:
        """Answer as Mixpanel."""
        if request.path != PATH or request.method != "POST":
            return refusal(404, {})
        if basic_pair(request) != (USER, PASSWORD):
            return refusal(401, {})
        if not request.query.get("project_id", "").isdecimal():
            return refusal(400, {})
        if request.query["project_id"] != PROJECT or not self.cohorts.options()["allowed"]:
            return refusal(403, {})
        try:
            with self.limits.taken():
                time.sleep(float(self.cohorts.options()["takes_ms"]) / 1000)
                return json_reply([shaped(held, self.entry(held)) for held in self.cohorts.all()])
        except TooMany:
            return refusal(429, {})

    def entry(self, held: Held) -> dict[str, Any]:
        """One cohort. Nothing says when it was counted, or that it is being counted."""
        return {
            "count": self.cohorts.look(held).people or 0,
            "is_visible": int(not held.wanted.get("hidden")),
            "description": "",
            "created": written(1_700_000_000, "%Y-%m-%d %H:%M:%S"),
            "project_id": int(PROJECT),
            "id": int(held.external_id) if held.external_id.isdecimal() else held.external_id,
            "name": held.name,
        }


def mixpanel_app(behind: Behind) -> CohortStandIn:
    """The stand-in, for all three regions."""
    cohorts = Cohorts(platform_store(behind, "mixpanel"), behind, "MIXPANEL", OPTIONS)
    limits = Limits(cohorts.clock, behind.speed, (HOURLY,), AT_ONCE)
    return CohortStandIn(cohorts, limits, Mixpanel(cohorts, limits).handle, refusal)

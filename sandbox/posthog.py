"""PostHog's cohorts of a project, page by page, by a personal API key with the scope cohort:read."""

from __future__ import annotations

import re
from math import ceil
from typing import Any, Final

from sandbox.cohorts import Cohorts, CohortStandIn, Limits, TooMany, shaped, written
from sandbox.platform_lists import Behind, Held
from sandbox.platform_standin import platform_store
from sandbox.web import Reply, Request, json_reply

TOKEN, PROJECT = "phx_sandbox_personal_key", "2001"
PATH: Final = re.compile(r"/api/projects/([^/]+)/cohorts/")
WINDOWS: Final = ((240, 60.0), (1200, 3600.0))
AT_ONCE: Final = 100
PAGE: Final = 100
OPTIONS: Final[dict[str, Any]] = {"scopes": ["cohort:read"], "page": PAGE}
WORDS: Final = {
    401: ("authentication_error", "authentication_failed", "Invalid personal API key."),
    403: ("authentication_error", "permission_denied", "API key missing required scope 'cohort:read'"),
    404: ("invalid_request", "not_found", "Project not found."),
    405: ("invalid_request", "method_not_allowed", "Method not allowed."),
    429: ("throttled_error", "throttled", "Request was throttled."),
}


def refusal(status: int, details: dict[str, Any]) -> Reply:
    """An error in PostHog's form, or the body of the order."""
    if "body" in details:
        return Reply(status, str(details["body"]).encode(), str(details.get("content_type", "application/json")))
    kind, code, words = WORDS.get(status, ("server_error", "error", "A server error occurred."))
    reply = json_reply({"type": kind, "code": code, "detail": words, "attr": None}, status)
    if status == 429:
        reply.headers.append(("Retry-After", str(max(1, ceil(float(details.get("retry_after", 30)))))))
    return reply


class PostHog:
    """One project."""

    def __init__(self, cohorts: Cohorts, limits: Limits) -> None:
        self.cohorts, self.limits = cohorts, limits

    def handle(self, request: Request) -> Reply:
        """Answer as PostHog."""
        match = PATH.fullmatch(request.path)
        if match is None:
            return refusal(404, {"body": "<h1>Not Found</h1>", "content_type": "text/html"})
        if request.header("Authorization") != f"Bearer {TOKEN}":
            return refusal(401, {})
        if "cohort:read" not in self.cohorts.options()["scopes"]:
            return refusal(403, {})
        if match[1] != PROJECT:
            return refusal(404, {})
        if request.method != "GET":
            return refusal(405, {})
        try:
            with self.limits.taken():
                return self.page(request)
        except TooMany as problem:
            return refusal(429, {"retry_after": problem.wait})

    def page(self, request: Request) -> Reply:
        """One page. Its `count` is the number of cohorts, not of people."""
        every = self.cohorts.all()
        most = int(self.cohorts.options()["page"])
        limit = min(int(request.query.get("limit", most)), most)
        start = int(request.query.get("offset", 0))
        address = f"http://{request.header('Host')}/platforms/posthog_us{request.path}"
        more = f"{address}?limit={limit}&offset={start + limit}" if start + limit < len(every) else None
        less = f"{address}?limit={limit}&offset={max(0, start - limit)}" if start else None
        shown = [shaped(held, self.entry(held)) for held in every[start : start + limit]]
        return json_reply({"count": len(every), "next": more, "previous": less, "results": shown})

    def entry(self, held: Held) -> dict[str, Any]:
        """One cohort. While it is computed its count and `last_calculation` are those of before."""
        look = self.cohorts.look(held)
        version = int(held.wanted.get("version", 1))
        return {
            "id": int(held.external_id) if held.external_id.isdecimal() else held.external_id,
            "name": held.name,
            "description": "",
            "groups": [],
            "deleted": bool(held.wanted.get("marked_deleted")),
            "filters": {"properties": {"type": "AND", "values": []}},
            "query": None,
            "version": version,
            "pending_version": version + int(look.settling),
            "is_calculating": look.settling,
            "created_by": {"id": 1, "email": "owner@example.com", "first_name": "Owner"},
            "created_at": written(1_700_000_000),
            "last_calculation": written(look.computed),
            "errors_calculating": int(held.wanted.get("errors", 0)),
            "count": look.people,
            "is_static": bool(held.wanted.get("static")),
        }


def posthog_app(behind: Behind) -> CohortStandIn:
    """The stand-in, for both clouds."""
    cohorts = Cohorts(platform_store(behind, "posthog"), behind, "POSTHOG", OPTIONS)
    limits = Limits(cohorts.clock, behind.speed, WINDOWS, AT_ONCE)
    return CohortStandIn(cohorts, limits, PostHog(cohorts, limits).handle, refusal)

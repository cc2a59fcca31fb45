"""App API: exports, and the object store their links point to."""

from __future__ import annotations

from typing import Any, Final

from sandbox.envelopes import error
from sandbox.filters import BadFilter
from sandbox.web import Refusal, Reply, Request, Route, json_reply, route
from sandbox.workspace import Workspace

XML: Final = '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>%s</Code><Message>%s</Message></Error>'


def store_error(status: int, code: str, message: str) -> Reply:
    """A refusal as an object store words it."""
    return Reply(status, (XML % (code, message)).encode(), "application/xml")


class ExportPages:
    """Handlers for /v1/exports."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    def routes(self) -> list[Route]:
        """Their rows of the route table."""
        return [
            route("POST", r"/v1/exports/customers", self.start),
            route("GET", r"/v1/exports", self.all),
            route("GET", r"/v1/exports/(\d+)", self.one),
            route("GET", r"/v1/exports/(\d+)/download", self.link),
        ]

    def start(self, request: Request) -> Reply:
        """Begin a job: the body key is `filters` here."""
        body = request.json()
        columns = body.get("attributes", []) if isinstance(body, dict) else None
        if not isinstance(body, dict) or "filters" not in body or set(body) - {"filters", "attributes"}:
            return error(400)
        if not isinstance(columns, list) or not all(isinstance(name, str) for name in columns):
            return error(400)
        seconds = float(self.workspace.options()["export_seconds"])
        try:
            number = self.workspace.exports.start(body["filters"], columns, seconds, self.workspace.segments().now)
        except BadFilter as bad:
            return error(400, f"bad request: {bad}")
        return json_reply({"export": self._shown(request, str(number))})

    def _shown(self, request: Request, text: str) -> dict[str, Any]:
        shown = self.workspace.exports.shown(int(text), self.workspace.segments().now, request.faults)
        if shown is None:
            raise Refusal(error(404))
        return shown

    def all(self, request: Request) -> Reply:
        """Every job, or null."""
        return json_reply({"exports": self.workspace.exports.all(self.workspace.segments().now) or None})

    def one(self, request: Request, text: str) -> Reply:
        """One job."""
        return json_reply({"export": self._shown(request, text)})

    def link(self, request: Request, text: str) -> Reply:
        """A new signed link, once the job is done."""
        if self._shown(request, text)["status"] != "done":
            return error(400, "export is not ready")
        path = self.workspace.exports.link(int(text), self.workspace.segments().now)
        return json_reply({"url": f"http://{request.header('Host')}{path}"})

    def file(self, request: Request) -> Reply:
        """The object store: no key is wanted here, and a second one is refused."""
        name = request.path.rpartition("/")[2].removesuffix(".csv")
        if request.header("Authorization"):
            return store_error(400, "InvalidArgument", "Only one auth mechanism allowed")
        alive = name.isdecimal() and self.workspace.exports.honours(
            int(name), request.query, self.workspace.segments().now
        )
        if not alive or "expired_link" in request.faults:
            return store_error(403, "AccessDenied", "Request has expired")
        without = (
            str(request.faults["missing_column"].get("column", "email")) if "missing_column" in request.faults else ""
        )
        length, pieces = self.workspace.exports.content(int(name), without)
        headers = [("Content-Length", str(length))] if length is not None else []
        return Reply(200, pieces, "text/csv; charset=utf-8", headers)

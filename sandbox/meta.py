"""Meta's Marketing API as far as custom audiences and ad sets are read; the shapes of its answers and refusals."""

from __future__ import annotations

import hmac
import json
import math
import re
from hashlib import sha256
from typing import Any, Final

from sandbox.meta_sessions import sessions
from sandbox.platform_clock import DAY
from sandbox.platform_lists import Behind, Held, PlatformLists
from sandbox.platform_standin import PlatformStandIn, platform_store
from sandbox.rows import META
from sandbox.store import keep_setting, setting
from sandbox.web import Refusal, Reply, Request, json_reply, route

TOKEN: Final = "sandbox-meta-token"
OPTIONS: Final[dict[str, Any]] = {
    "tokens": {TOKEN: "full"},
    "app_secret": None,
    "versions": ["v26.0", "v25.0"],
    "version_warning": "",
    "usage": 3,
    "regain_minutes": 0,
    "spread": 0.04,
    "largest_page": 100,
}
# code: HTTP status, type, message
CODES: Final = {
    1: (500, "OAuthException", "An unknown error occurred"),
    2: (500, "OAuthException", "Service temporarily unavailable"),
    4: (403, "OAuthException", "(#4) Application request limit reached"),
    10: (403, "OAuthException", "(#10) Application does not have permission for this action"),
    17: (400, "OAuthException", "(#17) User request limit reached"),
    32: (403, "OAuthException", "(#32) Page request limit reached"),
    100: (400, "OAuthException", "(#100) Invalid parameter"),
    190: (401, "OAuthException", "Error validating access token: Session has expired."),
    200: (403, "OAuthException", "(#200) Ad account owner has NOT granted ads_management or ads_read permission"),
    270: (400, "OAuthException", "(#270) This Ads API request is not allowed for apps with development access"),
    294: (
        403,
        "OAuthException",
        "(#294) Managing advertisements requires an access token with the extended permission",
    ),
    613: (400, "OAuthException", "(#613) Calls to this api have exceeded the rate limit."),
    803: (404, "OAuthException", "(#803) Some of the aliases you requested do not exist"),
    2500: (400, "OAuthException", "Unknown path components"),
    2635: (400, "FacebookApiException", "(#2635) You are calling a deprecated version of the Ads API."),
    80003: (400, "OAuthException", "(#80003) There have been too many calls to this ad-account's custom audiences."),
    80004: (400, "OAuthException", "(#80004) There have been too many calls to this ad-account."),
}
PLAIN: Final = {401: 190, 403: 200, 404: 803, 429: 80003, 500: 1, 502: 2, 503: 2}
TOKENS: Final = {"expired": (190, 463), "revoked": (190, 460), "no_permission": (200, None), "development": (270, None)}
FIELDS: Final = frozenset(
    [
        "id",
        "name",
        "account_id",
        "subtype",
        "approximate_count_lower_bound",
        "approximate_count_upper_bound",
        "delivery_status",
        "operation_status",
        "data_source",
        "customer_file_source",
        "retention_days",
        "time_created",
        "time_updated",
        "time_content_updated",
        "delete_time",
        "description",
        "is_value_based",
        "sharing_status",
        "permission_for_actions",
        "datafile_custom_audience_uploading_status",
        "fields_violating_integrity_policy",
    ]
)
OPERATIONS: Final = {
    200: "Normal",
    410: "No file has been uploaded",
    441: "We're finding people; the audience is usable",
}
DELIVERIES: Final = {200: "This audience is ready for use.", 300: "This audience is smaller than it should be."}
SMALLEST: Final = 300
BRACES: Final = re.compile(r"\{[^{}]*\}")


def failure(code: int, subcode: int | None = None, message: str = "", status: int = 0, **more: Any) -> Reply:
    """A refusal with Meta's error body."""
    usual, kind, words = CODES.get(code, (400, "OAuthException", f"(#{code}) Error"))
    told: dict[str, Any] = {
        "message": message or words,
        "type": kind,
        "code": code,
        **more,
        "fbtrace_id": "AsAnDbOxTrAcE",
    }
    if subcode is not None:
        told["error_subcode"] = subcode
    if code in {1, 2}:
        told["is_transient"] = True
    return json_reply({"error": told}, status or usual)


def ordered_failure(status: int, details: dict[str, Any]) -> Reply:
    """A fault: by its `code` (and `subcode`, `message`), else with the raw `body`, else what Meta says with that status."""
    if "body" in details:
        kind = details.get("content_type", "application/json; charset=utf-8")
        return Reply(status, str(details["body"]).encode(), kind)
    code = int(details.get("code", PLAIN.get(status, 100)))
    known = {name: details[name] for name in ("is_transient", "error_user_title", "error_user_msg") if name in details}
    return failure(
        code, details.get("subcode"), details.get("message", ""), status if "status" in details else 0, **known
    )


class Meta:
    """The public routes."""

    def __init__(self, lists: PlatformLists) -> None:
        self.lists = lists

    def handle(self, request: Request) -> Reply:
        """Check version, token and proof, then answer."""
        _, version, *path = request.path.split("/")
        options = self.lists.options()
        if version not in options["versions"]:
            return failure(2635)
        self._check_token(request, options)
        reply = self._answer(request, path)
        account = path[0].removeprefix("act_")
        reply.headers.append(("X-Business-Use-Case-Usage", usage(account, options)))
        if options["version_warning"]:
            reply.headers.append(("X-Ad-Api-Version-Warning", options["version_warning"]))
        return reply

    def _check_token(self, request: Request, options: dict[str, Any]) -> None:
        token = request.header("Authorization").removeprefix("Bearer ") or request.query.get("access_token", "")
        state = options["tokens"].get(token)
        if state is None:
            raise Refusal(failure(190, None, "Invalid OAuth access token - Cannot parse access token"))
        if state in TOKENS:
            raise Refusal(failure(*TOKENS[state]))
        if secret := options["app_secret"]:
            right = hmac.new(str(secret).encode(), token.encode(), sha256).hexdigest()
            if request.query.get("appsecret_proof") != right:
                told = "Invalid" if "appsecret_proof" in request.query else "API calls from the server require an"
                raise Refusal(failure(100, None, f"{told} appsecret_proof provided in the API argument"))

    def _answer(self, request: Request, path: list[str]) -> Reply:
        if request.method != "GET":
            return failure(100, None, "Unsupported request")
        match path:
            case [account, "customaudiences"] if account.startswith("act_"):
                rows = [self._shown(held) for held in self.lists.all() if in_account(held, account[4:])]
                return self._page(request, [_chosen(row, request, FIELDS) for row in rows])
            case [account, "adsets"] if account.startswith("act_"):
                return self._ad_sets(request, account[4:])
            case [external, "sessions"]:
                return self._page(request, sessions(self.lists, self._held(external)))
            case [external]:
                return json_reply(_chosen(self._shown(self._held(external)), request, FIELDS))
        return failure(2500)

    def _held(self, external: str) -> Held:
        held = self.lists.find(external)
        if external in setting(self.lists.store, "ad_sets", {}):
            words = "(#100) Tried accessing nonexisting field (subtype) on node type (AdCampaign)"
            raise Refusal(failure(100, None, words))
        if held is None:
            words = f"Unsupported get request. Object with ID '{external}' does not exist, cannot be loaded due to missing permissions, or does not support this operation"
            raise Refusal(failure(100, 33, words, type="GraphMethodException"))
        return held

    def _shown(self, held: Held) -> dict[str, Any]:
        look, wanted, options = self.lists.look(held), held.wanted, self.lists.options()
        low, high = band(look.matched, options["spread"]) if look.changed is not None else (-1, -1)
        operation = 441 if look.settling else 410 if look.changed is None else 200
        delivery = 300 if look.matched is not None and high < SMALLEST else 200
        made = int(self.lists.clock.now() - 90 * DAY)
        days = (options | wanted)["life_span_days"]
        row = {
            "id": held.external_id,
            "name": held.name,
            "account_id": str(account_of(held) or ""),
            "subtype": "CUSTOM",
            "approximate_count_lower_bound": wanted.get("low", low),
            "approximate_count_upper_bound": wanted.get("high", high),
            "operation_status": _status(wanted.get("operation_status", operation), OPERATIONS),
            "delivery_status": _status(wanted.get("delivery_status", delivery), DELIVERIES),
            "customer_file_source": "USER_PROVIDED_ONLY",
            "time_created": made,
            "time_updated": int(look.changed or made),
            "time_content_updated": int(look.changed or made),
            **({"retention_days": int(days)} if days else {}),
            **wanted.get("fields", {}),
        }
        return {name: value for name, value in row.items() if name not in wanted.get("omit", ())}

    def _ad_sets(self, request: Request, account: str) -> Reply:
        wanted = json.loads(request.query.get("effective_status") or "[]")
        rows = [
            row
            for row in setting(self.lists.store, "ad_sets", {}).values()
            if str(row.get("account", account)) == account
            and (not wanted or row.get("effective_status", "ACTIVE") in wanted)
        ]
        return self._page(request, [ad_set(row) for row in rows])

    def _page(self, request: Request, rows: list[dict[str, Any]]) -> Reply:
        limit = int(request.query.get("limit", 25))
        if limit > self.lists.options()["largest_page"]:
            return failure(
                1,
                None,
                "Please reduce the amount of data you're asking for, then retry your request",
                is_transient=False,
            )
        start = int(request.query.get("after") or 0)
        end = min(start + limit, len(rows))
        paging: dict[str, Any] = {"cursors": {"before": str(start), "after": str(end)}}
        if end < len(rows):
            paging["next"] = f"https://graph.facebook.com{request.path}?access_token=hidden&limit={limit}&after={end}"
        return json_reply({"data": rows[start:end]} | ({"paging": paging} if rows else {}))

    def put_ad_set(self, request: Request, number: str) -> Reply:
        """Make or change an ad set: {name, effective_status, account, included, excluded, end_time, targeting}."""
        rows = dict(setting(self.lists.store, "ad_sets", {}))
        rows[number] = rows.get(number, {"id": number}) | request.order()
        keep_setting(self.lists.store, "ad_sets", rows)
        return json_reply(rows[number])


def account_of(held: Held) -> Any:
    """The ad account of a list, where an order or the destination's config names one."""
    return held.wanted.get("account") or held.config.get("adAccountId")


def in_account(held: Held, account: str) -> bool:
    """Whether an account has this list; one without an account is in all of them."""
    return str(account_of(held) or account) == account


def band(matched: int | None, spread: float) -> tuple[int, int]:
    """Lower and upper bound to three digits, -1 where Meta does not say."""
    if matched is None:
        return -1, -1
    unit = 10 ** max(0, len(str(matched)) - 3)
    low, high = matched * (1 - spread / 2), matched * (1 + spread / 2)
    return math.floor(low / unit) * unit, math.ceil(high / unit) * unit


def ad_set(row: dict[str, Any]) -> dict[str, Any]:
    """One ad set in Meta's shape."""
    lists = {"custom_audiences": row.get("included", []), "excluded_custom_audiences": row.get("excluded", [])}
    targeting = {name: [{"id": str(one), "name": f"list {one}"} for one in ids] for name, ids in lists.items() if ids}
    shown = {
        "id": row["id"],
        "name": row.get("name", row["id"]),
        "effective_status": row.get("effective_status", "ACTIVE"),
        "targeting": targeting | row.get("targeting", {}),
    }
    return shown | ({"end_time": row["end_time"]} if "end_time" in row else {})


def usage(account: str, options: dict[str, Any]) -> str:
    """The business-use-case header: percent of the hour's budget used."""
    spent = dict.fromkeys(("call_count", "total_cputime", "total_time"), options["usage"])
    row = {"type": "custom_audience", **spent, "estimated_time_to_regain_access": options["regain_minutes"]}
    return json.dumps({account: [row]})


def _status(wanted: Any, words: dict[int, str]) -> dict[str, Any]:
    code, told = wanted if isinstance(wanted, list) else (wanted, words.get(wanted, f"Description of {wanted}"))
    return {"code": code, "description": told}


def _chosen(row: dict[str, Any], request: Request, known: frozenset[str]) -> dict[str, Any]:
    asked = [name for name in BRACES.sub("", request.query.get("fields", "")).split(",") if name]
    for name in asked:
        if name not in known:
            words = f"(#100) Tried accessing nonexisting field ({name}) on node type (CustomAudience)"
            raise Refusal(failure(100, None, words))
    return {name: value for name, value in row.items() if name == "id" or name in asked or name not in known}


def meta_app(behind: Behind) -> PlatformStandIn:
    """The stand-in of graph.facebook.com."""
    lists = PlatformLists(platform_store(behind, "meta"), behind, META, OPTIONS)
    meta = Meta(lists)
    return PlatformStandIn(
        lists, meta.handle, ordered_failure, [route("POST", r"/_sandbox/ad_sets/([^/]+)", meta.put_ad_set)]
    )

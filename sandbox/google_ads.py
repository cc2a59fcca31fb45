"""Google Ads as far as user lists and the criteria that name them are read, and the address where tokens are refreshed."""

from __future__ import annotations

import hmac
from typing import Any, Final
from urllib.parse import parse_qsl

from sandbox import gaql
from sandbox.gaql import QueryError, Row
from sandbox.google_failures import failure, ordered_failure
from sandbox.platform_lists import Behind, Held, PlatformLists, two_digits
from sandbox.platform_standin import PlatformStandIn, platform_store
from sandbox.rows import GOOGLE
from sandbox.store import keep_setting, setting
from sandbox.web import Refusal, Reply, Request, json_reply, route

CLIENT: Final = "sandbox-client.apps.googleusercontent.com"
OPTIONS: Final[dict[str, Any]] = {
    "clients": {CLIENT: "sandbox-client-secret"},
    "refresh_tokens": {"sandbox-refresh-token": "full"},
    "life_span_days": 540,
    "search_share": 0.9,
    "smallest": 100,
    "customers": {},
    "manager": None,
    "project": "approved",
    "versions": ["v26", "v25", "v24", "v23"],
    "batch": 1000,
    "token_seconds": 3599,
}
SIZES: Final = (
    (500, "LESS_THAN_FIVE_HUNDRED"),
    (1_000, "LESS_THAN_ONE_THOUSAND"),
    (10_000, "ONE_THOUSAND_TO_TEN_THOUSAND"),
    (50_000, "TEN_THOUSAND_TO_FIFTY_THOUSAND"),
    (100_000, "FIFTY_THOUSAND_TO_ONE_HUNDRED_THOUSAND"),
    (300_000, "ONE_HUNDRED_THOUSAND_TO_THREE_HUNDRED_THOUSAND"),
    (500_000, "THREE_HUNDRED_THOUSAND_TO_FIVE_HUNDRED_THOUSAND"),
    (1_000_000, "FIVE_HUNDRED_THOUSAND_TO_ONE_MILLION"),
    (2_000_000, "ONE_MILLION_TO_TWO_MILLION"),
    (3_000_000, "TWO_MILLION_TO_THREE_MILLION"),
    (5_000_000, "THREE_MILLION_TO_FIVE_MILLION"),
    (10_000_000, "FIVE_MILLION_TO_TEN_MILLION"),
    (20_000_000, "TEN_MILLION_TO_TWENTY_MILLION"),
    (30_000_000, "TWENTY_MILLION_TO_THIRTY_MILLION"),
    (50_000_000, "THIRTY_MILLION_TO_FIFTY_MILLION"),
)
OF_A_LIST: Final = (
    "id name type description size_for_search size_for_display size_range_for_search size_range_for_display "
    "eligible_for_search eligible_for_display match_rate_percentage membership_status closing_reason membership_life_span "
    "account_user_list_status access_reason read_only integration_code crm_based_user_list.upload_key_type "
    "crm_based_user_list.data_source_type"
)
LIST_FIELDS: Final = frozenset(f"user_list.{name}" for name in OF_A_LIST.split(" "))
CAMPAIGN: Final = frozenset({"campaign.id", "campaign.name", "campaign.status", "campaign.serving_status"})
AD_GROUP: Final = CAMPAIGN | {"ad_group.id", "ad_group.name", "ad_group.status"}


def criterion_fields(kind: str, around: frozenset[str]) -> frozenset[str]:
    """The fields of a criterion resource."""
    return around | {f"{kind}.{name}" for name in ("type", "negative", "status", "user_list.user_list")}


class GoogleAds:
    """The public routes of googleads.googleapis.com."""

    def __init__(self, lists: PlatformLists) -> None:
        self.lists = lists

    def handle(self, request: Request) -> Reply:
        """Judge version, token, project and customer, then answer the query."""
        _, version, *path = request.path.split("/")
        options = self.lists.options()
        match path:
            case ["customers", customer, "googleAds:searchStream"] if request.method == "POST":
                pass
            case _:
                return failure("NOT_FOUND", "", "", "The requested URL was not found on this server.")
        if version not in options["versions"]:
            return failure("INVALID_ARGUMENT", "requestError", "UNSUPPORTED_VERSION", "Version is deprecated.")
        self._check_access(request, options, customer)
        query = (request.json() or {}).get("query", "")
        try:
            rows = gaql.answer(str(query), self._tables(customer))
        except QueryError as error:
            return failure("INVALID_ARGUMENT", "queryError", error.code, str(error))
        size = int(options["batch"])
        parts = [rows[start : start + size] for start in range(0, len(rows), size)] or [[]]
        shown = [{"fieldMask": "", "requestId": "sandbox"} | ({"results": part} if part else {}) for part in parts]
        return json_reply(shown)

    def _check_access(self, request: Request, options: dict[str, Any], customer: str) -> None:
        token = request.header("Authorization").removeprefix("Bearer ")
        expires = setting(self.lists.store, "access_tokens", {}).get(token)
        if expires is None or expires < self.lists.clock.now():
            raise Refusal(failure("UNAUTHENTICATED", "authenticationError", "OAUTH_TOKEN_INVALID"))
        if options["project"] == "unapproved":
            raise Refusal(
                failure("PERMISSION_DENIED", "authorizationError", "CLOUD_PROJECT_NOT_APPROVED_FOR_PRODUCTION")
            )
        if options["project"] == "disabled":
            raise Refusal(failure("PERMISSION_DENIED", "", "SERVICE_DISABLED", "The Google Ads API is not enabled."))
        if options["project"] == "no_scope":
            words = "Request had insufficient authentication scopes."
            raise Refusal(failure("PERMISSION_DENIED", "", "ACCESS_TOKEN_SCOPE_INSUFFICIENT", words))
        state = options["customers"].get(customer, "enabled")
        manager = options["manager"]
        if state == "denied" or (manager and request.header("login-customer-id") != str(manager)):
            raise Refusal(failure("PERMISSION_DENIED", "authorizationError", "USER_PERMISSION_DENIED"))
        if state == "not_enabled":
            raise Refusal(failure("PERMISSION_DENIED", "authorizationError", "CUSTOMER_NOT_ENABLED"))

    def _tables(self, customer: str) -> dict[str, tuple[frozenset[str], list[Row]]]:
        lists = [self._shown(held) for held in self.lists.all() if in_customer(held, customer)]
        campaigns = self._campaigns(customer)
        groups = [
            _around(one)
            | {f"ad_group.{name}": group.get(name, usual) for name, usual in _named(number)}
            | {"lists": _lists(group)}
            for one in campaigns
            for number, group in one.get("ad_groups", {}).items()
        ]
        above = [_around(one) | {"lists": _lists(one)} for one in campaigns]
        return {
            "customer": (frozenset({"customer.id"}), [{"customer.id": customer}]),
            "user_list": (LIST_FIELDS, lists),
            "campaign": (CAMPAIGN, above),
            "ad_group": (AD_GROUP, groups),
            "campaign_criterion": (
                criterion_fields("campaign_criterion", CAMPAIGN),
                _criteria("campaign_criterion", above, customer),
            ),
            "ad_group_criterion": (
                criterion_fields("ad_group_criterion", AD_GROUP),
                _criteria("ad_group_criterion", groups, customer),
            ),
        }

    def _campaigns(self, customer: str) -> list[Row]:
        found = setting(self.lists.store, "campaigns", {}).values()
        return [one for one in found if str(one.get("customer", customer)) == customer]

    def _shown(self, held: Held) -> Row:
        look, wanted, options = self.lists.look(held), held.wanted, self.lists.options()
        display = two_digits(look.matched) if look.matched else None
        search = two_digits(int(look.matched * options["search_share"])) if look.matched else None
        enough = (look.matched or 0) >= options["smallest"]
        row: Row = {
            "id": held.external_id,
            "name": held.name,
            "type": "CRM_BASED",
            "size_for_search": search,
            "size_for_display": display,
            "size_range_for_search": size_range(search),
            "size_range_for_display": size_range(display),
            "eligible_for_search": enough,
            "eligible_for_display": enough,
            "match_rate_percentage": round(100 * (look.matched or 0) / look.people) if enough and look.people else None,
            "membership_status": "OPEN",
            "membership_life_span": int((options | wanted)["life_span_days"]),
            "account_user_list_status": "ENABLED",
            "access_reason": "OWNED",
            "crm_based_user_list.upload_key_type": "CONTACT_INFO",
            "crm_based_user_list.data_source_type": "FIRST_PARTY",
            **wanted.get("fields", {}),
        }
        return {f"user_list.{name}": value for name, value in row.items() if name not in wanted.get("omit", ())}

    def put_campaign(self, request: Request, number: str) -> Reply:
        """Make or change a campaign: {name, status, serving_status, customer, included, excluded, ad_groups: {id: {…}}}."""
        rows = dict(setting(self.lists.store, "campaigns", {}))
        rows[number] = rows.get(number, {"id": number}) | request.order()
        keep_setting(self.lists.store, "campaigns", rows)
        return json_reply(rows[number])

    def revoke(self, request: Request) -> Reply:
        """Let every access token given so far be refused; refresh tokens stay good."""
        keep_setting(self.lists.store, "access_tokens", {})
        return json_reply({"access_tokens": []})


class Tokens:
    """oauth2.googleapis.com: a refresh token is exchanged for an access token."""

    def __init__(self, lists: PlatformLists) -> None:
        self.lists = lists

    def handle(self, request: Request) -> Reply:
        """Exchange, in OAuth 2.0's words."""
        if request.path != "/token" or request.method != "POST":
            return json_reply({"error": "not_found"}, 404)
        form, options = dict(parse_qsl(request.body.decode())), self.lists.options()
        secret = options["clients"].get(form.get("client_id", ""))
        if secret is None or not hmac.compare_digest(str(secret), form.get("client_secret", "")):
            return json_reply({"error": "invalid_client", "error_description": "The OAuth client was not found."}, 401)
        if form.get("grant_type") != "refresh_token":
            return json_reply({"error": "unsupported_grant_type"}, 400)
        if options["refresh_tokens"].get(form.get("refresh_token", "")) != "full":
            words = "Token has been expired or revoked."
            return json_reply({"error": "invalid_grant", "error_description": words}, 400)
        given = dict(setting(self.lists.store, "access_tokens", {}))
        number = int(setting(self.lists.store, "tokens_given", 0)) + 1
        token, seconds = f"ya29.sandbox-access-{number}", int(options["token_seconds"])
        keep_setting(self.lists.store, "tokens_given", number)
        keep_setting(self.lists.store, "access_tokens", given | {token: self.lists.clock.now() + seconds})
        scope = "https://www.googleapis.com/auth/adwords"
        return json_reply({"access_token": token, "expires_in": seconds, "scope": scope, "token_type": "Bearer"})


def in_customer(held: Held, customer: str) -> bool:
    """Whether a customer has this list; one without a customer is in all of them."""
    owner = held.wanted.get("customer") or held.config.get("customerId") or customer
    return str(owner).replace("-", "") == customer


def size_range(size: int | None) -> str:
    """Google's word for a size; a list that has none yet counts as the smallest."""
    return next((word for below, word in SIZES if (size or 0) < below), "OVER_FIFTY_MILLION")


def _named(number: str) -> list[tuple[str, str]]:
    return [("id", number), ("name", number), ("status", "ENABLED")]


def _around(one: Row) -> Row:
    usual = dict(_named(str(one["id"]))) | {"serving_status": "SERVING"}
    return {f"campaign.{name}": one.get(name, value) for name, value in usual.items()}


def _lists(one: Row) -> list[tuple[str, bool]]:
    return [(str(x), False) for x in one.get("included", [])] + [(str(x), True) for x in one.get("excluded", [])]


def _criteria(kind: str, owners: list[Row], customer: str) -> list[Row]:
    return [
        owner
        | {
            f"{kind}.type": "USER_LIST",
            f"{kind}.status": "ENABLED",
            f"{kind}.negative": negative,
            f"{kind}.user_list.user_list": f"customers/{customer}/userLists/{external}",
        }
        for owner in owners
        for external, negative in owner["lists"]
    ]


def google_apps(behind: Behind) -> dict[str, PlatformStandIn]:
    """The stand-ins of googleads.googleapis.com and oauth2.googleapis.com; both know the same tokens."""
    lists = PlatformLists(platform_store(behind, "google_ads"), behind, GOOGLE, OPTIONS)
    ads = GoogleAds(lists)
    orders = [
        route("POST", r"/_sandbox/campaigns/([^/]+)", ads.put_campaign),
        route("POST", r"/_sandbox/revoke", ads.revoke),
    ]
    own = PlatformLists(platform_store(behind, "google_token"), behind, GOOGLE, {})
    return {
        "google_ads": PlatformStandIn(lists, ads.handle, ordered_failure, orders),
        "google_token": PlatformStandIn(own, Tokens(lists).handle, ordered_failure),
    }

"""How Google words a refusal: google.rpc.Status with GoogleAdsFailure in its details, in an array as a stream has it."""

from __future__ import annotations

from typing import Any, Final

from sandbox.web import Reply, json_reply

STATUSES: Final = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "RESOURCE_EXHAUSTED": 429,
    "INTERNAL": 500,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}
PLAIN: Final[dict[int, tuple[str, str, str]]] = {
    400: ("INVALID_ARGUMENT", "requestError", "UNKNOWN"),
    401: ("UNAUTHENTICATED", "authenticationError", "OAUTH_TOKEN_INVALID"),
    403: ("PERMISSION_DENIED", "authorizationError", "USER_PERMISSION_DENIED"),
    404: ("NOT_FOUND", "", ""),
    429: ("RESOURCE_EXHAUSTED", "quotaError", "RESOURCE_EXHAUSTED"),
    500: ("INTERNAL", "internalError", "INTERNAL_ERROR"),
    502: ("UNAVAILABLE", "", ""),
    503: ("UNAVAILABLE", "internalError", "TRANSIENT_ERROR"),
    504: ("DEADLINE_EXCEEDED", "", ""),
}
ADS: Final = "type.googleapis.com/google.ads.googleads.v26.errors.GoogleAdsFailure"
INFO: Final = "type.googleapis.com/google.rpc.ErrorInfo"


def failure(status: str, family: str, code: str, message: str = "", retry_delay: str = "") -> Reply:
    """A refusal; without a family the code is an ErrorInfo's reason, as Google's front end gives it."""
    words = message or f"The request failed: {code or status}."
    details: list[dict[str, Any]] = []
    if family:
        one: dict[str, Any] = {"errorCode": {family: code}, "message": words}
        if retry_delay:
            one["details"] = {"quotaErrorDetails": {"rateScope": "DEVELOPER", "retryDelay": retry_delay}}
        details.append({"@type": ADS, "errors": [one], "requestId": "sandbox"})
    elif code:
        details.append({"@type": INFO, "reason": code, "domain": "googleapis.com"})
    error = {"code": STATUSES[status], "message": words, "status": status, "details": details}
    return json_reply([{"error": error}], STATUSES[status])


def ordered_failure(status: int, details: dict[str, Any]) -> Reply:
    """A fault: with `family` and `code` (and `retry_delay`), else the raw `body`, else what Google says with that status."""
    if "body" in details:
        kind = details.get("content_type", "application/json; charset=utf-8")
        return Reply(status, str(details["body"]).encode(), kind)
    usual = PLAIN.get(status, PLAIN[400])
    family, code = details.get("family", usual[1]), details.get("code", usual[2])
    return failure(usual[0], family, code, details.get("message", ""), details.get("retry_delay", ""))

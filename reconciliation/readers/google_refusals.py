"""Turns a refusal by Google Ads, or by Google's token address, into an error with words for a person. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import orjson

from muster.redaction import excerpt
from muster.vendor_errors import BadCredentials, RateLimited, Rejected, Unreachable, VendorError

from .answers import object_of, rows_of, wait_of

VENDOR: Final = "Google Ads"
SENDING_GOES_ON: Final = "Nothing can be read back until then; sending goes through RudderStack and is not touched."
SECONDS: Final = re.compile(r"(\d{1,9})(?:\.\d+)?s")


class GrantRefused(BadCredentials):
    happened = "Google no longer accepts the refresh token{code}: it expired or was revoked."
    effect = SENDING_GOES_ON
    next_step = (
        "Ask an administrator to grant access again and to enter the new refresh token in Connections. Tokens of a Cloud "
        "project whose consent screen is still in testing end after seven days: publish it."
    )


class ClientRefused(BadCredentials):
    happened = "Google does not know the OAuth client, or its secret is wrong{code}."
    effect = SENDING_GOES_ON
    next_step = "Ask an administrator to enter id and secret of the OAuth client in Connections."


class TokenRefused(BadCredentials):
    """Also right after it was renewed."""

    happened = "{vendor} refused the access that Google granted{code}."
    effect = SENDING_GOES_ON
    next_step = "Ask an administrator to grant access again, for the scope adwords, and to enter the new refresh token."


class NotPermitted(BadCredentials):
    happened = "{vendor} does not let this user read this customer{code}."
    effect = SENDING_GOES_ON
    next_step = (
        "Give the user who granted access a read-only role in the account; if access is through a manager account, enter "
        "the manager id in Connections."
    )


class ScopeMissing(BadCredentials):
    happened = "The access granted to Muster does not include {vendor}{code}."
    effect = SENDING_GOES_ON
    next_step = "Grant access again with the scope adwords, and enter the new refresh token in Connections."


class ProjectNotApproved(BadCredentials):
    happened = "The Cloud project behind the OAuth client may read test accounts only{code}."
    effect = SENDING_GOES_ON
    next_step = "Ask who owns the Cloud project to apply for Explorer access to the Google Ads API, which is enough for reading."


class ApiOff(BadCredentials):
    happened = "The Google Ads API is not switched on in the Cloud project behind the OAuth client{code}."
    effect = SENDING_GOES_ON
    next_step = "Ask who owns the Cloud project to enable the Google Ads API in it, then test again."


class CustomerOff(Rejected):
    happened = "{vendor} has not opened this account yet, or has closed it{code}."
    effect = "Nothing can be read, and its lists serve no ads."
    next_step = (
        "Open the account in Google Ads: it says there whether sign-up is unfinished, or the account is cancelled."
    )


class NoCustomer(Rejected):
    happened = "{vendor} does not know this customer id{code}."
    effect = SENDING_GOES_ON
    next_step = "Ask an administrator to enter the ten digits of the account's own id, not of its manager."


class QuestionRefused(Rejected):
    happened = "{vendor} no longer understands what Muster asks{code}."
    effect = SENDING_GOES_ON
    next_step = "Update Muster: a newer release asks a newer version of the API."


class QuotaSpent(RateLimited):
    happened = "{vendor}'s quota for the Cloud project is spent{code}."
    effect = "These figures come later; nothing is lost."


FAMILIES: Final[dict[str, type[VendorError]]] = {
    "authenticationError": TokenRefused,
    "authorizationError": NotPermitted,
    "quotaError": QuotaSpent,
    "queryError": QuestionRefused,
    "fieldError": QuestionRefused,
    "internalError": Unreachable,
    "databaseError": Unreachable,
}
CODES: Final[dict[str, type[VendorError]]] = {
    "CLOUD_PROJECT_NOT_APPROVED_FOR_PRODUCTION": ProjectNotApproved,
    "DEVELOPER_TOKEN_NOT_APPROVED": ProjectNotApproved,
    "PROJECT_DISABLED": ApiOff,
    "SERVICE_DISABLED": ApiOff,
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT": ScopeMissing,
    "CUSTOMER_NOT_ENABLED": CustomerOff,
    "CUSTOMER_NOT_FOUND": NoCustomer,
    "INVALID_CUSTOMER_ID": NoCustomer,
    "UNSUPPORTED_VERSION": QuestionRefused,
    "RESOURCE_EXHAUSTED": QuotaSpent,
    "RESOURCE_TEMPORARILY_EXHAUSTED": QuotaSpent,
}
STATUSES: Final[dict[str, type[VendorError]]] = {
    "UNAUTHENTICATED": TokenRefused,
    "PERMISSION_DENIED": NotPermitted,
    "RESOURCE_EXHAUSTED": QuotaSpent,
    "UNAVAILABLE": Unreachable,
    "INTERNAL": Unreachable,
    "DEADLINE_EXCEEDED": Unreachable,
    "ABORTED": Unreachable,
}
GRANTS: Final[dict[str, type[VendorError]]] = {
    "invalid_grant": GrantRefused,
    "invalid_client": ClientRefused,
    "unauthorized_client": ClientRefused,
    "invalid_scope": ScopeMissing,
}


def error_of(status: int, body: bytes, secrets: Iterable[str]) -> VendorError | None:
    """Return the error that a refusal stands for, None where the body is not Google's error. A stream's is in an array."""
    found = _parsed(body)
    told = found[0] if isinstance(found, list) and found else found
    error = object_of(object_of(told).get("error"))
    return error_in(error, secrets, status) if error else None


def error_in(error: Mapping[str, Any], secrets: Iterable[str], status: int | None = None) -> VendorError:
    """Return what Google's error object stands for; also for one that comes in the middle of a stream."""
    codes = list(_codes(error))
    kinds = [CODES.get(code) or FAMILIES.get(family) for family, code in codes]
    kind = next((kind for kind in kinds if kind), None) or STATUSES.get(str(error.get("status")), Rejected)
    if status is not None and status >= 500:
        kind = Unreachable
    said = " ".join(filter(None, [str(error.get("message") or ""), *(f"({code})" for _, code in codes)]))
    detail = excerpt(said, list(secrets))
    if issubclass(kind, RateLimited):
        return kind(VENDOR, detail, status=status, retry_after=_wait(error))
    return kind(VENDOR, detail, status=status)


def grant_error(status: int, body: bytes, secrets: Iterable[str]) -> VendorError | None:
    """Return the error that a refusal to renew a token stands for (OAuth 2.0's error words), None for anything else."""
    told = object_of(_parsed(body))
    kind = GRANTS.get(str(told.get("error")))
    if kind is None:
        return None
    said = f"{told.get('error_description') or ''} ({told.get('error')})"
    return kind(VENDOR, excerpt(said, list(secrets)), status=status)


def _codes(error: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for detail in rows_of(error.get("details")):
        for one in rows_of(detail.get("errors")):
            for family, code in object_of(one.get("errorCode")).items():
                yield str(family), str(code)
        if "reason" in detail:
            yield "", str(detail["reason"])


def _wait(error: Mapping[str, Any]) -> float | None:
    for detail in rows_of(error.get("details")):
        told = [detail.get("retryDelay")]
        for one in rows_of(detail.get("errors")):
            told.append(object_of(object_of(one.get("details")).get("quotaErrorDetails")).get("retryDelay"))
        for value in told:
            if isinstance(value, str) and (found := SECONDS.fullmatch(value)):
                return wait_of(float(found[1]))
    return None


def _parsed(body: bytes) -> object:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None

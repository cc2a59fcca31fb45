"""Turns a refusal by Meta into an error with words for a person: its codes say what its statuses do not. Pure."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson

from muster.redaction import excerpt
from muster.vendor_errors import BadCredentials, Gone, RateLimited, Rejected, Unreachable, VendorError

from .answers import wait_of

VENDOR: Final = "Meta"
USAGE_HEADER: Final = "X-Business-Use-Case-Usage"
USAGE_HEADERS: Final = (USAGE_HEADER, "X-App-Usage", "X-Ad-Account-Usage")
SPENT: Final = 95  # percent of the hour's budget from which on nothing more is asked
OTHER_NODE: Final = re.compile(r"on node type \((?!CustomAudience\))")
AN_HOUR: Final = 3600.0
SENDING_GOES_ON: Final = "Nothing can be read back until then; sending goes through RudderStack and is not touched."


class TokenDead(BadCredentials):
    happened = "{vendor} no longer accepts the access token{code}: it expired or was revoked."
    effect = SENDING_GOES_ON
    next_step = "Ask an administrator to make a new token for the system user and to enter it in Connections."


class NotPermitted(BadCredentials):
    happened = "{vendor} knows the token, but does not let it read this ad account{code}."
    effect = SENDING_GOES_ON
    next_step = "In Meta's Business settings, give the system user this ad account and the permission ads_read, then test again."


class TermsNotSigned(BadCredentials):
    happened = "The custom audience terms of this ad account are not signed{code}."
    effect = "Nothing can be read, and Meta takes in nobody either."
    next_step = "Have an admin of the ad account accept Meta's Custom Audience terms in Ads Manager, then test again."


class DevelopmentApp(BadCredentials):
    happened = "The {vendor} app behind the token has development access only{code}."
    effect = SENDING_GOES_ON
    next_step = "Ask who owns the app for standard access to the Marketing API, or enter a token of another app."


class ProofRefused(BadCredentials):
    happened = "{vendor} requires proof of the app secret, and it was missing or wrong{code}."
    effect = SENDING_GOES_ON
    next_step = "Ask an administrator to enter the app secret of the app that made the token, in Connections."


class VersionEnded(Rejected):
    happened = "{vendor} has switched off the version of its API that Muster asks{code}."
    effect = SENDING_GOES_ON
    next_step = "Update Muster: a newer release asks a newer version."


class NoSuchThing(Gone):
    """Meta words what is deleted and what a token may not see alike."""

    happened = "{vendor} has nothing under this id, or the token may not see it{code}."
    next_step = "Check the id in Ads Manager; if it is right, give the system user the ad account that holds it."


class NotAList(Gone):
    happened = "What {vendor} has under this id is no custom audience{code}."
    next_step = "Enter the id that Ads Manager shows in the audience's details."


class BudgetSpent(RateLimited):
    happened = "{vendor}'s hourly budget for reading this ad account is spent{code}."
    effect = "These figures come later; nothing is lost."


ERRORS: Final[dict[int, type[VendorError]]] = {
    1: Unreachable,
    2: Unreachable,
    3: NotPermitted,
    4: BudgetSpent,
    10: NotPermitted,
    17: BudgetSpent,
    32: BudgetSpent,
    102: TokenDead,
    190: TokenDead,
    200: NotPermitted,
    270: DevelopmentApp,
    294: NotPermitted,
    613: BudgetSpent,
    803: NoSuchThing,
    2635: VersionEnded,
}
BY_SUBCODE: Final[dict[tuple[int, int], type[VendorError]]] = {
    (100, 33): NoSuchThing,
    (200, 1870090): TermsNotSigned,
}


def error_of(status: int, headers: Mapping[str, str], body: bytes, secrets: Iterable[str]) -> VendorError | None:
    """Return the error that a refusal stands for, None where the body is not Meta's error."""
    told = _error(body)
    code = _number(told.get("code"))
    if code is None:
        return None
    kind = _kind(code, _number(told.get("error_subcode")) or 0, told)
    detail = excerpt(_said(code, told), list(secrets))
    if issubclass(kind, RateLimited):
        return kind(VENDOR, detail, status=status, retry_after=regained_in(headers))
    return kind(VENDOR, detail, status=status)


def _kind(code: int, subcode: int, told: Mapping[str, Any]) -> type[VendorError]:
    known = BY_SUBCODE.get((code, subcode)) or ERRORS.get(code)
    if known is not None:
        return known
    if 80_000 <= code < 80_100:
        return BudgetSpent
    if code == 100 and "appsecret_proof" in str(told.get("message")):
        return ProofRefused
    if code == 100 and OTHER_NODE.search(str(told.get("message"))):
        return NotAList
    if 201 <= code <= 299:
        return NotPermitted
    return Unreachable if told.get("is_transient") is True else Rejected


def _error(body: bytes) -> Mapping[str, Any]:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    told = found.get("error") if isinstance(found, dict) else None
    return told if isinstance(told, dict) else {}


def _said(code: int, told: Mapping[str, Any]) -> str:
    words = told.get("error_user_msg") or told.get("message") or ""
    subcode = told.get("error_subcode")
    return f"{words} (code {code}{f', subcode {subcode}' if subcode else ''})".strip()


def used(headers: Mapping[str, str]) -> int:
    """Return how much of a budget Meta says is used, in percent: the fullest of all that it names, 0 where it names none."""
    found = [row.get(name) for row in _rows(headers) for name in ("call_count", "total_cputime", "total_time")]
    return max([0, *(int(min(value, 1000)) for value in found if isinstance(value, int | float))])


def regained_in(headers: Mapping[str, str]) -> float:
    """Return the seconds until Meta answers again; it says minutes, and without them an hour is waited."""
    found = [row.get("estimated_time_to_regain_access") for row in _rows(headers)]
    minutes = max((float(value) for value in found if isinstance(value, int | float)), default=0.0)
    return wait_of(minutes * 60) or AN_HOUR


def _rows(headers: Mapping[str, str]) -> list[Mapping[str, Any]]:
    rows: list[Any] = []
    for name in USAGE_HEADERS:
        try:
            told = orjson.loads(headers.get(name) or "{}")
        except orjson.JSONDecodeError:
            continue
        if isinstance(told, dict) and name == USAGE_HEADER:
            rows += [row for some in told.values() if isinstance(some, list) for row in some]
        else:
            rows.append(told)
    return [row for row in rows if isinstance(row, dict)]


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None

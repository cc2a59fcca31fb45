"""What goes wrong at Amplitude, Mixpanel and PostHog: over real HTTP, down to the sentence that a person sees."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pytest_django import Settings

from muster.http import AddressRefused, BadCredentials, Gone, RateLimited, Unreachable, Unreadable, VendorError
from muster.vendor_errors import Rejected
from reconciliation.readers.opening import NoReader, reader_for
from tests.reconciliation.cohort_tools import Desk, size_of

BEFORE = "Nothing was read; figures of before stay, with their dates."


def refused(desk: Desk, kind: type[VendorError], **other: str) -> VendorError:
    """Return the error of a read. None of the secrets is in its words."""
    with pytest.raises(kind) as caught:
        desk.one(**other)
    told = " ".join((str(caught.value), *caught.value.words))
    assert not any(secret in told for secret in (*desk.tool.secrets.values(), *other.values()) if len(secret) > 8)
    return caught.value


# tool, what a person entered otherwise, kind, happened, the next step begins with
ENTERED: dict[str, tuple[str, dict[str, str], type[VendorError], str, str]] = {
    "amplitude: another API key": (
        "amplitude",
        {"api_key": "wrong-key-of-somebody"},
        BadCredentials,
        "Amplitude refused the API key or the secret key (401).",
        "Ask an administrator to enter both keys of one project in Connections, and to check the data region",
    ),
    "amplitude: another secret": (
        "amplitude",
        {"secret_key": "wrong-secret-of-somebody"},
        BadCredentials,
        "Amplitude refused the API key or the secret key (401).",
        "Ask an administrator to enter both keys",
    ),
    "mixpanel: another secret": (
        "mixpanel",
        {"password": "wrong-secret-of-somebody"},
        BadCredentials,
        "Mixpanel refused the service account (401).",
        "Ask an administrator to enter its user name and secret anew in Connections",
    ),
    "mixpanel: another project": (
        "mixpanel",
        {"project": "999"},
        BadCredentials,
        "Mixpanel does not let the service account read this project (403).",
        "Ask who administers Mixpanel to add it to the project",
    ),
    "mixpanel: no project": (
        "mixpanel",
        {"project": "abc"},
        Gone,
        "Mixpanel does not know this project (400).",
        "Ask an administrator to check project id and data region",
    ),
    "posthog: another key": (
        "posthog",
        {"token": "phx_wrong_key_of_somebody"},
        BadCredentials,
        "PostHog refused the personal API key (401).",
        "Ask an administrator to enter it anew in Connections",
    ),
    "posthog: another project": (
        "posthog",
        {"project": "999"},
        Gone,
        "PostHog does not know this project (404).",
        "Ask an administrator to check project id, data region and host",
    ),
}


@pytest.mark.parametrize("case", ENTERED)
def test_what_was_entered_is_wrong(request: pytest.FixtureRequest, case: str) -> None:
    tool, other, kind, happened, step = ENTERED[case]
    words = refused(request.getfixturevalue(tool), kind, **other).words
    assert (words.happened, words.effect) == (happened, BEFORE)
    assert words.next_step.startswith(step)


FORBIDDEN = {
    "amplitude": "Amplitude does not let this project read its cohorts (403).",
    "mixpanel": "Mixpanel does not let the service account read this project (403).",
    "posthog": "PostHog does not let this key read the project's cohorts (403).",
}


def test_a_key_without_the_permission(desk: Desk) -> None:
    desk.fault("403")
    assert refused(desk, BadCredentials).words.happened == FORBIDDEN[desk.tool.platform]


def test_a_key_whose_scope_was_taken(posthog: Desk, mixpanel: Desk) -> None:
    posthog.choose(scopes=["insight:read"])
    error = refused(posthog, BadCredentials)
    assert "missing required scope 'cohort:read'" in str(error)
    assert error.words.next_step.startswith("Make a personal API key with the scope cohort:read")
    mixpanel.choose(allowed=False)
    assert refused(mixpanel, BadCredentials).words.happened == FORBIDDEN["mixpanel"]


GONE = {
    "amplitude": "Amplitude has no list of cohorts at this address (404).",
    "mixpanel": "Mixpanel does not know this project (404).",
    "posthog": "PostHog does not know this project (404).",
}


def test_an_address_that_is_not_there(desk: Desk) -> None:
    desk.fault("404")
    error = refused(desk, Gone)
    assert (error.words.happened, error.words.effect) == (GONE[desk.tool.platform], BEFORE)


# fault, its details, kind, words in the sentence
TROUBLES: dict[str, tuple[str, dict[str, Any], type[VendorError], str]] = {
    "500": ("500", {}, Unreachable, "did not answer, or could not do its work (500)."),
    "502 of a proxy": ("html", {"status": 502}, Unreachable, "could not do its work (502)."),
    "503": ("503", {}, Unreachable, "could not do its work (503)."),
    "a page of a login": ("html", {}, Unreadable, "cannot be read (200). The answer is not JSON."),
    "cut before the answer": ("cut_before", {}, Unreachable, "did not answer"),
    "cut in the answer": (
        "truncate",
        {"at": 9},
        Unreachable,
        "did not answer, or could not do its work. The connection",
    ),
    "ended early as if whole": ("truncate", {"at": 9, "clean": True}, Unreadable, "The answer is not JSON."),
    "slow": ("slow", {"seconds": 3}, Unreachable, "No complete answer within the time limit."),
    "late": ("delay", {"ms": 900}, Unreachable, "No complete answer within the time limit."),
    "a redirect": (
        "status",
        {"status": 302, "body": ""},
        Rejected,
        "The answer is a redirect, and Muster follows none.",
    ),
    "JSON of something else": (
        "status",
        {"status": 200, "body": '{"ok": true}'},
        Unreadable,
        "The answer is not a list of cohorts.",
    ),
    "a text": ("status", {"status": 200, "body": '"maintenance"'}, Unreadable, "The answer is not a list of cohorts."),
    "cohorts without an id": (
        "status",
        {"status": 200, "body": '{"cohorts": [{"size": 4}], "results": [{"count": 4}], "next": null}'},
        Unreadable,
        "The answer is not a list of cohorts.",
    ),
    "cohorts that are none": (
        "status",
        {"status": 200, "body": '{"cohorts": [4], "results": [null], "next": null}'},
        Unreadable,
        "The answer is not a list of cohorts.",
    ),
}


@pytest.mark.parametrize("case", TROUBLES)
def test_the_tool_is_in_trouble(desk: Desk, settings: Settings, case: str) -> None:
    fault, details, kind, words = TROUBLES[case]
    settings.REQUEST_TIMEOUT = 0.6
    desk.cohort("7", members=5)
    desk.fault(fault, **details)

    error = refused(desk, kind)
    assert words in str(error)
    assert str(error).startswith(desk.tool.vendor)
    settings.REQUEST_TIMEOUT = 3.0
    assert size_of(desk.one()) == 5


@pytest.mark.parametrize("details", [{"retry_after": 41}, {}])
def test_too_many_requests(desk: Desk, details: dict[str, Any]) -> None:
    desk.fault("429", **details)
    error = refused(desk, RateLimited)
    assert isinstance(error, RateLimited)
    asked = {"posthog": float(details.get("retry_after", 30))}
    assert error.retry_after == asked.get(desk.tool.platform)
    assert str(error).startswith(f"{desk.tool.vendor} asked to wait (429): ")


def test_mixpanels_hour_is_spent_after_sixty(mixpanel: Desk) -> None:
    mixpanel.cohort("7", members=5)
    for _ in range(60):
        mixpanel.read(["7"])

    words = refused(mixpanel, RateLimited).words
    assert words.happened == "Mixpanel asked to wait (429): the project has 60 queries an hour, and they are used up."
    assert words.effect == "It is read later; figures of before stay, with their dates."
    mixpanel.vendors.order(mixpanel.base, "/_sandbox/clock", {"seconds": 3600})
    assert size_of(mixpanel.one()) == 5


@pytest.mark.parametrize("tool", ["amplitude", "mixpanel"])
def test_five_at_once_is_the_most(request: pytest.FixtureRequest, tool: str) -> None:
    desk = request.getfixturevalue(tool)
    desk.cohort("7", members=5)
    desk.choose(takes_ms=700)

    def ask(_: int) -> str:
        try:
            return str(size_of(desk.one()))
        except RateLimited:
            return "wait"

    with ThreadPoolExecutor(8) as threads:
        answers = sorted(threads.map(ask, range(8)))
    assert answers == ["5"] * 5 + ["wait"] * 3


def test_pages_that_never_end_are_given_up(posthog: Desk) -> None:
    posthog.fault("status", status=200, body='{"results": [{"id": 1, "count": 1}], "next": "http://x/"}', times=0)
    assert "does not end after 50 pages" in str(refused(posthog, Unreadable))


def test_a_host_of_ones_own_must_be_listed_to_be_private(posthog: Desk, settings: Settings) -> None:
    settings.PRIVATE_HOSTS = frozenset()
    for host in ("http://127.0.0.1:9", "https://127.0.0.1:9", "https://[::1]:9"):
        with pytest.raises(AddressRefused, match=r"not public|over https"):
            posthog.one(host=host)


def test_a_platform_without_a_reader_says_what_to_do_instead() -> None:
    with pytest.raises(NoReader) as caught:
        reader_for("criteo", {}, {})
    assert caught.value.words.effect == "Its figures can be entered by hand or imported."

"""Cohorts at the stand-ins of the analytics tools, in the vendors' own shapes."""

from typing import Any

import pytest
import requests

from tests.sandbox.conftest import basic
from tests.vendors import Vendors

AMPLITUDE = ("amplitude_eu", "GET", "/api/3/cohorts", basic("sandbox-amplitude-key", "sandbox-amplitude-secret"))
MIXPANEL = (
    "mixpanel_in",
    "POST",
    "/api/query/cohorts/list?project_id=1001",
    basic("sandbox.mp-service-account", "sandbox-mixpanel-secret"),
)
POSTHOG = ("posthog_eu", "GET", "/api/projects/2001/cohorts/", "Bearer phx_sandbox_personal_key")
TOOLS = (AMPLITUDE, MIXPANEL, POSTHOG)
Call = tuple[str, str, str, str]


def ask(vendors: Vendors, call: Call, *, key: str | None = None, more: str = "") -> requests.Response:
    name, method, path, known = call
    return vendors.session.request(
        method,
        f"{vendors.at(name)}{path}{more}",
        headers={"Authorization": known if key is None else key},
        timeout=30,
    )


def cohort(vendors: Vendors, call: Call, one: str, **wanted: Any) -> None:
    vendors.order(vendors.at(call[0]), f"/_sandbox/lists/{one}", wanted)


def test_a_list_in_each_vendors_own_shape(vendors: Vendors) -> None:
    for call in TOOLS:
        cohort(vendors, call, "12", name="VIP", members=4200, changed_at=1_790_000_000)

    (one,) = ask(vendors, AMPLITUDE).json()["cohorts"]
    assert (one["id"], one["size"], one["lastComputed"]) == ("12", 4200, "2026-09-21T14:13:20.000000Z")
    (one,) = ask(vendors, MIXPANEL).json()
    assert (one["id"], one["count"], one["project_id"], one["created"]) == (12, 4200, 1001, "2023-11-14 22:13:20")
    told = ask(vendors, POSTHOG).json()
    assert (told["count"], told["next"], told["previous"]) == (1, None, None)
    (one,) = told["results"]
    assert (one["id"], one["count"], one["version"], one["pending_version"], one["is_calculating"]) == (
        12,
        4200,
        1,
        1,
        False,
    )


@pytest.mark.parametrize("call", TOOLS)
def test_who_has_no_key_is_refused_in_the_vendors_form(vendors: Vendors, call: Call) -> None:
    for key in ("", "Basic !!", basic("a", "b"), "Bearer other"):
        answer = ask(vendors, call, key=key)
        told = answer.json()
        assert answer.status_code == 401
        assert "error" in told or told["code"] == "authentication_failed"


def test_posthogs_pages_and_their_misleading_count(vendors: Vendors) -> None:
    for number in range(5):
        cohort(vendors, POSTHOG, str(number), members=1000)

    told = ask(vendors, POSTHOG, more="?limit=2&offset=2").json()
    assert (told["count"], [one["id"] for one in told["results"]]) == (5, [2, 3])
    assert told["next"].endswith("/api/projects/2001/cohorts/?limit=2&offset=4")
    assert told["previous"].endswith("?limit=2&offset=0")


def test_regions_share_one_project_and_tools_share_nothing(vendors: Vendors) -> None:
    cohort(vendors, AMPLITUDE, "12", members=1)
    other = ("amplitude_us", *AMPLITUDE[1:])
    assert [one["id"] for one in ask(vendors, other).json()["cohorts"]] == ["12"]
    assert ask(vendors, MIXPANEL).json() == []


def test_a_reset_forgets_cohorts_and_who_asked(vendors: Vendors) -> None:
    cohort(vendors, MIXPANEL, "12", members=1)
    for _ in range(60):
        ask(vendors, MIXPANEL)
    assert ask(vendors, MIXPANEL).status_code == 429
    vendors.reset()
    assert ask(vendors, MIXPANEL).json() == []

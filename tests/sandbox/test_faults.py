"""Every fault that can be ordered does what docs/sandbox.md says, to the request it is meant for, as often as ordered."""

import time
from collections.abc import Callable
from typing import Any

import pytest
import requests

from sandbox.faults import KINDS, STATUS_KINDS
from tests.sandbox.conftest import Ask, basic
from tests.sandbox.test_customerio_exports import link, rows, start, wait
from tests.sandbox.test_customerio_replies import assert_envelope
from tests.sandbox.test_rudderstack_gateway import assert_accepted, assert_refused
from tests.vendors import US_KEY, Vendors

EVENT = {"type": "record", "messageId": "m"}
GATEWAY_WORDS = {
    "401": "invalid write key",
    "403": "failed to read body from request",
    "404": "source is disabled",
    "429": "max requests limit reached",
    "500": "failed to read body from request",
    "502": "failed to read body from request",
    "503": "Service Unavailable",
}


@pytest.fixture
def cut() -> Callable[[Callable[[], object]], None]:
    """Asserts that a call ends with a broken connection."""

    def assert_cut(call: Callable[[], object]) -> None:
        with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
            call()

    return assert_cut


@pytest.fixture
def segment(vendors: Vendors) -> int:
    vendors.people(25)
    vendors.source("wk")
    return vendors.segment(generated={"share": 1.0})


def page(api: Ask, segment: int, **query: Any) -> Any:
    return api("GET", f"/v1/segments/{segment}/membership", params={"limit": 10, **query}).json()


# Which requests, how often


def test_a_fault_strikes_once_unless_said_otherwise(api: Ask, vendors: Vendors) -> None:
    vendors.fault(vendors.us, "500")

    assert [api("GET", "/v1/workspaces").status_code for _ in range(3)] == [500, 200, 200]


def test_a_fault_strikes_so_often_after_so_many_or_for_ever(api: Ask, vendors: Vendors) -> None:
    vendors.fault(vendors.us, "500", after=1, times=2)
    assert [api("GET", "/v1/workspaces").status_code for _ in range(4)] == [200, 500, 500, 200]
    assert [fault["seen"] for fault in vendors.faults(vendors.us)] == [4]

    vendors.delete(vendors.us, "/_sandbox/faults")
    vendors.fault(vendors.us, "503", times=0)
    assert [api("GET", "/v1/workspaces").status_code for _ in range(4)] == [503] * 4


def test_a_fault_strikes_what_it_matches(api: Ask, gateway: Ask, vendors: Vendors, segment: int) -> None:
    vendors.fault(vendors.us, "500", {"path": r"membership\?.*start=MDoxMA", "method": "get"}, times=0)
    assert page(api, segment)["next"] == "MDoxMA=="
    assert api("GET", f"/v1/segments/{segment}/membership?limit=10&start=MDoxMA==").status_code == 500

    vendors.source("other")
    vendors.fault(vendors.rudder, "503", {"write_key": "other"}, times=0)
    assert gateway("/v1/batch", {"batch": [EVENT]}).status_code == 200
    assert gateway("/v1/batch", {"batch": [EVENT]}, key="other").status_code == 503


def test_a_fault_stays_at_its_stand_in_until_it_is_forgotten(api: Ask, vendors: Vendors) -> None:
    vendors.fault(vendors.eu, "500", times=0)
    assert api("GET", "/v1/workspaces").status_code == 200

    vendors.reset()
    assert vendors.faults(vendors.eu) == []


@pytest.mark.parametrize(
    "order", [{"kind": "no such"}, {}, {"kind": "500", "match": {"path": "("}}, {"kind": "500", "times": "often"}]
)
def test_an_order_that_cannot_be_read_is_refused_with_words(vendors: Vendors, order: dict[str, Any]) -> None:
    answer = vendors.session.post(f"{vendors.us}/_sandbox/faults", json=order, timeout=5)

    assert answer.status_code == 400
    assert len(answer.json()["error"]) > 20


def test_unknown_orders_are_refused(vendors: Vendors) -> None:
    for base in (vendors.us, vendors.rudder):
        assert vendors.session.post(f"{base}/_sandbox/nothing", json={}, timeout=5).status_code == 404
        assert vendors.session.put(f"{base}/_sandbox/reset", json={}, timeout=5).status_code == 405
        assert vendors.session.post(f"{base}/_sandbox/faults", json=[1], timeout=5).status_code == 400
        assert vendors.session.post(f"{base}/_sandbox/faults", data=b"{", timeout=5).status_code == 400


# Each kind


@pytest.mark.parametrize("kind", sorted(STATUS_KINDS))
def test_a_status_comes_in_each_vendors_words(
    api: Ask, gateway: Ask, vendors: Vendors, segment: int, kind: str
) -> None:
    vendors.fault(vendors.us, kind)
    vendors.fault(vendors.rudder, kind)

    answer = api("GET", "/v1/workspaces")
    if kind == "401":
        assert answer.json() == {"errors": [{"detail": "unauthorized", "status": "401"}]}
    else:
        assert_envelope(answer, int(kind))
    assert answer.headers.get("Retry-After") == ("1" if kind == "429" else None)
    assert_refused(gateway("/v1/batch", {"batch": [EVENT]}), int(kind), GATEWAY_WORDS[kind])
    assert vendors.events("wk") == []


def test_a_status_with_a_body_of_its_own(api: Ask, gateway: Ask, vendors: Vendors, segment: int) -> None:
    vendors.fault(vendors.us, "status", status=418, body="<b>teapot</b>", content_type="text/html")
    vendors.fault(vendors.rudder, "status", status=418, body="teapot")

    answer = api("GET", "/v1/workspaces")
    assert (answer.status_code, answer.text, answer.headers["Content-Type"]) == (418, "<b>teapot</b>", "text/html")
    assert_refused(gateway("/v1/batch", {"batch": [EVENT]}), 418, "teapot")


def test_the_other_forms_of_too_many(api: Ask, vendors: Vendors) -> None:
    vendors.fault(vendors.us, "old_429")
    old = api("GET", "/v1/workspaces")
    assert (old.status_code, old.content, old.headers.get("Retry-After")) == (429, b"", None)
    assert "Content-Type" not in old.headers

    vendors.fault(vendors.us, "daily_429")
    daily = api("GET", "/v1/workspaces")
    assert_envelope(daily, 429)
    assert "Retry-After" not in daily.headers


@pytest.mark.parametrize("details", [{"seconds": 0.3}, {"ms": 300}])
def test_a_delay_comes_before_the_answer(api: Ask, vendors: Vendors, details: dict[str, Any]) -> None:
    vendors.fault(vendors.us, "delay", **details)
    began = time.monotonic()

    assert api("GET", "/v1/workspaces").status_code == 200
    assert time.monotonic() - began >= 0.3


@pytest.mark.parametrize("place", ["customerio", "rudder", "posthog"])
def test_a_request_that_a_reset_overtook_leaves_no_trace(vendors: Vendors, place: str) -> None:
    method, base, path, headers = {
        "customerio": ("GET", vendors.us, "/v1/workspaces", {"Authorization": f"Bearer {US_KEY}"}),
        "rudder": ("POST", vendors.rudder, "/v1/batch", {"Authorization": basic("wk")}),
        "posthog": ("GET", vendors.at("posthog_us"), "/api/projects/2001/cohorts/", {}),
    }[place]
    vendors.fault(base, "delay", ms=400)
    with pytest.raises(requests.Timeout):
        vendors.session.request(method, base + path, headers=headers, json={"batch": [EVENT]}, timeout=0.1)
    vendors.reset()
    vendors.source("wk")
    time.sleep(0.6)

    assert vendors.events("wk") == []
    assert vendors.requests("wk") == []
    for stand_in in {base, vendors.us} - {vendors.rudder}:
        assert vendors.get(stand_in, "/_sandbox/requests")["requests"] == []


def test_a_slow_answer_never_pauses_for_long(vendors: Vendors) -> None:
    vendors.fault(vendors.us, "slow", seconds=0.6)
    began = latest = time.monotonic()

    with vendors.session.get(f"{vendors.us}/v1/info/ip_addresses", stream=True, timeout=5) as answer:
        longest = 0.0
        for _ in answer.iter_content(1):
            longest, latest = max(longest, time.monotonic() - latest), time.monotonic()

    assert latest - began >= 0.5
    assert longest < 0.4


def test_a_cut_before_does_nothing(gateway: Ask, vendors: Vendors, segment: int, cut: Any) -> None:
    vendors.fault(vendors.rudder, "cut_before")

    cut(lambda: gateway("/v1/batch", {"batch": [EVENT]}))

    assert vendors.events("wk") == []
    assert [(told["status"], told["stored"]) for told in vendors.requests("wk")] == [(0, False)]


def test_a_cut_after_has_done_everything(gateway: Ask, vendors: Vendors, segment: int, cut: Any) -> None:
    vendors.fault(vendors.rudder, "cut_after")

    cut(lambda: gateway("/v1/batch", {"batch": [EVENT]}))

    assert vendors.events("wk") == [EVENT]


def test_a_timeout_after_storing(gateway: Ask, vendors: Vendors, segment: int) -> None:
    vendors.fault(vendors.rudder, "store_then_504")

    assert_refused(gateway("/v1/batch", {"batch": [EVENT]}), 504, "gateway timeout")
    assert vendors.events("wk") == [EVENT]
    [told] = vendors.requests("wk")
    assert (told["status"], told["stored"]) == (504, True)


def test_an_answer_cut_in_the_middle(api: Ask, vendors: Vendors, segment: int, cut: Any) -> None:
    vendors.fault(vendors.us, "truncate", at=40)

    cut(lambda: page(api, segment))


def test_an_answer_that_ends_early_as_if_it_were_whole(api: Ask, vendors: Vendors, segment: int) -> None:
    export = start(api, segment)
    wait(api, export)
    whole = rows(vendors.session.get(link(api, export), timeout=5))
    vendors.fault(vendors.us, "truncate", {"path": "exports-store"}, at=700, clean=True)

    part = rows(vendors.session.get(link(api, export), timeout=5))

    assert 0 < len(part) < len(whole)
    assert part == whole[: len(part)]


def test_a_page_of_html(api: Ask, gateway: Ask, vendors: Vendors, segment: int) -> None:
    vendors.fault(vendors.us, "html")
    vendors.fault(vendors.us, "html", after=1, status=503)
    vendors.fault(vendors.rudder, "html")

    first, second = api("GET", "/v1/workspaces"), api("GET", "/v1/workspaces")
    assert (first.status_code, second.status_code) == (200, 503)
    assert first.headers["Content-Type"] == "text/html; charset=utf-8"
    assert first.text.startswith("<!DOCTYPE html>")
    assert gateway("/v1/batch", {"batch": [EVENT]}).text.startswith("<!DOCTYPE html>")
    assert vendors.events("wk") == []


def test_a_page_with_people_missing(api: Ask, vendors: Vendors, segment: int) -> None:
    vendors.fault(vendors.us, "short_page", drop=3)
    short = page(api, segment)
    assert (len(short["identifiers"]), short["next"]) == (7, "MDoxMA==")

    vendors.fault(vendors.us, "short_page", next="")
    ended = page(api, segment)
    assert (len(ended["identifiers"]), ended["next"]) == (5, "")


def test_bulk_attributes_with_people_missing(api: Ask, vendors: Vendors, segment: int) -> None:
    ids = [row["cio_id"] for row in vendors.members(segment)]
    vendors.fault(vendors.us, "short_page", {"path": "/v1/customers/attributes"}, drop=2)

    answer = api("POST", "/v1/customers/attributes?id_type=cio_id", json={"ids": ids})
    assert len(answer.json()["customers"]) == 23


def test_a_cursor_that_leads_in_circles(api: Ask, vendors: Vendors, segment: int) -> None:
    vendors.fault(vendors.us, "loop_cursor", times=0)

    first = page(api, segment)
    second = page(api, segment, start=first["next"])
    assert second["next"] == first["next"]


def test_a_page_served_twice(api: Ask, vendors: Vendors, segment: int) -> None:
    first = page(api, segment)
    vendors.fault(vendors.us, "repeat_page")
    again = page(api, segment, start=first["next"])

    assert again["identifiers"] == first["identifiers"]
    assert again["next"] != first["next"]


@pytest.mark.parametrize("by", [4, -4])
def test_a_count_that_is_off(api: Ask, vendors: Vendors, segment: int, by: int) -> None:
    vendors.fault(vendors.us, "count_off", by=by)

    assert api("GET", f"/v1/segments/{segment}/customer_count").json()["count"] == 25 + by


def test_a_member_who_leaves_between_pages_makes_the_next_page_skip_one(
    api: Ask, vendors: Vendors, segment: int
) -> None:
    everybody = {row["cio_id"] for row in vendors.members(segment)}
    vendors.fault(vendors.us, "mutate_between_pages", remove=2)

    seen, start = set(), ""
    while True:
        found = page(api, segment, start=start)
        seen |= {row["cio_id"] for row in found["identifiers"]}
        if not (start := found["next"]):
            break

    left = {row["cio_id"] for row in vendors.members(segment)}
    assert len(everybody) - len(left) == 2
    assert len(left - seen) == 2


def test_a_segment_that_begins_to_build_while_it_is_read(api: Ask, vendors: Vendors, segment: int) -> None:
    vendors.fault(vendors.us, "rebuild", {"path": "membership"}, progress=20)

    assert len(page(api, segment)["identifiers"]) == 10
    shown = api("GET", f"/v1/segments/{segment}").json()["segment"]
    assert (shown["state"], shown["progress"]) == ("build", 20)
    assert len(page(api, segment, limit=100)["identifiers"]) == 5


def test_an_export_link_that_expired(api: Ask, vendors: Vendors, segment: int) -> None:
    export = start(api, segment)
    wait(api, export)
    vendors.fault(vendors.us, "expired_link")

    api("GET", f"/v1/exports/{export}")
    url = link(api, export)
    assert vendors.session.get(url, timeout=5).status_code == 200

    vendors.fault(vendors.us, "expired_link", {"path": "exports-store"})
    assert vendors.session.get(url, timeout=5).status_code == 403


def test_an_export_that_never_ends(api: Ask, vendors: Vendors, segment: int) -> None:
    vendors.fault(vendors.us, "never_finish", times=0)
    export = start(api, segment)

    time.sleep(0.2)
    shown = api("GET", f"/v1/exports/{export}").json()["export"]
    assert (shown["status"], shown["total"]) == ("pending", 0)
    assert_envelope(api("GET", f"/v1/exports/{export}/download"), 400)


def test_an_export_that_fails_stays_failed(api: Ask, vendors: Vendors, segment: int) -> None:
    export = start(api, segment)
    vendors.fault(vendors.us, "export_failed", {"path": f"/v1/exports/{export}"})

    for _ in range(2):
        shown = api("GET", f"/v1/exports/{export}").json()["export"]
        assert (shown["status"], shown["failed"], shown["total"]) == ("failed", True, 0)
    assert_envelope(api("GET", f"/v1/exports/{export}/download"), 400)


def test_an_export_whose_total_is_wrong(api: Ask, vendors: Vendors, segment: int) -> None:
    export = start(api, segment)
    wait(api, export)
    vendors.fault(vendors.us, "wrong_total", by=-3)

    assert api("GET", f"/v1/exports/{export}").json()["export"]["total"] == 22


def test_a_file_without_a_column_that_was_asked_for(api: Ask, vendors: Vendors, segment: int) -> None:
    export = start(api, segment)
    wait(api, export)
    url = link(api, export)
    whole = rows(vendors.session.get(url, timeout=5))
    vendors.fault(vendors.us, "missing_column", {"path": "exports-store"}, column="phone")

    part = rows(vendors.session.get(url, timeout=5))

    assert part == [{name: value for name, value in row.items() if name != "phone"} for row in whole]


def test_the_world_changes_after_a_request(api: Ask, vendors: Vendors, segment: int) -> None:
    orders = [{"path": f"/_sandbox/segments/{segment}", "body": {"state": "build", "progress": 0}}]
    vendors.fault(vendors.us, "orders", {"path": "membership"}, orders=orders)

    assert len(page(api, segment)["identifiers"]) == 10
    assert page(api, segment)["identifiers"] is None


def test_a_body_that_holds_a_word_is_refused(gateway: Ask, vendors: Vendors, segment: int) -> None:
    vendors.fault(vendors.rudder, "reject_if_contains", text="poison", body="not today", times=0)

    assert_accepted(gateway("/v1/batch", {"batch": [EVENT]}))
    assert_refused(gateway("/v1/batch", {"batch": [EVENT, {**EVENT, "x": "poison"}]}), 400, "not today")
    assert vendors.events("wk") == [EVENT]


def test_every_kind_is_tried_here() -> None:
    with open(__file__, encoding="utf-8") as file:
        text = file.read()

    assert [kind for kind in sorted(KINDS - STATUS_KINDS.keys()) if f'"{kind}"' not in text] == []

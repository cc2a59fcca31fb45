"""The table of requests and replies in the facts about Customer.io, row by row."""

import base64
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.sandbox.conftest import Ask
from tests.vendors import EU_KEY, US_KEY, Vendors

UNAUTHORIZED = {"errors": [{"detail": "unauthorized", "status": "401"}]}
REFERENCE = re.compile(r".+ \(reference 01[0-9A-Z]{24}\)")


def assert_envelope(answer: requests.Response, status: int) -> None:
    """Assert the vendor's errors envelope, with the support handle at the end of its words."""
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    [error] = answer.json()["errors"]
    assert error["status"] == str(status)
    assert REFERENCE.fullmatch(error["detail"])


@pytest.mark.parametrize("key", [None, "", "wrong", US_KEY + "x"])
def test_a_missing_or_bad_key_is_unauthorized(api: Ask, key: str | None) -> None:
    answer = api("GET", "/v1/workspaces", key=key)

    assert answer.status_code == 401
    assert answer.json() == UNAUTHORIZED


def test_the_other_regions_key_looks_like_a_bad_one(api: Ask, vendors: Vendors) -> None:
    here, there = api("GET", "/v1/workspaces", key=EU_KEY), api("GET", "/v1/workspaces", base=vendors.eu)

    assert (here.status_code, here.json()) == (there.status_code, there.json()) == (401, UNAUTHORIZED)
    assert api("GET", "/v1/workspaces", key=EU_KEY, base=vendors.eu).status_code == 200


def test_basic_authentication_is_no_bearer(api: Ask) -> None:
    answer = api("GET", "/v1/workspaces", key=None, headers={"Authorization": "Basic " + US_KEY})

    assert answer.json() == UNAUTHORIZED


def test_a_key_without_scope_is_forbidden(api: Ask, vendors: Vendors) -> None:
    vendors.order(vendors.us, "/_sandbox/keys", {"key": "scoped", "scope": "none"})

    assert_envelope(api("GET", "/v1/workspaces", key="scoped"), 403)


def test_a_revoked_key_is_unauthorized(api: Ask, vendors: Vendors) -> None:
    vendors.order(vendors.us, "/_sandbox/keys", {"key": US_KEY, "scope": None})

    assert api("GET", "/v1/workspaces").status_code == 401


@pytest.mark.parametrize("status", [401, 403])
def test_an_address_that_is_not_allowed(api: Ask, vendors: Vendors, status: int) -> None:
    vendors.order(vendors.us, "/_sandbox/options", {"ip_refused": status})

    assert api("GET", "/v1/workspaces").status_code == status


def test_an_unknown_path_is_bare_text(api: Ask) -> None:
    answer = api("GET", "/v1/nothing")

    assert (answer.status_code, answer.text) == (404, "404 page not found")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"


def test_there_is_one_workspace(api: Ask, vendors: Vendors) -> None:
    vendors.people(12)

    [row] = api("GET", "/v1/workspaces").json()["workspaces"]
    assert row["people"] == 12
    assert {"id", "name", "messages_sent", "billable_messages_sent", "object_types", "objects"} <= row.keys()


def test_the_addresses_need_no_key(api: Ask, vendors: Vendors) -> None:
    us = api("GET", "/v1/info/ip_addresses", key=None).json()["ip_addresses"]
    eu = api("GET", "/v1/info/ip_addresses", key=None, base=vendors.eu).json()["ip_addresses"]

    assert us
    assert eu
    assert set(us).isdisjoint(eu)


# Segments


@pytest.mark.parametrize("query", ["", "?limit=1", "?start=MDox&sort=name"])
def test_all_segments_come_at_once_ascending(api: Ask, vendors: Vendors, query: str) -> None:
    for number in (5, 3, 9):
        vendors.segment(id=number)

    answer = api("GET", f"/v1/segments{query}").json()

    assert [row["id"] for row in answer["segments"]] == [3, 5, 9]
    assert answer.keys() == {"segments"}


def test_a_segment_has_the_keys_of_the_vendor(api: Ask, vendors: Vendors) -> None:
    vendors.segment(id=1, name="VIP", tags=["core"], created_at=1, updated_at=2)
    vendors.segment(id=2, type="manual")
    vendors.segment(id=3)

    one, manual, odd = api("GET", "/v1/segments").json()["segments"]

    assert one["deduplicate_id"] == "1:2"
    assert (one["state"], one["progress"], one["type"], one["tags"]) == ("finished", None, "dynamic", ["core"])
    assert one["conditions"]["and"]
    assert "conditions" not in manual
    assert manual["tags"] is None
    assert "added_without_notice" in odd


def test_conditions_are_left_out_of_the_single_segment_and_by_a_switch(api: Ask, vendors: Vendors) -> None:
    vendors.segment(id=1)

    assert "conditions" not in api("GET", "/v1/segments/1").json()["segment"]

    vendors.order(vendors.us, "/_sandbox/options", {"omit_conditions": True})
    assert "conditions" not in api("GET", "/v1/segments").json()["segments"][0]


@pytest.mark.parametrize("path", ["", "/customer_count", "/used_by", "/membership"])
@pytest.mark.parametrize("number", ["77", "abc", "1e3", "9" * 30])
def test_a_missing_segment_is_not_found(api: Ask, number: str, path: str) -> None:
    assert_envelope(api("GET", f"/v1/segments/{number}{path}"), 404)


def test_the_count_can_lag_behind(api: Ask, vendors: Vendors) -> None:
    vendors.people(10)
    number = vendors.segment(generated={"share": 1.0})
    assert api("GET", f"/v1/segments/{number}/customer_count").json() == {"segment_id": number, "count": 10}

    vendors.change_segment(number, count_lag=3)
    assert api("GET", f"/v1/segments/{number}/customer_count").json()["count"] == 7


def test_what_uses_a_segment_is_null_where_nothing_does(api: Ask, vendors: Vendors) -> None:
    number = vendors.segment(used_by={"campaigns": [4]})

    assert api("GET", f"/v1/segments/{number}/used_by").json() == {
        "segment_id": number,
        "used_by": {"campaigns": [4], "sent_newsletters": None, "draft_newsletters": None},
    }


def test_an_edit_moves_updated_at_and_a_rebuild_does_not(api: Ask, vendors: Vendors) -> None:
    number = vendors.segment(updated_at=100)

    def updated_at() -> int:
        return int(api("GET", f"/v1/segments/{number}").json()["segment"]["updated_at"])

    vendors.change_segment(number, state="build", progress=10)
    assert updated_at() == 100

    vendors.change_segment(number, name="Other")
    assert updated_at() > 100


def test_a_deleted_segment_is_gone(api: Ask, vendors: Vendors) -> None:
    number = vendors.segment()

    vendors.change_segment(number, delete=True)

    assert_envelope(api("GET", f"/v1/segments/{number}"), 404)
    assert api("GET", "/v1/segments").json() == {"segments": []}


# Membership


def pages(api: Ask, number: int, limit: int | None = None) -> Iterator[dict[str, Any]]:
    """Yield the pages of a membership until the cursor is empty."""
    start = ""
    while True:
        query: dict[str, Any] = {"start": start} | ({} if limit is None else {"limit": limit})
        page = api("GET", f"/v1/segments/{number}/membership", params=query).json()
        yield page
        start = page["next"]
        if not start:
            return


@pytest.mark.parametrize(
    ("size", "limit", "lengths"),
    [
        (0, None, [0]),
        (1, None, [1]),
        (25, 10, [10, 10, 5]),
        (20, 10, [10, 10]),
        (1000, None, [1000]),
        (1001, None, [1000, 1]),
        (1001, 0, [1000, 1]),
        (5000, 30001, [5000]),
        (30000, 30000, [30000]),
        (30001, 30000, [30000, 1]),
        (30001, 99999, [30000, 1]),
    ],
)
def test_pages_hold_everybody_once(
    api: Ask, vendors: Vendors, size: int, limit: int | None, lengths: list[int]
) -> None:
    vendors.people(size, plain=True)
    number = vendors.segment(generated={"share": 1.0})

    found = list(pages(api, number, limit))

    assert [len(page["identifiers"] or []) for page in found] == lengths
    seen = [row["cio_id"] for page in found for row in page["identifiers"] or []]
    assert len(set(seen)) == len(seen) == size
    assert {row["cio_id"] for row in vendors.members(number)} == set(seen)


def test_an_empty_membership_is_null(api: Ask, vendors: Vendors) -> None:
    number = vendors.segment()

    assert api("GET", f"/v1/segments/{number}/membership").json() == {
        "segment_id": number,
        "ids": None,
        "identifiers": None,
        "next": "",
    }


def test_the_cursor_is_a_position(api: Ask, vendors: Vendors) -> None:
    vendors.people(3)
    number = vendors.segment(generated={"share": 1.0})

    page = api("GET", f"/v1/segments/{number}/membership?limit=1").json()

    assert base64.b64decode(page["next"]) == b"0:1"
    assert page["next"] == "MDox"


def test_a_cursor_past_the_end_gives_nulls(api: Ask, vendors: Vendors) -> None:
    vendors.people(3)
    number = vendors.segment(generated={"share": 1.0})
    beyond = base64.b64encode(b"0:3").decode()

    for start in (beyond, base64.b64encode(b"0:500").decode()):
        page = api("GET", f"/v1/segments/{number}/membership", params={"start": start}).json()
        assert (page["ids"], page["identifiers"], page["next"]) == (None, None, "")


@pytest.mark.parametrize(
    "start", ["%%%", "not base64", "ä", base64.b64encode(b"what").decode(), base64.b64encode(b"0:-5").decode()]
)
def test_what_was_never_a_cursor_is_a_bad_request(api: Ask, vendors: Vendors, start: str) -> None:
    number = vendors.segment()

    assert_envelope(api("GET", f"/v1/segments/{number}/membership", params={"start": start}), 400)


def test_a_limit_that_is_no_number_is_a_bad_request(api: Ask, vendors: Vendors) -> None:
    number = vendors.segment()

    assert_envelope(api("GET", f"/v1/segments/{number}/membership?limit=many"), 400)


def test_people_without_an_identifier(api: Ask, vendors: Vendors) -> None:
    lead, idle = vendors.upsert({"email": "lead@example.com"}, {"id": "only-id", "phone": "+12125550100"})
    number = vendors.segment(members=[lead, idle])

    page = api("GET", f"/v1/segments/{number}/membership").json()

    assert page["ids"] == ["", "only-id"]
    assert page["identifiers"] == [
        {"cio_id": lead, "id": None, "email": "lead@example.com"},
        {"cio_id": idle, "id": "only-id", "email": None},
    ]


def test_a_workspace_with_ids_only_shows_no_email(api: Ask, vendors: Vendors) -> None:
    [somebody] = vendors.upsert({"id": "a", "email": "a@example.com"})
    number = vendors.segment(members=[somebody])
    vendors.order(vendors.us, "/_sandbox/options", {"id_only": True})

    assert api("GET", f"/v1/segments/{number}/membership").json()["identifiers"] == [{"cio_id": somebody, "id": "a"}]


@pytest.mark.parametrize("state", ["events", "build", "events_queued", "build_queued"])
def test_a_building_segment_shows_a_part_without_a_hint(api: Ask, vendors: Vendors, state: str) -> None:
    vendors.people(200)
    number = vendors.segment(generated={"share": 1.0}, state=state, progress=25)

    page = api("GET", f"/v1/segments/{number}/membership").json()
    [shown] = api("GET", "/v1/segments").json()["segments"]

    assert len(page["identifiers"]) == 50
    assert page["next"] == ""
    assert (shown["state"], shown["progress"]) == (state, 25)


def test_a_building_segment_finishes_by_the_clock(api: Ask, vendors: Vendors) -> None:
    vendors.people(200)
    number = vendors.segment(generated={"share": 1.0}, state="build", progress=0, finish_in=20)

    assert len(api("GET", f"/v1/segments/{number}/membership").json()["identifiers"] or []) < 200
    deadline = time.monotonic() + 5
    while api("GET", f"/v1/segments/{number}").json()["segment"]["state"] != "finished":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert len(api("GET", f"/v1/segments/{number}/membership").json()["identifiers"]) == 200


# The rate


@pytest.fixture
def true_speed(tmp_path: Path) -> Iterator[Vendors]:
    running = Vendors(tmp_path, speed=1)
    yield running
    running.stop()


def test_the_eleventh_request_in_a_second_is_too_many(true_speed: Vendors) -> None:
    def ask() -> requests.Response:
        return true_speed.session.get(
            f"{true_speed.us}/v1/workspaces", headers={"Authorization": f"Bearer {US_KEY}"}, timeout=5
        )

    # A machine that is busy may not manage twelve requests in a second: then it tries again in another one.
    for _ in range(10):
        began = time.monotonic()
        answers = [ask() for _ in range(12)]
        if time.monotonic() - began < 0.95:
            break
        time.sleep(1.01)
    else:
        pytest.fail("twelve requests never fitted into a second")

    assert [answer.status_code for answer in answers] == [200] * 10 + [429] * 2
    refused = answers[-1]
    assert_envelope(refused, 429)
    assert refused.headers["Retry-After"] == "1"
    assert refused.json()["errors"][0]["detail"].startswith("rate limited to 10 requests per 1s")
    time.sleep(1.01)
    assert ask().status_code == 200


def test_a_refused_key_does_not_count_against_the_rate(api: Ask, vendors: Vendors) -> None:
    vendors.order(vendors.us, "/_sandbox/options", {"rate_limit": 0.04})
    time.sleep(1.01)  # what was asked before counts for a second

    assert [api("GET", "/v1/workspaces", key="no").status_code for _ in range(5)] == [401] * 5
    assert [api("GET", "/v1/workspaces").status_code for _ in range(3)] == [200, 200, 429]


# Every request is recorded


def test_requests_are_recorded_with_and_without_their_key(api: Ask, vendors: Vendors) -> None:
    api("GET", "/v1/segments?x=1")
    api("GET", "/v1/nothing", key=None)

    first, second = vendors.cio_requests()
    assert (first["method"], first["path"], first["query"], first["status"]) == ("GET", "/v1/segments", "x=1", 200)
    assert (first["has_bearer"], second["has_bearer"], second["status"]) == (True, False, 404)
    assert vendors.cio_requests(after=first["id"]) == [second]

    vendors.delete(vendors.us, "/_sandbox/requests")
    assert vendors.cio_requests() == []

"""The stand-in of Meta's Marketing API: sizes come from who was uploaded, late, in part, as a range, and for a while."""

from typing import Any

import pytest

from tests.sandbox.uploads import upload
from tests.vendors import Vendors

DAY = 86_400
TOKEN = "sandbox-meta-token"
FIELDS = "id,approximate_count_lower_bound,approximate_count_upper_bound,operation_status,delivery_status"


@pytest.fixture
def meta(vendors: Vendors) -> Vendors:
    vendors.source("wk", "FB_CUSTOM_AUDIENCE", audienceId="9001", adAccountId="77", audienceName="Buyers")
    return vendors


def ask(vendors: Vendors, path: str, *, token: str = TOKEN, **query: Any) -> Any:
    answer = vendors.session.get(
        f"{vendors.at('meta')}/v26.0/{path}", params=query, headers={"Authorization": f"Bearer {token}"}, timeout=30
    )
    return answer.json()


def size(vendors: Vendors) -> tuple[int, int, int]:
    told = ask(vendors, "9001", fields=FIELDS)
    bounds = told["approximate_count_lower_bound"], told["approximate_count_upper_bound"]
    return *bounds, told["operation_status"]["code"]


def options(vendors: Vendors, **wanted: Any) -> None:
    vendors.order(vendors.at("meta"), "/_sandbox/options", wanted)


def test_nobody_uploaded_is_unknown_and_a_part_of_the_uploaded_is_recognised(meta: Vendors) -> None:
    assert size(meta) == (-1, -1, 410)

    upload(meta, "wk", 0, 1000)

    low, high, code = size(meta)
    truth = meta.get(meta.at("meta"), "/_sandbox/lists/9001")
    assert truth["people"] == 1000
    assert 650 < truth["matched"] < 750
    assert low < truth["matched"] < high
    assert code == 200
    [session] = ask(meta, "9001/sessions")["data"]
    assert (session["num_received"], session["num_matched"]) == ("1000", str(truth["matched"]))


def test_the_draw_is_the_same_each_time_and_its_share_is_ordered(meta: Vendors) -> None:
    upload(meta, "wk", 0, 500)
    first = size(meta)
    assert size(meta) == first

    meta.order(meta.at("meta"), "/_sandbox/lists/9001", {"match": 1.0})
    assert meta.get(meta.at("meta"), "/_sandbox/lists/9001")["matched"] == 500


def test_while_it_settles_it_shows_what_was_before(meta: Vendors) -> None:
    options(meta, settle_seconds=3600)
    upload(meta, "wk", 0, 400)
    assert size(meta) == (-1, -1, 441)

    meta.order(meta.at("meta"), "/_sandbox/clock", {"seconds": 3700})
    settled = size(meta)
    assert settled[2] == 200

    upload(meta, "wk", 400, 800)
    assert size(meta) == (*settled[:2], 441)
    meta.order(meta.at("meta"), "/_sandbox/clock", {"seconds": 3700})
    assert size(meta)[0] > settled[1]


def test_a_past_is_as_old_at_the_platform_as_its_clock_said(meta: Vendors) -> None:
    now = meta.order(meta.at("meta"), "/_sandbox/clock", {"seconds": 0})["now"]
    meta.order(meta.at("meta"), "/_sandbox/clock", {"now": now - 14 * DAY})
    upload(meta, "wk", 0, 100)
    meta.order(meta.at("meta"), "/_sandbox/clock", {"now": now - 2 * DAY})
    upload(meta, "wk", 100, 140)
    meta.order(meta.at("meta"), "/_sandbox/clock", {"now": now})

    options(meta, match=1.0, life_span_days=7)
    told = meta.get(meta.at("meta"), "/_sandbox/lists/9001")
    assert told["people"] == 40
    assert abs(told["changed"] - (now - 2 * DAY)) < 60
    options(meta, life_span_days=30)
    assert meta.get(meta.at("meta"), "/_sandbox/lists/9001")["people"] == 140


def test_people_expire_unless_they_are_added_again(meta: Vendors) -> None:
    options(meta, match=1.0, life_span_days=180)
    upload(meta, "wk", 0, 100)
    meta.order(meta.at("meta"), "/_sandbox/clock", {"seconds": 100 * DAY})
    upload(meta, "wk", 0, 40)
    meta.order(meta.at("meta"), "/_sandbox/clock", {"seconds": 100 * DAY})

    assert meta.get(meta.at("meta"), "/_sandbox/lists/9001")["people"] == 40
    upload(meta, "wk", 0, 10, action="delete")
    assert meta.get(meta.at("meta"), "/_sandbox/lists/9001")["people"] == 30


def test_the_lists_of_an_account_come_in_pages_with_those_nobody_fills(meta: Vendors) -> None:
    for number in range(5):
        meta.order(meta.at("meta"), f"/_sandbox/lists/{8000 + number}", {"members": 10, "account": "77"})
    meta.order(meta.at("meta"), "/_sandbox/lists/8004", {"account": "another"})

    first = ask(meta, "act_77/customaudiences", fields="id,name", limit=3)
    rest = ask(meta, "act_77/customaudiences", fields="id,name", limit=3, after=first["paging"]["cursors"]["after"])

    assert [row["id"] for row in (*first["data"], *rest["data"])] == ["8000", "8001", "8002", "8003", "9001"]
    assert "next" in first["paging"]
    assert "next" not in rest["paging"]
    assert ask(meta, "act_77/customaudiences", fields="id", limit=5000)["error"]["code"] == 1


@pytest.mark.parametrize(
    ("wanted", "path", "code", "subcode"),
    [
        ({"tokens": {TOKEN: "expired"}}, "9001", 190, 463),
        ({"tokens": {TOKEN: "no_permission"}}, "9001", 200, None),
        ({"tokens": {}}, "9001", 190, None),
        ({"app_secret": "s"}, "9001", 100, None),
        ({"versions": ["v27.0"]}, "9001", 2635, None),
        ({}, "1", 100, 33),
        ({}, "9001/nothing", 2500, None),
        ({}, "9001?fields=shoe_size", 100, None),
    ],
)
def test_a_refusal_has_metas_shape(meta: Vendors, wanted: dict[str, Any], path: str, code: int, subcode: Any) -> None:
    options(meta, **wanted)

    error = ask(meta, path)["error"]

    assert (error["code"], error.get("error_subcode")) == (code, subcode)
    assert error["message"]


def test_a_reset_forgets_what_was_ordered(meta: Vendors) -> None:
    options(meta, usage=80)
    meta.order(meta.at("meta"), "/_sandbox/lists/8000", {"members": 10})
    meta.order(meta.rudder, "/_sandbox/reset")

    assert meta.get(meta.at("meta"), "/_sandbox/options")["usage"] == 3
    assert meta.get(meta.at("meta"), "/_sandbox/lists/8000") == {"id": "8000", "deleted": True}
    assert meta.get(meta.at("meta"), "/_sandbox/requests")["requests"] == []

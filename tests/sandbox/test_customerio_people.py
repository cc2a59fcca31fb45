"""People of the Customer.io stand-in: search, bulk attributes, one person, merges, and what the generator makes."""

import json
from typing import Any

import pytest

from tests.sandbox.conftest import Ask
from tests.sandbox.test_customerio_replies import assert_envelope
from tests.vendors import Vendors

EVERYBODY = {"attribute": {"field": "cio_id", "operator": "exists"}}


def found(api: Ask, wanted: Any, **query: Any) -> list[str]:
    """Return the emails of the people that a filter finds."""
    answer = api("POST", "/v1/customers", json={"filter": wanted}, params=query)
    assert answer.status_code == 200, answer.text
    return [row["email"] for row in answer.json()["identifiers"] or []]


@pytest.fixture
def four(vendors: Vendors) -> list[str]:
    return vendors.upsert(
        {"email": "a@x.example", "tier": "gold"},
        {"email": "b@x.example", "tier": "gold", "phone": "+12125550101"},
        {"email": "c@x.example", "tier": "vip"},
        {"email": "d@x.example"},
    )


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (EVERYBODY, "abcd"),
        ({"attribute": {"field": "tier", "operator": "eq", "value": "gold"}}, "ab"),
        ({"attribute": {"field": "phone", "operator": "exists"}}, "b"),
        ({"not": {"attribute": {"field": "tier", "operator": "exists"}}}, "d"),
        ({"and": [EVERYBODY, {"attribute": {"field": "tier", "operator": "eq", "value": "vip"}}]}, "c"),
        (
            {
                "or": [
                    {"attribute": {"field": "tier", "operator": "eq", "value": "vip"}},
                    {"attribute": {"field": "phone", "operator": "exists"}},
                ]
            },
            "bc",
        ),
        ({"segment": {"id": 1}}, "ad"),
        ({"and": [{"segment": {"id": 1}}, {"attribute": {"field": "tier", "operator": "exists"}}]}, "a"),
    ],
)
def test_a_filter_finds_people(api: Ask, vendors: Vendors, four: list[str], wanted: Any, expected: str) -> None:
    vendors.segment(id=1, members=[four[0], four[3]])

    assert found(api, wanted) == [f"{letter}@x.example" for letter in expected]


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        "text",
        {"filters": EVERYBODY},
        {"filter": {}},
        {"filter": {"and": []}},
        {"filter": {"and": EVERYBODY}},
        {"filter": {**EVERYBODY, "segment": {"id": 1}}},
        {"filter": {"attribute": {"field": "a", "operator": "gt", "value": "1"}}},
        {"filter": {"attribute": {"operator": "eq"}}},
        {"filter": {"segment": {"id": "1"}}},
        {"filter": {"segment": {"id": 404}}},
        {"filter": {"segment": {}}},
        {"filter": {"unknown": 1}},
    ],
)
def test_a_filter_without_meaning_is_a_bad_request(api: Ask, body: Any) -> None:
    assert_envelope(api("POST", "/v1/customers", json=body), 400)


def test_a_body_that_is_not_json_is_a_bad_request(api: Ask) -> None:
    for path in ("/v1/customers", "/v1/customers/attributes", "/v1/exports/customers"):
        for body in (b"", b"{", b"\xff"):
            assert_envelope(api("POST", path, data=body), 400)


@pytest.mark.parametrize(
    ("limit", "lengths"), [("", [50, 50, 20]), ("1000", [120]), ("9999", [120]), ("100", [100, 20])]
)
def test_found_people_come_in_pages(api: Ask, vendors: Vendors, limit: str, lengths: list[int]) -> None:
    vendors.people(120, plain=True)

    seen: list[str] = []
    sizes, start = [], ""
    while True:
        query = {"start": start} | ({"limit": limit} if limit else {})
        answer = api("POST", "/v1/customers", json={"filter": EVERYBODY}, params=query).json()
        seen += [row["cio_id"] for row in answer["identifiers"]]
        sizes.append(len(answer["identifiers"]))
        if not (start := answer["next"]):
            break

    assert sizes == lengths
    assert len(set(seen)) == 120


def test_an_address_is_found_in_any_case_when_encoded(api: Ask, vendors: Vendors) -> None:
    [somebody] = vendors.upsert({"email": "Ann+shop@Example.com"})

    encoded = api("GET", "/v1/customers", params={"email": "ann+shop@example.com"}).json()
    assert [row["cio_id"] for row in encoded["results"]] == [somebody]

    plain = api("GET", "/v1/customers?email=ann+shop@example.com")
    assert (plain.status_code, plain.json()) == (200, {"results": []})


# Attributes


def bulk(api: Ask, ids: Any, **query: Any) -> Any:
    return api("POST", "/v1/customers/attributes", json={"ids": ids}, params=query)


def test_bulk_attributes_leave_the_unknown_out_and_keep_no_order(api: Ask, vendors: Vendors, four: list[str]) -> None:
    answer = bulk(api, [four[0], "0f0f0f9999999999", four[1]], id_type="cio_id").json()

    assert [row["customer"]["identifiers"]["cio_id"] for row in answer["customers"]] == [four[1], four[0]]


def test_bulk_attributes_take_the_prefixed_form_too(api: Ask, four: list[str]) -> None:
    answer = bulk(api, [f"cio_{four[0]}"], id_type="cio_id").json()

    assert len(answer["customers"]) == 1


@pytest.mark.parametrize("ids", [[], ["x"] * 101, "x", None, [1], [None]])
def test_malformed_bulk_requests(api: Ask, ids: Any) -> None:
    assert_envelope(bulk(api, ids), 400)


def test_a_hundred_is_the_most(api: Ask, vendors: Vendors) -> None:
    vendors.people(100, plain=True)
    ids = [row["cio_id"] for row in vendors.get(vendors.us, "/_sandbox/people")]

    assert len(bulk(api, ids, id_type="cio_id").json()["customers"]) == 100


@pytest.mark.parametrize("kind", ["email", "phone"])
def test_an_identifier_that_the_workspace_does_not_use(api: Ask, vendors: Vendors, kind: str) -> None:
    vendors.order(vendors.us, "/_sandbox/options", {"id_only": True})

    assert_envelope(bulk(api, ["x"], id_type=kind), 400)
    assert_envelope(api("GET", f"/v1/customers/x/attributes?id_type={kind}"), 400)


def test_every_value_is_text(api: Ask, vendors: Vendors) -> None:
    [somebody] = vendors.upsert({"id": "a/b", "orders": 7, "vip": True, "tags": ["x"], "ratio": 0.5, "unsubscribed": 1})

    customer = bulk(api, [somebody], id_type="cio_id").json()["customers"][0]["customer"]

    assert all(isinstance(value, str) for value in customer["attributes"].values())
    assert customer["attributes"]["orders"] == "7"
    assert customer["attributes"]["vip"] == "true"
    assert json.loads(customer["attributes"]["tags"]) == ["x"]
    assert customer["unsubscribed"] is True
    assert customer["devices"] == []


@pytest.mark.parametrize("kind", ["id", "email", "phone", "cio_id"])
def test_one_person_is_found_by_each_identifier(api: Ask, vendors: Vendors, kind: str) -> None:
    person = {"id": "u-1", "email": "u@example.com", "phone": "+12125550107"}
    [somebody] = vendors.upsert(person)
    number = vendors.segment(members=[somebody], name="In it")
    value = {**person, "cio_id": somebody}[kind]

    answer = api("GET", f"/v1/customers/{value.replace('+', '%2B')}/attributes?id_type={kind}").json()
    assert answer["customer"]["identifiers"]["cio_id"] == somebody

    segments = api("GET", f"/v1/customers/{value.replace('+', '%2B')}/segments?id_type={kind}").json()["segments"]
    assert segments == [{"id": number, "name": "In it", "description": ""}]


@pytest.mark.parametrize("path", ["attributes", "segments"])
def test_an_unknown_person_is_not_found(api: Ask, path: str) -> None:
    assert_envelope(api("GET", f"/v1/customers/nobody/{path}"), 404)
    assert_envelope(api("GET", f"/v1/customers/nobody/{path}?id_type=colour"), 400)


def test_reporting_webhooks_are_listed(api: Ask, vendors: Vendors) -> None:
    assert api("GET", "/v1/reporting_webhooks").json() == {"reporting_webhooks": None}

    vendors.order(
        vendors.us,
        "/_sandbox/reporting_webhooks",
        {"reporting_webhooks": [{"endpoint": "https://x.dataplane.example/v1/webhook?writeKey=k", "disabled": True}]},
    )

    [hook] = api("GET", "/v1/reporting_webhooks").json()["reporting_webhooks"]
    assert (hook["id"], hook["disabled"]) == (1, True)
    assert hook["endpoint"].endswith("writeKey=k")


# Changes


def test_a_person_is_changed_by_upsert_and_a_null_removes(api: Ask, vendors: Vendors) -> None:
    [first] = vendors.upsert({"id": "u", "email": "u@example.com", "tier": "gold"})
    [second] = vendors.upsert({"id": "u", "tier": None, "email": "new@example.com"})

    assert first == second
    attributes = bulk(api, ["u"]).json()["customers"][0]["customer"]["attributes"]
    assert attributes == {"cio_id": first, "id": "u", "email": "new@example.com"}


def test_a_generated_person_can_be_changed_and_deleted(vendors: Vendors) -> None:
    vendors.people(3, plain=True)
    number = vendors.segment(generated={"share": 1.0})
    first, second, _ = vendors.members(number)

    vendors.upsert({"cio_id": first["cio_id"], "email": "changed@example.com"})
    vendors.forget(second["cio_id"])

    left = {row["cio_id"]: row for row in vendors.members(number)}
    assert left[first["cio_id"]]["email"] == "changed@example.com"
    assert second["cio_id"] not in left
    assert len(left) == 2


def test_a_merge_deletes_one_and_keeps_the_other_in_the_segments_of_both(api: Ask, vendors: Vendors) -> None:
    old, lead = vendors.upsert({"id": "u-9", "tier": "gold"}, {"email": "u9@example.com", "tier": "none"})
    number = vendors.segment(members=[lead])

    told = vendors.order(vendors.us, "/_sandbox/people/merge", {"from": lead, "into": old})

    assert told == {"merged": True, "segments": [number]}
    [person] = vendors.members(number)
    assert person == {"cio_id": old, "id": "u-9", "email": "u9@example.com", "tier": "gold"}
    assert bulk(api, [lead], id_type="cio_id").json() == {"customers": []}


def test_members_enter_and_leave_by_order(vendors: Vendors) -> None:
    vendors.people(10, plain=True)
    number = vendors.segment(generated={"share": 0.5})
    inside = {row["cio_id"] for row in vendors.members(number)}
    outside = {row["cio_id"] for row in vendors.get(vendors.us, "/_sandbox/people")} - inside

    enters, leaves = outside.pop(), next(iter(inside))
    vendors.change_segment(number, add=[enters], remove=[leaves])

    assert {row["cio_id"] for row in vendors.members(number)} == inside - {leaves} | {enters}


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 1.0])
def test_churn_swaps_a_share_and_keeps_the_size(vendors: Vendors, share: float) -> None:
    vendors.people(400, plain=True)
    number = vendors.segment(generated={"share": 0.5})
    before = {row["cio_id"] for row in vendors.members(number)}

    told = vendors.churn(number, share)

    after = {row["cio_id"] for row in vendors.members(number)}
    assert len(after) == 200
    assert len(before - after) == told["left"] == told["entered"] == round(200 * share)


def test_an_advancing_segment_moves_by_its_step(vendors: Vendors) -> None:
    vendors.people(1000, plain=True)
    number = vendors.segment(generated={"share": 0.2, "step": 0.05})
    before = {row["cio_id"] for row in vendors.members(number)}

    vendors.change_segment(number, advance=1)

    after = {row["cio_id"] for row in vendors.members(number)}
    assert len(before - after) == len(after - before) == 10


# The generator


def everybody(vendors: Vendors) -> list[dict[str, str]]:
    return list(vendors.get(vendors.us, "/_sandbox/people"))


def test_the_same_seed_makes_the_same_people(vendors: Vendors) -> None:
    vendors.people(50, seed=7)
    first = everybody(vendors)
    vendors.people(60, seed=8)
    other = everybody(vendors)
    vendors.people(50, seed=7)

    assert everybody(vendors) == first
    assert {row["cio_id"] for row in first}.isdisjoint(row["cio_id"] for row in other)


def test_people_are_as_odd_as_in_life(vendors: Vendors) -> None:
    vendors.people(3000)
    people = everybody(vendors)

    def share(test: Any) -> float:
        return sum(bool(test(row)) for row in people) / len(people)

    assert 0.01 < share(lambda row: "email" not in row) < 0.05
    assert 0.01 < share(lambda row: "id" not in row) < 0.04
    assert 0.3 < share(lambda row: "phone" not in row) < 0.4
    assert share(lambda row: row.get("email", "") != row.get("email", "").strip().lower()) > 0.02
    assert share(lambda row: row.get("phone", "+").startswith("+") is False) > 0.03
    assert share(lambda row: row.get("note", "").startswith("=")) > 0
    assert share(lambda row: row["unsubscribed"] == "true") > 0.05
    assert share(lambda row: row.get("ad_consent") == "false") > 0.03
    assert share(lambda row: "ad_consent" not in row) > 0.02
    assert all(row.get("id") or row.get("email") for row in people)


def test_plain_people_have_everything_and_refuse_nothing(vendors: Vendors) -> None:
    vendors.people(500, plain=True)

    for row in everybody(vendors):
        assert row["id"]
        assert row["email"] == row["email"].strip().lower()
        assert row["phone"].startswith("+")
        assert (row["unsubscribed"], row["ad_consent"]) == ("false", "true")
        assert "do_not_share" not in row


def test_two_people_share_an_address_unless_twins_are_off(vendors: Vendors) -> None:
    vendors.people(20)
    assert len([row for row in everybody(vendors) if row.get("email") == everybody(vendors)[4]["email"]]) == 2

    vendors.people(20, seed=2, twins=False)
    emails = [row["email"].strip().lower() for row in everybody(vendors) if "email" in row]
    assert len(set(emails)) == len(emails)


def test_shares_are_chosen_by_name(vendors: Vendors) -> None:
    vendors.people(100, plain=True, shares={"no_email": 1.0, "at_id": 1.0})

    assert all("email" not in row for row in everybody(vendors))
    assert all("@" in row["id"] for row in everybody(vendors))

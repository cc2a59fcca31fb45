"""Exports of the Customer.io stand-in: a job on a snapshot, a CSV file, a link that expires."""

import csv
import io
import time
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from tests.sandbox.conftest import Ask
from tests.sandbox.test_customerio_replies import assert_envelope
from tests.vendors import US_KEY, Vendors

COLUMNS = ["cio_id", "email", "phone", "note"]


def start(api: Ask, number: int, columns: list[str] | None = None) -> int:
    body = {"filters": {"segment": {"id": number}}, "attributes": columns or COLUMNS}
    return int(api("POST", "/v1/exports/customers", json=body).json()["export"]["id"])


def wait(api: Ask, number: int) -> Any:
    """Return the export once it is no longer pending."""
    deadline = time.monotonic() + 10
    while (shown := api("GET", f"/v1/exports/{number}").json()["export"])["status"] == "pending":
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return shown


def link(api: Ask, number: int) -> str:
    return str(api("GET", f"/v1/exports/{number}/download").json()["url"])


def rows(answer: requests.Response) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8"), newline="")))


def test_an_export_goes_from_pending_to_done(api: Ask, vendors: Vendors) -> None:
    vendors.people(30)
    number = vendors.segment(generated={"share": 1.0})
    vendors.order(vendors.us, "/_sandbox/options", {"export_seconds": 10})

    export = start(api, number)

    pending = api("GET", f"/v1/exports/{export}").json()["export"]
    assert (pending["status"], pending["total"], pending["failed"]) == ("pending", 0, False)
    assert_envelope(api("GET", f"/v1/exports/{export}/download"), 400)
    done = wait(api, export)
    assert (done["status"], done["total"], done["type"], done["downloads"]) == ("done", 30, "customers", 0)
    assert {"deduplicate_id", "user_id", "user_email", "description", "created_at", "updated_at"} <= done.keys()
    assert api("GET", "/v1/exports").json()["exports"] == [done]


def test_there_are_no_exports(api: Ask) -> None:
    assert api("GET", "/v1/exports").json() == {"exports": None}
    assert_envelope(api("GET", "/v1/exports/5"), 404)
    assert_envelope(api("GET", "/v1/exports/5/download"), 404)


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"filter": {"segment": {"id": 1}}, "attributes": []},
        {"filters": {"segment": {"id": 404}}},
        {"filters": {"segment": {"id": 1}}, "attributes": "email"},
        {"filters": {"segment": {"id": 1}}, "attributes": [1]},
        {"filters": []},
    ],
)
def test_an_export_that_has_no_meaning(api: Ask, vendors: Vendors, body: Any) -> None:
    vendors.segment(id=1)

    assert_envelope(api("POST", "/v1/exports/customers", json=body), 400)


@pytest.mark.parametrize("size", [0, 1, 5001])
def test_the_file_holds_the_members_exactly(api: Ask, vendors: Vendors, size: int) -> None:
    vendors.people(size)
    number = vendors.segment(generated={"share": 1.0})
    columns = ["cio_id", "email", "phone", "unsubscribed", "cio_subscription_preferences", "note", "no_such_attribute"]

    export = start(api, number, columns)
    assert wait(api, export)["total"] == size
    answer = vendors.session.get(link(api, export), timeout=30)

    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.content.decode().splitlines()[0].split(",") == ["id", *columns]
    assert rows(answer) == [{name: row.get(name, "") for name in ["id", *columns]} for row in vendors.members(number)]


def test_the_file_holds_what_files_hold_in_life(api: Ask, vendors: Vendors) -> None:
    notes = ["=1+1", 'a "quote", a comma', "two\nlines", "ünïcode ✓", ""]
    members = vendors.upsert(*({"id": f"n{index}", "note": note} for index, note in enumerate(notes)))

    export = start(api, vendors.segment(members=members))
    wait(api, export)

    answer = vendors.session.get(link(api, export), timeout=30)
    assert [row["note"] for row in rows(answer)] == notes


def test_an_export_is_of_the_moment_it_was_asked_for(api: Ask, vendors: Vendors) -> None:
    vendors.people(500)
    number = vendors.segment(generated={"share": 1.0})
    before = {row["cio_id"] for row in vendors.members(number)}

    export = start(api, number)
    vendors.forget(*list(before)[:100])
    wait(api, export)

    answer = vendors.session.get(link(api, export), timeout=30)
    assert {row["cio_id"] for row in rows(answer)} == before


def test_each_link_counts_as_a_download_and_takes_no_key(api: Ask, vendors: Vendors) -> None:
    export = start(api, vendors.segment())
    wait(api, export)
    url = link(api, export)
    link(api, export)

    assert api("GET", f"/v1/exports/{export}").json()["export"]["downloads"] == 2
    refused = vendors.session.get(url, headers={"Authorization": f"Bearer {US_KEY}"}, timeout=5)
    assert (refused.status_code, refused.headers["Content-Type"]) == (400, "application/xml")
    assert vendors.session.get(url, timeout=5).status_code == 200


def test_a_forged_link_is_denied(api: Ask, vendors: Vendors) -> None:
    export = start(api, vendors.segment())
    wait(api, export)
    url = link(api, export)

    for forged in (url[:-1] + "x", url.replace("Expires=", "Expires=9"), url.partition("?")[0]):
        answer = vendors.session.get(forged, timeout=5)
        assert (answer.status_code, answer.headers["Content-Type"]) == (403, "application/xml")
        assert "<Code>AccessDenied</Code>" in answer.text


def test_a_link_dies_after_fifteen_minutes_of_the_sandboxs_clock(api: Ask, vendors: Vendors) -> None:
    export = start(api, vendors.segment())
    wait(api, export)
    url = link(api, export)

    expires = float(urlsplit(url).query.partition("Expires=")[2].partition("&")[0])
    assert 0 < expires - time.time() <= 15 * 60 / 50


@pytest.mark.slow
def test_an_expired_link_is_denied_and_a_new_one_works(api: Ask, vendors: Vendors) -> None:
    export = start(api, vendors.segment())
    wait(api, export)
    url = link(api, export)

    time.sleep(15 * 60 / 50 + 0.2)

    assert vendors.session.get(url, timeout=5).status_code == 403
    assert vendors.session.get(link(api, export), timeout=5).status_code == 200

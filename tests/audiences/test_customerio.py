"""The border to Customer.io: what its failures are called here, and what a person is told of them."""

from typing import Any

import pytest

from audiences.customerio import (
    CustomerIo,
    KeyRefused,
    KeyUnknown,
    LinkExpired,
    NoKey,
    WrongPlace,
    said,
)
from audiences.models import Workspace
from muster.http import Gone, RateLimited, Rejected, Unreachable, Unreadable, VendorError
from tests import factories
from tests.vendors import US_KEY, Vendors

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("kind", "more", "error", "words"),
    [
        ("401", {}, KeyUnknown, "the other region"),
        ("403", {}, KeyRefused, "scope"),
        ("404", {}, Gone, "no longer has"),
        ("status", {"status": 404, "body": "404 page not found", "content_type": "text/plain"}, WrongPlace, "address"),
        ("status", {"status": 400}, Rejected, ""),
        ("status", {"status": 422}, Rejected, ""),
        ("429", {}, RateLimited, ""),
        ("500", {}, Unreachable, ""),
        ("503", {}, Unreachable, ""),
        ("cut_before", {}, Unreachable, ""),
        ("truncate", {"clean": True}, Unreadable, ""),
        ("html", {}, Unreadable, ""),
    ],
)
def test_each_failure_has_its_name(
    vendors: Vendors, kind: str, more: dict[str, Any], error: type[VendorError], words: str
) -> None:
    number = vendors.segment()
    vendors.fault(vendors.us, kind, {"path": "/customer_count"}, **more)

    with pytest.raises(error) as raised:
        CustomerIo(factories.workspace()).customer_count(number)

    assert type(raised.value) is error
    told = raised.value.words
    assert words in f"{told.happened} {told.next_step}"
    assert "Customer.io" in told.happened
    assert all(part.endswith(".") for part in told)
    assert US_KEY not in str(raised.value) + repr(raised.value) + " ".join(told)


def test_without_a_key_nothing_is_asked(vendors: Vendors) -> None:
    with pytest.raises(NoKey):
        CustomerIo(Workspace(pk=1, region="us", api_key=""))

    assert vendors.cio_requests() == []


@pytest.mark.parametrize(
    ("detail", "words"),
    [
        ('{"errors": [{"detail": "bad request", "status": "400"}]}', "bad request"),
        ('{"errors": [{"detail": "one"}, {"detail": "two"}]}', "one; two"),
        ('{"errors": "other"}', '{"errors": "other"}'),
        ('{"meta": {}}', '{"meta": {}}'),
        ("Bad Gateway", "Bad Gateway"),
        ("", ""),
    ],
)
def test_its_own_words_come_out_of_their_envelope(detail: str, words: str) -> None:
    assert said(detail) == words


def test_only_the_first_page_is_asked_for_and_the_largest(vendors: Vendors) -> None:
    vendors.people(1200, plain=True)
    number = vendors.segment(generated={"share": 1.0})

    found = CustomerIo(factories.workspace()).members(number)

    assert (len(found.cio_ids), found.more) == (1200, False)
    assert [one["query"] for one in vendors.cio_requests()] == ["limit=30000"]


def test_attributes_of_a_hundred_and_of_who_is_gone(vendors: Vendors) -> None:
    ids = vendors.upsert(*({"id": f"c-{number}", "tier": f"t{number}"} for number in range(100)))
    vendors.forget(ids[7])

    found = CustomerIo(factories.workspace()).attributes(ids, ["tier"])

    assert found == {cio_id: [f"t{number}"] for number, cio_id in enumerate(ids) if number != 7}


def test_a_link_to_a_file_is_followed_without_the_key(vendors: Vendors) -> None:
    ids = vendors.upsert({"id": "c-1", "email": "ann@example.com"})
    number = vendors.segment(members=ids)
    client = CustomerIo(factories.workspace())
    export = client.start_export(number, ["cio_id", "id"])
    while not (export := client.export(export.number)).is_done:
        assert not export.has_failed

    with client.download(export.number) as chunks:
        data = b"".join(chunks)

    # Columns stand in whatever order Customer.io likes.
    header, row = (line.split(",") for line in data.decode().splitlines())
    assert dict(zip(header, row, strict=True)) == {"cio_id": ids[0], "id": "c-1"}
    stored = [one for one in vendors.cio_requests() if one["path"].startswith("/exports-store/")]
    assert [one["has_bearer"] for one in stored] == [0]
    vendors.fault(vendors.us, "expired_link", {"path": "/exports-store/"})
    with pytest.raises(LinkExpired) as raised, client.download(export.number):
        pass
    assert raised.value.retryable
    assert "asks for a new one" in raised.value.words.effect


@pytest.mark.parametrize("body", ["{}", '{"url": null}', '{"url": 7}', "[]"])
def test_a_download_without_a_link_is_unreadable(vendors: Vendors, body: str) -> None:
    vendors.fault(vendors.us, "status", {"path": "/download$"}, status=200, body=body)

    with pytest.raises(Unreadable), CustomerIo(factories.workspace()).download(1):
        pass


@pytest.mark.parametrize("count", ["null", "true", '"5"', "1.5"])
def test_a_count_that_is_no_number_is_unreadable(vendors: Vendors, count: str) -> None:
    vendors.fault(
        vendors.us, "status", {"path": "/customer_count"}, status=200, body=f'{{"segment_id": 1, "count": {count}}}'
    )

    with pytest.raises(Unreadable):
        CustomerIo(factories.workspace()).customer_count(1)


def test_a_count_of_another_segment_is_unreadable(vendors: Vendors) -> None:
    vendors.fault(vendors.us, "status", {"path": "/customer_count"}, status=200, body='{"segment_id": 2, "count": 5}')

    with pytest.raises(Unreadable):
        CustomerIo(factories.workspace()).customer_count(1)

"""The live list of segments: one request for all, kept without anybody's address, and what is no longer listed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audiences import segments
from audiences.conditions import fingerprint
from audiences.models import Segment, Workspace
from muster.http import VendorError
from tests import factories
from tests.vendors import Vendors

pytestmark = [pytest.mark.django_db, pytest.mark.engine]

AT = datetime(2026, 11, 25, 9, tzinfo=UTC)


def test_all_segments_come_with_one_request(vendors: Vendors) -> None:
    space = factories.workspace()
    for number in range(1, 121):
        vendors.segment(id=number, name=f"Segment {number}")

    found = segments.refresh(space, at=AT)

    assert list(found) == list(range(1, 121))
    assert [one["path"] for one in vendors.cio_requests()] == ["/v1/segments"]
    assert Segment.objects.filter(workspace=space).count() == 120
    assert Workspace.objects.get(pk=space.pk).segments_read_at == AT


def test_a_segment_is_kept_as_it_is_shown(vendors: Vendors) -> None:
    space = factories.workspace()
    tree = {"and": [{"event": {"type": "event", "name": "order"}, "within": 86400}]}
    vendors.segment(
        id=7,
        name="Bought\x00 lately",
        description="by ann@example.com",
        conditions=tree,
        tags=["core"],
        updated_at=1_700_000_000,
    )
    vendors.segment(id=8, type="manual", state="build", progress=40)

    found = segments.refresh(space, at=AT)

    seven, eight = found[7], found[8]
    assert (seven.name, seven.kind, seven.state, seven.tags) == ("Bought lately", "dynamic", "finished", ["core"])
    assert "ann@example.com" not in seven.description
    assert (seven.conditions, seven.fingerprint) == (tree, fingerprint(tree))
    assert seven.edited_at == datetime.fromtimestamp(1_700_000_000, UTC)
    assert segments.is_finished(seven)
    assert (eight.kind, eight.conditions, eight.fingerprint, eight.progress, eight.tags) == ("manual", None, "", 40, [])
    assert not segments.is_finished(eight)


def test_somebodys_address_in_conditions_is_hidden_and_still_told_apart(vendors: Vendors) -> None:
    space = factories.workspace()
    for number, address in ((1, "ann@example.com"), (2, "bob@example.com")):
        filters = {"and": [{"field": "to", "operator": "eq", "value": address}]}
        tree = {"and": [{"event": {"type": "attribute_change", "name": "email", "filters": filters}}]}
        vendors.segment(id=number, conditions=tree)

    one, other = segments.refresh(space, at=AT).values()

    assert one.conditions == other.conditions
    assert "example.com" not in str(one.conditions)
    assert one.fingerprint != other.fingerprint


def test_what_is_no_longer_listed_is_gone_and_may_come_back(vendors: Vendors) -> None:
    space, elsewhere = factories.workspace(), factories.segment_row(number=5)
    vendors.segment(id=5, name="Stays")
    vendors.segment(id=6, name="Goes")
    kept = segments.refresh(space, at=AT)[6]
    vendors.change_segment(6, delete=True)

    found = segments.refresh(space, at=AT + timedelta(minutes=1))
    again = segments.refresh(space, at=AT + timedelta(minutes=2))

    assert list(found) == list(again) == [5]
    gone = Segment.objects.get(pk=kept.pk)
    # Since when, not as of the newest look.
    assert (gone.name, gone.gone_at) == ("Goes", AT + timedelta(minutes=1))
    assert Segment.objects.get(pk=elsewhere.pk).gone_at is None
    vendors.segment(id=6, name="Back")
    assert segments.refresh(space, at=AT + timedelta(minutes=3))[6].pk == kept.pk
    assert (Segment.objects.get(pk=kept.pk).gone_at, Segment.objects.get(pk=kept.pk).name) == (None, "Back")


def test_a_list_that_is_as_it_was_is_only_seen_again(vendors: Vendors) -> None:
    space = factories.workspace()
    tree = {"and": [{"event": {"type": "event", "name": "order"}, "within": 86400}]}
    vendors.segment(id=7, conditions=tree, tags=["core"], updated_at=1_700_000_000)
    vendors.segment(id=8, type="manual")
    before = segments.refresh(space, at=AT)

    with CaptureQueriesContext(connection) as asked:
        again = segments.refresh(space, at=AT + timedelta(minutes=1))

    assert not any("INSERT" in one["sql"] and Segment._meta.db_table in one["sql"] for one in asked)
    assert {one.pk for one in again.values()} == {one.pk for one in before.values()}
    assert {one.seen_at for one in (*again.values(), *Segment.objects.all())} == {AT + timedelta(minutes=1)}
    assert Workspace.objects.get(pk=space.pk).segments_read_at == AT + timedelta(minutes=1)


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("html", {}),
        ("500", {}),
        ("truncate", {"clean": True}),
        ("status", {"status": 200, "body": "{}"}),
        ("status", {"status": 200, "body": '{"segments": {}}'}),
        ("status", {"status": 200, "body": '{"segments": [{"id": 5, "name": "no state"}]}'}),
        ("status", {"status": 200, "body": '{"segments": [{"id": true, "name": "x", "state": "finished"}]}'}),
        ("status", {"status": 200, "body": '{"segments": [7]}'}),
    ],
)
def test_a_list_that_cannot_be_read_loses_nothing(vendors: Vendors, kind: str, more: dict[str, Any]) -> None:
    space = factories.workspace()
    vendors.segment(id=5)
    segments.refresh(space, at=AT)
    vendors.fault(vendors.us, kind, {"path": "/v1/segments$"}, **more)

    with pytest.raises(VendorError):
        segments.refresh(space, at=AT + timedelta(minutes=1))

    assert Segment.objects.get().gone_at is None
    assert Workspace.objects.get(pk=space.pk).segments_read_at == AT


def test_no_segments_is_an_empty_list(vendors: Vendors) -> None:
    space = factories.workspace()
    vendors.fault(vendors.us, "status", {"path": "/v1/segments$"}, status=200, body='{"segments": null}')

    assert segments.refresh(space, at=AT) == {}


def test_the_size_is_measured(vendors: Vendors) -> None:
    vendors.people(12, plain=True)
    number = vendors.segment(generated={"share": 1.0})
    segment = segments.refresh(factories.workspace(), at=AT)[number]

    assert segments.measure(segment, at=AT) == 12

    kept = Segment.objects.get(pk=segment.pk)
    assert (kept.size, kept.size_at) == (segment.size, segment.size_at) == (12, AT)


def test_a_size_that_cannot_be_read_is_not_nothing(vendors: Vendors) -> None:
    number = vendors.segment()
    segment = segments.refresh(factories.workspace(), at=AT)[number]
    vendors.fault(vendors.us, "404", {"path": "/customer_count"})

    with pytest.raises(VendorError):
        segments.measure(segment, at=timezone.now())

    assert Segment.objects.get(pk=segment.pk).size is None

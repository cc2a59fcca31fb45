"""A pre-flight counts what would be sent, by the engine's own rules; it sends nothing and keeps no person."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from audiences.models import Activation, Audience, Definition
from muster.models import Person
from syncs import pre_flight
from syncs.jobs import make_pre_flight
from syncs.models import Batch, PreFlight, Run
from tests import factories
from tests.redis_server import RedisServer
from tests.vendors import Vendors

from .running import synced

pytestmark = pytest.mark.django_db(transaction=True)
Sign = Callable[[Person], Client]

PEOPLE: list[dict[str, Any]] = [
    {"id": "1", "email": "one@example.com", "phone": "+12125550147", "ad_consent": True},
    {"id": "2", "email": "two@example.com", "phone": "n/a", "ad_consent": True},
    {"id": "3", "email": "three@example.com", "phone": "+12125550147", "ad_consent": True},
    {"id": "4", "email": "four@example.com"},
    {"id": "5", "ad_consent": True},
    {"id": "6", "email": "six@example.com", "ad_consent": True},
]
RULE = {"*": {"require_true": ["ad_consent"], "not_true": [], "not_unsubscribed": False, "basis": "Consent"}}


def flown(definition: Definition) -> PreFlight:
    """Ask for a pre-flight and let a worker make it."""
    made = pre_flight.ask(definition, by=definition.audience.owner, at=timezone.now())
    make_pre_flight(made.pk)
    made.refresh_from_db()
    return made


def current(audience: Audience) -> Definition:
    return audience.definitions.select_related("audience__segment__workspace").get(state="current")


def test_it_counts_as_a_run_would(vendors: Vendors, redis: RedisServer) -> None:
    made = factories.registered_audience(vendors, PEOPLE, consent=RULE, window_hours=24)
    buyers = vendors.segment(name="Buyers", members=vendors.upsert(PEOPLE[5]))
    row = factories.segment_row(made.segment.workspace, number=buyers, name="Buyers")
    Definition.objects.update(exclusions=[{"segment": row.number, "reason": "They bought"}])

    flight = flown(current(made))

    assert flight.words == ""
    counts = flight.counts
    assert (counts["people"], counts["would_send"], counts["duplicates"]) == (6, 3, 1)
    assert counts["left_out"] == {"consent": 1, "no_identifier": 1, f"excluded:{buyers}": 1}
    assert counts["coverage"] == {"email": 5, "phone": 2}
    assert counts["unusable"] == {"phone_invalid": 1}
    assert counts["events"] == [[made.activations.get().destination.name, 3, 180]]
    assert counts["people"] == counts["would_send"] + sum(counts["left_out"].values())
    run = synced(made.activations.get())
    assert (run.in_segment, run.wanted, run.left_out) == (6, 3, counts["left_out"])


def test_nothing_is_sent_and_no_person_is_kept(vendors: Vendors, redis: RedisServer) -> None:
    made = factories.registered_audience(vendors, PEOPLE, consent=RULE)
    flight = flown(current(made))

    one = made.activations.select_related("pipe").get()
    assert one.pipe is not None
    assert vendors.events(one.pipe.write_key) == []
    assert not Run.objects.exists()
    assert not Batch.objects.exists()
    assert "example.com" not in json.dumps(flight.counts)


def test_people_whom_other_lists_hold_are_counted(vendors: Vendors, redis: RedisServer) -> None:
    first = factories.registered_audience(vendors, PEOPLE[:3], name="First")
    synced(first.activations.get())
    space = first.segment.workspace
    number = vendors.segment(name="Second", members=vendors.upsert(*PEOPLE[1:]))
    row = factories.segment_row(space, number=number, name="Second")
    second = factories.definition(factories.audience(name="Second", segment=row), state="draft")

    flight = flown(second)

    assert flight.words == ""
    assert flight.counts["overlaps"] == [[str(first.activations.get()), 2]]
    assert flight.counts["events"] == []
    Activation.objects.update(lifecycle="retired")
    assert flown(second).counts["overlaps"] == []


def test_a_segment_that_cannot_be_read_says_why(vendors: Vendors, redis: RedisServer) -> None:
    made = factories.registered_audience(vendors, PEOPLE)
    vendors.change_segment(made.segment.number, delete=True)
    flight = flown(current(made))
    assert flight.state == "failed"
    assert "Customer.io no longer lists" in flight.words
    assert "Restore it in Customer.io, or choose another segment." in flight.words


def test_analytics_counts_ids(vendors: Vendors, redis: RedisServer) -> None:
    made = factories.registered_audience(vendors, PEOPLE, platform="amplitude")
    counts = flown(current(made)).counts
    assert (counts["would_send"], counts["coverage"]) == (6, {"external_id": 6})
    assert counts["events"][0][1:] == [12, None]


def test_the_strip_on_the_page(vendors: Vendors, redis: RedisServer, marketer: Person, signed_in: Sign) -> None:
    made = factories.registered_audience(vendors, PEOPLE, consent=RULE)
    client, address = signed_in(marketer), f"/audiences/{made.slug}/pre-flight/"
    assert "Make a pre-flight" in client.get(address).content.decode()

    page = client.post(f"{address}start/", headers={"HX-Request": "true"}).content.decode()
    assert "The segment is read and counted." in page
    assert 'hx-trigger="every 2s"' in page
    page = client.post(f"{address}start/", follow=True).content.decode()
    assert "A pre-flight is under way already" in page
    assert PreFlight.objects.count() == 1

    PreFlight.objects.update(asked_at=timezone.now() - timedelta(minutes=2))
    assert "no worker took it. Reload, or ask again." in client.get(address).content.decode()
    make_pre_flight(PreFlight.objects.get().pk)
    page = client.get(address).content.decode()
    assert "of 6 in segment" in page
    assert "Nothing is sent." in page
    assert "every 2s" not in page
    assert "<strong>1</strong>" in page


def test_who_only_reads_may_not_start_one(vendors: Vendors, paid_media: Person, signed_in: Sign) -> None:
    made = factories.registered_audience(vendors, PEOPLE)
    client = signed_in(paid_media)
    assert client.post(f"/audiences/{made.slug}/pre-flight/start/").status_code == 403
    assert "Ask " in client.get(f"/audiences/{made.slug}/pre-flight/").content.decode()

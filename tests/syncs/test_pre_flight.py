"""A pre-flight counts what would be sent, by the engine's own rules; it sends nothing and keeps no person."""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from audiences.models import Activation, Audience, Definition, Pipe
from muster.columns import pack
from muster.models import Person
from muster.vault import seal
from syncs import pre_flight
from syncs.counting import Count
from syncs.eligibility import Identifiers, Rules
from syncs.erased import Erased, identifier_hint, identifier_value
from syncs.jobs import make_pre_flight
from syncs.models import Batch, PreFlight, Pull, Run, StagedShard, Tombstone
from syncs.people import parted
from syncs.staging import Staged, aad
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
    (events,) = counts["events"]
    assert (events["first"], events["month"], events["basis"]) == (3, 180, "window")
    (match,) = counts["match"]
    assert (match["stated"], match["published"]) == ([30, 80], [50, 80])
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
    Activation.objects.update(kind=Activation.Kind.PILOT)
    assert flown(second).counts["overlaps"] == [], "a pilot's list holds the team"
    Activation.objects.update(kind=Activation.Kind.PRODUCTION, lifecycle="retired")
    assert flown(second).counts["overlaps"] == []


def test_the_erased_are_left_out_by_key_and_by_identifier(vendors: Vendors, redis: RedisServer) -> None:
    made = factories.registered_audience(vendors, PEOPLE)
    digest = hashlib.sha256(b"three@example.com").digest()
    Tombstone.objects.create(
        workspace=made.segment.workspace,
        kind=Tombstone.Kind.IDENTIFIER,
        value=identifier_value(digest),
        hint=identifier_hint(digest),
        at=timezone.now(),
    )
    counts = flown(current(made)).counts
    # Who shares a phone with somebody who was erased is out too.
    assert counts["left_out"] == {"erased": 1, "no_identifier": 1, "shares_blocked": 1}
    run = synced(made.activations.get())
    assert (run.wanted, run.left_out) == (counts["would_send"], counts["left_out"])


def test_an_approved_version_is_counted_before_it_is_in_use(vendors: Vendors, redis: RedisServer) -> None:
    made = factories.registered_audience(vendors, PEOPLE)
    factories.definition(made, state="approved", identifiers=["phone"])

    assert pre_flight.newest(made) == made.definitions.get(state="approved")
    counted = pre_flight.newest(made)
    assert counted is not None
    flight = flown(counted)
    assert (flight.number, flight.counts["would_send"]) == (2, 2)
    assert flight.counts["coverage"] == {"phone": 2}
    factories.definition(made, state="draft", identifiers=["email"])
    flight = flown(counted)
    assert flight.counts["coverage"] == {"phone": 2}, "the version that was asked about is counted"


def test_in_parts_it_counts_the_same(vendors: Vendors, redis: RedisServer) -> None:
    """As ten million people are counted: in parts of keys, also where the other list has fewer shards than there are parts."""
    first = factories.registered_audience(vendors, 1_500, name="First")
    synced(first.activations.get())
    space = first.segment.workspace
    number = vendors.segment(name="Second", generated={"to": 1_200})
    second = factories.definition(
        factories.audience(segment=factories.segment_row(space, number=number)), state="draft"
    )
    wanted = pre_flight.ask(second, by=second.audience.owner, at=timezone.now())
    make_pre_flight(wanted.pk)
    wanted.refresh_from_db()
    assert wanted.counts["overlaps"] == [[str(first.activations.get()), 1_200]]
    read = Pull.objects.get(segment=second.audience.segment)
    recut(read, 16)
    rules = Rules(Identifiers.of({"email": "email", "phone": "phone_digits"}))
    for at_once in (1_000_000, 500, 50):
        count = Count(Staged(read), rules, [], Erased(space), settings.HOME / "spool", at_once=at_once)
        found = count.counted([first.activations.get()])
        assert (found.would_send, found.duplicates) == (1_200, 0)
        assert sum(found.overlaps.values()) == 1_200


def recut(read: Pull, shards: int) -> None:
    """Store the people of a reading in more shards."""
    staged = Staged(read)
    for number in range(shards):
        people = staged.columns(number, shards)
        row = StagedShard(pull=read, fence=read.fence + 1, number=number, people=len(people["key"]))
        for part, columns in zip(("head", "rest"), parted(people), strict=True):
            setattr(row, part, seal(pack(columns), aad=aad(read.pk, read.fence + 1, number, part)))
        row.save()
    read.fence, read.shards = read.fence + 1, shards
    read.save()


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
    assert (counts["events"][0]["first"], counts["events"][0]["month"]) == (12, None)
    assert counts["match"] == []


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
    assert "no reading yet; the definition expects 30–80%" in page
    assert "Published range: 50–80% (donutzdigital.com; how it was measured is not said)." in page
    assert "a month is unknown: the segment has no rolling window" in page


def test_events_are_held_against_the_pipes_budget(
    vendors: Vendors, redis: RedisServer, marketer: Person, signed_in: Sign
) -> None:
    made = factories.registered_audience(vendors, PEOPLE, window_hours=24, cadence="every hour")
    address = f"/audiences/{made.slug}/pre-flight/"
    flown(current(made))
    name = Pipe.objects.get().name
    page = signed_in(marketer).get(address).content.decode()
    assert "5 events for the first send, about 300 a month, synced every hour, if everybody comes and goes once" in page
    assert f"Nobody stated how many events the pipe {name} may take." in page

    Pipe.objects.update(events_a_month=1_000)
    flown(current(made))
    page = signed_in(marketer).get(address).content.decode()
    assert f"30% of the 1,000 that the pipe {name} may take." in page

    Pipe.objects.update(events_a_month=299)
    flown(current(made))
    page = signed_in(marketer).get(address).content.decode()
    assert "That is more than there is: choose audiencelist, a slower cadence, or a larger plan." in page


def test_a_list_with_a_week_of_runs_tells_a_month_by_them(vendors: Vendors, redis: RedisServer) -> None:
    made = factories.registered_audience(vendors, PEOPLE, window_hours=24)
    one = made.activations.get()
    synced(one)
    Run.objects.update(finished_at=timezone.now() - timedelta(days=10))
    vendors.change_segment(made.segment.number, remove=vendors.upsert(*PEOPLE[1:3]))
    synced(one)

    (events,) = flown(current(made)).counts["events"]

    # Two left within ten days; the first sync is no turnover.
    assert (events["basis"], events["month"]) == ("runs", 6)


def test_who_only_reads_may_not_start_one(vendors: Vendors, paid_media: Person, signed_in: Sign) -> None:
    made = factories.registered_audience(vendors, PEOPLE)
    client = signed_in(paid_media)
    assert client.post(f"/audiences/{made.slug}/pre-flight/start/").status_code == 403
    assert "Ask " in client.get(f"/audiences/{made.slug}/pre-flight/").content.decode()

"""Kinds of destinations beside Meta and Google Ads: what RudderStack takes to them, and those that are filled another way."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from audiences import activating, promoting
from audiences.models import Activation, Arrival, Audience, Destination
from audiences.platforms import PLATFORMS, Family, Payload
from audiences.settings_sheet import sheet
from muster.access import Role
from muster.models import Person
from reconciliation import judging
from reconciliation.weeks import monday_of
from syncs import evidence
from syncs.models import Run
from syncs.start import CannotStart, start
from tests import factories
from tests.syncs.running import synced
from tests.vendors import Vendors

CONSENT = {"*": {"require_true": [], "not_true": [], "not_unsubscribed": True, "basis": "Asked at sign-up"}}
Sign = Callable[[Person], Client]
BY_HAND = sorted(kind for kind, spec in PLATFORMS.items() if not spec.is_sent)
HASHED: dict[str, dict[str, Any]] = {
    "snapchat": {"disableHashing": True},
    "microsoft_ads": {"hashEmail": False},
    "x_ads": {"enableHash": False},
}


def test_every_ad_platform_that_is_sent_to_says_how_digests_are_told_there() -> None:
    for kind, spec in PLATFORMS.items():
        assert bool(spec.hashing) == (spec.family == Family.ADS and spec.is_sent), kind
        assert (spec.payloads == (Payload.BY_HAND,)) == (not spec.is_sent), kind


@pytest.mark.parametrize("kind", sorted(HASHED))
@pytest.mark.django_db(transaction=True)
def test_people_arrive_and_leave_again(kind: str, vendors: Vendors) -> None:
    people = [{"id": str(number), "email": f"{number}@shop.example", "phone": "+12125550101"} for number in range(3)]
    audience = factories.registered_audience(vendors, people, platform=kind, config=HASHED[kind])
    vendors.mirror()
    made = audience.activations.select_related("pipe").get()
    assert made.pipe

    synced(made)
    arrived = vendors.membership(made.pipe.write_key)["refs"]
    assert len(arrived) == 3

    vendors.change_segment(audience.segment.number, remove=arrived[:1])
    synced(made)
    assert set(vendors.membership(made.pipe.write_key)["refs"]) == set(arrived[1:])


@pytest.mark.parametrize(
    ("kind", "words"),
    [("snapchat", "disableHashing on"), ("microsoft_ads", "hashEmail off"), ("x_ads", "enableHash off")],
)
def test_the_sheet_says_how_hashing_is_switched_off_there(kind: str, words: str, db: None) -> None:
    place = factories.destination(platform=kind)
    told = {line.label: line.value for line in sheet(factories.definition(destinations=[place]), place)}
    assert words in told["Hashing"]
    assert told["Fields"].startswith("email,")


# Filled another way


@pytest.fixture
def by_hand(marketer: Person) -> Activation:
    """A list at TikTok that is in use."""
    audience = factories.audience(name="Carts", owner=marketer)
    place = factories.destination(platform="tiktok", name="TikTok EU")
    factories.definition(audience, destinations=[place])
    return Activation.objects.create(audience=audience, destination=place, payload=Payload.BY_HAND, lifecycle="live")


@pytest.mark.parametrize("kind", BY_HAND)
def test_such_a_destination_is_added_like_any_other(kind: str, administrator: Person, signed_in: Sign) -> None:
    fields = {"name": "There", "platform": kind, "payload": "record"}
    client = signed_in(administrator)
    page = client.post("/connections/destinations/add/", fields).content.decode()
    assert "takes figures by hand" in page
    client.post("/connections/destinations/add/", fields | {"payload": "by_hand"})
    assert Destination.objects.get().platform == kind
    page = client.get("/connections/reading/").content.decode()
    assert "By hand" in page
    assert "Set up" not in page
    assert client.get(f"/connections/destinations/{Destination.objects.get().pk}/reading/").status_code == 404
    assert client.get(f"/connections/destinations/{Destination.objects.get().pk}/lists/").status_code == 404


def test_a_definition_needs_no_pipe_there_and_its_pilot_proves_nothing(
    marketer: Person, manager: Person, db: None
) -> None:
    place = factories.destination(platform="tiktok", name="TikTok EU")
    draft = factories.definition(
        factories.audience(owner=marketer), state="draft", destinations=[place], consent=CONSENT
    )
    activating.follow(draft)
    version = factories.approved(draft, by=manager)

    (shown,) = evidence.of_version(version)
    assert shown.passed
    assert "entered by hand" in shown.items[0].words
    other = factories.person(role=Role.MANAGER)
    promoting.promote(version, evidence.proof_of(version), by=other, at=timezone.now())
    assert version.audience.activations.get(kind="production").lifecycle == "live"


def test_nothing_is_ever_sent_there(by_hand: Activation) -> None:
    with pytest.raises(CannotStart, match="Let people get to TikTok EU another way"):
        start(by_hand, trigger=Run.Trigger.BUTTON, at=timezone.now())


def entered(client: Client, one: Activation, **fields: Any) -> None:
    answer = client.post(f"/lists/{one.pk}/enter/", {"as_of": timezone.now().strftime("%d %b %Y, %H:%M"), **fields})
    assert answer.status_code == 302, answer.content.decode()


def test_pages_say_that_nothing_is_reported_until_somebody_enters_it(
    by_hand: Activation, marketer: Person, signed_in: Sign
) -> None:
    client = signed_in(marketer)
    page = client.get("/audiences/carts/arrived/").content.decode()
    assert "Muster has no reader of TikTok." in page
    assert "reading access" not in page
    runs = client.get("/audiences/carts/runs/").content.decode()
    assert "Muster sends nobody to this list" in runs
    assert "Sync now" not in runs
    assert client.get(f"/lists/{by_hand.pk}/schedule/").status_code == 404

    entered(client, by_hand, low="2,000", rate="61.5")

    back = Arrival.objects.get()
    assert (back.readiness, back.size_low, back.accepted) == ("usable", 2_000, None)
    assert back.rate_low is not None
    assert (round(back.rate_low, 2), round(back.rate_high or 0, 2)) == (61.45, 61.55)
    page = client.get("/audiences/carts/arrived/").content.decode()
    assert "TikTok counts 2,000 people." in page
    assert "entered by hand" in page


def test_few_people_are_too_small_by_the_platforms_own_minimum(
    by_hand: Activation, marketer: Person, signed_in: Sign
) -> None:
    entered(signed_in(marketer), by_hand, low="800")
    assert Arrival.objects.get().readiness == "too_small"
    assert "fewer than the 1,000 it needs" in Arrival.objects.get().words


def test_its_week_is_judged_without_a_word_about_sending(
    by_hand: Activation, marketer: Person, signed_in: Sign
) -> None:
    entered(signed_in(marketer), by_hand, low="2,000")
    now = timezone.now()
    week = judging.judge(by_hand, monday_of(timezone.localdate()), at=now)
    assert week is not None
    assert week.verdict in {"unknown", "learning"}
    assert client_page(signed_in(marketer), "/audiences/carts/ladder/").count("not reported") >= 1


def client_page(client: Client, path: str) -> str:
    return client.get(path).content.decode()


def test_its_audience_needs_nobody_because_of_it(by_hand: Activation, marketer: Person, signed_in: Sign) -> None:
    for path in ("/audiences/", "/audiences/all/"):
        page = client_page(signed_in(marketer), path)
        assert "has no pipe" not in page
        assert "Needs you now" not in page
    assert Audience.objects.count() == 1


def test_its_checklist_leaves_out_what_is_about_sending(by_hand: Activation, marketer: Person, signed_in: Sign) -> None:
    page = client_page(signed_in(marketer), "/audiences/carts/readiness/")
    assert page.count("Muster sends nobody to this list.") == 5
    assert "Enter what it shows by hand." in page

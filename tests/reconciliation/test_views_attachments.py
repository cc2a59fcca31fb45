"""Where ads use lists: what is kept of what was read, what somebody signs, and lists that nobody knows."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from audiences.models import Activation, Destination
from muster.models import Event, Person
from reconciliation import attaching, unknown_lists
from reconciliation.models import Attachment, ListAt, ReadAccess, UnknownList
from reconciliation.quantities import Basis, Quantity
from reconciliation.readers.seen import AdSetSeen, Figure, ListSeen
from tests import factories

pytestmark = pytest.mark.django_db
Sign = Callable[[Person], Client]


def list_with_id(external_id: str = "120", *, purpose: str = "suppress", **fields: Any) -> Activation:
    made = factories.audience(**fields)
    place = factories.destination(name="Meta, NW US")
    factories.definition(made, purpose=purpose, destinations=[place])
    one = factories.activation(made, place)
    ListAt.objects.create(activation=one, external_id=external_id, set_at=timezone.now())
    return one


def ad_set(name: str, *excludes: str, includes: tuple[str, ...] = ()) -> AdSetSeen:
    return AdSetSeen("ad set", name, name, frozenset(includes), frozenset(excludes))


def shown(client: Client, address: str) -> str:
    return client.get(address).content.decode()


def test_a_look_is_kept_when_something_changed_or_a_day_passed() -> None:
    one, at = list_with_id(), timezone.now()
    factories.activation(place=one.destination)  # its id is not known, so nothing can be said of it
    both, lost = [ad_set("A", "120"), ad_set("B", "120")], [ad_set("A", "120"), ad_set("B")]

    for hours, seen, written in ((0, both, 1), (6, both, 0), (12, lost, 1), (18, lost, 0), (37, lost, 1)):
        assert len(attaching.keep(one.destination, seen, at=at + timedelta(hours=hours))) == written
    rows = Attachment.objects.order_by("at")
    assert [(row.active, row.excluded, row.lacking) for row in rows[:2]] == [
        (2, ["ad set A", "ad set B"], []),
        (2, ["ad set A"], ["ad set B"]),
    ]
    event = Event.objects.get(verb="saw another use of")
    assert event.audience_id == one.audience_id
    assert event.detail["was"] == ["Excluded in all 2 active ad sets."]
    assert event.detail["now"] == ["Excluded in 1 of 2 active ad sets; missing in: ad set B."]


def test_no_address_in_a_name_is_kept() -> None:
    one, at = list_with_id(), timezone.now()
    seen = [AdSetSeen("ad set", "1", "for ann@shop.example", frozenset({"7"}), frozenset())]

    attaching.keep(one.destination, seen, at=at)
    unknown_lists.keep(one.destination, [ListSeen("7", "of ann@shop.example")], seen, at=at)

    kept = f"{list(Attachment.objects.values())}{list(UnknownList.objects.values())}{list(Event.objects.values())}"
    assert "ann@shop.example" not in kept
    assert "[email]" in kept


def test_the_audience_shows_where_it_is_used(paid_media: Person, signed_in: Sign) -> None:
    one = list_with_id(name="Buyers")
    client, address = signed_in(paid_media), f"/audiences/{one.audience.slug}/used/"

    assert "Nobody has looked yet where ads use it." in shown(client, address)
    attaching.keep(one.destination, [ad_set("A", "120"), ad_set("B")], at=timezone.now())
    page = shown(client, address)
    assert "Excluded in 1 of 2 active ad sets; missing in: ad set B." in page
    assert "Not attached" in page
    assert f"/connections/destinations/{one.destination_id}/lists/" in page
    assert address in shown(client, f"/audiences/{one.audience.slug}/")


def test_what_was_read_long_ago_counts_no_more(paid_media: Person, signed_in: Sign) -> None:
    one = list_with_id()
    attaching.keep(one.destination, [ad_set("A", "120")], at=timezone.now() - timedelta(days=4))

    page = shown(signed_in(paid_media), f"/audiences/{one.audience.slug}/used/")

    assert "What was read is too old to count. Sign what you see in the account." in page
    assert "Excluded everywhere" not in page


def test_a_targeting_list_is_used_where_it_is_included(paid_media: Person, signed_in: Sign) -> None:
    one = list_with_id(purpose="retarget")
    attaching.keep(one.destination, [ad_set("A", includes=("120",)), ad_set("B")], at=timezone.now())

    page = shown(signed_in(paid_media), f"/lists/{one.pk}/attachment/")

    assert "Included in 1 of 2 active ad sets: ad set A." in page
    assert "In use" in page


CHECK = {"used": "14", "active": "17", "names": "Prospecting DE\nProspecting FR\n\nRetargeting", "looked": "on"}


def test_a_signed_check_counts_for_thirty_days(marketer: Person, signed_in: Sign) -> None:
    one = list_with_id()
    client, address = signed_in(marketer), f"/lists/{one.pk}/attachment/"

    page = client.post(address, CHECK, follow=True).content.decode()

    assert "Your check is signed. It counts for 30 days" in page
    assert "Excluded in 14 of 17 active ad sets; missing in: Prospecting DE, Prospecting FR, Retargeting." in page
    assert "Signed by Mara Keller" in page
    row = Attachment.objects.get()
    assert (row.source, row.by, row.active, row.expires_at) == ("signed", marketer, 17, row.at + timedelta(days=30))
    assert Event.objects.filter(verb="checked where ads use", actor=marketer, audience_id=one.audience_id).exists()


def test_an_expired_check_says_so(marketer: Person, signed_in: Sign) -> None:
    one = list_with_id()
    use = attaching.use_in(Attachment(active=1))
    attaching.sign(one, use, by=marketer, at=timezone.now() - timedelta(days=31))

    page = shown(signed_in(marketer), f"/lists/{one.pk}/attachment/")

    assert "The signed check has expired, so nobody knows whether ads use it as they should." in page
    assert "Unknown" in page


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"used": "18"}, "It cannot be used in 18 of 17. Check both figures."),
        ({"names": "Prospecting DE"}, "You say that 3 lack it, and name 1. Name each one, once."),
        ({"looked": ""}, "Confirm that you looked there today."),
        ({"used": "many"}, "Type a whole number, like 38,000."),
        ({"names": "x" * 201}, "At most 200 names of 200 characters can be kept."),
    ],
)
def test_a_check_that_cannot_be_is_refused(
    change: dict[str, str], sentence: str, marketer: Person, signed_in: Sign
) -> None:
    one = list_with_id()

    page = signed_in(marketer).post(f"/lists/{one.pk}/attachment/", CHECK | change).content.decode()

    assert sentence in page
    assert not Attachment.objects.exists()


def test_what_muster_reads_by_itself_is_not_signed(marketer: Person, signed_in: Sign) -> None:
    one, now = list_with_id(), timezone.now()
    access = ReadAccess.objects.create(destination=one.destination, ads_read_at=now)
    client, address = signed_in(marketer), f"/lists/{one.pk}/attachment/"

    assert "Muster reads this from the account by itself." in shown(client, address)
    page = client.post(address, CHECK, follow=True).content.decode()
    assert "so no signed check is kept." in page
    assert not Attachment.objects.exists()
    access.ads_words = "Meta did not answer."
    access.save()
    assert "Muster cannot read where ads use it. Meta did not answer." in shown(client, address)
    client.post(address, CHECK)
    assert Attachment.objects.count() == 1


def test_paid_media_ask_for_a_check(marketer: Person, paid_media: Person, signed_in: Sign) -> None:
    one, client = list_with_id(), signed_in(paid_media)

    assert "to look there and sign" in shown(client, f"/lists/{one.pk}/attachment/")
    assert client.post(f"/lists/{one.pk}/attachment/", CHECK).status_code == 403
    tool = factories.activation(place=factories.destination(platform="amplitude"))
    assert client.get(f"/lists/{tool.pk}/attachment/").status_code == 404


def seen(*ids: str) -> list[ListSeen]:
    return [ListSeen(one, f"List {one}", (Figure(Quantity.MEMBERS, 900, 1100, Basis.RANGE),)) for one in ids]


def kept(place: Destination) -> dict[str, list[str]]:
    return {one.external_id: one.used_in for one in place.unknown_lists.order_by("external_id")}


def test_lists_that_nobody_fills_are_kept_until_they_vanish() -> None:
    one, at = list_with_id(), timezone.now()
    place = one.destination
    ads = [ad_set("A", "7", includes=("8",)), ad_set("B", includes=("7",))]

    unknown_lists.keep(place, seen("120", "7", "8", "9"), ads, at=at)
    assert kept(place) == {"7": ["ad set A (excluded)", "ad set B"], "8": ["ad set A"], "9": []}
    unknown_lists.keep(place, seen("120", "7"), None, at=at + timedelta(days=1))
    assert kept(place) == {"7": ["ad set A (excluded)", "ad set B"]}
    row = place.unknown_lists.get()
    assert (row.first_seen_at, row.last_seen_at, row.low, row.high) == (at, at + timedelta(days=1), 900, 1100)
    assert not Event.objects.filter(kind="destination").exists()
    ReadAccess.objects.create(destination=place, ads_read_at=at)
    unknown_lists.keep(place, seen("120", "7", "10"), [], at=at + timedelta(days=2))
    event = Event.objects.get(kind="destination")
    assert (event.verb, event.detail) == ("found lists it does not fill at", {"now": ["List 10"]})
    assert kept(place) == {"10": [], "7": []}


def test_unknown_lists_are_shown_used_ones_first(paid_media: Person, signed_in: Sign) -> None:
    one, now = list_with_id(), timezone.now()
    client, address = signed_in(paid_media), f"/connections/destinations/{one.destination_id}/lists/"

    assert "The account is not read" in shown(client, address)
    ReadAccess.objects.create(destination=one.destination, ads_read_at=now)
    assert "Muster fills every customer list of the account." in shown(client, address)
    unknown_lists.keep(one.destination, seen("120", "7", "8"), [ad_set("A", includes=("8",))], at=now)
    page = shown(client, address)
    assert "1 of them is used by active ads." in page
    assert page.index("List 8") < page.index("List 7")
    assert "900–1,100" in page
    assert "It may stay because" not in page


def test_a_list_may_stay_with_a_reason_and_that_can_be_taken_back(marketer: Person, signed_in: Sign) -> None:
    one, now = list_with_id(), timezone.now()
    ReadAccess.objects.create(destination=one.destination, ads_read_at=now)
    unknown_lists.keep(one.destination, seen("7"), [], at=now)
    client, row = signed_in(marketer), UnknownList.objects.get()
    address = f"/connections/lists/{row.pk}/may-stay/"

    page = client.post(address, {"reason": ""}, follow=True).content.decode()
    assert "Say why it may stay, so that others know. Nothing was changed." in page
    page = client.post(address, {"reason": "The agency fills it."}, follow=True).content.decode()
    assert "“The agency fills it.”" in page
    assert "Every list there is known." in page
    unknown_lists.keep(one.destination, seen("7"), [], at=now + timedelta(days=1))
    row.refresh_from_db()
    assert (row.known_reason, row.known_by) == ("The agency fills it.", marketer)
    page = client.post(address, {"ask_again": "yes"}, follow=True).content.decode()
    assert "1 list that nobody knows" in page
    assert set(Event.objects.filter(actor=marketer).values_list("verb", flat=True)) == {
        "said why a list may stay at",
        "asked again about a list at",
    }

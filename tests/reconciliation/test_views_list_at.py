"""The id of a list at its platform: checked there, chosen from what is there, never shared by two audiences."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from audiences.models import Activation, Destination
from muster.models import Event, Person
from reconciliation import reading_access
from reconciliation.list_ids import IDS
from reconciliation.models import ListAt, UnknownList
from tests import factories
from tests.reconciliation.meta_account import TOKEN, MetaAccount
from tests.vendors import Vendors

pytestmark = pytest.mark.django_db
Sign = Callable[[Person], Client]


@pytest.fixture
def meta(vendors: Vendors, settings: Settings) -> MetaAccount:
    return MetaAccount(vendors, settings)


@pytest.fixture
def place(administrator: Person) -> Destination:
    """An ad account that Muster may read."""
    made = factories.destination(name="Meta, NW US")
    given = {"account": "1234567890"}, {"token": TOKEN}
    reading_access.keep(made, *given, by=administrator, at=timezone.now())
    return made


def at_place(place: Destination, name: str = "Cart") -> Activation:
    return factories.activation(factories.audience(name=name), place)


def told(client: Client, one: Activation, external_id: str) -> str:
    given = {"external_id": external_id}
    return client.post(f"/lists/{one.pk}/at-platform/", given, follow=True).content.decode()


def shown(client: Client, one: Activation, part: str = "") -> str:
    return client.get(f"/lists/{one.pk}/at-platform/{part}").content.decode()


def test_an_id_is_checked_and_kept(meta: MetaAccount, place: Destination, marketer: Person, signed_in: Sign) -> None:
    meta.list("120001", name="CRM carts", members=5000)
    one, client = at_place(place), signed_in(marketer)
    UnknownList.objects.create(
        destination=place, external_id="120001", first_seen_at=timezone.now(), last_seen_at=timezone.now()
    )

    assert "Nobody told yet." in shown(client, one)
    page = told(client, one, " 120001 ")

    assert "Meta, NW US knows this list, which is called “CRM carts” there. It is read from now on." in page
    kept = ListAt.objects.get()
    assert (kept.activation, kept.external_id, kept.name_seen, kept.gone_at) == (one, "120001", "CRM carts", None)
    assert not UnknownList.objects.exists()
    event = Event.objects.get(verb="told the id of")
    assert (event.actor, event.audience_id, event.detail) == (marketer, one.audience_id, {"now": ["“CRM carts” there"]})


@pytest.mark.parametrize(
    ("external_id", "sentence"),
    [
        ("", "Enter the id, or choose a list below. Nothing was changed."),
        ("CRM carts", "This is no audience id. In Ads Manager under Audiences, the column Audience ID: digits only."),
        ("999", "Meta, NW US knows no list with this id. Check the id, and that it is of this account;"),
    ],
)
def test_what_cannot_be_the_id_is_refused(
    external_id: str, sentence: str, meta: MetaAccount, place: Destination, marketer: Person, signed_in: Sign
) -> None:
    assert sentence in told(signed_in(marketer), at_place(place), external_id)
    assert not ListAt.objects.exists()


def test_two_audiences_never_fill_one_list(
    meta: MetaAccount, place: Destination, marketer: Person, signed_in: Sign
) -> None:
    meta.list("120001", name="CRM carts", members=5000)
    one, other, client = at_place(place), at_place(place, "Winback"), signed_in(marketer)
    told(client, one, "120001")

    page = told(client, other, "120001")

    assert "Cart has this id already. Two audiences that fill one list would undo each other;" in page
    assert ListAt.objects.get().activation == one
    # the pilot of the same audience goes to the same list
    pilot = factories.activation(one.audience, place, kind="pilot")
    assert "knows this list" in told(client, pilot, "120001")


def test_an_id_that_cannot_be_checked_is_kept_and_said(
    meta: MetaAccount, place: Destination, marketer: Person, signed_in: Sign
) -> None:
    meta.token("expired")
    client, one = signed_in(marketer), at_place(place)

    page = told(client, one, "120001")

    assert "The id could not be checked. Meta no longer accepts the access token" in page
    assert "It is saved, and is checked as soon as the platform can be read." in page
    assert ListAt.objects.get().name_seen == ""
    unread = at_place(factories.destination(name="Meta, EU"), "Elsewhere")
    assert "Meta, EU is not set up to be read." in shown(client, unread)
    assert "The id could not be checked. Meta, EU is not set up to be read." in told(client, unread, "7")


def test_it_can_be_chosen_from_what_is_there(
    meta: MetaAccount, place: Destination, marketer: Person, signed_in: Sign
) -> None:
    meta.list("120001", name="A first one", members=5000)
    meta.list("120002", name="crm_cart_us", members=800)
    meta.list("120003", name="Winback", members=9)
    one, client = at_place(place), signed_in(marketer)
    told(client, at_place(place, "Winback"), "120003")

    assert "/at-platform/there/" in shown(client, one)
    page = shown(client, one, "there/")

    assert page.index("crm_cart_us") < page.index("A first one") < page.index("Winback fills it")
    assert "4,900–5,100" in page
    told(client, one, "120002")
    assert "This one" in shown(client, one, "there/")
    meta.token("expired")
    assert "The lists of the account cannot be shown. Meta no longer accepts the access token" in shown(
        client, one, "there/"
    )


def test_an_id_is_taken_out(meta: MetaAccount, place: Destination, marketer: Person, signed_in: Sign) -> None:
    meta.list("120001", name="CRM carts", members=5000)
    one, client = at_place(place), signed_in(marketer)
    told(client, one, "120001")

    page = client.post(f"/lists/{one.pk}/at-platform/forget/", follow=True).content.decode()

    assert "The id is taken out." in page
    assert not ListAt.objects.exists()
    assert Event.objects.filter(verb="took out the id of", actor=marketer).exists()


def test_a_list_that_is_gone_says_so(place: Destination, marketer: Person, signed_in: Sign) -> None:
    one, now = at_place(place), timezone.now()
    ListAt.objects.create(activation=one, external_id="120001", set_at=now, gone_at=now)

    assert "Meta, NW US no longer knows the id 120001" in shown(signed_in(marketer), one)


def test_another_list_in_place_of_one_that_is_gone_is_filled_anew(
    meta: MetaAccount, place: Destination, marketer: Person, signed_in: Sign
) -> None:
    for number in ("120001", "120002", "120003"):
        meta.list(number, name="CRM carts", members=0)
    one, client = at_place(place), signed_in(marketer)
    told(client, one, "120001")
    assert "sends everybody" not in told(client, one, "120002"), "it was corrected: that list was there all the time"
    one.refresh_from_db()
    assert (one.epoch, one.asserted_epoch) == (1, 1)

    ListAt.objects.update(gone_at=timezone.now())
    assert "the next sync sends everybody to this one" in told(client, one, "120003")
    one.refresh_from_db()
    assert (one.epoch, one.asserted_epoch) == (2, 1)
    assert "sends everybody" not in told(client, one, "120003")


@pytest.mark.parametrize(
    ("name", "accepted"),
    [
        ("muster_aud_" + "a" * 63, True),
        ("other_source.muster_aud_vip", True),
        ("17", True),
        ("s" * 63 + "." + "b" * 56, True),
        ("s" * 63 + "." + "b" * 57, False),
        ("a.b.c", False),
        ("muster_aud_vip ", False),
        ("muster_aud_vip\n", False),
        ("١٢", False),
    ],
)
def test_a_warehouses_id_is_a_trait_or_a_number_as_long_as_they_get(name: str, accepted: bool) -> None:
    assert bool(IDS["warehouse"][0].fullmatch(name)) is accepted


def test_tools_are_told_the_trait_that_muster_sends(marketer: Person, signed_in: Sign) -> None:
    audience = factories.audience(name="Cart abandoners 4–24 h")
    client = signed_in(marketer)
    house = factories.activation(audience, factories.destination(platform="warehouse"))
    tool = factories.activation(audience, factories.destination(platform="amplitude"))

    page = shown(client, house)
    assert 'value="muster_aud_cart_abandoners_424_h"' in page
    assert "In the warehouse it is the column of that name." in page
    page = shown(client, tool)
    assert "Build a cohort there on that trait being true" in page
    assert "muster_aud_cart_abandoners_424_h" in page
    assert client.get(f"/lists/{tool.pk}/at-platform/there/").status_code == 404


def test_who_may_not_set_it_sees_whom_to_ask(
    place: Destination, marketer: Person, paid_media: Person, administrator: Person, signed_in: Sign
) -> None:
    one = at_place(place)

    assert "Ask Mara Keller" in shown(signed_in(paid_media), one)
    assert "Check and save" in shown(signed_in(administrator), one)

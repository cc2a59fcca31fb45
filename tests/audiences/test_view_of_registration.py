"""Choosing a segment from what Customer.io lists now, and beginning an audience on it; all of it also without htmx."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from audiences.models import Audience, Segment, Workspace
from muster.models import Event, Person
from tests import factories
from tests.vendors import Vendors

Sign = Callable[[Person], Client]
HTMX = {"HX-Request": "true"}
PAGE = "/audiences/register/"


@pytest.fixture
def shop(vendors: Vendors, db: None) -> Workspace:
    """A workspace with two segments at Customer.io, of which Muster knows none yet."""
    vendors.people(10, plain=True)
    vendors.segment(id=4417, name="Left a cart", generated={"share": 1.0})
    vendors.segment(id=5050, name="Lapsed", generated={"share": 0.5})
    return factories.workspace(name="Shop US")


def read(client: Client, shop: Workspace) -> str:
    """Read the segments as the button does, and return the page that follows."""
    return client.post(f"/audiences/segments/{shop.pk}/refresh/", follow=True).content.decode()


def begun(client: Client, shop: Workspace, **fields: object) -> str:
    """Send the form the plain way and return the page that follows."""
    return client.post(f"{PAGE}?workspace={shop.pk}", fields, follow=True).content.decode()


def test_without_a_workspace_it_says_what_to_do_first(marketer: Person, administrator: Person, signed_in: Sign) -> None:
    page = signed_in(marketer).get(PAGE).content.decode()
    assert "Customer.io is not connected yet" in page
    assert "Ask Ada Novak" in page


def test_the_segments_are_read_from_customer_io_with_their_sizes(
    shop: Workspace, marketer: Person, signed_in: Sign
) -> None:
    client = signed_in(marketer)
    assert "The segments were not read yet" in client.get(PAGE).content.decode()

    page = read(client, shop)

    assert "The 2 segments of Shop US were read." in page
    assert page.index("Lapsed") < page.index("Left a cart")  # by name
    assert '<span class="figure">10</span>' in page
    assert f'href="{PAGE}?workspace={shop.pk}&amp;segment=4417"' in page


def test_what_is_deleted_there_is_no_longer_offered(
    vendors: Vendors, shop: Workspace, marketer: Person, signed_in: Sign
) -> None:
    client = signed_in(marketer)
    read(client, shop)
    vendors.change_segment(5050, delete=True)

    page = read(client, shop)

    assert "Left a cart" in page
    assert "Lapsed" not in page
    page = begun(client, shop, segment="5050", name="Winback", purpose="winback", owner=marketer.pk)
    assert "Customer.io lists no such segment." in page


def test_customer_io_that_does_not_answer_leaves_what_was_known(
    vendors: Vendors, shop: Workspace, marketer: Person, signed_in: Sign
) -> None:
    client = signed_in(marketer)
    read(client, shop)
    vendors.fault(vendors.us, "500", {"path": "/v1/segments"})

    page = read(client, shop)

    assert "The segments were not read; you see the last known ones." in page
    assert "Left a cart" in page
    assert Segment.objects.filter(gone_at=None).count() == 2


def test_segments_that_were_read_but_not_counted_are_not_called_unread(
    vendors: Vendors, shop: Workspace, marketer: Person, signed_in: Sign
) -> None:
    vendors.fault(vendors.us, "500", {"path": "customer_count"})

    page = read(signed_in(marketer), shop)

    assert "The segments were not read" not in page
    assert "The 2 segments of Shop US were read." in page
    assert "Not every segment was counted: sizes are as last known." in page
    assert Segment.objects.count() == 2


@pytest.mark.parametrize(
    "wanted", ["4417", "Left a cart (4417)", "Left a cart", "  4417  ", "Named otherwise meanwhile (4417)"]
)
def test_a_segment_is_named_by_id_by_suggestion_or_by_name(
    wanted: str, shop: Workspace, marketer: Person, signed_in: Sign
) -> None:
    client = signed_in(marketer)
    read(client, shop)

    page = begun(client, shop, segment=wanted, name="Cart", purpose="retarget", owner=marketer.pk)

    made = Audience.objects.get()
    assert (made.segment.number, made.slug, made.created_by) == (4417, "cart", marketer)
    assert "Cart is registered as a draft. Say below what its definition of done is." in page
    assert "<h1>Cart, v1</h1>" in page
    assert "parts missing" in page


def test_a_name_that_two_segments_have_asks_for_the_id(
    vendors: Vendors, shop: Workspace, marketer: Person, signed_in: Sign
) -> None:
    vendors.segment(id=6000, name="Lapsed", generated={"share": 0.1})
    client = signed_in(marketer)
    read(client, shop)

    page = begun(client, shop, segment="Lapsed", name="Winback", purpose="winback", owner=marketer.pk)

    assert "Several segments have this name. Type the id of the one you mean." in page
    assert not Audience.objects.exists()


def test_what_was_typed_is_kept_and_what_is_missing_is_said(shop: Workspace, marketer: Person, signed_in: Sign) -> None:
    client = signed_in(marketer)
    read(client, shop)

    page = begun(client, shop, segment="Left a crat", name="Cart people", purpose="", owner=marketer.pk)

    assert "Customer.io lists no such segment." in page
    assert 'value="Left a crat"' in page
    assert 'value="Cart people"' in page
    assert "This field is required." in page
    assert f'<option value="{marketer.pk}" selected>' in page
    page = begun(client, shop)
    assert "Choose the segment that this audience is made of." in page
    assert "An audience needs an owner." in page
    assert not Audience.objects.exists()
    assert not Event.objects.filter(verb="registered").exists()


def test_a_name_is_held_once_whatever_its_case(shop: Workspace, marketer: Person, signed_in: Sign) -> None:
    client = signed_in(marketer)
    read(client, shop)
    factories.audience(name="Cart")

    page = begun(client, shop, segment="4417", name="CART", purpose="retarget", owner=marketer.pk)

    assert "Another audience has this name. Choose one that tells them apart." in page
    assert 'value="CART"' in page
    assert Audience.objects.count() == 1


def test_who_cannot_register_cannot_own(shop: Workspace, marketer: Person, paid_media: Person, signed_in: Sign) -> None:
    client = signed_in(marketer)
    read(client, shop)
    gone = factories.person(is_active=False)

    for owner in (paid_media, gone):
        begun(client, shop, segment="4417", name="Cart", purpose="retarget", owner=owner.pk)

    assert not Audience.objects.exists()


def test_choose_fills_the_form(shop: Workspace, marketer: Person, signed_in: Sign) -> None:
    client = signed_in(marketer)
    read(client, shop)

    page = client.get(PAGE, {"workspace": shop.pk, "segment": 4417}).content.decode()

    assert 'value="Left a cart (4417)"' in page
    assert 'value="Left a cart"' in page
    assert f'<option value="{marketer.pk}" selected>' in page


@pytest.mark.parametrize(("wanted", "found"), [("cart", True), ("CART", True), ("4417", True), ("nothing", False)])
def test_segments_are_found_with_and_without_htmx(
    wanted: str, found: bool, shop: Workspace, marketer: Person, signed_in: Sign
) -> None:
    client = signed_in(marketer)
    read(client, shop)

    plain = client.get(PAGE, {"q": wanted}).content.decode()
    fragment = client.get(PAGE, {"q": wanted}, headers=HTMX).content.decode()

    assert "<html" in plain
    assert "<html" not in fragment
    rows = plain.partition('id="segment-rows"')[2]
    for text in (rows, fragment):
        assert ('Choose<span class="visually-hidden"> Left a cart' in text) == found
        assert 'Choose<span class="visually-hidden"> Lapsed' not in text
        assert ("No segment fits" in text) != found


def test_one_segment_is_counted_with_and_without_htmx(
    vendors: Vendors, shop: Workspace, marketer: Person, signed_in: Sign
) -> None:
    row = factories.segment_row(shop, number=4417, name="Left a cart")
    client, address = signed_in(marketer), f"/audiences/segments/{row.pk}/size/"

    cell = client.post(address, headers=HTMX).content.decode()
    assert "<html" not in cell
    assert '<span class="figure">10</span>' in cell
    Segment.objects.update(size=None)
    assert '<span class="figure">10</span>' in client.post(address, follow=True).content.decode()

    vendors.fault(vendors.us, "500", times=2)
    Segment.objects.update(size=None)
    assert "not counted" in client.post(address, headers=HTMX).content.decode()
    assert "Left a cart (4417) was not counted." in client.post(address, follow=True).content.decode()


def test_of_several_workspaces_one_stays_where_one_was(shop: Workspace, marketer: Person, signed_in: Sign) -> None:
    first = factories.workspace(name="A first one", region="eu")
    row = factories.segment_row(shop, number=4417, name="Left a cart")
    client = signed_in(marketer)
    assert "Segments of A first one" in client.get(PAGE).content.decode()

    assert "Segments of Shop US" in read(client, shop)
    counted = client.post(f"/audiences/segments/{row.pk}/size/", follow=True).content.decode()
    assert "Segments of Shop US" in counted
    page = begun(client, first, segment="4417", name="Cart", purpose="retarget", owner=marketer.pk)
    assert "Customer.io lists no such segment." in page  # it is the other workspace's


def test_an_archived_workspace_is_asked_nothing(
    vendors: Vendors, shop: Workspace, marketer: Person, signed_in: Sign
) -> None:
    row = factories.segment_row(shop, number=4417)
    Workspace.objects.update(archived_at=timezone.now())
    client, before = signed_in(marketer), len(vendors.cio_requests())

    assert client.post(f"/audiences/segments/{shop.pk}/refresh/").status_code == 404
    assert client.post(f"/audiences/segments/{row.pk}/size/").status_code == 404
    assert len(vendors.cio_requests()) == before


def test_paid_media_registers_nothing(shop: Workspace, paid_media: Person, signed_in: Sign) -> None:
    client = signed_in(paid_media)
    for answer in (client.get(PAGE), client.post(PAGE, {}), client.post(f"/audiences/segments/{shop.pk}/refresh/")):
        assert answer.status_code == 403


@pytest.mark.django_db(transaction=True)
def test_pressed_twice_at_once_registers_one_and_breaks_nothing(
    shop: Workspace, marketer: Person, signed_in: Sign
) -> None:
    read(signed_in(marketer), shop)
    fields = {"segment": "4417", "name": "Cart", "purpose": "retarget", "owner": str(marketer.pk)}
    browsers = [Client() for _ in range(4)]
    for browser in browsers:
        factories.sign_in(browser, marketer)

    def press(browser: Client) -> int:
        try:
            return browser.post(f"{PAGE}?workspace={shop.pk}", fields).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(len(browsers)) as threads:
        answers = sorted(threads.map(press, browsers))

    assert answers == [200, 200, 200, 302]
    assert Audience.objects.count() == 1

"""Connections: secrets go in and never come out, tests name the cause and send nobody, pipes are not shared."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from audiences import data_out
from audiences.credentials import KeyTaken, keep, key_check
from audiences.models import Destination, Pipe, Workspace
from audiences.models.workspace import CheckState
from muster.models import Event, Person
from tests import factories
from tests.vendors import US_KEY, Vendors

Sign = Callable[[Person], Client]
SECRET = "2Rk9vXsecretTail"
HTMX = {"HX-Request": "true"}


def shown(client: Client, address: str = "/connections/") -> str:
    return client.get(address).content.decode()


def posted(client: Client, address: str, **fields: Any) -> str:
    """Send a form the plain way and return the page that follows."""
    return client.post(address, fields, follow=True).content.decode()


def connected(administrator: Person, secret: str = SECRET, **fields: Any) -> Pipe:
    """A pipe that was saved as the page saves it."""
    pipe = Pipe(**{"name": "meta_cart", "data_plane_url": "https://data.example.com", **fields})
    keep(pipe, changed=["name"], secret=secret, by=administrator, at=timezone.now())
    return pipe


def test_a_workspace_is_connected_tested_and_its_key_is_in_no_page(
    vendors: Vendors, administrator: Person, signed_in: Sign
) -> None:
    vendors.people(3, plain=True)
    client = signed_in(administrator)

    page = posted(client, "/connections/workspaces/add/", name="Shop US", region="us", api_key=US_KEY)

    made = Workspace.objects.get()
    assert made.api_key == US_KEY
    assert "Shop US is connected. Test it: that sends nothing." in page
    assert "Not tested" in page
    page = posted(client, f"/connections/workspaces/{made.pk}/test/")
    assert "Customer.io answers; about 3 people in the workspace." in page
    assert f"ends {US_KEY[-4:]}" in page
    addresses = ("/connections/", f"/connections/workspaces/{made.pk}/", f"/connections/?replace=workspace-{made.pk}")
    for text in [page, *(shown(client, one) for one in addresses), str(list(Event.objects.values()))]:
        assert US_KEY not in text


def test_a_write_key_is_in_no_page_and_its_end_only_in_an_administrators(
    administrator: Person, marketer: Person, signed_in: Sign
) -> None:
    client = signed_in(administrator)
    values = {"name": "meta_cart", "data_plane_url": "https://data.example.com/", "write_key": SECRET}
    posted(client, "/connections/pipes/add/", **values, events_a_month="2,500,000")
    pipe = Pipe.objects.get()
    assert pipe.events_a_month == 2_500_000

    assert (pipe.write_key, pipe.data_plane_url) == (SECRET, "https://data.example.com")
    for address in ("/connections/", f"/connections/pipes/{pipe.pk}/", f"/connections/?replace=pipe-{pipe.pk}"):
        assert SECRET not in shown(client, address)
    assert ">Tail<" in shown(client)
    seen = shown(signed_in(marketer))
    assert "meta_cart" in seen
    assert "Tail" not in seen


def test_a_refused_form_keeps_what_was_typed_but_not_the_key(administrator: Person, signed_in: Sign) -> None:
    values = {"name": "meta_cart", "data_plane_url": "https://data.example.com/?key=1", "write_key": SECRET}

    page = posted(signed_in(administrator), "/connections/pipes/add/", **values)

    assert "Enter only the address, without what follows a question mark." in page
    assert "meta_cart" in page
    assert SECRET not in page
    assert not Pipe.objects.exists()


@pytest.mark.parametrize("secret", ["with space", "a:b", "“quoted”"])
def test_what_is_no_write_key_is_refused_in_words(secret: str, administrator: Person, signed_in: Sign) -> None:
    values = {"name": "p", "data_plane_url": "https://data.example.com", "write_key": secret}

    page = posted(signed_in(administrator), "/connections/pipes/add/", **values)

    assert "A write key holds no colon." in page or "A key holds no spaces and no special letters." in page
    assert not Pipe.objects.exists()


def test_another_address_takes_the_key_out(administrator: Person, signed_in: Sign) -> None:
    pipe = connected(administrator)
    client = signed_in(administrator)

    posted(client, f"/connections/pipes/{pipe.pk}/", name="renamed", data_plane_url=pipe.data_plane_url)
    pipe.refresh_from_db()
    assert (pipe.name, pipe.write_key) == ("renamed", SECRET)

    page = posted(client, f"/connections/pipes/{pipe.pk}/", name="renamed", data_plane_url="https://other.example.com")

    pipe.refresh_from_db()
    assert (pipe.write_key, pipe.write_key_last4, pipe.write_key_check) == ("", "", "")
    assert "Its key was taken out, because its address changed. Paste it again." in page
    assert "no key yet" in page
    newest = Event.objects.order_by("pk").last()
    assert newest
    assert newest.detail["key"] == "taken out"


def test_another_region_takes_the_key_out(administrator: Person, signed_in: Sign) -> None:
    space = factories.workspace(name="Shop US")

    page = posted(signed_in(administrator), f"/connections/workspaces/{space.pk}/", name="Shop US", region="eu")

    space.refresh_from_db()
    assert (space.region, space.api_key, space.api_key_last4) == ("eu", "", "")
    assert "Its key was taken out" in page


def test_a_401_of_customer_io_names_both_causes(vendors: Vendors, administrator: Person, signed_in: Sign) -> None:
    space = factories.workspace(api_key="made-up-key")

    page = posted(signed_in(administrator), f"/connections/workspaces/{space.pk}/test/")

    space.refresh_from_db()
    assert space.check_state == CheckState.REFUSED
    assert "does not know this key in the region United States (401)" in page
    assert "the workspace is in the other region, European Union" in page.replace("\n", " ")


def test_a_pipe_is_tested_without_sending_anybody(vendors: Vendors, administrator: Person, signed_in: Sign) -> None:
    vendors.source(SECRET)
    pipe = connected(administrator, data_plane_url=vendors.rudder)

    page = posted(signed_in(administrator), f"/connections/pipes/{pipe.pk}/test/")

    assert "RudderStack takes this write key. Nothing was sent to find that out." in page
    assert len(vendors.requests(SECRET)) == 1  # it did ask
    assert vendors.events(SECRET) == []
    pipe.refresh_from_db()
    assert pipe.check_state == CheckState.WORKING


def test_htmx_gets_the_tested_row_and_others_a_page(vendors: Vendors, administrator: Person, signed_in: Sign) -> None:
    pipe = connected(administrator, data_plane_url=vendors.rudder)
    client = signed_in(administrator)

    row = client.post(f"/connections/pipes/{pipe.pk}/test/", headers=HTMX)
    plain = client.post(f"/connections/pipes/{pipe.pk}/test/")

    assert "<html" not in row.content.decode()
    assert f'id="pipe-{pipe.pk}"' in row.content.decode()
    assert plain.headers["Location"] == f"/connections/#pipe-{pipe.pk}"


@pytest.mark.parametrize(
    ("arrange", "state", "words"),
    [
        ({}, CheckState.REFUSED, "RudderStack does not know this write key (401)"),
        ({"enabled": False}, CheckState.REFUSED, "its source is switched off"),
    ],
)
def test_what_is_wrong_with_a_pipe_is_told_apart(
    vendors: Vendors,
    administrator: Person,
    signed_in: Sign,
    arrange: dict[str, Any],
    state: CheckState,
    words: str,
) -> None:
    if arrange:
        vendors.order(vendors.rudder, "/_sandbox/sources", {"write_key": SECRET, "destinations": [], **arrange})
    pipe = connected(administrator, data_plane_url=vendors.rudder)
    factories.activation(through=pipe)

    page = posted(signed_in(administrator), f"/connections/pipes/{pipe.pk}/test/")

    pipe.refresh_from_db()
    assert pipe.check_state == state
    assert words in page
    assert "1 list cannot be sent" in page


def test_all_are_tested_at_once(vendors: Vendors, administrator: Person, signed_in: Sign) -> None:
    factories.workspace(name="Shop US")
    vendors.source("key-good")
    connected(administrator, "key-good", name="good", data_plane_url=vendors.rudder)
    connected(administrator, "key-bad", name="bad", data_plane_url=vendors.rudder)
    away = connected(administrator, "key-away", name="away", data_plane_url=vendors.rudder, archived_at=timezone.now())

    page = posted(signed_in(administrator), "/connections/test/")

    assert "bad did not work when last tested." in page
    assert page.index("<code>bad</code>") < page.index("<code>good</code>")  # problems first
    assert Workspace.objects.get().check_state == CheckState.WORKING
    away.refresh_from_db()
    assert away.check_state == CheckState.UNKNOWN


def test_a_key_its_vendor_does_not_know_is_not_kept(vendors: Vendors, administrator: Person, signed_in: Sign) -> None:
    vendors.source(SECRET)
    pipe = connected(administrator, data_plane_url=vendors.rudder)

    page = posted(signed_in(administrator), f"/connections/pipes/{pipe.pk}/key/", secret="not-known-there")

    pipe.refresh_from_db()
    assert pipe.write_key == SECRET
    assert "Not saved. RudderStack does not know this write key (401)" in page
    assert "not-known-there" not in page


def test_a_key_that_works_is_kept_and_shown_by_its_end(
    vendors: Vendors, administrator: Person, signed_in: Sign
) -> None:
    vendors.source("new-key-of-1234")
    pipe = connected(administrator, data_plane_url=vendors.rudder)

    page = posted(signed_in(administrator), f"/connections/pipes/{pipe.pk}/key/", secret="new-key-of-1234")

    pipe.refresh_from_db()
    assert (pipe.write_key, pipe.check_state) == ("new-key-of-1234", CheckState.WORKING)
    assert ">1234<" in page
    assert "new-key-of-1234" not in page
    assert SECRET not in page


def test_a_workspace_key_of_the_other_region_is_not_kept(
    vendors: Vendors, administrator: Person, signed_in: Sign
) -> None:
    space = factories.workspace()

    page = posted(signed_in(administrator), f"/connections/workspaces/{space.pk}/key/", secret="sandbox-eu-key")

    space.refresh_from_db()
    assert space.api_key == US_KEY
    assert "Not saved. Customer.io does not know this key in the region United States" in page


def test_a_write_key_is_held_once(administrator: Person, signed_in: Sign) -> None:
    first = connected(administrator, name="first")
    second = connected(administrator, "another-key", name="second")
    client = signed_in(administrator)

    values = {"name": "third", "data_plane_url": "https://data.example.com", "write_key": SECRET}
    added = posted(client, "/connections/pipes/add/", **values)
    replaced = posted(client, f"/connections/pipes/{second.pk}/key/", secret=SECRET)

    for page in (added, replaced):
        assert "The pipe first holds this key already." in page
        assert SECRET not in page
    assert set(Pipe.objects.values_list("pk", flat=True)) == {first.pk, second.pk}
    second.refresh_from_db()
    assert second.write_key == "another-key"


def test_two_who_add_the_same_key_at_once_are_told_apart_by_the_database(administrator: Person) -> None:
    connected(administrator, name="first")

    with pytest.raises(KeyTaken, match="The pipe first holds this key already"):
        connected(administrator, name="second")

    assert Pipe.objects.count() == 1


def test_a_pipe_serves_one_ad_list_only(administrator: Person, marketer: Person, signed_in: Sign) -> None:
    pipe = connected(administrator)
    factories.activation(factories.audience(name="Cart 1"), factories.destination(name="Meta US"), pipe)
    other, place = factories.audience(name="Lapsed", owner=marketer), factories.destination(name="Google US")
    draft = factories.definition(other, state="draft")
    values = {"name": "Lapsed", "purpose": "retarget", "owner": marketer.pk, "revision": draft.revision}

    page = posted(
        signed_in(marketer),
        "/audiences/lapsed/definition/",
        **values,
        **{f"list-{place.pk}-use": "on", f"list-{place.pk}-pipe": pipe.pk},
    )

    assert "The pipe meta_cart already serves Cart 1 at Meta US." in page
    assert "Google US needs a pipe of its own." in page
    draft.refresh_from_db()
    assert draft.destinations == []


def test_customer_ios_own_data_out_is_shown_with_the_pipe_it_feeds(
    vendors: Vendors, administrator: Person, signed_in: Sign
) -> None:
    space = factories.workspace(name="Shop US")
    connected(administrator, data_plane_url=vendors.rudder)
    hooks = [{"name": "To Rudder", "endpoint": f"{vendors.rudder}/v1/webhook?writeKey={SECRET}"}]
    client = signed_in(administrator)
    assert "It is read when the workspace is tested." in shown(client)
    vendors.order(vendors.us, "/_sandbox/reporting_webhooks", {"reporting_webhooks": hooks})

    page = posted(client, f"/connections/workspaces/{space.pk}/test/")

    assert f"To Rudder sends to {vendors.rudder}: email_sent." in page
    assert "It sends through the pipe meta_cart." in page
    assert SECRET not in page
    space.refresh_from_db()
    assert [one.write_key_check for one in data_out.known(space)] == [key_check(SECRET)]


def test_archiving_says_what_depends_and_can_be_taken_back(administrator: Person, signed_in: Sign) -> None:
    pipe = connected(administrator)
    factories.activation(factories.audience(name="Cart 1"), factories.destination(name="Meta US"), pipe)
    client = signed_in(administrator)

    assert "Cart 1 at Meta US has no way to its destination" in shown(client, f"/connections/pipes/{pipe.pk}/archive/")
    pipe.refresh_from_db()
    assert pipe.archived_at is None  # looking archives nothing
    assert "meta_cart is archived." in posted(client, f"/connections/pipes/{pipe.pk}/archive/")
    assert "meta_cart is back in use." in posted(client, f"/connections/pipes/{pipe.pk}/restore/")
    pipe.refresh_from_db()
    assert pipe.archived_at is None


def test_a_name_is_held_once_whatever_its_case(administrator: Person, signed_in: Sign) -> None:
    connected(administrator)

    page = posted(
        signed_in(administrator), "/connections/pipes/add/", name="META_CART", data_plane_url="https://d.example.com"
    )

    assert "This name is taken; choose another name." in page
    assert Pipe.objects.count() == 1


def test_a_destination_takes_what_its_platform_takes(administrator: Person, signed_in: Sign) -> None:
    client = signed_in(administrator)

    page = posted(client, "/connections/destinations/add/", name="Meta US", platform="meta", payload="identify_track")

    assert "is an ad platform and takes" in page
    assert "Meta US" in page
    page = posted(client, "/connections/destinations/add/", name="Meta US", platform="meta", payload="record")
    assert "Meta US is connected." in page


@pytest.mark.parametrize("address", ["workspaces/add/", "pipes/add/", "destinations/add/", "test/"])
def test_only_administrators_change_connections(address: str, manager: Person, signed_in: Sign) -> None:
    assert signed_in(manager).post(f"/connections/{address}", {}).status_code == 403


@pytest.mark.parametrize("wanted", ["pipe-999999", "destination-1", "pipe-x", "x", "pipe-" + "9" * 30])
def test_a_key_form_for_nothing_is_only_the_page(wanted: str, administrator: Person, signed_in: Sign) -> None:
    answer = signed_in(administrator).get("/connections/", {"replace": wanted})
    assert answer.status_code == 200
    assert "Test and save" not in answer.content.decode()


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("pipe", {"data_plane_url": "https://data.example.com"}),
        ("pipe", {"data_plane_url": "https://data.example.com", "write_key": SECRET}),
        ("workspace", {"region": "us", "api_key": US_KEY}),
        ("destination", {"platform": "meta", "payload": "record"}),
    ],
)
@pytest.mark.django_db(transaction=True)
def test_pressed_twice_at_once_connects_one_and_breaks_nothing(
    kind: str, fields: dict[str, str], administrator: Person
) -> None:
    browsers = [Client() for _ in range(4)]
    for browser in browsers:
        factories.sign_in(browser, administrator)

    def press(browser: Client) -> int:
        try:
            return browser.post(f"/connections/{kind}s/add/", {"name": "meta_cart", **fields}).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(len(browsers)) as threads:
        answers = sorted(threads.map(press, browsers))

    assert answers == [200, 200, 200, 302]
    assert {"pipe": Pipe, "workspace": Workspace, "destination": Destination}[kind]._default_manager.count() == 1

"""Reading access: secrets go in and never come out, a test asks the platform and names the cause, stopping has a way back."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from audiences.models import Destination
from audiences.models.workspace import CheckState
from muster.models import Event, Person
from reconciliation.models import Attachment, ListAt, ReadAccess, UnknownList
from reconciliation.readers.needs import NEEDS
from tests import factories
from tests.reconciliation.meta_account import GIVEN, TOKEN, MetaAccount
from tests.vendors import Vendors

pytestmark = pytest.mark.django_db
Sign = Callable[[Person], Client]
HTMX = {"HX-Request": "true"}
SECRETS = {
    "google_ads": {
        "customer": "123-456-7890",
        "client_id": "id.apps",
        "client_secret": "GOCSPX-secret-1",
        "refresh_token": "1//refresh-token-77c1",
    },
    "amplitude": {"region": "eu", "api_key": "amp-key-000001", "secret_key": "amp-secret-1f83"},
    "warehouse": {
        "host": "db.example.com",
        "port": "5432",
        "database": "events",
        "schema": "rudder_events",
        "user": "muster_reader",
        "password": "a-long-password-c2d5",
    },
}


@pytest.fixture
def meta(vendors: Vendors, settings: Settings) -> MetaAccount:
    return MetaAccount(vendors, settings)


@pytest.fixture
def place(db: None) -> Destination:
    return factories.destination(name="Meta, NW US", account="1234567890")


def shown(client: Client, address: str) -> str:
    return client.get(address).content.decode()


def posted(client: Client, place: Destination, part: str = "", **fields: Any) -> str:
    return client.post(f"/connections/destinations/{place.pk}/reading/{part}", fields, follow=True).content.decode()


def test_an_account_is_set_up_asked_and_its_token_is_in_no_page(
    meta: MetaAccount, place: Destination, administrator: Person, marketer: Person, signed_in: Sign
) -> None:
    meta.list("120001", name="Buyers", members=5000)
    meta.list("120002", name="Old list", members=800)
    meta.ad_set("1", name="Prospecting", excluded=["120001"])
    client, address = signed_in(administrator), f"/connections/destinations/{place.pk}/reading/"
    one = factories.activation(place=place)
    ListAt.objects.create(activation=one, external_id="120001", set_at=timezone.now())

    assert 'value="1234567890"' in shown(client, address)
    page = posted(client, place, **GIVEN)

    assert (
        "The reading of Meta, NW US is saved. Meta answers; 2 customer lists can be read, and 1 active ad set." in page
    )
    access = ReadAccess.objects.get()
    assert (access.check_state, json.loads(access.secret)) == (CheckState.WORKING, {"token": TOKEN})
    assert access.options == {"account": "act_1234567890"}
    assert UnknownList.objects.get().name == "Old list"
    assert Attachment.objects.get().excluded == ["ad set Prospecting"]
    assert f"Access token ends {TOKEN[-4:]}" in page
    rows = shown(client, "/connections/reading/")
    assert f"Access token, ends {TOKEN[-4:]}" in rows
    assert "1 unknown list" in rows
    assert "/connections/reading/" in shown(client, "/connections/")
    everything = [page, rows, shown(client, address), shown(client, "/log/"), str(list(Event.objects.values()))]
    as_marketer = signed_in(marketer)
    seen = shown(as_marketer, address) + shown(as_marketer, "/connections/reading/")
    assert TOKEN[-4:] not in seen
    assert "to change it" in seen
    for text in [*everything, seen]:
        assert TOKEN not in text


@pytest.mark.parametrize("kind", sorted(NEEDS))
def test_every_platform_asks_for_what_it_needs(kind: str, administrator: Person, signed_in: Sign) -> None:
    place = factories.destination(platform=kind)

    page = posted(signed_in(administrator), place)

    for need in NEEDS[kind]:
        assert need.label in page
    secret = next(need for need in NEEDS[kind] if need.secret and need.required)
    assert f"Enter the {secret.label[0].lower()}{secret.label[1:]}. Nothing was saved." in page
    assert not ReadAccess.objects.exists()


@pytest.mark.parametrize(
    ("kind", "change", "sentence"),
    [
        ("google_ads", {"customer": "12"}, "Enter the ten digits of the customer id."),
        ("google_ads", {"client_secret": "with space"}, "A key holds no spaces and no special letters."),
        ("warehouse", {"host": "db:5432"}, "Enter a host name or an address, without a port."),
        ("warehouse", {"port": "70000"}, "Enter a port from 1 to 65535, such as 5432."),
        ("warehouse", {"schema": "a; drop"}, "Enter letters, digits and underscores, not beginning with a digit."),
        ("amplitude", {"region": "moon"}, "Select a valid choice. moon is not one of the available choices."),
    ],
)
def test_what_cannot_be_is_refused(
    kind: str, change: dict[str, str], sentence: str, administrator: Person, signed_in: Sign
) -> None:
    place, given = factories.destination(platform=kind), SECRETS[kind] | change

    page = posted(signed_in(administrator), place, **given)

    assert sentence in page
    assert not ReadAccess.objects.exists()
    for name in (need.name for need in NEEDS[kind] if need.secret):
        assert given[name] not in page


@pytest.mark.parametrize("host", ["http://posthog.example.com", "https://user:word@posthog.example.com"])
def test_an_own_host_must_be_one_that_may_be_called(host: str, administrator: Person, signed_in: Sign) -> None:
    place = factories.destination(platform="posthog")

    page = posted(signed_in(administrator), place, region="us", host=host, project="1", token="phx-token-123456")

    assert "Muster cannot call this: " in page


@pytest.mark.parametrize(
    ("state", "label", "words"),
    [
        ("expired", CheckState.REFUSED, "Meta no longer accepts the access token (401): it expired or was revoked."),
        ("no_permission", CheckState.REFUSED, "ads_read"),
    ],
)
def test_a_test_names_the_cause_and_what_it_means(
    state: str,
    label: CheckState,
    words: str,
    meta: MetaAccount,
    place: Destination,
    administrator: Person,
    signed_in: Sign,
) -> None:
    client = signed_in(administrator)
    factories.activation(factories.audience(name="Buyers"), place)
    posted(client, place, **GIVEN)
    meta.token(state)

    page = posted(client, place, "test/")

    access = ReadAccess.objects.get()
    assert access.check_state == label
    assert access.failing_since is not None
    assert words in access.check_words
    assert access.check_words.split(".")[0] in page
    assert "Failing since" in page
    assert "Buyers has no new figures until this is mended; what was read stays, and grows old." in page
    meta.token("full")
    page = posted(client, place, "test/")
    assert "Failing since" not in page
    access.refresh_from_db()
    assert access.check_state == CheckState.WORKING
    assert not access.failing_since


def test_a_platform_that_is_down_cannot_be_read(
    meta: MetaAccount, place: Destination, administrator: Person, signed_in: Sign
) -> None:
    client = signed_in(administrator)
    meta.fault("503", ".*customaudiences")

    page = posted(client, place, **GIVEN)

    assert "Cannot read" in page
    assert ReadAccess.objects.get().check_state == CheckState.UNREADABLE


def test_where_ads_cannot_be_read_lists_still_are(
    meta: MetaAccount, place: Destination, administrator: Person, signed_in: Sign
) -> None:
    meta.list("120001", name="Buyers", members=5000)
    meta.fault("403", ".*adsets")

    page = posted(signed_in(administrator), place, **GIVEN)

    access = ReadAccess.objects.get()
    assert access.check_state == CheckState.WORKING
    assert "1 customer list can be read, but not where ads use them." in page
    assert "What somebody sees there can be signed on each list" in page
    assert access.ads_words


def test_only_the_row_comes_back_to_the_page_of_connections(
    meta: MetaAccount, place: Destination, administrator: Person, signed_in: Sign
) -> None:
    client = signed_in(administrator)
    posted(client, place, **GIVEN)

    row = client.post(f"/connections/destinations/{place.pk}/reading/test/", headers=HTMX).content.decode()

    assert row.strip().startswith(f'<tr id="reading-{place.pk}">')


def test_a_secret_stays_until_it_would_go_elsewhere(
    meta: MetaAccount, place: Destination, administrator: Person, signed_in: Sign
) -> None:
    client = signed_in(administrator)
    posted(client, place, **GIVEN)

    page = posted(client, place, account="1234567890", token="")
    assert "Its secrets were taken out, because the account or host changed." in page
    access = ReadAccess.objects.get()
    assert (access.secret, access.secret_last4, access.check_state) == ("", "", CheckState.UNKNOWN)
    assert "The secrets were taken out, because they belonged to what was entered before." in page
    page = posted(client, place, "test/")
    assert "Enter first: access token. The platform was not asked." in page
    posted(client, place, account="1234567890", token=TOKEN)
    posted(client, place, account="1234567890", token="")
    access.refresh_from_db()
    assert json.loads(access.secret) == {"token": TOKEN}
    assert access.check_state == CheckState.WORKING


def test_for_another_account_every_secret_is_asked_again(administrator: Person, signed_in: Sign) -> None:
    place, given = factories.destination(platform="google_ads"), SECRETS["google_ads"]
    client = signed_in(administrator)
    ReadAccess.objects.create(
        destination=place,
        options={"customer": "123-456-7890", "client_id": "id.apps"},
        secret=json.dumps({"client_secret": "a", "refresh_token": "b"}),
    )

    page = posted(client, place, **given | {"customer": "999-999-9999", "refresh_token": ""})

    assert "Enter it too: the one that is kept belongs to what was before." in page
    assert ReadAccess.objects.get().options["customer"] == "123-456-7890"


def test_a_short_password_shows_none_of_it(administrator: Person, signed_in: Sign) -> None:
    place = factories.destination(platform="warehouse")

    page = posted(
        signed_in(administrator),
        place,
        **SECRETS["warehouse"] | {"password": "short-pw", "host": "127.0.0.1", "port": "1"},
    )

    assert ReadAccess.objects.get().secret_last4 == ""
    assert "t-pw" not in page


def test_reading_is_stopped_and_goes_on(
    meta: MetaAccount, place: Destination, administrator: Person, signed_in: Sign
) -> None:
    client = signed_in(administrator)
    factories.activation(factories.audience(name="Buyers"), place)
    posted(client, place, **GIVEN)

    assert "Buyers gets no new figures" in shown(client, f"/connections/destinations/{place.pk}/reading/stop/")
    page = posted(client, place, "stop/")
    assert "Meta, NW US is no longer read. It can be read again from this page." in page
    assert "Stopped" in page
    assert "Save and test" not in page
    assert "has had no new figures since then" in shown(client, "/connections/reading/")
    page = posted(client, place, "resume/")
    assert "The reading of Meta, NW US goes on. Meta answers;" in page
    assert ReadAccess.objects.get().archived_at is None
    verbs = list(Event.objects.filter(kind="destination").order_by("pk").values_list("verb", flat=True))
    assert verbs == [
        "set up the reading of",
        "tested the reading of",
        "stopped the reading of",
        "resumed the reading of",
        "tested the reading of",
    ]


def test_a_destination_without_reading_says_what_that_means(
    place: Destination, marketer: Person, signed_in: Sign
) -> None:
    factories.activation(factories.audience(name="Buyers"), place)

    page = shown(signed_in(marketer), "/connections/reading/")

    assert "Not set up" in page
    assert "Buyers has no figures from there unless somebody enters them." in page

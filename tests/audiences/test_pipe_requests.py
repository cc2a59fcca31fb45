"""A pipe is asked for with its sheet, waits with its age, and comes back into the draft."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from audiences import pipe_requests
from audiences.definition import missing
from audiences.models import Definition, Destination, Pipe, PipeRequest
from audiences.pipe_requests import AskedAlready, Closed
from audiences.settings_sheet import sheet, source_name, text
from audiences.terms_of import terms_of
from muster.models import Event, Person
from tests import factories
from tests.vendors import Vendors

Sign = Callable[[Person], Client]


@pytest.fixture
def meta(db: None) -> Destination:
    return factories.destination(name="Meta, NW US", account="act_447")


@pytest.fixture
def draft(marketer: Person, meta: Destination) -> Definition:
    whose = factories.audience(name="Cart", owner=marketer)
    routes = {str(meta.pk): {"pipe": None, "list_name": "NW | Cart"}}
    return factories.definition(whose, state="draft", destinations=[meta], routes=routes)


def asked(draft: Definition, meta: Destination, whom: Person, **fields: object) -> PipeRequest:
    return pipe_requests.ask(draft.audience, meta, assignee=whom, by=draft.audience.owner, at=timezone.now())


def lines(draft: Definition, place: Destination) -> dict[str, str]:
    return {line.label: line.value for line in sheet(draft, place)}


def test_the_sheet_says_what_rudderstack_asks_for(draft: Definition, meta: Destination) -> None:
    assert lines(draft, meta) == {
        "Source name": "cart-meta-nw-us",
        "Source type": "HTTP, connected to this one destination only",
        "Destination": "Facebook Custom Audience (FB_CUSTOM_AUDIENCE), account act_447",
        "List": "NW | Cart",
        "Fields": "EMAIL, PHONE, already hashed",
        "Hashing": "isHashRequired off: Muster sends SHA-256 digests",
        "Event": "record, actions insert and delete",
        "Other writers": "none; switch Reverse ETL and other sources off for this destination",
    }
    assert "Source name: cart-meta-nw-us\n" in text(sheet(draft, meta))


def test_each_platform_has_its_own_lines(draft: Definition) -> None:
    google = lines(draft, factories.destination(platform="google_ads", payload="audiencelist"))
    assert google["Fields"] == "email, phone, already hashed"
    assert google["Consent"] == "userDataConsent and personalizationConsent GRANTED"
    assert google["Event"] == "audiencelist, adds and removes apart"
    amplitude = lines(draft, factories.destination(platform="amplitude"))
    assert {"List", "Fields", "Hashing"}.isdisjoint(amplitude)


@pytest.mark.parametrize("name", ["x" * 120, "日本", "—", "Cart"])
def test_a_source_name_fits_a_pipe(name: str, draft: Definition) -> None:
    place = factories.destination(name=name)
    assert 0 < len(source_name(draft.audience, place)) <= 120


def test_one_request_a_list_waits_at_a_time(draft: Definition, meta: Destination, administrator: Person) -> None:
    made = asked(draft, meta, administrator)
    with pytest.raises(AskedAlready, match="Ada Novak was asked already"):
        asked(draft, meta, administrator)

    pipe_requests.withdraw(made, by=draft.audience.owner, at=timezone.now())
    again = asked(draft, meta, administrator)
    assert PipeRequest.objects.filter(closed_at=None).get() == again
    for act in (pipe_requests.withdraw, pipe_requests.remind):
        with pytest.raises(Closed):
            act(made, by=draft.audience.owner, at=timezone.now())


def test_the_draft_says_who_was_asked(draft: Definition, meta: Destination, administrator: Person) -> None:
    assert any("has no pipe yet" in one for one in missing(terms_of(draft), timezone.localdate()))
    asked(draft, meta, administrator)
    assert "Meta, NW US waits for its pipe: Ada Novak was asked." in missing(terms_of(draft), timezone.localdate())


def test_from_asking_to_the_draft(
    vendors: Vendors, draft: Definition, meta: Destination, marketer: Person, administrator: Person, signed_in: Sign
) -> None:
    client = signed_in(marketer)
    assert "Ask for a pipe" in client.get("/audiences/cart/definition/").content.decode()
    page = client.get(f"/audiences/cart/pipe/{meta.pk}/").content.decode()
    assert "isHashRequired off" in page
    page = client.post(f"/audiences/cart/pipe/{meta.pk}/", {"assignee": ""}).content.decode()
    assert "Choose who is to make it. Nobody was asked." in page

    page = client.post(f"/audiences/cart/pipe/{meta.pk}/", {"assignee": administrator.pk}, follow=True).content.decode()

    made = PipeRequest.objects.get()
    assert "Waiting for Ada Novak since" in page
    PipeRequest.objects.update(asked_at=timezone.now() - timedelta(days=2, minutes=1))
    page = client.get("/audiences/cart/definition/").content.decode()
    assert "waiting for Ada Novak, 2\xa0days" in page
    page = client.post(f"/connections/requests/{made.pk}/remind/", follow=True).content.decode()
    assert "Ada Novak is reminded" in page
    # Asking twice leads to the one that waits.
    assert client.get(f"/audiences/cart/pipe/{meta.pk}/").url == f"/connections/requests/{made.pk}/"  # type: ignore[attr-defined]

    client = signed_in(administrator)
    assert "Pipes that somebody waits for" in client.get("/connections/").content.decode()
    page = client.get(f"/connections/pipes/add/?request={made.pk}").content.decode()
    assert 'value="cart-meta-nw-us"' in page
    fields = {"name": "cart-meta-nw-us", "data_plane_url": vendors.rudder, "write_key": "cart-key-1"}
    client.post(f"/connections/pipes/add/?request={made.pk}", fields)

    made.refresh_from_db()
    assert made.pipe == Pipe.objects.get(name="cart-meta-nw-us")
    page = signed_in(marketer).get("/audiences/cart/definition/").content.decode()
    assert "cart-meta-nw-us is connected for it: save to take it over." in page
    assert f'<option value="{made.pipe.pk}" selected>' in page
    assert set(Event.objects.filter(kind="piperequest").values_list("verb", flat=True)) == {
        "asked for the",
        "reminded of the",
        "connected the",
    }


def test_a_pipe_that_is_there_answers_too_and_a_taken_one_is_not_offered(
    draft: Definition, meta: Destination, administrator: Person, signed_in: Sign
) -> None:
    made, client = asked(draft, meta, administrator), signed_in(administrator)
    taken = factories.activation(place=factories.destination()).pipe
    free = factories.pipe(name="free one")
    assert taken is not None
    address = f"/connections/requests/{made.pk}/answer/"

    assert "Choose the pipe. Nothing was changed." in client.post(address, {"pipe": ""}).content.decode()
    assert "Select a valid choice" in client.post(address, {"pipe": taken.pk}).content.decode()
    page = client.post(address, {"pipe": free.pk}, follow=True).content.decode()

    assert "free one answers it." in page
    assert "This request was closed meanwhile." in client.post(address, {"pipe": free.pk}, follow=True).content.decode()


def test_a_list_that_is_none_of_the_audience_has_no_sheet(draft: Definition, marketer: Person, signed_in: Sign) -> None:
    other = factories.destination()
    assert signed_in(marketer).get(f"/audiences/cart/pipe/{other.pk}/").status_code == 404
    assert signed_in(marketer).get(f"/audiences/cart/pipe/{'9' * 30}/").status_code == 404


def test_withdrawing_says_so(draft: Definition, meta: Destination, administrator: Person, signed_in: Sign) -> None:
    made = asked(draft, meta, administrator)
    page = signed_in(draft.audience.owner).post(f"/connections/requests/{made.pk}/withdraw/", follow=True)
    assert "Nobody waits for this pipe any more." in page.content.decode()

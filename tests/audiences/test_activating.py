"""Lists follow their definition, and a list that stopped by itself gets its way on: by a reason, or by a key that works."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from audiences import activating
from audiences.models import Activation, Audience, Definition, Destination, Lifecycle, Pipe
from muster.models import Event, Person
from syncs.models import Run
from tests import factories
from tests.vendors import Vendors

Sign = Callable[[Person], Client]
STOPPED = "RudderStack does not know this write key (401)."
KEY = "the-key-that-works"


@pytest.fixture
def cart(marketer: Person) -> Audience:
    return factories.audience(name="Cart", owner=marketer)


def routed(whose: Audience, *ways: tuple[Destination, Pipe | None], state: str = "draft") -> Definition:
    """A version that sends these destinations through these pipes."""
    routes = {str(place.pk): {"pipe": pipe.pk if pipe else None, "list_name": f"at {place.pk}"} for place, pipe in ways}
    return factories.definition(whose, state=state, destinations=[place for place, _ in ways], routes=routes)


def lists(whose: Audience) -> dict[str, tuple[str, str, str]]:
    """Return (lifecycle, pipe, name at the platform) by destination."""
    made = whose.activations.select_related("pipe", "destination")
    return {one.destination.name: (one.lifecycle, one.pipe.name if one.pipe else "", one.list_name) for one in made}


def test_a_draft_has_draft_lists_that_come_and_go(cart: Audience) -> None:
    meta, google = factories.destination(name="Meta"), factories.destination(name="Google")
    pipe = factories.pipe(name="meta_cart")
    draft = routed(cart, (meta, pipe), (google, None))

    activating.follow(draft)
    assert lists(cart) == {
        "Meta": (Lifecycle.DRAFT, "meta_cart", f"at {meta.pk}"),
        "Google": (Lifecycle.DRAFT, "", f"at {google.pk}"),
    }
    draft.destinations = [google.pk]
    activating.follow(draft)

    assert set(lists(cart)) == {"Google"}


def test_a_draft_does_not_touch_a_live_list(cart: Audience) -> None:
    meta = factories.destination(name="Meta")
    factories.activation(cart, meta, factories.pipe(name="old"), list_name="as it was")

    activating.follow(routed(cart, (meta, factories.pipe(name="new"))))

    assert lists(cart) == {"Meta": (Lifecycle.LIVE, "old", "as it was")}
    nothing = cart.definitions.get()
    nothing.destinations = []
    activating.follow(nothing)
    assert lists(cart) == {"Meta": (Lifecycle.LIVE, "old", "as it was")}


@pytest.mark.engine
def test_a_draft_list_with_a_dry_run_is_kept_as_retired(cart: Audience) -> None:
    meta = factories.destination(name="Meta")
    draft = routed(cart, (meta, None))
    activating.follow(draft)
    Run.objects.create(
        activation=cart.activations.get(), definition=draft, kind=Run.Kind.DRY_RUN, created_at=timezone.now()
    )

    draft.destinations = []
    activating.follow(draft)

    assert lists(cart)["Meta"][0] == Lifecycle.RETIRED


@pytest.mark.engine
def test_locking_sets_lists_live_and_retires_the_rest(cart: Audience) -> None:
    meta, google, tiktok = (factories.destination(name=name) for name in ("Meta", "Google", "TikTok"))
    pipes = [factories.pipe(name=name) for name in ("one", "two")]
    factories.activation(cart, tiktok, factories.pipe(name="three"))
    factories.activation(cart, google, pipes[1], lifecycle=Lifecycle.PAUSED)

    activating.go_live(routed(cart, (meta, pipes[0]), (google, pipes[1])))

    assert {name: (life, pipe) for name, (life, pipe, _) in lists(cart).items()} == {
        "Meta": (Lifecycle.LIVE, "one"),
        "Google": (Lifecycle.PAUSED, "two"),  # who paused it says when it goes on
        "TikTok": (Lifecycle.RETIRED, "three"),
    }


@pytest.mark.engine
def test_behind_another_pipe_the_ledger_is_not_trusted_and_the_stop_is_over(cart: Audience) -> None:
    meta, old, new = factories.destination(), factories.pipe(), factories.pipe()
    made = factories.activation(cart, meta, old, stopped_words=STOPPED)

    activating.go_live(routed(cart, (meta, old), state="current"))
    made.refresh_from_db()
    assert (made.epoch, made.stopped_words) == (1, STOPPED)
    cart.definitions.all().delete()
    activating.go_live(routed(cart, (meta, new)))

    made.refresh_from_db()
    assert (made.epoch, made.stopped_words, made.pipe) == (2, "", new)


def test_try_again_needs_a_reason(cart: Audience, marketer: Person, signed_in: Sign) -> None:
    stopped = factories.activation(cart, stopped_words=STOPPED)
    factories.definition(cart, destinations=[stopped.destination])
    client = signed_in(marketer)
    address = f"/audiences/lists/{stopped.pk}/again/"
    assert f'action="{address}"' in client.get("/audiences/cart/").content.decode()

    for reason in ("", "   "):
        page = client.post(address, {"reason": reason}, follow=True).content.decode()
        assert "Say what was mended, so that others know. Nothing was changed." in page
    stopped.refresh_from_db()
    assert stopped.stopped_words == STOPPED
    assert not Event.objects.exists()


def test_try_again_clears_the_stop_once_and_says_why(cart: Audience, marketer: Person, signed_in: Sign) -> None:
    stopped = factories.activation(cart, factories.destination(name="Meta"), stopped_words=STOPPED)
    factories.definition(cart, destinations=[stopped.destination])
    client, address = signed_in(marketer), f"/audiences/lists/{stopped.pk}/again/"

    page = client.post(address, {"reason": "The source is on again"}, follow=True).content.decode()

    stopped.refresh_from_db()
    assert stopped.stopped_words == ""
    assert "Meta may be sent again. Start a sync, or wait for the next one." in page
    assert "is stopped" not in page
    (event,) = Event.objects.all()
    assert (event.verb, event.reason, event.audience_id) == (
        "lets be sent again",
        "The source is on again",
        cart.pk,
    )
    client.post(address, {"reason": "Once more"})
    assert Event.objects.count() == 1


def test_who_may_not_sync_may_not_let_it_be_sent(cart: Audience, paid_media: Person, signed_in: Sign) -> None:
    stopped = factories.activation(cart, stopped_words=STOPPED)
    factories.definition(cart, destinations=[stopped.destination])
    client = signed_in(paid_media)

    assert client.post(f"/audiences/lists/{stopped.pk}/again/", {"reason": "x"}).status_code == 403
    assert "Let it be sent again" not in client.get("/audiences/cart/").content.decode()
    stopped.refresh_from_db()
    assert stopped.stopped_words == STOPPED


def replaced(client: Client, pipe: Pipe, secret: str) -> str:
    return client.post(f"/connections/pipes/{pipe.pk}/key/", {"secret": secret}, follow=True).content.decode()


def test_a_new_key_that_works_lets_the_stopped_list_be_sent_again(
    vendors: Vendors, cart: Audience, administrator: Person, signed_in: Sign
) -> None:
    vendors.source(KEY)
    refused = factories.pipe(data_plane_url=vendors.rudder)
    stopped = factories.activation(cart, through=refused, stopped_words=STOPPED)
    elsewhere = factories.activation(factories.audience(), stopped_words=STOPPED)

    assert "Not saved." in replaced(signed_in(administrator), refused, "another-unknown-key")
    stopped.refresh_from_db()
    assert stopped.stopped_words == STOPPED

    assert "RudderStack takes this write key" in replaced(signed_in(administrator), refused, KEY)

    stopped.refresh_from_db()
    elsewhere.refresh_from_db()
    assert (stopped.stopped_words, elsewhere.stopped_words) == ("", STOPPED)
    event = Event.objects.get(verb="lets be sent again")
    assert (event.reason, event.audience_id) == ("The write key was replaced and works.", cart.pk)


def test_a_new_key_that_could_not_be_judged_leaves_the_stop_and_the_offer(
    vendors: Vendors, cart: Audience, administrator: Person, marketer: Person, signed_in: Sign
) -> None:
    vendors.source(KEY)
    refused = factories.pipe(data_plane_url=vendors.rudder)
    stopped = factories.activation(cart, through=refused, stopped_words=STOPPED)
    factories.definition(cart, destinations=[stopped.destination])
    vendors.fault(vendors.rudder, "500")

    page = replaced(signed_in(administrator), refused, KEY)

    assert "RudderStack did not answer as it should." in page
    stopped.refresh_from_db()
    refused.refresh_from_db()
    assert (stopped.stopped_words, refused.write_key) == (STOPPED, KEY)
    assert "Let it be sent again" in signed_in(marketer).get("/audiences/cart/").content.decode()


def test_a_key_after_another_address_lets_the_list_be_sent_again(
    vendors: Vendors, cart: Audience, administrator: Person, signed_in: Sign
) -> None:
    vendors.source(KEY)
    pipe = factories.pipe(name="meta_cart")
    stopped = factories.activation(cart, through=pipe, stopped_words=STOPPED)
    client = signed_in(administrator)
    client.post(f"/connections/pipes/{pipe.pk}/", {"name": "meta_cart", "data_plane_url": vendors.rudder})
    pipe.refresh_from_db()
    assert (pipe.data_plane_url, pipe.write_key) == (vendors.rudder, "")

    replaced(client, pipe, KEY)

    stopped.refresh_from_db()
    assert stopped.stopped_words == ""


def test_lists_that_are_out_of_use_are_not_told_to_go_on(
    vendors: Vendors, cart: Audience, administrator: Person, signed_in: Sign
) -> None:
    vendors.source(KEY)
    pipe = factories.pipe(data_plane_url=vendors.rudder)
    factories.activation(cart, through=pipe, stopped_words=STOPPED, lifecycle=Lifecycle.RETIRED)

    replaced(signed_in(administrator), pipe, KEY)

    assert not Event.objects.filter(verb="lets be sent again").exists()
    assert Activation.objects.get().stopped_words == ""  # a version that names it again does not begin stopped

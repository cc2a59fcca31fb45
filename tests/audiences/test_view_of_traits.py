"""The trait registry: everybody who registers reads it, administrators keep it and allow what is sensitive, for one audience."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from audiences.archiving import named_by
from audiences.models import Audience, Definition, Trait, TraitAllowance
from audiences.trait_registry import NameTaken, keep
from muster.models import Event, Person
from syncs.models import Run
from syncs.terms import Terms
from tests import factories

Sign = Callable[[Person], Client]


def sent(client: Client, address: str, **fields: object) -> str:
    """Send a form the plain way and return the page that follows."""
    return client.post(address, fields, follow=True).content.decode()


@pytest.fixture
def cart(marketer: Person) -> Audience:
    return factories.audience(name="Cart", owner=marketer)


def test_the_registry_is_read_and_says_whom_to_ask(marketer: Person, administrator: Person, signed_in: Sign) -> None:
    assert "No trait yet" in signed_in(marketer).get("/traits/").content.decode()
    factories.trait("ltv_tier", description="Gold, silver, bronze", added_by=administrator)

    page = signed_in(marketer).get("/traits/").content.decode()

    assert "ltv_tier" in page
    assert "Gold, silver, bronze" in page
    assert "Every audience with a reason" in page
    assert "Ada Novak" in page
    assert "Add a trait" not in page


def test_an_administrator_adds_a_trait(administrator: Person, signed_in: Sign) -> None:
    page = sent(signed_in(administrator), "/traits/add/", name="ltv_tier", type="text", description="By value")

    made = Trait.objects.get()
    assert (made.name, made.added_by, made.sensitive) == ("ltv_tier", administrator, False)
    assert "ltv_tier is in the registry. Audiences may ask for it, each with a reason." in page
    (event,) = Event.objects.all()
    assert (event.verb, event.actor) == ("added the trait", administrator)


def test_a_refused_trait_keeps_what_was_typed(administrator: Person, signed_in: Sign) -> None:
    client = signed_in(administrator)
    factories.trait("ltv_tier")
    factories.trait("old_tier", retired_at=timezone.now())

    page = sent(client, "/traits/add/", name="ltv_tier", type="number", description="By value")
    assert "ltv_tier is in the registry already." in page
    assert 'value="By value"' in page
    page = sent(client, "/traits/add/", name="old_tier", type="number")
    assert "old_tier is in the registry already, retired: restore it." in page
    assert Trait.objects.count() == 2


def test_a_refused_change_leaves_the_trait_and_its_heading(administrator: Person, signed_in: Sign) -> None:
    factories.trait("ltv_tier")
    other = factories.trait("city")

    page = sent(signed_in(administrator), f"/traits/{other.pk}/", name="ltv_tier", type="text")

    assert "ltv_tier is in the registry already." in page
    assert "<h1><code>city</code></h1>" in page
    other.refresh_from_db()
    assert other.name == "city"


@pytest.mark.parametrize("address", ["add/", "{pk}/", "{pk}/allow/", "{pk}/retire/", "{pk}/restore/"])
@pytest.mark.parametrize("role", ["marketer", "manager", "paid_media"])
def test_only_an_administrator_changes_the_registry(address: str, role: str, cart: Audience, signed_in: Sign) -> None:
    tier = factories.trait("birth_year", sensitive=True)
    fields = {"name": "x", "type": "text", "audience": cart.pk, "reason": "Because"}

    answer = signed_in(factories.person(role=role)).post(f"/traits/{address.format(pk=tier.pk)}", fields)

    assert answer.status_code == 403
    assert not TraitAllowance.objects.exists()
    assert Trait.objects.get().name == "birth_year"
    assert Trait.objects.get().retired_at is None


def test_a_sensitive_trait_is_allowed_for_one_audience_with_a_reason(
    cart: Audience, administrator: Person, signed_in: Sign
) -> None:
    tier, client = factories.trait("birth_year", sensitive=True), signed_in(administrator)
    factories.audience(name="Lapsed")
    address = f"/traits/{tier.pk}/allow/"

    assert "Give a reason. Nothing was allowed." in sent(client, address, audience=cart.pk, reason=" ")
    assert "Choose the audience. Nothing was allowed." in sent(client, address, audience="", reason="Age of gifts")
    assert not TraitAllowance.objects.exists()

    assert "Cart may use birth_year." in sent(client, address, audience=cart.pk, reason="Age of gifts")

    given = TraitAllowance.objects.get()
    assert (given.audience, given.by, given.reason) == (cart, administrator, "Age of gifts")
    assert "allowed for Cart" in " ".join(client.get("/traits/").content.decode().split())
    sent(client, address, audience=cart.pk, reason="Once more")
    assert TraitAllowance.objects.get().reason == "Age of gifts"
    assert Event.objects.filter(verb="allowed the trait", audience_id=cart.pk).count() == 1


def draft_of(cart: Audience) -> Definition:
    return Definition.objects.create(audience=cart, number=1, purpose="measure", edited_by=cart.owner)


def choosing(draft: Definition, tier: Trait) -> dict[str, object]:
    """What the draft's form sends when it chooses the trait for an analytics list."""
    place = factories.destination(platform="amplitude")
    return {
        "name": draft.audience.name,
        "purpose": draft.purpose,
        "owner": draft.audience.owner_id,
        "revision": draft.revision,
        f"list-{place.pk}-use": "on",
        f"trait-{tier.pk}-use": "on",
        f"trait-{tier.pk}-reason": "Age of gifts",
    }


def test_a_sensitive_trait_is_chosen_only_where_it_is_allowed(
    cart: Audience, marketer: Person, administrator: Person, signed_in: Sign
) -> None:
    tier, draft = factories.trait("birth_year", sensitive=True), draft_of(cart)
    fields, address = choosing(draft, tier), "/audiences/cart/definition/"
    assert "Ada Novak" in signed_in(marketer).get(address).content.decode()

    page = sent(signed_in(marketer), address, **fields)
    draft.refresh_from_db()
    assert "This trait is sensitive. An administrator can allow it for this audience" in page
    assert draft.traits == []

    sent(signed_in(administrator), f"/traits/{tier.pk}/allow/", audience=cart.pk, reason="Age of gifts")
    page = sent(signed_in(marketer), address, **fields)
    draft.refresh_from_db()
    assert "The draft is saved." in page
    assert draft.traits == [{"name": "birth_year", "reason": "Age of gifts"}]


def test_what_is_withdrawn_is_told_in_the_draft(
    cart: Audience, marketer: Person, administrator: Person, signed_in: Sign
) -> None:
    tier, draft = factories.trait("birth_year", sensitive=True), draft_of(cart)
    Definition.objects.filter(pk=draft.pk).update(traits=[{"name": "birth_year", "reason": "Age of gifts"}])
    given = TraitAllowance.objects.create(trait=tier, audience=cart, reason="Age", by=administrator, at=timezone.now())
    trouble = "birth_year is sensitive: ask an administrator to allow it for this audience, or leave it out."
    assert trouble not in signed_in(marketer).get("/audiences/cart/definition/").content.decode()

    page = sent(signed_in(administrator), f"/traits/{tier.pk}/allow/{given.pk}/withdraw/")

    assert "Cart may no longer choose birth_year; a locked version keeps it." in page
    assert not TraitAllowance.objects.exists()
    assert trouble in signed_in(marketer).get("/audiences/cart/definition/").content.decode()


def test_an_allowance_is_withdrawn_only_under_its_own_trait(
    cart: Audience, administrator: Person, signed_in: Sign
) -> None:
    one, other = factories.trait(sensitive=True), factories.trait(sensitive=True)
    given = TraitAllowance.objects.create(trait=one, audience=cart, reason="x", by=administrator, at=timezone.now())

    assert signed_in(administrator).post(f"/traits/{other.pk}/allow/{given.pk}/withdraw/").status_code == 404
    assert TraitAllowance.objects.exists()


def test_versions_of_before_and_archived_audiences_name_nothing_any_more(db: None) -> None:
    tier, chosen = factories.trait("ltv_tier"), [{"name": "ltv_tier", "reason": "Why not"}]
    naming = [factories.audience(name=name) for name in ("Winback", "Cart")]
    for one in naming:
        factories.definition(one, traits=chosen)
    factories.definition(naming[0], number=2, state="draft", traits=chosen)
    before = factories.audience(name="Before")
    factories.definition(before, state="past", traits=chosen)
    factories.definition(before, number=2, traits=[{"name": "city", "reason": "Why not"}])
    factories.definition(factories.audience(name="Gone", archived_at=timezone.now()), traits=chosen)

    assert [one.name for one in named_by(tier)] == ["Cart", "Winback"]


def test_retiring_says_who_names_it_and_can_be_taken_back(
    cart: Audience, marketer: Person, administrator: Person, signed_in: Sign
) -> None:
    tier, client = factories.trait("ltv_tier"), signed_in(administrator)
    factories.definition(cart, traits=[{"name": "ltv_tier", "reason": "Why not"}])
    page = client.get(f"/traits/{tier.pk}/").content.decode()
    assert "Cart names it: from the next run on it is sent no more, and the next version cannot name it." in page

    assert "ltv_tier is retired: no new version can name it." in sent(client, f"/traits/{tier.pk}/retire/")

    tier.refresh_from_db()
    assert tier.retired_at
    page = signed_in(marketer).get("/traits/").content.decode()
    assert "1 that no new version can name" in page
    assert "0 traits" in page
    sent(signed_in(administrator), f"/traits/{tier.pk}/retire/")
    assert Event.objects.filter(verb="retired").count() == 1
    assert "ltv_tier is back in the registry." in sent(client, f"/traits/{tier.pk}/restore/")
    tier.refresh_from_db()
    assert tier.retired_at is None


def test_a_retired_trait_is_offered_to_no_draft_and_lacks_where_it_is_named(
    cart: Audience, marketer: Person, signed_in: Sign
) -> None:
    factories.trait("old_tier", retired_at=timezone.now())
    draft = draft_of(cart)
    assert "old_tier" not in signed_in(marketer).get("/audiences/cart/definition/").content.decode()

    Definition.objects.filter(pk=draft.pk).update(traits=[{"name": "old_tier", "reason": "Was good"}])

    page = signed_in(marketer).get("/audiences/cart/definition/").content.decode()
    assert "old_tier is no longer in the trait registry: leave it out." in page
    assert 'value="Was good"' in page


def test_what_the_page_says_of_retiring_is_what_a_run_does(
    cart: Audience, administrator: Person, signed_in: Sign
) -> None:
    tier, place = factories.trait("ltv_tier"), factories.destination(platform="amplitude")
    definition = factories.definition(cart, destinations=[place], traits=[{"name": "ltv_tier", "reason": "Why not"}])
    run = Run(activation=factories.activation(cart, place), definition=definition)
    assert Terms(run).traits == (("ltv_tier", "text"),)

    sent(signed_in(administrator), f"/traits/{tier.pk}/retire/")

    assert Terms(run).traits == ()


def test_a_trait_that_audiences_name_keeps_its_name(cart: Audience, administrator: Person, signed_in: Sign) -> None:
    tier, free = factories.trait("ltv_tier"), factories.trait("city")
    factories.definition(cart, traits=[{"name": "ltv_tier", "reason": "Why not"}])
    client = signed_in(administrator)
    assert "Audiences name it, so its name stays" in client.get(f"/traits/{tier.pk}/").content.decode()

    for one in (tier, free):
        sent(client, f"/traits/{one.pk}/", name=f"new_{one.pk}", type="text", description="Told better")

    assert set(Trait.objects.values_list("name", "description")) == {
        ("ltv_tier", "Told better"),
        (f"new_{free.pk}", "Told better"),
    }


def test_numbers_that_no_row_can_have_are_not_there(signed_in: Sign, administrator: Person) -> None:
    allowed = factories.trait("tier", sensitive=True)
    made = TraitAllowance.objects.create(
        trait=allowed, audience=factories.audience(), reason="Agreed", by=administrator, at=timezone.now()
    )
    browser = signed_in(administrator)

    for trait, allowance in ((10**20, made.pk), (allowed.pk, 10**20), (allowed.pk + 1, made.pk)):
        assert browser.post(f"/traits/{trait}/allow/{allowance}/withdraw/").status_code == 404
    assert TraitAllowance.objects.exists()


def test_a_name_that_was_added_since_the_form_was_checked_is_refused_in_words(administrator: Person) -> None:
    factories.trait("ltv_tier")
    for trait in (Trait(name="ltv_tier", type="text"), factories.trait("old_tier")):
        trait.name = "ltv_tier"
        with pytest.raises(NameTaken, match="ltv_tier was added to the registry meanwhile"):
            keep(trait, changed=["name"], by=administrator, at=timezone.now())

    assert sorted(Trait.objects.values_list("name", flat=True)) == ["ltv_tier", "old_tier"]
    assert not Event.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_one_trait_added_by_several_at_once_is_there_once(administrator: Person) -> None:
    browsers = [Client() for _ in range(4)]
    for browser in browsers:
        factories.sign_in(browser, administrator)

    def add(browser: Client) -> tuple[int, bool]:
        try:
            answer = browser.post("/traits/add/", {"name": "ltv_tier", "type": "text"})
            return answer.status_code, "ltv_tier" in answer.content.decode()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(browsers)) as threads:
        answers = sorted(threads.map(add, browsers))

    assert [status for status, _ in answers] == [200, 200, 200, 302]
    assert Trait.objects.count() == 1

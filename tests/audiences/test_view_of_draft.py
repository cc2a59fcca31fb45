"""The draft's page: incomplete is saved, refused is kept as typed, checking saves nothing."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from audiences.models import Audience, Definition, Destination, Pipe
from muster.models import Event, Person
from syncs import pausing
from tests import factories

Sign = Callable[[Person], Client]
PAGE = "/audiences/cart/definition/"


@pytest.fixture
def draft(marketer: Person) -> Definition:
    """A first draft about which almost nothing was said."""
    made = factories.audience(name="Cart", owner=marketer, drift_checker=None)
    return Definition.objects.create(audience=made, number=1, purpose="retarget", edited_by=marketer)


@pytest.fixture
def meta(db: None) -> tuple[Destination, Pipe]:
    return factories.destination(name="Meta US"), factories.pipe(name="meta_cart")


def typed(draft: Definition, **fields: object) -> dict[str, object]:
    """What the form sends when nothing but these fields was filled in."""
    audience = draft.audience
    return {
        "name": audience.name,
        "purpose": draft.purpose,
        "owner": audience.owner_id,
        "revision": Definition.objects.get(pk=draft.pk).revision,
        **fields,
    }


def everything(
    draft: Definition, meta: tuple[Destination, Pipe], checker: Person, **fields: object
) -> dict[str, object]:
    """What the form sends when every clause is filled in."""
    place, pipe = meta
    review = timezone.localdate() + timedelta(days=90)
    said = {
        "outcome": "Bring people back who left a cart",
        "campaign": "Cart recovery",
        "outcome_measure": "Orders within 7 days",
        "logic": "Has a cart and no order",
        "entry_rule": "When the cart is left",
        "exit_rule": "When the order is placed",
        "cadence": "by hand",
        "freshness_minutes": "120",
        "first": "email",
        "second": "phone",
        "phone_country": "US",
        "not_unsubscribed": "on",
        "basis": "Consent at checkout",
        "exclusions_reason": "Nobody needs to be",
        "size_low": "1,000",
        "size_high": "38 000",
        "match_low": "40%",
        "match_high": "65.5",
        "tolerance": "5",
        "check_every": "every Monday",
        "drift_checker": checker.pk,
        "review_date": f"{review:%d %b %Y}",
        f"list-{place.pk}-use": "on",
        f"list-{place.pk}-pipe": pipe.pk,
        f"list-{place.pk}-list_name": "Cart people",
    }
    return typed(draft, **{**said, **fields})


def sent(client: Client, address: str, fields: dict[str, object]) -> str:
    """Send a form the plain way and return the page that follows."""
    return client.post(address, fields, follow=True).content.decode()


def stored(draft: Definition) -> Definition:
    return Definition.objects.select_related("audience").get(pk=draft.pk)


def test_an_incomplete_draft_is_saved_and_says_what_lacks(draft: Definition, marketer: Person, signed_in: Sign) -> None:
    page = sent(signed_in(marketer), PAGE, typed(draft, outcome="Bring them back", cadence="every hour"))

    now = stored(draft)
    assert (now.outcome, now.cadence, now.revision) == ("Bring them back", "every hour", 2)
    assert "Lists" in now.lacking
    assert "The draft is saved. Nothing is sent by it until it is approved and put into use." in page
    assert 'value="Bring them back"' in page
    assert "Name the campaign that uses it." in page
    assert "Choose at least one list." in page
    assert "Say what the audience is for." not in page


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("size_low", "many", "Type a whole number, like 38,000."),
        ("tolerance", "120", "Ensure this value is less than or equal to 100."),
        ("review_date", "soon", "Type a day, like 18 May 2027 or 2027-05-18."),
        ("outcome", "x\x07y", "This holds characters that cannot be seen."),
        ("name", "", "This field is required."),
    ],
)
def test_what_is_refused_is_said_and_nothing_typed_is_lost(
    field: str, value: str, sentence: str, draft: Definition, marketer: Person, signed_in: Sign
) -> None:
    fields = typed(draft, **{"campaign": "Spring carts", "entry_rule": "On leaving a cart", field: value})

    page = sent(signed_in(marketer), PAGE, fields)

    assert "Nothing was saved. 1 thing cannot stay as it is:" in page
    assert sentence in page
    assert f'href="#id_{field}"' in page
    assert 'value="Spring carts"' in page
    assert 'value="On leaving a cart"' in page
    now = stored(draft)
    assert (now.campaign, now.revision, now.audience.name) == ("", 1, "Cart")
    assert not Event.objects.exists()


def test_bands_the_wrong_way_round_are_refused(draft: Definition, marketer: Person, signed_in: Sign) -> None:
    page = sent(signed_in(marketer), PAGE, typed(draft, size_low="500", size_high="100"))

    assert "This is less than where the band begins. Swap the two, or correct one." in page
    assert 'value="500"' in page
    assert stored(draft).size_low is None


def test_another_audiences_name_is_refused(draft: Definition, marketer: Person, signed_in: Sign) -> None:
    factories.audience(name="Lapsed")

    page = sent(signed_in(marketer), PAGE, typed(draft, name="LAPSED"))

    assert "Another audience has this name." in page
    assert 'value="LAPSED"' in page
    assert stored(draft).audience.name == "Cart"


def test_a_kept_row_of_exclusions_and_its_refusal(draft: Definition, marketer: Person, signed_in: Sign) -> None:
    space = draft.audience.segment.workspace
    factories.segment_row(space, number=4711, name="Customers")
    client = signed_in(marketer)
    row = {"exclusion-0-segment": "Nowhere (9999999)", "exclusion-0-reason": "They bought"}

    page = sent(client, PAGE, typed(draft, **row))
    assert "Customer.io lists no such segment." in page
    assert 'value="Nowhere (9999999)"' in page
    assert 'value="They bought"' in page

    sent(client, PAGE, typed(draft, **{**row, "exclusion-0-segment": "4711"}))
    assert stored(draft).exclusions == [{"segment": 4711, "reason": "They bought"}]
    assert "Customers (4711)" in client.get(PAGE).content.decode()


def test_a_trait_for_ad_lists_only_is_refused(
    draft: Definition, meta: tuple[Destination, Pipe], marketer: Person, signed_in: Sign
) -> None:
    tier = factories.trait("tier")
    chosen = {f"trait-{tier.pk}-use": "on", f"trait-{tier.pk}-reason": "For the bid"}

    page = sent(signed_in(marketer), PAGE, typed(draft, **chosen, **{f"list-{meta[0].pk}-use": "on"}))

    assert "Ad lists hold identifiers only" in page
    assert 'value="For the bid"' in page
    assert stored(draft).traits == []


def test_the_check_tells_what_lacks_with_what_is_typed_and_saves_nothing(
    draft: Definition, marketer: Person, signed_in: Sign
) -> None:
    fields = typed(draft, outcome="Bring them back", name="Renamed", size_low="many")

    fragment = signed_in(marketer).post(f"{PAGE}check/", fields, headers={"HX-Request": "true"}).content.decode()

    assert "<html" not in fragment
    assert "Not saved yet." in fragment
    assert "Type a whole number, like 38,000." in fragment
    assert "Say what the audience is for." not in fragment
    assert "Name the campaign that uses it." in fragment
    now = stored(draft)
    assert (now.outcome, now.audience.name, now.revision) == ("", "Cart", 1)
    assert not Event.objects.exists()


def test_save_and_review_stops_at_what_lacks(draft: Definition, marketer: Person, signed_in: Sign) -> None:
    page = sent(signed_in(marketer), PAGE, typed(draft, outcome="Bring them back", review="1"))

    assert "The draft is saved. Nobody can approve it yet" in page
    assert stored(draft).outcome == "Bring them back"


def test_a_complete_draft_is_reviewed(
    draft: Definition, meta: tuple[Destination, Pipe], marketer: Person, manager: Person, signed_in: Sign
) -> None:
    review = sent(signed_in(marketer), PAGE, everything(draft, meta, manager, review="1"))

    now = stored(draft)
    assert "It is complete and needs a second person." in review
    assert "Ask for approval</button>" in review
    assert (now.state, now.size_low, now.size_high, now.match_low, now.lacking) == ("draft", 1000, 38000, 40.0, [])


def test_an_approved_version_is_not_edited_but_revised(marketer: Person, signed_in: Sign) -> None:
    factories.definition(factories.audience(name="Cart", owner=marketer), state="approved")

    after = signed_in(marketer).get(PAGE, follow=True)

    assert after.redirect_chain == [("/audiences/cart/definition/new/", 302)]
    assert "The definition is approved and locked." in after.content.decode()


def test_what_is_saved_stands_in_the_form_again(
    draft: Definition, meta: tuple[Destination, Pipe], marketer: Person, manager: Person, signed_in: Sign
) -> None:
    client = signed_in(marketer)
    sent(client, PAGE, everything(draft, meta, manager))
    once = stored(draft)
    assert once.lacking == []
    page = client.get(PAGE).content.decode()
    for text in ('value="38,000"', 'value="65.5"', 'value="Cart people"', 'value="Consent at checkout"'):
        assert text in page

    sent(client, PAGE, everything(draft, meta, manager))

    assert stored(draft).revision == once.revision  # the same again is no edit


def test_two_editors_see_each_others_words_and_the_second_decides(
    draft: Definition, marketer: Person, other_marketer: Person, client: Client
) -> None:
    mine, theirs = Client(), Client()
    factories.sign_in(mine, marketer)
    factories.sign_in(theirs, other_marketer)
    opened = typed(draft)
    sent(theirs, PAGE, {**opened, "outcome": "What Oskar wrote"})

    page = sent(mine, PAGE, {**opened, "outcome": "What Mara wrote"})

    assert "Oskar Lind saved this draft while you had it open." in page
    assert "Your input is still here, and nothing of it is saved." in page
    assert page.count("<strong>Oskar</strong> wrote") == 1
    assert 'value="What Mara wrote"' in page
    assert stored(draft).outcome == "What Oskar wrote"
    (revision,) = re.findall(r'name="revision" value="(\d+)"', page)
    sent(mine, PAGE, {**opened, "outcome": "What Mara wrote", "revision": revision})
    assert stored(draft).outcome == "What Mara wrote"


@pytest.mark.parametrize("revision", ["", "x", "-1", "9" * 40, "²"])
def test_a_form_that_does_not_say_what_it_saw_saves_nothing(
    revision: str, draft: Definition, marketer: Person, signed_in: Sign
) -> None:
    page = sent(signed_in(marketer), PAGE, typed(draft, outcome="Overwritten", revision=revision))

    assert "saved this draft while you had it open." in page
    assert stored(draft).outcome == ""


def test_a_new_version_needs_a_reason(marketer: Person, signed_in: Sign) -> None:
    made = factories.audience(name="Cart", owner=marketer)
    factories.definition(made)
    client = signed_in(marketer)

    page = sent(client, f"{PAGE}new/", {"reason": " "})
    assert "Say why the definition changes. Nothing was started." in page
    assert made.definitions.count() == 1

    page = sent(client, f"{PAGE}new/", {"reason": "Slower now"})
    assert "Why it changes: “Slower now”" in page
    assert made.definitions.get(state="draft").number == 2
    assert "v2 is being edited already." in sent(client, f"{PAGE}new/", {"reason": "Again"})


def test_a_locked_audience_without_a_list_still_has_a_page(marketer: Person, signed_in: Sign) -> None:
    factories.definition(factories.audience(name="Cart", owner=marketer))

    assert (
        "None of its lists is in use, so nothing is sent."
        in signed_in(marketer).get("/audiences/cart/").content.decode()
    )


def test_discarding_the_first_draft_discards_the_audience(draft: Definition, marketer: Person, signed_in: Sign) -> None:
    page = sent(signed_in(marketer), f"{PAGE}discard/", {})

    assert "Cart was discarded. It had never been approved, so nothing was ever sent." in page
    assert not Audience.objects.exists()


def test_a_paused_audience_is_not_discarded_but_offers_archiving(
    draft: Definition, marketer: Person, signed_in: Sign
) -> None:
    pausing.pause(by=marketer, reason="Legal looks at it", at=timezone.now(), audience=draft.audience)

    page = sent(signed_in(marketer), f"{PAGE}discard/", {})

    assert "Nothing was discarded: Cart was paused" in page
    assert 'href="/audiences/cart/retire/"' in page
    assert stored(draft).state == "draft"


@pytest.mark.parametrize("address", ["", "check/", "v1/ask/", "v1/withdraw/", "discard/", "new/"])
def test_paid_media_changes_nothing(address: str, draft: Definition, paid_media: Person, signed_in: Sign) -> None:
    assert signed_in(paid_media).post(PAGE + address, typed(draft, outcome="x")).status_code == 403
    assert stored(draft).outcome == ""


@pytest.mark.django_db(transaction=True)
def test_two_drafts_renamed_to_one_name_at_once_break_nothing(marketer: Person) -> None:
    drafts = []
    for number in range(4):
        made = factories.audience(name=f"Cart {number}", owner=marketer, drift_checker=None)
        drafts.append(Definition.objects.create(audience=made, number=1, purpose="retarget", edited_by=marketer))
    browsers = [Client() for _ in drafts]
    for browser in browsers:
        factories.sign_in(browser, marketer)
    forms = [typed(draft, name="Carts") for draft in drafts]

    def rename(browser: Client, draft: Definition, fields: dict[str, object]) -> tuple[int, str]:
        try:
            answer = browser.post(f"/audiences/{draft.audience.slug}/definition/", fields)
            return answer.status_code, answer.content.decode()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(browsers)) as threads:
        answers = sorted(threads.map(rename, browsers, drafts, forms), key=lambda answer: answer[0])

    assert [status for status, _ in answers] == [200, 200, 200, 302]
    assert all("Another audience has this name" in page for _, page in answers[:3])
    assert Audience.objects.filter(name="Carts").count() == 1

"""Reading back, from the first token to a signed check: an administrator, a marketer and a buyer, wide and narrow."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from audiences.models import Activation
from muster.models import Person
from reconciliation.models import ListAt, Reading
from tests import factories
from tests.browser.conftest import NARROW, WIDE, Browser
from tests.reconciliation.meta_account import TOKEN, MetaAccount
from tests.vendors import Vendors

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def meta(vendors: Vendors, settings: Settings) -> MetaAccount:
    made = MetaAccount(vendors, settings)
    made.list("23851234567890123", name="muster_buyers_7d", members=96_400)
    made.list("23851234567890124", name="VIP 2024 upload", members=14_200)
    made.list("23851234567890125", name="Lookalike source, agency", members=230)
    for number in range(1, 18):
        excluded = ["23851234567890123"] if number > 3 else []
        included = ["23851234567890124"] if number == 2 else []
        name = ("Prospecting DE", "Prospecting FR", "Retargeting cart")[number % 3]
        made.ad_set(str(number), name=f"{name} {number}", excluded=excluded, included=included)
    return made


def suppression() -> Activation:
    made = factories.audience(name="Purchased in last 7 days")
    place = factories.destination(name="Meta, NW US", account="1234567890")
    tool = factories.destination(name="Amplitude, production", platform="amplitude")
    factories.definition(made, purpose="suppress", destinations=[place, tool])
    factories.activation(made, tool)
    return factories.activation(made, place, members=98_000)


def looked_at(browser: Browser, path: str, name: str, *said: str) -> None:
    """Open a page and look at it in both widths and in the dark; it says this, and nothing sticks out."""
    browser.open(path)
    for words in said:
        browser.see(words)
    browser.look(f"reading-{name}-wide")
    browser.scheme("dark")
    browser.look(f"reading-{name}-dark")
    browser.scheme("light")
    browser.resize(NARROW)
    assert browser.fits(), f"{name} sticks out at {NARROW}"
    browser.look(f"reading-{name}-narrow")
    browser.resize(WIDE)
    assert browser.fits(), f"{name} sticks out at {WIDE}"


def test_a_destination_is_read_back(
    browser: Browser, meta: MetaAccount, administrator: Person, marketer: Person, paid_media: Person
) -> None:
    one = suppression()
    place = one.destination_id
    browser.sign_in(administrator)
    looked_at(browser, "/connections/", "connections-before", "Destinations, read only", "has no figures from there")
    browser.click(browser.find(f'#reading-{place} a[href$="/reading/"]'))
    browser.fill("token", TOKEN)
    browser.press("Save and test")
    browser.see("3 customer lists can be read, and 17 active ad sets.")
    looked_at(browser, f"/connections/destinations/{place}/reading/", "access", "Access token ends 9d0e")

    browser.sign_in(marketer)
    browser.open(f"/audiences/{one.audience.slug}/")
    browser.click(browser.find(f'#used a[href="/lists/{one.pk}/at-platform/"]'))
    browser.see("muster_buyers_7d")
    looked_at(browser, f"/lists/{one.pk}/at-platform/", "list-at", "Nobody told yet.", "muster_buyers_7d")
    browser.click(browser.find('tr:has([value="23851234567890123"]) button'))
    browser.see("which is called “muster_buyers_7d” there")
    assert ListAt.objects.get().external_id == "23851234567890123"

    browser.sign_in(administrator)
    browser.open("/connections/")
    browser.click(browser.find(f"#reading-{place} form button"))
    browser.see("2 unknown lists")
    looked_at(browser, "/connections/", "connections", "2 unknown lists")

    browser.sign_in(marketer)
    looked_at(browser, f"/audiences/{one.audience.slug}/", "audience", "Excluded in 14 of 17 active ad sets")
    looked_at(browser, f"/lists/{one.pk}/attachment/", "attachment", "Muster reads this from the account by itself.")
    looked_at(browser, f"/connections/destinations/{place}/lists/", "unknown", "1 of them is used by active ads.")
    browser.press("It may stay because …")
    browser.fill("reason", "The agency fills it every Monday.")
    browser.click(browser.find("details[open] .confirm-box button"))
    browser.see("“The agency fills it every Monday.”")


def test_figures_and_checks_are_entered(browser: Browser, marketer: Person) -> None:
    one, now = suppression(), timezone.now()
    browser.sign_in(marketer)
    browser.open(f"/lists/{one.pk}/enter/")
    browser.fill("low", "8,700")
    browser.fill("high", "8,000")
    browser.fill("as_of", f"{now - timedelta(days=1):%Y-%m-%d} 09:20")
    browser.press("Store these figures")
    browser.see("The upper end is below the lower one.")
    browser.look("reading-enter-refused")
    browser.fill("high", "9,300")
    browser.press("Store these figures")
    browser.see("8,700–9,300")
    looked_at(browser, f"/lists/{one.pk}/enter/", "enter", "8,700–9,300", "Mara Keller")

    looked_at(browser, "/figures/import/", "import", "Choose or paste")
    head, day = "list,as of,size low,size high,match rate", f"{now - timedelta(days=2):%Y-%m-%d}"
    browser.fill("text", f'{head}\n"{one}",{day},8500,9100,55\nSomething,{day},many,,')
    browser.press("Preview")
    browser.see("1 of 2 rows cannot be stored.")
    browser.look("reading-import-wrong")
    browser.fill("text", f'{head}\n"{one}",{day},8500,9100,55')
    browser.press("Preview")
    browser.see("Nothing is stored yet.")
    browser.resize(NARROW)
    browser.look("reading-import-narrow-preview")
    assert browser.fits()
    browser.resize(WIDE)
    browser.look("reading-import-preview")
    browser.press("Store 1 row")
    browser.see("2 figures of 1 list stored.")
    assert Reading.objects.count() == 3

    looked_at(browser, f"/lists/{one.pk}/attachment/", "sign", "Sign what you see there")
    browser.fill("used", "14")
    browser.fill("active", "17")
    browser.fill("names", "Prospecting DE\nProspecting FR\nRetargeting cart")
    browser.tick("looked")
    browser.press("Sign it")
    browser.see("Excluded in 14 of 17 active ad sets; missing in: Prospecting DE, Prospecting FR, Retargeting cart.")
    looked_at(browser, f"/lists/{one.pk}/attachment/", "signed", "Signed by Mara Keller")

"""The suppression board in a browser: every state, light and dark, wide and narrow, kept fresh by itself."""

import pytest

from audiences.models import RequiredSuppression
from muster.models import Person
from tests import factories
from tests.browser.conftest import NARROW, WIDE, Browser
from tests.reconciliation.suppression_world import World, every_state
from tests.syncs import run_rows

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
BADGES = ("Protecting", "Stale 9 h 10 m", "Not set", "Settling", "Unknown", "Not attached", "Too small", "Broken")


@pytest.fixture
def world(manager: Person, administrator: Person) -> World:
    run_rows.beats()
    return every_state(manager, factories.person(full_name="Priya Raman"), administrator)


def looked_at(browser: Browser, path: str, name: str) -> None:
    for width in (WIDE, NARROW):
        browser.resize(width)
        browser.open(path)
        browser.find("main h1")
        assert browser.fits(), f"{name} sticks out at {width}"
        for scheme in ("light", "dark"):
            browser.scheme(scheme)
            browser.look(f"{name}-{scheme}-{width}")
    browser.scheme("light")
    browser.resize(WIDE)


def test_a_buyer_sees_every_state_and_asks(browser: Browser, world: World, paid_media: Person) -> None:
    browser.sign_in(paid_media)
    looked_at(browser, "/suppression/", "suppression")
    for word in BADGES:
        browser.see(word)
    browser.until(lambda: browser.find(".side .count").text.startswith("7"), "the count in the menu")

    late = RequiredSuppression.objects.get(destination__name="Google Ads, NW US", cohort="recent_buyers")
    browser.click(browser.find(f"#todo-ask-{late.pk}"))
    browser.see("Ask Ada Novak (asked")
    browser.click(browser.find(f"#note-{late.pk}"))
    browser.see("Accepted by Pia Bauer")
    assert browser.find("#board").get_attribute("hx-trigger") == "every 60s"
    RequiredSuppression.objects.filter(pk=late.pk).update(label="Buyers of this week")
    browser.driver.execute_script("htmx.ajax('GET', '/suppression/', {target: '#board', swap: 'outerHTML'})")
    browser.see("Buyers of this week")


def test_a_manager_writes_the_policy(browser: Browser, manager: Person) -> None:
    run_rows.beats()
    factories.destination(name="Meta, NW US")
    buyers = factories.audience(name="Purchased in last 7 days")
    factories.definition(buyers, purpose="suppress", use_case="post_purchase", freshness_minutes=60)
    browser.sign_in(manager)
    looked_at(browser, "/suppression/", "suppression-empty")
    browser.press("Write the policy")
    looked_at(browser, "/suppression/policy/", "policy-empty")

    browser.press("Require all 4")
    browser.see("4 suppressions required at 1 ad account.")
    looked_at(browser, "/suppression/policy/", "policy")
    browser.press("Take off")
    browser.fill("reason", "No ads there any more")
    browser.press("Take it off the policy")
    browser.see("1 taken off")
    browser.press("Edit")
    browser.fill("target_minutes", "0")
    browser.press("Save")
    browser.see("At least 5 minutes: nothing is synced more often.")
    looked_at(browser, browser.path, "policy-line")
    browser.open("/suppression/")
    browser.see("lists missing.")
    browser.look("suppression-written")

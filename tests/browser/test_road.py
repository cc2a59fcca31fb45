"""The whole road in a browser: sign in, register, have it approved, sync, watch, cancel another, release what is held."""

from collections.abc import Iterator
from functools import partial

import pytest
from django.utils import timezone
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select

from audiences import roster
from audiences.models import Activation, Audience, Destination, Pipe
from muster.models import Person
from syncs.models import Run
from syncs.states import RunState
from tests import factories
from tests.browser.conftest import NARROW, WIDE, Browser
from tests.syncs.running import synced, working
from tests.vendors import Vendors

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PEOPLE, TEAM = 40, 1
PILOTED = 2  # one of the team arrives and is removed again
PILOT = "/audiences/cart-abandoners/definition/v1/pilot/"
SAID = {
    "outcome": "Bring people back who left a cart",
    "campaign": "Cart recovery",
    "outcome_measure": "Orders within 7 days",
    "logic": "Added to cart, did not buy",
    "entry_rule": "Leaves a cart",
    "exit_rule": "Buys, or 4 hours pass",
    "size_low": "10",
    "size_high": "1000",
    "match_low": "30",
    "match_high": "80",
    "basis": "Consent, asked at sign-up",
    "exclusions_reason": "This is the first audience",
}
CHOSEN = {"cadence": "by hand", "phone_country": "US"}


@pytest.fixture
def working_on() -> Iterator[None]:
    """Workers that work on whatever is live for as long as the test lasts."""
    with working():
        yield


def connected(vendors: Vendors) -> tuple[Destination, Pipe]:
    """Make a workspace with a segment, an ad account and a pipe to it, as an administrator leaves them."""
    vendors.people(PEOPLE, plain=True)
    team = vendors.upsert({"id": "t-1", "email": "ann.bell@team.example", "phone": "+12125550101"})
    number = vendors.segment(name="Left a cart", generated={"share": 1.0})
    vendors.change_segment(number, add=team)
    keeper = factories.person(role="administrator")
    roster.allow_domain("team.example", by=keeper, at=timezone.now())
    roster.add(["ann.bell@team.example"], team="Retention", by=keeper, at=timezone.now())
    vendors.source("road-key", "FB_CUSTOM_AUDIENCE")
    factories.workspace(name="Northwind")
    return factories.destination(name="Meta, NW US"), factories.pipe(
        "road-key", name="nw-us-cart", data_plane_url=vendors.rudder
    )


def sign_in(browser: Browser, somebody: Person) -> None:
    browser.open("/sign-in/")
    browser.fill("email", somebody.email)
    browser.fill("password", factories.PASSWORD)
    browser.press("Sign in")
    browser.find("h1")


def choose(browser: Browser, name: str, value: str) -> None:
    Select(browser.find(f'[name="{name}"]')).select_by_value(value)


def close_messages(browser: Browser) -> None:
    """Close what lies over the page, as on a phone one does before pressing what is below; without a script nothing does."""
    for button in browser.all("[data-close]"):
        if button.is_displayed():
            button.click()


def register(browser: Browser, checker: Person) -> None:
    """Go from the list of segments to a draft that lacks nothing, through the forms."""
    browser.open("/audiences/register/")
    browser.press("Read from Customer.io")
    browser.press("Choose")
    browser.fill("name", "Cart abandoners")
    choose(browser, "purpose", "retarget")
    browser.press("Register as a draft")
    browser.see("is registered as a draft")
    close_messages(browser)
    for name, text in SAID.items():
        if browser.all(f'[name="{name}"]'):
            browser.fill(name, text)
    for name, value in CHOSEN.items():
        choose(browser, name, value)
    choose(browser, "drift_checker", str(checker.pk))


def runs_done(count: int) -> bool:
    """Tell whether there are so many runs and the last is done. A press returns before its request does, without a script."""
    return Run.objects.count() >= count and Run.objects.latest("pk").state == RunState.DONE


def prove(browser: Browser) -> None:
    """Let the team arrive at the list and leave it again, from the pilot's page."""
    for press in ("Run the pilot", "Remove the 1 again"):
        browser.open(PILOT)
        assert browser.fits()
        count = Run.objects.count() + 1
        browser.press(press)
        browser.until(partial(runs_done, count), f"“{press}” to be done")


def put_into_use(browser: Browser, place: Destination, pipe: Pipe, marketer: Person, manager: Person) -> None:
    """Have the draft approved and put into use by the manager, as whom one signs in for it."""
    browser.tick(f"list-{place.pk}-use")
    choose(browser, f"list-{place.pk}-pipe", str(pipe.pk))
    browser.press("Save and review")
    browser.see("It is complete and needs a second person.")
    assert browser.fits()
    browser.press("Ask for approval")
    browser.see("Grace Osei was asked.")
    browser.sign_in(manager)
    browser.open("/")
    browser.see("Waits for your approval")
    assert browser.fits()
    browser.press("Review v1")
    browser.press("Approve v1")
    browser.see("v1 is approved and locked.")
    close_messages(browser)
    browser.sign_in(marketer)
    prove(browser)
    browser.sign_in(manager)
    browser.open(PILOT)
    browser.see("The loop is proven.")
    browser.look("pilot-proven")
    assert browser.fits()
    browser.press("Sign, and send everybody")
    browser.see("Live")
    browser.sign_in(marketer)
    browser.open("/audiences/cart-abandoners/")


@pytest.mark.parametrize(("width", "scheme"), [(NARROW, "dark")])  # wide and light: test_three_people.py
@pytest.mark.usefixtures("working_on")
def test_register_sync_and_watch_to_the_end(
    browser: Browser, vendors: Vendors, marketer: Person, manager: Person, width: int, scheme: str
) -> None:
    place, pipe = connected(vendors)
    browser.resize(width)
    browser.scheme(scheme)
    sign_in(browser, marketer)
    register(browser, manager)
    browser.look(f"definition-{width}-{scheme}")
    assert browser.fits()
    put_into_use(browser, place, pipe, marketer, manager)
    browser.look(f"audience-{width}-{scheme}")
    assert browser.fits()
    # It is to end while somebody watches, also where the browser is slow.
    vendors.fault(vendors.us, "delay", times=4, ms=1500)
    vendors.fault(vendors.rudder, "delay", {"path": "/v1/batch"}, ms=2000)
    browser.press("Sync now")
    browser.press("Follow run")
    page = browser.find("main").id
    browser.until(lambda: browser.find("#run-said").get_attribute("textContent") or "", "the end to be announced")
    browser.see("0 before − 0 + 41 = 41 after")
    browser.until(lambda: "Done" in browser.find(".title-row").text, "the run to be done")
    browser.look(f"run-{width}-{scheme}")
    assert browser.fits()
    assert browser.find("main").id == page  # nobody reloaded it: it was polled
    assert not browser.all("#run[hx-get]")
    run = Run.objects.latest("pk")
    assert (run.state, run.adds, run.accepted_adds) == (RunState.DONE, PEOPLE + TEAM, PEOPLE + TEAM)
    assert len(vendors.events("road-key")) == PILOTED + PEOPLE + TEAM


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.usefixtures("working_on")
def test_a_run_that_takes_long_is_cancelled(browser: Browser, vendors: Vendors, marketer: Person, width: int) -> None:
    made = factories.registered_audience(vendors, PEOPLE, name="Winback")
    vendors.fault(vendors.us, "delay", {"path": "/v1/"}, times=0, ms=2500)  # of 3 s that it may take
    browser.resize(width)
    browser.sign_in(marketer)
    browser.open(f"/audiences/{made.slug}/")
    browser.press("Sync now")
    browser.press("Follow run")
    browser.press("Cancel run")
    browser.see("What RudderStack accepted stays on the list")
    assert browser.fits()
    browser.fill("reason", "Wrong segment")
    browser.press("Cancel run")
    browser.see("Cancelled")
    browser.until(lambda: not browser.all("#run[hx-get]"), "the polling to end")
    browser.look(f"cancelled-{width}")
    assert browser.fits()
    run = Run.objects.get()
    assert (run.state, run.accepted_adds) == (RunState.CANCELLED, 0)
    assert "Wrong segment" in browser.text


def shrunk(vendors: Vendors) -> Activation:
    """Make a list of which most people have left the segment, and sync it: its removals are held."""
    made: Audience = factories.registered_audience(vendors, 120, name="VIP")
    held = made.activations.get()
    assert synced(held).state == RunState.DONE
    members = [one["cio_id"] for one in vendors.members(made.segment.number)]
    vendors.forget(*members[:100])
    assert synced(held).state == RunState.HELD
    return held


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_a_held_run_is_released_by_a_manager(browser: Browser, vendors: Vendors, manager: Person, width: int) -> None:
    held = Run.objects.filter(activation=shrunk(vendors)).latest("pk")
    browser.resize(width)
    browser.sign_in(manager)
    browser.open(f"/runs/{held.pk}/")
    browser.see("Release the 100 removals")
    browser.look(f"held-{width}")
    assert browser.fits()
    browser.find('textarea[name="release-reason"]').send_keys("The segment was narrowed on purpose")
    browser.press("Release up to 100 removals")
    with working():
        browser.until(lambda: Run.objects.latest("pk").state == RunState.DONE, "the released run to be done")
    browser.open(f"/runs/{Run.objects.latest('pk').pk}/")
    browser.see("Done")
    assert Activation.objects.get(pk=held.activation_id).members == 20


@pytest.mark.usefixtures("working_on")
def test_without_javascript(browser: Browser, vendors: Vendors, marketer: Person, manager: Person) -> None:
    place, pipe = connected(vendors)
    browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        sign_in(browser, marketer)
        register(browser, manager)
        put_into_use(browser, place, pipe, marketer, manager)
        browser.press("Lists and their runs")
        browser.press("Sync now")
        browser.until(lambda: "/runs/" in browser.path, "the run's page")

        def reloaded() -> bool:
            browser.driver.refresh()
            return "Done" in browser.find(".title-row").text

        browser.until(reloaded, "the run to be done after reloading")
        assert len(vendors.events("road-key")) == PILOTED + PEOPLE + TEAM
    finally:
        browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_the_keyboard_reaches_the_content_first(browser: Browser, marketer: Person) -> None:
    browser.sign_in(marketer)
    browser.open("/runs/")
    browser.driver.switch_to.active_element.send_keys(Keys.TAB)
    first = browser.driver.switch_to.active_element
    assert first.text == "Skip to content"
    assert first.is_displayed()
    assert first.rect["y"] >= 0
    first.send_keys(Keys.ENTER)
    assert browser.driver.current_url.endswith("#main")
    browser.driver.switch_to.active_element.send_keys(Keys.TAB)
    focused = browser.driver.switch_to.active_element
    assert browser.driver.execute_script("return document.querySelector('#main').contains(arguments[0])", focused)
    assert focused.value_of_css_property("outline-style") == "solid"
    assert focused.value_of_css_property("outline-width") == "2px"

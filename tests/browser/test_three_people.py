"""From a use case to a live list in a browser, by three people: who wrote it, who approves, who holds the keys.

Each is refused where somebody else has to be, and told whom to ask.
"""

from collections.abc import Iterator

import pytest
from django.utils import timezone

from audiences import roster
from audiences.models import Activation, Destination, Lifecycle, Pipe
from muster.models import Person
from syncs.models import Run
from syncs.states import RunState
from tests import factories
from tests.browser.conftest import Browser
from tests.browser.test_road import choose, close_messages
from tests.syncs.running import working
from tests.vendors import Vendors

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
BUYERS = 60
AUDIENCE = "/audiences/purchased-in-last-7-days/"
PILOT = f"{AUDIENCE}definition/v1/pilot/"
SAID = {
    "campaign": "Prospecting",
    "logic": "An order within 7 days",
    "basis": "Legitimate interest: no ads for what was bought",
    "size_low": "1",
    "size_high": "1000",
    "match_low": "30",
    "match_high": "80",
}


@pytest.fixture
def working_on() -> Iterator[None]:
    with working():
        yield


def connected(vendors: Vendors, keeper: Person) -> None:
    """Leave a workspace, an ad account and a source that nobody named for a list yet, as an administrator would."""
    vendors.people(BUYERS, plain=True)
    team = vendors.upsert({"id": "t-1", "email": "ann.bell@team.example", "phone": "+12125550101"})
    number = vendors.segment(name="Purchased in last 7 d", generated={"share": 1.0})
    vendors.change_segment(number, add=team)
    roster.allow_domain("team.example", by=keeper, at=timezone.now())
    roster.add(["ann.bell@team.example"], team="Retention", by=keeper, at=timezone.now())
    vendors.source("walk-key", "FB_CUSTOM_AUDIENCE")
    factories.workspace(name="Northwind")
    factories.destination(name="Meta, NW US")
    factories.pipe("walk-key", name="nw-us-buyers", data_plane_url=vendors.rudder)


def drafted(browser: Browser, checker: Person) -> None:
    """Begin with the use case and write what it does not know."""
    browser.open("/audiences/register/")
    browser.press("Read from Customer.io")
    browser.press("Post-purchase suppression")
    browser.press("Register 1 draft")
    browser.open(f"{AUDIENCE}definition/")
    for name, text in SAID.items():
        if browser.all(f'[name="{name}"]'):
            browser.fill(name, text)
    choose(browser, "phone_country", "US")
    choose(browser, "drift_checker", str(checker.pk))
    browser.tick(f"list-{Destination.objects.get().pk}-use")
    browser.press("Save and review")
    browser.see("The draft is saved. Nobody can approve it yet")
    close_messages(browser)


def refused(browser: Browser, path: str, whom: str) -> None:
    """Open a page that is somebody else's, and be told whose."""
    browser.forgive("403")
    browser.open(path)
    browser.see(f"Ask {whom}")


def ended(browser: Browser, runs: int) -> None:
    """Wait until so many runs are done."""
    browser.until(lambda: Run.objects.filter(state=RunState.DONE).count() == runs, f"{runs} runs to be done")


@pytest.mark.usefixtures("working_on")
def test_three_people_bring_a_use_case_live(
    browser: Browser, vendors: Vendors, marketer: Person, manager: Person, administrator: Person
) -> None:
    connected(vendors, administrator)

    # Mara writes, and asks for a pipe, which she may not connect.
    browser.sign_in(marketer)
    drafted(browser, manager)
    browser.press("Ask for a pipe")
    browser.press("Ask for this pipe")
    browser.see("Waiting for Ada Novak")
    refused(browser, "/connections/pipes/add/", "Ada Novak")

    # Ada connects it. She neither writes nor approves.
    browser.sign_in(administrator)
    refused(browser, f"{AUDIENCE}definition/", "Grace Osei or Mara Keller")
    browser.open("/connections/")
    browser.press("Open")
    choose(browser, "pipe", str(Pipe.objects.get().pk))
    browser.press("Answer with this pipe")
    browser.see("nw-us-buyers answers it.")

    browser.sign_in(marketer)
    browser.open(f"{AUDIENCE}definition/")
    browser.see("nw-us-buyers is connected for it")
    browser.press("Save and review")
    browser.press("Ask for approval")
    browser.see("Grace Osei was asked.")
    browser.see("You asked for this approval, so somebody else decides. Ask Grace Osei.")

    browser.sign_in(administrator)
    browser.open(f"{AUDIENCE}definition/v1/")
    browser.see("Approving takes a manager, or a manager's deputy. Ask Grace Osei.")
    browser.sign_in(manager)
    browser.open(f"{AUDIENCE}definition/v1/")
    browser.press("Approve v1")
    browser.see("v1 is approved and locked.")
    # Keys are not hers, and there is nothing to sign before the pilot.
    refused(browser, "/connections/pipes/add/", "Ada Novak")
    browser.open(PILOT)
    browser.see("It can be signed when every list has shown its loop.")
    assert not [one for one in browser.all("button") if one.text.startswith("Sign,")]

    # The pilot: Ada may not run it; Mara runs it and may not sign it.
    browser.sign_in(administrator)
    browser.open(PILOT)
    browser.see("A marketer or a manager can run it")
    browser.sign_in(marketer)
    for runs, press in enumerate(("Run the pilot", "Remove the 1 again"), start=1):
        browser.open(PILOT)
        browser.press(press)
        ended(browser, runs)
    browser.open(PILOT)
    browser.see("The loop is proven.")
    browser.see("You asked for v1, so somebody else puts it into use. Ask Grace Osei.")
    assert len(vendors.events("walk-key")) == 2  # one of the team came and went, and no customer
    browser.sign_in(manager)
    browser.open(PILOT)
    browser.press("Sign, and begin with 10%")
    browser.see("Ramp step: the first 10% are sent")

    # The ramp step: Mara syncs and may not end it; Grace does.
    browser.sign_in(marketer)
    browser.open(AUDIENCE)
    browser.press("Sync now")
    ended(browser, 3)
    first = Activation.objects.get(kind="production").members
    assert 0 < first < BUYERS
    browser.open(AUDIENCE)
    browser.see("Ask Grace Osei to judge it")
    assert not [one for one in browser.all("button") if one.text == "Send everybody"]
    browser.sign_in(manager)
    browser.open(AUDIENCE)
    browser.find('[id^="grow-"]').send_keys("They match as expected")
    browser.press("Send everybody")
    browser.see("is sent to everybody from the next run on.")
    close_messages(browser)
    browser.press("Sync now")
    ended(browser, 4)
    made = Activation.objects.get(kind="production")
    assert (made.lifecycle, made.ramp, made.members) == (Lifecycle.LIVE, 100, BUYERS + 1)
    browser.open(AUDIENCE)
    assert browser.fits()

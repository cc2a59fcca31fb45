"""An owner and a manager with a journey event, in a browser: register, switch live, see what is lost, try it again."""

from datetime import timedelta

import pytest
from selenium.webdriver.support.select import Select

from audiences.models import Feed
from muster.models import Person
from syncs.event_kept import Kept
from syncs.models import Event, EventState
from tests import factories, feed_rows
from tests.browser.conftest import NARROW, WIDE, Browser

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_feed_from_nobodys_event_to_live(browser: Browser, marketer: Person, manager: Person) -> None:
    space, checker = factories.workspace(name="Shop"), factories.person(full_name="Tomas Lind")
    feed_rows.signing_key(space)
    factories.pipe(name="events-coupon")
    factories.destination(platform="warehouse", name="Warehouse")
    feed_rows.counted(space, name="Coupon Redeemed", received=1204)
    feed_rows.event(None, space=space, name="Coupon Redeemed", body=Kept(seen={"coupon": "text"}).text)
    browser.sign_in(marketer)
    browser.open("/events/")
    browser.see("Nobody owns this one")
    browser.look("events-empty")
    browser.click(browser.find('a[href*="event=Coupon"]'))
    assert browser.find('[name="name"]').get_attribute("value") == "Coupon Redeemed"
    Select(browser.find('[name="kind"]')).select_by_visible_text("Other")
    browser.fill("meaning", "A coupon was redeemed")
    Select(browser.find('[name="drift_checker"]')).select_by_visible_text(checker.full_name)
    Select(browser.find('[name="pipe"]')).select_by_visible_text("events-coupon")
    browser.click(browser.find('[name="destinations"]'))
    browser.fill("property-0-why", "Which coupon brings people back")
    browser.look("feed-form")
    browser.press("Register as a draft")
    browser.see("Coupon Redeemed is registered as a draft")
    browser.see(f"Ask {manager.full_name} to switch it live")
    assert "Switch it live" not in [one.text for one in browser.all("button")]
    browser.sign_in(manager)
    browser.open(browser.path)
    browser.press("Switch it live")
    browser.see("is live: what arrives is forwarded")
    assert Feed.objects.get().state == Feed.State.LIVE
    for width in (WIDE, NARROW):
        browser.resize(width)
        assert browser.fits()


def test_the_page_of_feeds_and_one_of_them(browser: Browser, marketer: Person) -> None:
    feed = feed_rows.feed(owner=marketer, rejects_expected=1.0)
    feed_rows.a_week(feed, 700)
    body = Kept(person_id="1", properties={"coupon": "TRAIL15"}).text
    for number in range(30):
        feed_rows.event(feed, reason="missing_property", words="It lacks value.", body=body if number else "")
    feed_rows.counted(feed, 0.5, received=700, forwarded=670, rejected=30)
    feed_rows.forwarded(feed, timedelta(seconds=38))
    browser.sign_in(marketer)
    for scheme in ("light", "dark"):
        for width in (WIDE, NARROW):
            browser.scheme(scheme)
            browser.resize(width)
            browser.open("/events/")
            browser.see("30 rejected: a required property is missing")
            assert browser.fits(), (scheme, width)
            browser.look(f"events-{scheme}-{width}")
            browser.open(f"/events/{feed.slug}/")
            browser.see("Recipe for the webhook block")
            assert browser.fits(), (scheme, width)
            browser.look(f"feed-{scheme}-{width}")
    browser.resize(WIDE)
    assert browser.find(".nav-list .count").text.startswith("1")
    browser.press("Copy the body")
    browser.press("Try all again")
    browser.see("29 events will be forwarded. 1 event is rejected as before.")
    assert Event.objects.filter(state=EventState.WAITING).count() == 29
    browser.press("Drop all")
    browser.fill("reason", "It never had a coupon")
    browser.press("Drop 1")
    browser.see("1 event dropped.")

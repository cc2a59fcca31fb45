"""The first page in a browser: who needs somebody now, narrow, in the dark, without scripts' help, and by its one button."""

from datetime import timedelta

import pytest
from django.utils import timezone

from audiences.models import Activation, Segment
from muster.models import Person
from reconciliation.weeks import monday_of
from syncs.models import Pause
from tests import factories
from tests.browser.conftest import NARROW, WIDE, Browser
from tests.muster.test_home import required, seen, stale
from tests.reconciliation import list_weeks, readings
from tests.syncs import run_rows

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def lists(marketer: Person) -> list[Activation]:
    """One list of each kind, owned by the marketer."""
    now = timezone.now()
    late = stale("Purchased in last 7 days", members=13_000)
    required(late, 1_126, marketer)
    held = run_rows.list_of("Refunded or chargeback, 90 d", purpose="suppress", members=3_193)
    run_rows.held(held, at=now - timedelta(hours=3))
    drifts = run_rows.list_of("Cart abandoners 1–4 h")
    readings.weekly(drifts, now, [62.0] * 20 + [56.0, 55.0])
    drifts.arrival.health, drifts.arrival.health_words = "drifting", "Phone coverage fell 13 points."
    drifts.arrival.save()
    list_weeks.week(drifts, monday_of(timezone.localdate()), "drifting", missing_low=620, missing_high=1_860)
    fine = run_rows.list_of("Cart abandoners 4–24 h", platform="google_ads")
    readings.weekly(fine, now, [58.0] * 22)
    fine.arrival.health = "on_target"
    fine.arrival.save()
    learning = run_rows.list_of("Support-sensitive customers")
    seen(learning, "unknown", health_words="learning 3 of 8", size_low=400, size_high=430)
    vip, place = factories.audience(name="VIP lookalike seed"), factories.destination(name="Meta, NW US")
    factories.activation(vip, place, lifecycle="draft")
    factories.definition(vip, state="approved", purpose="lookalike", destinations=[place])
    draft = factories.audience(name="Browse abandoners 24 h")
    factories.definition(draft, state="draft", lacking=["Cadence", "Review date"])
    for one in (late, held, drifts, fine, learning):
        one.audience.owner = marketer
        one.audience.save()
    for made in (vip, draft):
        made.owner = marketer
        made.save()
    Segment.objects.update(size=26_940, size_at=now - timedelta(days=3))  # with a date, a time is three times as long
    return [late, held, drifts, fine, learning]


def test_the_first_page(browser: Browser, lists: list[Activation], marketer: Person) -> None:
    browser.sign_in(marketer)
    for width, scheme in ((WIDE, "light"), (WIDE, "dark"), (NARROW, "light")):
        browser.resize(width)
        browser.scheme(scheme)
        browser.open("/")
        browser.see("Three need you; 1,126 people are exposed.")
        assert browser.path == "/audiences/"
        assert browser.find(".spark")
        browser.look(f"home-{width}-{scheme}")
        assert browser.fits(), width
    browser.press("Reply to drift")
    browser.see("Answer the drift of Cart abandoners 1–4 h")


def test_its_first_part_comes_anew_by_itself_and_keeps_what_one_types(
    browser: Browser, lists: list[Activation], marketer: Person
) -> None:
    browser.sign_in(marketer)
    browser.open("/audiences/")
    browser.driver.execute_script("document.querySelector('[name=q]').value = 'Refu'")
    list_weeks.answer(
        lists[2],
        marketer,
        monday=monday_of(timezone.localdate()),
        since=monday_of(timezone.localdate()),
        at=timezone.now(),
        kind="expected",
    )
    browser.driver.execute_script(
        "htmx.ajax('GET', location.pathname, {target: '#needs', select: '#needs', selectOOB: '#lede', swap: 'outerHTML'})"
    )
    browser.see("Two need you; 1,126 people are exposed.")
    assert browser.driver.execute_script("return document.querySelector('[name=q]').value") == "Refu"


def test_what_is_paused_is_said_everywhere(browser: Browser, lists: list[Activation], manager: Person) -> None:
    Pause.objects.create(reason="Black Friday", by=manager, at=timezone.now())
    browser.sign_in(manager)
    browser.open("/audiences/?owner=all")
    browser.see("Everything is paused")
    assert all("paused" in row.text for row in browser.all(".lines tbody tr"))
    browser.look("home-paused")

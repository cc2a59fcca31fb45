"""A manager's Monday in a browser: open the report, read it, sign it; on paper, narrow, and in the dark."""

import base64
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from muster.models import Person
from reconciliation import digesting, freezing
from reconciliation.messages import of_digest
from reconciliation.models import Delivery, Report
from reconciliation.weeks import key, monday_of
from tests import factories
from tests.browser.conftest import NARROW, WIDE, Browser
from tests.reconciliation import list_weeks
from tests.syncs import run_rows

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WEEK = timedelta(weeks=1)
NAMES = ("Cart abandoners", "Purchased 7 d", "Unsubscribed", "Refunded", "Loyalty tiers", "VIP", "Support-sensitive")


def frozen(owner: Person) -> Report:
    """Let a week be frozen with all that a report may tell, after twelve weeks of past."""
    monday = monday_of(timezone.now().date()) - WEEK
    winback = run_rows.list_of("Winback 90 d, 2+ orders", platform="google_ads")
    lapsed, coupon = run_rows.list_of("Lapsed 60–120 d, high AOV"), run_rows.list_of("Coupon exposure")
    for back in range(1, 12):
        outside = "drifting" if back in {4, 5} else "on_target"
        list_weeks.week(winback, monday - back * WEEK, outside)
        list_weeks.week(lapsed, monday - back * WEEK)
    list_weeks.week(winback, monday, "drifting", since=monday - 2 * WEEK)
    list_weeks.week(
        lapsed,
        monday,
        "drifting",
        missing_low=0,
        missing_high=0,
        not_removed_low=1_140,
        not_removed_high=1_140,
        off=6.1,
        cause="removal",
        cause_words="Removals accepted since Wednesday, size unchanged.",
    )
    list_weeks.week(coupon, monday, "unknown")
    list_weeks.week(coupon, monday - WEEK, "unknown")
    for number, name in enumerate(NAMES):
        one = run_rows.list_of(name, purpose="suppress" if number == 2 else "retarget")
        list_weeks.week(one, monday)
        second = factories.activation(one.audience, factories.destination(platform="google_ads"))
        list_weeks.week(second, monday, off=0.4 * number)
    at = timezone.now() - timedelta(hours=1)
    since = monday - 2 * WEEK
    list_weeks.answer(winback, owner, monday=monday - WEEK, since=since, at=at - 6 * timedelta(days=1), fix_by=monday)
    made = freezing.freeze(monday, at=at)
    assert made
    return made


def test_a_managers_monday(browser: Browser, marketer: Person, manager: Person) -> None:
    report = frozen(marketer)
    browser.sign_in(manager)
    browser.open("/reports/")
    browser.see("waits for your signature")
    browser.look("reports")
    assert browser.fits()
    browser.press("Read and sign")
    browser.see("What you must decide")
    browser.see("a promise was not kept")
    browser.look("report")
    pdf = base64.b64decode(
        browser.driver.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True, "printBackground": True})["data"]
    )
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 2, "two sheets of A4"
    width, height = map(float, re.search(rb"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]", pdf).groups())  # type: ignore[union-attr]
    assert (round(width), round(height)) == (595, 842), "A4 portrait"

    seen = {browser.path}
    browser.press("Ask for an answer")
    browser.see("are asked to answer")
    browser.look("report-chased")
    assert Delivery.objects.filter(subject__startswith=f"{manager.full_name} asks you to answer").exists()
    seen.add(browser.path)
    browser.press("Sign off")
    browser.press("Sign off the report")
    browser.see(f"You signed off the drift report of {key(report.monday)}")
    browser.see(f"Signed {manager.full_name}".replace("Signed ", ""))
    assert Report.objects.get().signed_by == manager
    assert seen == {browser.path} == {f"/reports/{key(report.monday)}/"}, "the reports and this one are all it takes"


def test_it_fits_a_phone_and_the_dark(browser: Browser, marketer: Person, manager: Person) -> None:
    week = key(frozen(marketer).monday)
    browser.sign_in(marketer)
    for width, scheme in ((NARROW, "light"), (WIDE, "dark")):
        browser.resize(width)
        browser.scheme(scheme)
        for name, path in (("reports", ""), ("report", f"{week}/"), ("audiences", f"{week}/audiences/")):
            browser.open(f"/reports/{path}")
            browser.look(f"{name}-{width}-{scheme}")
            assert browser.fits(), (path, width)
    browser.open(f"/reports/{week}/")
    browser.see(f"Ask {manager.full_name} to sign it off")


def test_the_digest_as_a_mail_program_shows_it(
    browser: Browser, marketer: Person, manager: Person, tmp_path: Path
) -> None:
    week = digesting.Week(frozen(marketer).monday, timezone.now())
    mail = tmp_path / "digest.html"
    mail.write_text(of_digest(week.digest(manager)).html)
    for width, scheme in ((NARROW, "light"), (WIDE, "light"), (WIDE, "dark")):
        browser.resize(width)
        browser.scheme(scheme)
        browser.driver.get(mail.as_uri())
        browser.see("Read and sign the report of")
        assert browser.fits(), width
        browser.look(f"digest-{width}-{scheme}")
    assert not browser.all("script, link, img"), "mail programs would leave these out"
    assert len(browser.all("style")) == 1, "those that leave it out go by the attributes"

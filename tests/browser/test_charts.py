"""Charts in a browser: read out by mouse and keyboard, the same as their table, in both themes, narrow and on paper."""

from datetime import timedelta

import pytest
from django.utils import timezone
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from audiences.models import Activation
from muster import audit
from muster.models import Person
from tests.browser.conftest import NARROW, Browser
from tests.reconciliation import readings
from tests.syncs import run_rows

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
DAY = timedelta(days=1)
WEEKS = [52.0, 52.5, None, 53.0, 64.0, 63.5, 64.2, 56.0]


@pytest.fixture
def made(browser: Browser, marketer: Person) -> Activation:
    """A list with a history, and somebody who looks at it."""
    now = timezone.now()
    one = run_rows.list_of("Cart abandoners 1–4 h")
    run_rows.run_of(one, created_at=now - 200 * DAY)
    one.audience.definitions.update(match_low=62, match_high=66, promoted_at=now - 200 * DAY)
    whose, at = one.audience, now - 20 * DAY
    audit.record(verb="approved v2 of", subject=whose, by=marketer, audience_id=whose.pk, at=at)
    readings.access(one)
    readings.weekly(one, now, WEEKS)
    for back in (40, 30, 12, 1):
        readings.counted(one, now - back * DAY, people=1_000, email=990, phone=583 if back < 20 else 714)
    browser.sign_in(marketer)
    return one


def chart(browser: Browser, panel: str) -> WebElement:
    return browser.find(f"{panel} [data-readout][role=slider]")


def said(browser: Browser, panel: str) -> str:
    return browser.find(f"{panel} [data-said-here]").text


def test_a_chart_is_read_out_by_keyboard_and_mouse(browser: Browser, made: Activation) -> None:
    panel = f"#arrived-{made.pk}"
    browser.open(f"/audiences/{made.audience.slug}/")
    box = chart(browser, panel)
    assert "use the arrow keys" in said(browser, panel)

    browser.driver.execute_script("arguments[0].focus()", box)
    newest = said(browser, panel)
    assert "Match 54–58%; expected 62–66%; 8,668–9,310 of 16,051 accepted" in newest
    assert box.get_attribute("aria-valuetext") == newest
    box.send_keys(Keys.ARROW_LEFT)
    assert "Match 62–66%" in said(browser, panel)
    for _ in range(4):
        box.send_keys(Keys.ARROW_LEFT)
    assert "No match rate: not read." in said(browser, panel), "the week in which the platform was down"
    box.send_keys(Keys.HOME)
    assert box.get_attribute("aria-valuenow") == "1"
    box.send_keys(Keys.END)
    assert said(browser, panel) == newest
    assert [line.get_attribute("x1") for line in browser.all(f"{panel} .read-line.is-shown")] == ["516"]

    stop = browser.all(f"{panel} .stop")[-2]
    browser.driver.execute_script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", stop)
    ActionChains(browser.driver).move_to_element(stop).perform()
    assert "Match 62–66%" in said(browser, panel)
    browser.look("charts")


def test_the_table_has_what_the_chart_reads_out(browser: Browser, made: Activation) -> None:
    panel = f"#arrived-{made.pk}"
    browser.open(f"/audiences/{made.audience.slug}/arrived/")
    box = chart(browser, panel)
    browser.press("The same as a table")
    rows = [row.text.replace("\n", " ") for row in browser.all(f"{panel} tbody tr")]
    stops = browser.all(f"{panel} .stop")
    assert len(rows) == len(stops) == 26

    browser.driver.execute_script("arguments[0].focus()", box)
    for row in rows[:9]:
        words = said(browser, panel)
        week, first = words.split(",")[0], words.split(": ")[1]
        assert row.startswith(week + ",")
        match = first.removeprefix("Match ").split(";")[0]
        assert (match if "%" in match else "not read") in row
        box.send_keys(Keys.ARROW_LEFT)
    assert sum("v2 locked" in row for row in rows) == 1


def test_narrow_dark_and_without_reloading(browser: Browser, made: Activation) -> None:
    browser.resize(NARROW)
    browser.scheme("dark")
    browser.open(f"/audiences/{made.audience.slug}/")
    chart(browser, f"#arrived-{made.pk}")
    chart(browser, "#coverage")
    browser.see("Phone coverage fell 13 points, 71.4 → 58.3%.")
    assert browser.fits()
    drawn = browser.find(f"#arrived-{made.pk} .chart polygon.band")
    assert drawn.value_of_css_property("fill") != "rgb(0, 0, 0)"
    browser.look("charts-390-dark")

    browser.open("/audiences/all/")
    spark = browser.find(f"#match-of-{made.audience.slug} .spark")
    assert "54–58%" in (spark.get_attribute("aria-label") or "")
    assert browser.fits()


def test_on_paper_the_tables_are_open_and_the_light_theme_is_used(browser: Browser, made: Activation) -> None:
    browser.scheme("dark")
    browser.open(f"/audiences/{made.audience.slug}/arrived/")
    chart(browser, f"#arrived-{made.pk}")
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})

    def shown(css: str) -> bool:
        there = "return !!arguments[0].offsetParent || getComputedStyle(arguments[0]).display !== 'none'"
        return bool(browser.driver.execute_script(there, browser.driver.find_element("css selector", css)))

    cell = f"#arrived-{made.pk} tbody tr th"
    height = "return document.querySelector(arguments[0]).getBoundingClientRect().height"
    assert browser.driver.execute_script(height, cell) > 0
    assert shown(f"#arrived-{made.pk} svg.chart")
    assert not shown(f"#arrived-{made.pk} [data-said-here]")
    colour = "return getComputedStyle(document.body).backgroundColor"
    assert browser.driver.execute_script(colour) == "rgb(255, 255, 255)"
    browser.look("charts-print")
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})

"""A real Chromium in front of a real server. Where there is none, these tests are skipped, or fail if it is required."""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from pytest_django.live_server_helper import LiveServer
from selenium import webdriver
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException, TimeoutException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

from muster.models import Person

STALE = (StaleElementReferenceException, NoSuchElementException)  # htmx swapped what was looked at
WIDE, NARROW = 1440, 390
PATIENCE = 20.0  # seconds until something that should come counts as missing
# Without these it calls home; --no-sandbox, because tests may run as root in a container without user namespaces.
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--hide-scrollbars",
    "--no-first-run",
)

# Told as errors, so that a violation of any kind counts, also one that Chromium itself would only warn of.
VIOLATIONS = """document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy violation: ${event.violatedDirective} ${event.blockedURI}`));"""

SAYING = """const flat = (text) => (text || "").replace(/\\s+/g, " ").toLowerCase(), words = flat(arguments[1]);
return [...document.querySelectorAll(arguments[0])].filter(
  (one) => flat(one.textContent).includes(words) || flat(one.innerText).includes(words));"""

# Texts that reach further right than the cell, line or box they stand in; what scrolls by itself may.
OUTSIDE = """const boxes = "td, th, dd, dt, li, p, h1, h2, h3, summary, button, .button, .panel, .banner, .chip";
const hides = (one) => getComputedStyle(one).position === "absolute" || one.closest("svg, .visually-hidden, .skip-link");
const scrolls = (one, box) => { for (; one !== box.parentElement; one = one.parentElement)
  if (getComputedStyle(one).overflowX !== "visible") return true; return false; };
return [...document.querySelectorAll(boxes)].filter((box) => box.offsetParent && !hides(box.closest("thead") || box))
  .flatMap((box) => { const right = box.getBoundingClientRect().right, out = [], range = document.createRange();
    const texts = document.createTreeWalker(box, NodeFilter.SHOW_TEXT);
    for (let text; (text = texts.nextNode()); ) { range.selectNodeContents(text);
      const one = range.getBoundingClientRect(), around = text.parentElement;
      if (text.data.trim() && around.checkVisibility() && one.right > right + 5 && !hides(around) && !scrolls(around, box))
        out.push(`${box.tagName} ${text.data.trim()}`); }
    return out; });"""

# A page that is left while a part of it was on its way: htmx calls that an error, and nobody is wrong.
LEFT = (r"htmx:sendAbort", r"htmx:afterRequest")


class Browser:
    """One window on the test's server. What the console says is judged when the test has ended."""

    def __init__(self, driver: webdriver.Chrome, home: str) -> None:
        self.driver, self.home = driver, home
        self.forgiven: list[str] = [*LEFT]
        self.heard: list[str] = []
        self.resize(WIDE)

    def resize(self, width: int, height: int = 1000) -> None:
        """Make the window this wide, in CSS pixels; below 500 a window would refuse, so the device is emulated."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def scheme(self, scheme: str) -> None:
        """Set what the device prefers: "light" or "dark"."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def sign_in(self, somebody: Person) -> None:
        """Be signed in as somebody, without going through the sign-in page."""
        client = Client()
        client.force_login(somebody)
        name = settings.SESSION_COOKIE_NAME
        cookie = {"name": name, "value": client.cookies[name].value, "url": self.home, "httpOnly": True}
        self.driver.execute_cdp_cmd("Network.setCookie", cookie)

    def open(self, path: str) -> None:
        """Go to an address of ours."""
        self.driver.get(self.home + path)

    def find(self, css: str) -> WebElement:
        """Return the first visible element that fits, waiting for it."""
        found: WebElement = self.until(lambda: next((one for one in self.all(css) if one.is_displayed()), None), css)
        return found

    def all(self, css: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, css)

    def fill(self, name: str, text: str) -> None:
        """Type into the field of that name."""
        field = self.find(f'[name="{name}"]')
        field.clear()
        field.send_keys(text)

    def tick(self, name: str) -> None:
        """Tick the box of that name by its label, as one does."""
        self.click(self.find(f'label:has([name="{name}"])'))

    def click(self, thing: WebElement) -> None:
        """Bring it to the middle first: chromedriver takes what lies under a bar for visible."""
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", thing)
        thing.click()

    def press(self, words: str) -> None:
        """Click the visible button, link or summary that says these words."""
        things = "button, a, summary"

        def find() -> WebElement | None:
            said = self.saying(things, words)
            shown = [one for one in said if words in one.text and one.is_displayed()]
            return min(shown, key=lambda one: len(one.text), default=None)

        self.click(self.until(find, f"something to press that says {words!r}"))

    def see(self, words: str) -> None:
        """Wait until the page shows these words."""
        self.until(lambda: self.saying("body", words) and words in self.text, f"the words {words!r}")

    def saying(self, css: str, words: str) -> list[WebElement]:
        """Return what fits and may say these words, shown or not: asking each thing what it shows takes its time."""
        return list(self.driver.execute_script(SAYING, css, words))

    def until(self, look: Any, what: str) -> Any:
        """Wait until `look()` gives something, through swaps of what is looked at."""
        wait = WebDriverWait(self.driver, PATIENCE, poll_frequency=0.05, ignored_exceptions=STALE)
        try:
            return wait.until(lambda _driver: look())
        except TimeoutException:
            pytest.fail(f"{what} did not come at {self.driver.current_url}, which says:\n{self.text}")

    @property
    def text(self) -> str:
        return str(self.driver.find_element(By.TAG_NAME, "body").text)

    @property
    def path(self) -> str:
        return str(self.driver.current_url).removeprefix(self.home)

    def fits(self) -> bool:
        """Whether nothing sticks out at the right: the page does not scroll sideways, and no text leaves its box."""
        outside = self.driver.execute_script(OUTSIDE)
        assert outside == [], self.driver.current_url
        return bool(self.driver.execute_script("return document.documentElement.scrollWidth <= innerWidth"))

    def look(self, name: str) -> None:
        """Keep a picture of the page in the folder that MUSTER_TEST_PICTURES names, if it names one."""
        if folder := os.environ.get("MUSTER_TEST_PICTURES"):
            height = self.driver.execute_script("return document.documentElement.scrollHeight")
            width = self.driver.execute_script("return innerWidth")
            self.resize(width, max(1000, height))
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.driver.save_screenshot(str(Path(folder, f"{name}.png")))
            self.resize(width)

    def forgive(self, pattern: str) -> None:
        """Expect a console error that fits this regular expression, as of a page that is not there."""
        self.forgiven.append(pattern)

    def complaints(self) -> list[str]:
        """Return what the console said that nobody forgave: script errors, refused requests, policy violations."""
        self.heard += [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]
        return [said for said in self.heard if not any(re.search(pattern, said) for pattern in self.forgiven)]


def _first(*names: str) -> str:
    return next((found for name in names if (found := shutil.which(name))), "")


@pytest.fixture(scope="session")
def _chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    binary = _first("chromium", "chromium-browser", "google-chrome")
    service = _first("chromedriver", "chromium.chromedriver")
    if not (binary and service):
        reason = "no Chromium with its chromedriver on PATH: pages are not tried in a browser"
        if os.environ.get("MUSTER_REQUIRE_BROWSER") == "1":
            pytest.fail(f"{reason}, but MUSTER_REQUIRE_BROWSER=1")
        pytest.skip(reason)
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(service))
    driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": VIOLATIONS})
    yield driver
    driver.quit()


@pytest.fixture
def browser(_chromium: webdriver.Chrome, live_server: LiveServer) -> Iterator[Browser]:
    """A window, signed in as nobody. The test fails if the console reports an error or a policy violation."""
    window = Browser(_chromium, str(live_server.url))
    yield window
    complaints = window.complaints()
    _chromium.delete_all_cookies()
    _chromium.get("about:blank")  # nothing polls a server that is gone
    _chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert not complaints, "the console said:\n" + "\n".join(complaints)

"""In, around, and out again, on a desk and on a phone."""

import pytest

from muster import invitations, set_up
from muster.access import Role
from muster.models import Person
from tests import factories
from tests.browser.conftest import NARROW, WIDE, Browser

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_in_around_and_out(browser: Browser, administrator: Person, width: int, scheme: str) -> None:
    browser.resize(width)
    browser.scheme(scheme)
    browser.open("/log/")
    browser.look(f"sign-in-{width}-{scheme}")
    assert browser.fits()
    browser.fill("email", administrator.email)
    browser.fill("password", "not my password")
    browser.press("Sign in")
    browser.see("do not fit together")
    assert browser.fits()
    browser.fill("password", factories.PASSWORD)
    browser.press("Sign in")
    browser.see("Event log")
    assert browser.path == "/log/"  # where one wanted to go
    for path in ("/log/", "/people/", "/people/invite/", f"/people/{administrator.pk}/", "/profile/"):
        browser.open(path)
        browser.look(f"{path.strip('/').replace('/', '-')}-{width}-{scheme}")
        assert browser.fits(), path
    if width == NARROW:
        browser.press("Menu")
        browser.look(f"menu-{width}-{scheme}")
        assert browser.fits()
    browser.find(".sign-out").click()
    browser.see("You are signed out")
    browser.open("/profile/")
    browser.see("Sign in")


def test_an_invitation_is_handed_over_and_used(browser: Browser, administrator: Person) -> None:
    browser.sign_in(administrator)
    browser.open("/people/invite/")
    browser.fill("full_name", "Sven Olsen")
    browser.fill("email", "sven@team.example")
    browser.find('[name="role"][value="manager"]').click()
    browser.press("Make the link")
    link = browser.find("#link").text
    browser.press("Copy link")
    browser.see("Copied")
    browser.press("People")
    browser.see("Link open")
    browser.driver.delete_all_cookies()
    browser.driver.get(link)
    browser.see("Sven Olsen")
    browser.fill("password", "four words nobody guesses")
    browser.press("Set password and sign in")
    browser.see("Your password is set")
    browser.find("[data-close]").click()
    browser.until(lambda: "Your password is set" not in browser.text, "the message to be gone")
    assert Person.objects.get(email="sven@team.example").has_usable_password()


def test_disabling_asks_before_it_acts(browser: Browser, administrator: Person, marketer: Person) -> None:
    browser.sign_in(administrator)
    browser.open(f"/people/{marketer.pk}/")
    browser.press("Disable")
    browser.see("They are signed out everywhere, now")
    assert Person.objects.get(pk=marketer.pk).is_active
    browser.press("Disable Mara Keller")
    browser.see("Mara Keller is disabled")
    assert not Person.objects.get(pk=marketer.pk).is_active


def test_the_first_visit(browser: Browser) -> None:
    browser.open(f"/setup/?token={set_up.new_token()}")
    browser.look("setup")
    browser.fill("installation_name", "Northwind Outfitters")
    browser.fill("full_name", "Ada Novak")
    browser.fill("email", "ada@northwind.example")
    browser.fill("password", "four words nobody guesses")
    browser.press("Set up and sign in")
    browser.see("Muster is set up")
    assert Person.objects.get().role == Role.ADMINISTRATOR


def test_a_link_that_was_used_says_so(browser: Browser, administrator: Person) -> None:
    browser.forgive(r"/invitation/[\w-]+/ - .*410")
    browser.open("/invitation/never-was/")
    browser.see("This link does not work")
    assert invitations.LASTS.days == 7  # what the page says
    browser.see("7 days")


def test_the_theme_of_the_profile_beats_the_device(browser: Browser, marketer: Person) -> None:
    browser.scheme("dark")
    browser.sign_in(marketer)
    for theme, paper in (("light", "rgb(246, 246, 243)"), ("dark", "rgb(16, 20, 19)")):
        Person.objects.filter(pk=marketer.pk).update(theme=theme)
        browser.open("/profile/")
        assert (
            browser.find("body").value_of_css_property("background-color").replace("rgba", "rgb").startswith(paper[:-1])
        )


def test_the_page_says_when_a_fragment_cannot_be_loaded(browser: Browser, marketer: Person) -> None:
    browser.forgive(r"/nothing/")
    browser.sign_in(marketer)
    browser.open("/profile/")
    browser.driver.execute_script("htmx.ajax('GET', '/nothing/', '#main')")
    browser.see("This is no longer there")
    # Another part that loads says nothing about this one.
    browser.driver.execute_script("htmx.ajax('GET', '/runs/banner/', '#pauses')")
    browser.until(lambda: browser.driver.execute_script("return !document.querySelector('.htmx-request')"), "quiet")
    browser.see("This is no longer there")
    browser.driver.execute_script("htmx.ajax('GET', '/log/', '#main')")
    browser.until(lambda: "This is no longer there" not in browser.text, "the notice to be gone")


def test_the_back_office_keeps_the_policy(browser: Browser, administrator: Person, marketer: Person) -> None:
    browser.sign_in(administrator)
    for path in ("/back-office/", "/back-office/muster/person/", f"/back-office/muster/person/{marketer.pk}/change/"):
        browser.open(path)
        browser.look(path.strip("/").replace("/", "-"))
        browser.see("Muster, back office")

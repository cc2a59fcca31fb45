"""The health page in a browser, in each state of the machinery: it reads the database alone, so it is right without Redis."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from muster.models import Person
from syncs import slots
from syncs.models import Beat, Schedule, Slot
from syncs.pausing import pause
from syncs.schedule import INTERVAL, Rhythm
from syncs.states import RunState
from tests import factories
from tests.browser.conftest import NARROW, Browser
from tests.syncs import run_rows

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

DAY = timedelta(days=1)


def history(name: str, minutes: int, bad: dict[int, str], now: datetime, **fields: str) -> Schedule:
    """Make a list with slots of 14 days, all on time but those of some days ago (`bad`: days ago -> how they ended)."""
    made = slots.set_schedule(
        run_rows.list_of(name, **fields), Rhythm(INTERVAL, minutes=minutes), by=None, at=now - 14 * DAY
    )
    slots.make_ahead(now)
    for slot in made.slots.filter(due__lte=now).order_by("due"):
        state = bad.get((now.date() - slot.due.date()).days, RunState.DONE)
        if state in {Slot.State.MISSED, Slot.State.SKIPPED}:
            slots.settle(slot, slot.due, state, Slot.Why.PAUSED)
            continue
        pull = run_rows.pull_of(made.activation, state="complete", began_at=slot.due)
        run = run_rows.run_of(made.activation, state=state, created_at=slot.due, trigger="schedule", pull=pull)
        slots.settle(slot, slot.due, Slot.State.STARTED, run=run)
    return made


def lists() -> None:
    now = timezone.now()
    history("Purchased in last 7 days", 360, {0: "failed", 4: "failed", 7: "held"}, now)
    history("Cart abandoners 4–24 h", 720, {2: "missed", 5: "skipped"}, now)
    history("Winback 90 d", 1440, {}, now)
    factories.pipe(
        "write-key-9d0e", name="carts-meta", check_state="refused", check_words="RudderStack refused the key."
    )
    factories.workspace(name="Northwind", check_state="working")


@pytest.fixture
def inside(browser: Browser, administrator: Person) -> Browser:
    browser.sign_in(administrator)
    return browser


def looked_at(browser: Browser, name: str, *said: str) -> None:
    """Open the page in both widths; it says this, and nothing sticks out."""
    browser.open("/health/")
    for words in said:
        browser.see(words)
    browser.look(f"health-{name}")
    browser.resize(NARROW)
    assert browser.fits()
    browser.look(f"health-{name}-{NARROW}")
    browser.resize(1440)


def test_all_is_well(inside: Browser) -> None:
    run_rows.beats()
    lists()

    looked_at(inside, "working", "The machinery works.", "slots were on time in 14 days", "Purchased in last 7 days")
    inside.see("RudderStack, carts-meta, ends 9d0e")
    inside.scheme("dark")
    inside.look("health-working-dark")


def test_the_workers_are_gone(inside: Browser) -> None:
    run_rows.beats(workers=0)
    run_rows.run_of(state=RunState.WAITING, created_at=timezone.now() - timedelta(minutes=20), started_at=None)

    looked_at(inside, "no-workers", "No worker is alive.", "0 of 2 workers", "1 run waiting 20 m")
    inside.see("Runs wait safely and nothing is lost.")


def test_the_scheduler_is_away(inside: Browser) -> None:
    run_rows.beats(timezone.now() - timedelta(hours=1))

    looked_at(inside, "no-scheduler", "Whether the scheduler works is not known.", "checked 1 h ago")
    inside.see("Ask an administrator whether Muster's tick runs.")


def test_redis_is_gone(inside: Browser) -> None:
    run_rows.beats(redis=False)

    looked_at(inside, "no-redis", "Redis does not answer.", "does not answer", "unknown")
    inside.see("they cannot be counted while Redis does not answer")


def test_everything_is_paused(inside: Browser, manager: Person) -> None:
    run_rows.beats()
    lists()
    pause(by=manager, reason="Wrong offer in the feed", at=timezone.now())

    looked_at(inside, "paused", "The machinery works.", "Wrong offer in the feed")


def test_a_suppression_is_out_of_date_on_both_pages(inside: Browser) -> None:
    run_rows.beats()
    made = run_rows.list_of("Purchased in last 7 days", purpose="suppress")
    long_ago = timezone.now() - timedelta(hours=9)
    pull = run_rows.pull_of(made, state="complete", began_at=long_ago)
    run_rows.run_of(made, created_at=long_ago, pull=pull)

    looked_at(
        inside, "breached", "1 suppression list is out of date", "people who entered since are not suppressed there"
    )
    inside.open("/audiences/all/")
    inside.until(
        lambda: "Out of date at" in inside.find(f"#stale-{made.audience.slug}").text, "the word in the audience's row"
    )
    inside.look("audiences-breached")


def test_a_worker_that_comes_back_is_seen_without_reloading(inside: Browser) -> None:
    run_rows.beats(workers=0)
    inside.open("/health/")
    inside.see("0 of 2 workers")
    assert inside.find("#figures").get_attribute("hx-trigger") == "every 15s"

    now = timezone.now()
    Beat.objects.filter(name="workers").update(working=True, count=2, at=now, since=now)
    inside.driver.execute_script(
        "htmx.trigger('#figures', 'every 15s'); htmx.ajax('GET', '/health/', {target: '#figures', swap: 'outerHTML'})"
    )

    inside.see("2 of 2 workers")

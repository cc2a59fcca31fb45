"""The hand-over between tiers and removals that do not show, on the audience's page: wide and narrow, light and dark."""

from datetime import timedelta

import pytest
from django.utils import timezone

from muster.models import Person
from syncs.models import Overlap
from tests.browser.conftest import NARROW, WIDE, Browser
from tests.reconciliation import readings
from tests.reconciliation.judged import accepted
from tests.syncs import run_rows

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
DAY = timedelta(days=1)
NAMES = ("Cart abandoners 1–4 h", "Cart abandoners 4–24 h", "Cart abandoners 1–3 d")


def test_a_tier_shows_who_came_and_who_is_in_two(browser: Browser, paid_media: Person) -> None:
    now, kind = timezone.now(), Overlap.Kind
    young, middle, old = (run_rows.list_of(name) for name in NAMES)
    for one in (young, middle, old):
        type(one.audience).objects.filter(pk=one.audience_id).update(family="cart-abandoners")
        one.audience.definitions.update(promoted_at=now - 100 * DAY)
    run_rows.run_of(middle, created_at=now - 60 * DAY)
    run = run_rows.run_of(middle, created_at=now - DAY / 24)
    counts = {
        young: ((kind.MOVED_IN, 1_204), (kind.MOVED_OUT, 0), (kind.TIER, 3)),
        old: ((kind.MOVED_OUT, 871), (kind.TIER, 0)),
    }
    for other, found in counts.items():
        for name, people in found:
            Overlap.objects.create(run=run, kind=name, other=other, people=people, at=now)
    readings.access(middle)
    readings.read(middle, now - 9 * DAY, 9_600, 9_800, accepted=16_000)
    accepted(run_rows.run_of(middle, created_at=now - 6 * DAY), now - 6 * DAY, removes=3_000)
    readings.read(middle, now, 9_600, 9_800, accepted=13_000)

    browser.sign_in(paid_media)
    address = f"/audiences/{middle.audience.slug}/"
    for scheme, width in (("light", WIDE), ("dark", WIDE), ("light", NARROW)):
        browser.scheme(scheme)
        browser.resize(width)
        browser.open(address)
        browser.see("3 people are in two tiers.")
        browser.see("Removals are not visible at Meta: 3,000 removals were accepted")
        rows = {one.text.replace("\n", " ") for one in browser.all("#tiers tbody tr")}
        assert any(NAMES[0] in row and "1,204" in row for row in rows)
        assert any(NAMES[2] in row and "not known" in row and "871" in row for row in rows)
        assert browser.fits()
        browser.look(f"tiers-{scheme}-{width}")

    browser.open(f"{address}tiers/")
    browser.press(NAMES[1])
    assert browser.path == address

"""The holdout in a browser: arm by arm, with what is wrong said first, and the clause where it is written."""

from datetime import timedelta

import pytest
from django.utils import timezone

from audiences.models import Audience
from muster.models import Person
from syncs.models import Overlap
from tests.audiences.drafts import complete
from tests.browser.conftest import NARROW, WIDE, Browser
from tests.reconciliation.test_view_of_holdout import AT_META, SENT, held, landed, list_at, sent
from tests.syncs import run_rows

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


@pytest.fixture
def winback(db: None) -> Audience:
    """A winback of which twelve people are missing in the warehouse, and nine held-out ones are found at Meta."""
    now = timezone.now()
    made = held("Winback 90 d, 2+ orders")
    meta, warehouse = list_at(made, "meta"), list_at(made, "warehouse")
    for hours, people in ((29, 0), (26, 12), (23, 9)):
        at = now - timedelta(hours=hours)
        Overlap.objects.create(run=run_rows.run_of(meta, created_at=at), kind="held_out", people=people, at=at)
    sent(meta, now, wanted=AT_META, left_out={"held_out": 110, "consent": 14})
    sent(warehouse, now, wanted=SENT, accepted_adds=1128)
    landed(warehouse, now, {"control": 98, "treated": 1000, "": 18})
    return made


def test_arms_and_held_out_people_are_shown(browser: Browser, winback: Audience, marketer: Person) -> None:
    browser.sign_in(marketer)
    browser.open(f"/audiences/{winback.slug}/holdout/")
    browser.see("Held-out people are in live lists: 9 in")
    browser.see("control: 12 fewer than the 110 that were sent.")
    browser.press("Where held-out people were looked for, 1 list")
    browser.see("0, 12, 9")
    for width in (WIDE, NARROW):
        browser.resize(width)
        assert browser.fits()
        for scheme in ("light", "dark"):
            browser.scheme(scheme)
            browser.look(f"holdout-{width}-{scheme}")


def test_the_clause_stands_on_the_draft_s_page(browser: Browser, marketer: Person) -> None:
    draft = complete(marketer)
    browser.sign_in(marketer)
    browser.open(f"/audiences/{draft.audience.slug}/definition/")

    browser.fill("holdout_attribute", "exp_winback")
    browser.fill("holdout_arm", "Control")
    browser.tick("holdout_targets")
    browser.see("Say why held-out people are targeted all the same.")
    browser.look("holdout-clause")
    browser.resize(NARROW)
    assert browser.fits()
    browser.look("holdout-clause-390")

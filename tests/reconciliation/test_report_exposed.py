"""Hours unprotected by ad account: by the policy's own targets where there is one, else by the definitions'."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from audiences.models import Activation, Destination, RequiredSuppression
from reconciliation.report_exposed import at_accounts
from syncs.models import Pull
from tests import factories
from tests.syncs import run_rows

pytestmark = pytest.mark.django_db
BEGINS = datetime(2026, 11, 16, tzinfo=UTC)
ENDS = BEGINS + timedelta(days=7)
HOUR = timedelta(hours=1)


@pytest.fixture
def place() -> Destination:
    return factories.destination(name="Meta, NW US")


def suppression(place: Destination, *hours: float, name: str = "Buyers", minutes: int | None = 120) -> Activation:
    """Make a list whose runs read at these hours of the week and ended half an hour later."""
    whose = factories.audience(name=name)
    version = factories.definition(whose, purpose="suppress", destinations=[place], freshness_minutes=minutes)
    type(version).objects.filter(pk=version.pk).update(promoted_at=BEGINS - timedelta(days=90))
    made = factories.activation(whose, place)
    for hour in hours:
        at = BEGINS + hour * HOUR
        pull = Pull.objects.create(segment=whose.segment, state="complete", created_at=at, began_at=at, finished_at=at)
        run_rows.run_of(made, created_at=at, finished_at=at + HOUR / 2, pull=pull)
    return made


def require(place: Destination, one: Activation | None, **fields: Any) -> RequiredSuppression:
    values: dict[str, Any] = {
        "label": "Purchased in last 7 days",
        "target_minutes": 60,
        "basis": "test",
        "by": factories.person(role="manager"),
        "at": BEGINS - timedelta(days=30),
    }
    return RequiredSuppression.objects.create(
        destination=place, audience=one.audience if one else None, **{**values, **fields}
    )


def out(place: Destination) -> float | None:
    """Return the hours of an account."""
    (found,) = at_accounts(BEGINS, ENDS)
    assert (found.account, found.place) == (place.name, place.pk)
    return None if found.time is None else found.time / HOUR


def test_the_policy_says_how_fresh_it_must_be(place: Destination) -> None:
    one = suppression(place, -1, 100)
    assert out(place) == (100.5 - 3) + (168 - 104)
    require(place, one)
    assert out(place) == (100.5 - 1) + (168 - 102)


def test_what_is_required_and_missing_protects_nobody(place: Destination) -> None:
    require(place, None)
    assert out(place) == 168
    (found,) = at_accounts(BEGINS, ENDS)
    assert (found.lists, found.missing, found.why) == (0, 1, "")


def test_a_list_protects_from_its_first_arrival_on(place: Destination) -> None:
    one = suppression(place, *range(50, 168, 8), minutes=600)
    assert out(place) == 0, "nobody had asked for it before"
    require(place, one, target_minutes=600)
    assert out(place) == 50.5
    RequiredSuppression.objects.update(at=BEGINS + 30 * HOUR)
    assert out(place) == 20.5


def test_nothing_is_exposed_before_the_first_spend_and_after_the_end_of_a_line(place: Destination) -> None:
    line = require(place, None, first_spend=(BEGINS + timedelta(days=5)).date())
    assert out(place) == 48
    RequiredSuppression.objects.filter(pk=line.pk).update(ended_at=BEGINS + timedelta(days=6), ended_by=line.by)
    assert out(place) == 24
    RequiredSuppression.objects.filter(pk=line.pk).update(first_spend=(ENDS + timedelta(days=1)).date())
    assert out(place) == 0


def test_other_lists_of_the_account_count_by_their_own_target(place: Destination) -> None:
    one = suppression(place, *range(-2, 168, 8))
    require(place, one, target_minutes=600)
    assert out(place) == 0
    suppression(place, -1, name="Refunded", minutes=24 * 60)
    assert out(place) == 168 - 47
    suppression(place, -1, name="Support", minutes=None)
    assert out(place) == 168 - 47


def test_an_account_without_suppressions_and_policy_is_not_told(place: Destination) -> None:
    factories.activation(factories.definition(destinations=[place]).audience, place)
    assert at_accounts(BEGINS, ENDS) == ()

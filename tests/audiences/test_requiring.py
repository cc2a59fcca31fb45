"""The suppression policy: what is suggested, how a line is written, changed, taken off, and who may."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from audiences import requiring
from audiences.cohorts import BUYERS, REFUNDED, SUPPORT, UNSUBSCRIBED
from audiences.models import Audience, CoreCohort, Destination, RequiredSuppression
from audiences.policy import DEFAULT_MINUTES, Known, suggestions
from audiences.requiring import RequiredAlready, TakenOff
from muster.models import Event, Person
from tests import factories

pytestmark = pytest.mark.django_db
Sign = Callable[[Person], Client]
AT = timezone.now()
PAGE = "/suppression/policy/"


def account(name: str = "Meta, NW US") -> Destination:
    return factories.destination(name=name)


def suppression(name: str = "Purchased in last 7 days", *, minutes: int = 60, **fields: Any) -> Audience:
    made = factories.audience(name=name)
    factories.definition(made, purpose="suppress", freshness_minutes=minutes, **fields)
    return made


def line(place: Destination, label: str = "Purchased in last 7 days", **fields: object) -> RequiredSuppression:
    values = {"label": label, "target_minutes": 60, "basis": "Legitimate interest", **fields}
    return RequiredSuppression(destination=place, **values)


def test_what_is_suggested_begins_with_the_cohorts_that_use_cases_exclude() -> None:
    known = [Known(7, "Purchased in last 7 days", BUYERS, 60), Known(8, "Employees", "", None)]

    found = suggestions(known, set(), set())

    assert [one.cohort for one in found] == [BUYERS, UNSUBSCRIBED, REFUNDED, SUPPORT, ""]
    assert [one.target_minutes for one in found] == [60, DEFAULT_MINUTES, 1440, 720, DEFAULT_MINUTES]
    assert [one.audience for one in found] == [7, 0, 0, 0, 8]
    assert [one.label for one in suggestions(known, {BUYERS, UNSUBSCRIBED, REFUNDED}, {7})] == [
        "Support-sensitive",
        "Employees",
    ]
    assert [one.label for one in suggestions(known, {BUYERS, UNSUBSCRIBED, REFUNDED, SUPPORT}, {7, 8})] == []


def test_a_suppression_audience_is_found_by_its_segment_or_its_use_case(manager: Person) -> None:
    by_case, by_segment = suppression(use_case="post_purchase"), suppression("Refunds", minutes=1440)
    suppression("Old ones", minutes=30).definitions.update(state="past")
    factories.definition(factories.audience(name="Cart"))
    factories.audience(name="Never defined")
    segment = by_segment.segment
    CoreCohort.objects.create(workspace=segment.workspace, key=REFUNDED, segment=segment, set_by=manager, set_at=AT)

    found = {one.name: (one.key, one.cohort, one.minutes) for one in requiring.suppression_audiences()}

    assert found[by_case.name] == (by_case.pk, BUYERS, 60)
    assert found["Refunds"] == (by_segment.pk, REFUNDED, 1440)
    assert "Cart" not in found
    assert "Never defined" not in found


def test_one_press_requires_what_is_suggested_once(manager: Person) -> None:
    place, audience = account(), suppression(use_case="post_purchase")

    made = requiring.require_suggested(place, [BUYERS, BUYERS, "nonsense", SUPPORT], by=manager, at=AT)

    assert [(one.cohort, one.audience, one.target_minutes) for one in made] == [
        (BUYERS, audience, 60),
        (SUPPORT, None, 720),
    ]
    assert requiring.require_suggested(place, [BUYERS], by=manager, at=AT) == []
    events = Event.objects.filter(kind="requiredsuppression").order_by("pk")
    assert [one.verb for one in events] == ["requires", "requires"]
    assert events[0].detail["now"][:2] == [
        "“Recent buyers”, newest person at most 60 min old.",
        "Fulfilled by Purchased in last 7 days.",
    ]


def test_a_change_is_told_as_what_was_and_what_is(manager: Person) -> None:
    made = requiring.require(line(account(), audience=suppression()), by=manager, at=AT)
    assert requiring.change(made, by=manager, at=AT) is False

    made.target_minutes = 120
    assert requiring.change(made, by=manager, at=AT) is True

    event = Event.objects.get(verb="changed what is required of")
    assert event.detail["was"] == ["“Purchased in last 7 days”, newest person at most 60 min old."]
    assert event.detail["now"] == ["“Purchased in last 7 days”, newest person at most 2 h old."]
    assert event.audience_id == made.audience_id


def test_a_line_that_is_taken_off_keeps_its_row_and_can_come_back(manager: Person) -> None:
    place = account()
    made = requiring.require(line(place), by=manager, at=AT)
    with pytest.raises(RequiredAlready, match="requires “Purchased in last 7 days” already"):
        requiring.require(line(place), by=manager, at=AT)

    requiring.take_off(made, reason="No ads there any more", by=manager, at=AT)

    made.refresh_from_db()
    assert (made.ended_at, made.ended_by) == (AT, manager)
    for late in (
        lambda: requiring.change(made, by=manager, at=AT),
        lambda: requiring.take_off(made, reason="x", by=manager, at=AT),
    ):
        with pytest.raises(TakenOff):
            late()
    again = requiring.require_again(made, by=manager, at=AT)
    assert again.pk != made.pk
    assert again.ended_at is None
    with pytest.raises(RequiredAlready):
        requiring.require_again(made, by=manager, at=AT)


# The page


def test_a_manager_writes_the_policy(manager: Person, signed_in: Sign) -> None:
    place, audience, client = account(), suppression(), signed_in(manager)
    assert "Nothing is required anywhere yet" in client.get(PAGE).content.decode()

    wrong = client.post(
        f"{PAGE}{place.pk}/add/", {"label": "", "target_minutes": "0", "basis": "", "first_spend": "soon"}
    )
    said = wrong.content.decode()
    assert "At least 5 minutes: nothing is synced more often." in said
    assert "This is no day." in said
    assert not RequiredSuppression.objects.exists()

    fields = {"label": "Purchased in last 7 days", "cohort": BUYERS, "audience": audience.pk, "target_minutes": "60"}
    fields |= {"basis": "Legitimate interest", "first_spend": "2026-12-01"}
    answer = client.post(f"{PAGE}{place.pk}/add/", fields, follow=True)
    assert "Meta, NW US requires “Purchased in last 7 days” from now on." in answer.content.decode()
    made = RequiredSuppression.objects.get()
    assert (made.by, made.cohort, made.audience) == (manager, BUYERS, audience)

    twice = client.post(f"{PAGE}{place.pk}/add/", fields).content.decode()
    assert "This account requires “Purchased in last 7 days” already." in twice
    client.post(f"{PAGE}lines/{made.pk}/", {**fields, "target_minutes": "90"})
    made.refresh_from_db()
    assert made.target_minutes == 90

    assert (
        "Say why it is no longer required" in client.post(f"{PAGE}lines/{made.pk}/off/", follow=True).content.decode()
    )
    gone = client.post(f"{PAGE}lines/{made.pk}/off/", {"reason": "Closed"}, follow=True).content.decode()
    assert "no longer requires “Purchased in last 7 days”" in gone
    assert "1 taken off" in gone
    client.post(f"{PAGE}lines/{made.pk}/again/")
    assert RequiredSuppression.objects.filter(ended_at=None).count() == 1
    assert client.get(f"{PAGE}lines/{made.pk}/").status_code == 404
    page = client.get(PAGE).content.decode()
    assert "“Closed”" in page
    assert "no longer requires" in page


def test_only_an_audience_that_suppresses_can_fulfil_a_line(manager: Person, signed_in: Sign) -> None:
    place, cart = account(), factories.audience(name="Cart")
    factories.definition(cart, purpose="retarget")
    fields = {"label": "Buyers", "audience": cart.pk, "target_minutes": "60", "basis": "x"}

    signed_in(manager).post(f"{PAGE}{place.pk}/add/", fields)

    assert not RequiredSuppression.objects.exists()


def test_suggestions_are_one_press_each_or_all_at_once(manager: Person, signed_in: Sign) -> None:
    place, client = account(), signed_in(manager)
    suppression(use_case="post_purchase")
    assert "Require all 4" in client.get(PAGE).content.decode()

    client.post(f"{PAGE}{place.pk}/suggested/", {"key": [BUYERS, UNSUBSCRIBED, REFUNDED, SUPPORT]})

    assert place.required_suppressions.count() == 4
    said = client.post(f"{PAGE}{place.pk}/suggested/", {"key": BUYERS}, follow=True).content.decode()
    assert "It is required already." in said
    assert "suggested</strong>" not in said


def test_everybody_reads_the_policy_and_is_told_whom_to_ask(
    manager: Person, paid_media: Person, signed_in: Sign
) -> None:
    requiring.require(line(account()), by=manager, at=AT)
    factories.destination(name="Warehouse", platform="warehouse")
    account("Google Ads, NW US")

    page = signed_in(paid_media).get(PAGE).content.decode()

    assert "Ask Grace Osei to change the policy" in page
    assert "1 suppression required; Google Ads, NW US requires none yet." in page
    assert "Take off" not in page
    assert "Warehouse" not in page


def test_without_an_ad_account_the_page_says_what_comes_first(administrator: Person, signed_in: Sign) -> None:
    page = signed_in(administrator).get(PAGE).content.decode()
    assert "There is no ad account yet." in page
    assert "/connections/destinations/add/" in page


def test_what_was_taken_off_is_suggested_again(manager: Person, signed_in: Sign) -> None:
    place, client = account(), signed_in(manager)
    made = requiring.require_suggested(place, [BUYERS], by=manager, at=AT)
    assert "Require all 3" in client.get(PAGE).content.decode()

    requiring.take_off(made[0], reason="No ads there any more", by=manager, at=AT)
    assert "Require all 4" in client.get(PAGE).content.decode()

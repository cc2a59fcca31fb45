"""The event log takes what happened, without personal data, and gives nothing back to change."""

from datetime import UTC, datetime

import pytest

from muster import audit
from muster.models import AppendOnly, Event, Person
from tests import factories

AT = datetime(2026, 11, 25, 9, tzinfo=UTC)
pytestmark = [pytest.mark.django_db, pytest.mark.engine]


def test_an_event_says_who_did_what_to_which_object_and_why(marketer: Person) -> None:
    space = factories.workspace(name="NW US")

    audit.record(verb="tested", subject=space, by=marketer, reason="After a change", detail={"n": 3}, run_id=7, at=AT)

    event = Event.objects.get(verb="tested")
    assert (event.at, event.actor, event.actor_label) == (AT, marketer, marketer.full_name)
    assert (event.kind, event.object_id, event.object_label) == ("workspace", str(space.pk), "NW US")
    assert (event.reason, event.detail, event.run_id, event.audience_id) == ("After a change", {"n": 3}, 7, None)


def test_what_nobody_did_was_done_by_muster() -> None:
    event = audit.record(verb="swept", at=AT)

    assert (event.actor, event.actor_label, event.kind, event.object_id) == (None, "Muster", "", "")


def test_no_address_and_no_number_is_kept(marketer: Person) -> None:
    audit.record(
        verb="asked",
        by=marketer,
        reason="ann@example.com called from +1 212 555 0100",
        detail={"ann@example.com": {"phone": ["+12125550100"]}, "people": 12125550100},
        at=AT,
    )

    event = Event.objects.get(verb="asked")
    assert event.reason == "[email] called from [phone]"
    assert event.detail == {"[email]": {"phone": ["[phone]"]}, "people": 12125550100}


def test_a_long_reason_is_cut() -> None:
    assert len(audit.record(verb="asked", reason="word " * 1000, at=AT).reason) == 2000


def test_an_event_stays_as_it_was_written() -> None:
    event = audit.record(verb="asked", at=AT)
    event.verb = "did nothing"

    for change in (
        event.save,
        event.delete,
        Event.objects.all().delete,
        lambda: Event.objects.update(verb="did nothing"),
        lambda: Event.objects.bulk_update([event], ["verb"]),
    ):
        with pytest.raises(AppendOnly):
            change()

    assert Event.objects.get(pk=event.pk).verb == "asked"


def test_only_what_is_past_its_time_is_forgotten() -> None:
    old = audit.record(verb="old", at=AT.replace(year=2024))
    new = audit.record(verb="new", at=AT)

    assert Event.objects.all().forget_before(AT) == 1
    assert set(Event.objects.filter(pk__in=[old.pk, new.pk])) == {new}

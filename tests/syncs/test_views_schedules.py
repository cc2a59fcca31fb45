"""The page of a list's schedule, and where its facts are shown besides."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from audiences.models import Activation
from muster.models import Event, Person
from syncs import slots
from syncs.models import Schedule
from syncs.schedule import INTERVAL, Rhythm
from syncs.states import PullState
from tests import factories

from . import run_rows

Signed = Callable[[Person], Client]

pytestmark = pytest.mark.django_db


@pytest.fixture
def marketer() -> Client:
    client = Client()
    client.force_login(factories.person(role="marketer", time_zone="America/New_York"))
    return client


def address(made: Activation) -> str:
    return f"/lists/{made.pk}/schedule/"


def test_a_marketer_sets_a_daily_schedule_for_every_list_of_the_audience(marketer: Client) -> None:
    made = run_rows.list_of("Carts")
    other = factories.activation(made.audience)

    shown = marketer.get(address(made)).content.decode()
    answer = marketer.post(
        address(made), {"every": "daily", "at": "06:30", "zone": "America/New_York", "every_list": "on"}, follow=True
    )

    assert "This list is synced by hand only. The definition of done says: by hand." in shown
    page = answer.content.decode()
    assert "The schedule is set." in page
    assert "Next sync" in page
    found = Schedule.objects.order_by("activation")
    assert [one.activation for one in found] == [made, other]
    assert {(one.kind, f"{one.at_time:%H:%M}", one.zone) for one in found} == {("daily", "06:30", "America/New_York")}
    assert len({slot.due for one in found for slot in one.slots.all()}) == 1  # they share the jitter
    assert Event.objects.filter(verb="set the schedule of").count() == 2


def test_the_page_names_its_list_and_says_when_slots_will_stand_there(marketer: Client) -> None:
    made = run_rows.list_of("Carts")

    unset = marketer.get(address(made)).content.decode()
    slots.set_schedule(made, Rhythm(INTERVAL, minutes=60), by=None, at=timezone.now())
    empty = marketer.get(address(made)).content.decode()

    assert f"<h1>Schedule of Carts at {made.destination.name}</h1>" in unset
    assert "Without a schedule nothing is ever due" in unset
    assert "No slot was due yet; the first one is" in empty
    assert "Show the grid" not in unset + empty


def test_a_daily_schedule_needs_a_time(marketer: Client) -> None:
    made = run_rows.list_of()

    page = marketer.post(address(made), {"every": "daily", "zone": "UTC"}).content.decode()

    assert "Write the time at which it is due" in page
    assert not Schedule.objects.exists()


def test_paid_media_reads_and_does_not_set() -> None:
    client = Client()
    client.force_login(factories.person(role="paid_media"))
    made = run_rows.list_of()

    assert "A retention marketer or a manager can set it" in client.get(address(made)).content.decode()
    assert client.post(address(made), {"every": "30"}).status_code == 403


def test_the_page_tells_the_line_and_what_was_not_on_time(marketer: Client) -> None:
    made = run_rows.list_of()
    now = timezone.now()
    slots.set_schedule(made, Rhythm(INTERVAL, minutes=60), by=None, at=now - timedelta(hours=5))
    slots.keep(at=now)

    page = marketer.get(address(made)).content.decode()

    assert "0 of 4 on time; none arrived" in page
    assert "Missed: the scheduler was away" in page
    assert page.count('class="slot-missed"') == 4 + 1, "each slot, and the legend"
    assert ">18:00</text>" in page


def test_the_audience_says_when_it_is_due_and_that_a_suppression_is_out_of_date(marketer: Client) -> None:
    made = run_rows.list_of("Bought lately", purpose="suppress")
    now = timezone.now()
    began = now - timedelta(hours=9)
    pull = run_rows.pull_of(made, state=PullState.COMPLETE, began_at=began)
    run_rows.done(made, at=began, pull=pull)
    slots.set_schedule(made, Rhythm(INTERVAL, minutes=30), by=None, at=now)

    page = marketer.get(f"/audiences/{made.audience.slug}/runs/").content.decode()
    first = marketer.get("/runs/attention/").content.decode()

    assert "Next sync" in page
    assert "This suppression is out of date." in page
    assert "Suppressions out of date" in first
    assert "people who entered since are not suppressed there" in first

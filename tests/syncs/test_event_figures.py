"""What the pages count: 24 hours, the week before, what waits, how long it takes, who owns what."""

from datetime import timedelta

import pytest
from django.utils import timezone

from audiences.models import Feed
from syncs.event_figures import DAY, Counted, causes, lag, last_day, unowned
from syncs.models import EventState
from tests import factories, feed_rows

pytestmark = pytest.mark.django_db
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


def test_a_day_is_counted_apart_from_the_week_before() -> None:
    feed = feed_rows.feed()
    feed_rows.counted(feed, 1, received=100, forwarded=90, rejected=4, copies=3)
    feed_rows.counted(feed, 5, received=10, forwarded=10)
    feed_rows.counted(feed, 30, received=700, forwarded=700)
    feed_rows.counted(feed.workspace, 1, unsigned=7)
    day = last_day([feed], timezone.now())
    assert day.of(feed) == Counted(received=110, copies=3, forwarded=100, rejected=4)
    assert day.requests == Counted(unsigned=7)


def test_what_is_usual_is_of_the_days_that_are_known() -> None:
    feed, young, new = feed_rows.feed(), feed_rows.feed("Young"), feed_rows.feed("New")
    feed_rows.a_week(feed, 700)
    feed_rows.counted(young, 24 * 2 + 23, received=300)
    feed_rows.counted(new, 1, received=5)
    day = last_day([feed, young, new], timezone.now())
    assert day.a_day(feed) == pytest.approx(700, rel=0.05)
    assert day.a_day(young) == pytest.approx(150, rel=0.1)
    assert day.a_day(new) is None


def test_what_waits_has_an_age() -> None:
    feed = feed_rows.feed()
    feed_rows.event(feed, state=EventState.WAITING, age=3 * DAY)
    feed_rows.event(feed, state=EventState.WAITING, age=HOUR)
    feed_rows.event(feed)
    held = last_day([feed], timezone.now()).held[feed.pk]
    assert (held.events, held.recent) == (2, 1)
    assert timezone.now() - held.since > 2 * DAY


def test_lag_is_of_the_last_day() -> None:
    feed = feed_rows.feed()
    assert lag(feed, timezone.now()) is None
    for seconds in (*range(1, 20), 300):
        feed_rows.forwarded(feed, seconds * SECOND)
    feed_rows.forwarded(feed, DAY, age=2 * DAY)
    found = lag(feed, timezone.now())
    assert found
    assert (found.median, found.nearly_all) == (10 * SECOND, 300 * SECOND)


def test_causes_are_told_with_the_newest_words() -> None:
    feed, other = feed_rows.feed(), feed_rows.feed("Left")
    for number in range(3):
        feed_rows.event(feed, reason="missing_property", words=f"It lacks number {number}.")
    feed_rows.event(feed, reason="no_person")
    feed_rows.event(feed, reason="no_person", age=3 * DAY)
    feed_rows.event(other, reason="wrong_type")
    found = causes([feed], timezone.now())
    assert [(one.code, one.events, one.words) for one in found] == [
        ("missing_property", 3, "It lacks number 2."),
        ("no_person", 1, "Nobody was named."),
    ]


def test_an_event_is_nobodys_until_it_is_registered() -> None:
    feed = feed_rows.feed()
    space = feed.workspace
    other = factories.workspace()
    feed_rows.counted(feed, 1, received=9)
    feed_rows.counted(space, 50, name="Coupon Redeemed", received=3)
    feed_rows.counted(space, 1, name="Coupon Redeemed", received=20)
    feed_rows.counted(other, 1, name="Coupon Shown", received=5)
    feed_rows.counted(space, 24 * 30, name="Long ago", received=5)
    feed_rows.counted(space, 1, unsigned=4)
    found = unowned(timezone.now())
    assert [(one.workspace, one.name, one.events) for one in found] == [
        (space.pk, "Coupon Redeemed", 20),
        (other.pk, "Coupon Shown", 5),
    ]
    assert timezone.now() - found[0].first > 2 * DAY
    Feed.objects.update(state=Feed.State.RETIRED)
    assert [one.name for one in unowned(timezone.now())][-1:] == ["Coupon Shown"]
    assert len(unowned(timezone.now())) == 3

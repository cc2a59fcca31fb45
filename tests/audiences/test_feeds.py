"""Registering feeds and switching them: a second person for what is new, no event into an ad list's pipe, all on record."""

from datetime import timedelta

import pytest
from django.utils import timezone

from audiences import feeds
from audiences.models import Feed
from audiences.terms_of import terms_of as definition_terms
from muster.models import Event as LogEvent
from muster.models import Person
from tests import factories, feed_rows

pytestmark = pytest.mark.django_db
NOW = timezone.now()
LATER = NOW + timedelta(minutes=5)


def verbs(feed: Feed) -> list[str]:
    found = LogEvent.objects.filter(kind="feed", object_id=str(feed.pk)).order_by("pk")
    return list(found.values_list("verb", flat=True))


def begun(owner: Person, name: str = "Coupon Shown") -> Feed:
    """Register a feed that lacks nothing, as its owner would."""
    space = factories.workspace()
    feed_rows.signing_key(space)
    made = Feed(
        workspace=space,
        name=name,
        kind=Feed.Kind.EXPOSURE,
        meaning="A coupon was on screen",
        owner=owner,
        drift_checker=factories.person(),
        pipe=factories.pipe(),
    )
    return feeds.register(made, [factories.destination(platform="warehouse")], by=owner, at=NOW)


def test_a_draft_goes_live_by_a_second_person(marketer: Person, manager: Person) -> None:
    made = begun(marketer)
    with pytest.raises(feeds.NeedsSomebodyElse, match=f"A manager switches it live. Ask {manager.full_name}"):
        feeds.go_live(made, by=marketer, at=LATER)
    assert feeds.go_live(made, by=manager, at=LATER)
    assert not feeds.go_live(made, by=manager, at=LATER)
    made.refresh_from_db()
    assert (made.state, made.live_by, made.slug) == (Feed.State.LIVE, manager, "coupon-shown")
    assert verbs(made) == ["registered the feed", "switched live the feed"]


def test_who_edited_it_last_does_not_switch_it_live(manager: Person) -> None:
    made = begun(manager)
    with pytest.raises(feeds.NeedsSomebodyElse, match="You edited it last"):
        feeds.go_live(made, by=manager, at=LATER)
    assert feeds.go_live(made, by=factories.person(role="manager"), at=LATER)


def test_a_feed_that_lacks_something_stays_a_draft(marketer: Person, manager: Person) -> None:
    made = begun(marketer)
    Feed.objects.update(pipe=None, drift_checker=None)
    with pytest.raises(feeds.NotReady) as refusal:
        feeds.go_live(made, by=manager, at=LATER)
    assert refusal.value.sentences == ["Name who checks it for drift.", "Choose the pipe that carries it on."]
    made.refresh_from_db()
    assert made.state == Feed.State.DRAFT


def test_another_property_pauses_a_live_feed_until_somebody_else_looks(marketer: Person, manager: Person) -> None:
    made = begun(marketer)
    feeds.go_live(made, by=manager, at=LATER)
    made.refresh_from_db()
    made.properties = [{"name": "value", "type": "number", "required": False, "why": "Revenue"}]
    at = LATER + timedelta(minutes=1)
    assert feeds.save(made, made.destinations.all(), by=manager, at=at) == ["Properties: + value (number)"]
    made.refresh_from_db()
    assert (made.state, made.edited_by) == (Feed.State.PAUSED, manager)
    with pytest.raises(feeds.NeedsSomebodyElse):
        feeds.go_live(made, by=manager, at=at)
    assert feeds.go_live(made, by=factories.person(role="manager"), at=at + timedelta(minutes=1))


def test_other_words_change_at_once_and_nothing_writes_nothing(marketer: Person, manager: Person) -> None:
    made = begun(marketer)
    feeds.go_live(made, by=manager, at=LATER)
    made.refresh_from_db()
    made.meaning = "A coupon could be read"
    assert feeds.save(made, made.destinations.all(), by=marketer, at=LATER) != []
    assert feeds.save(made, made.destinations.all(), by=marketer, at=LATER) == []
    made.refresh_from_db()
    assert made.state == Feed.State.LIVE
    assert verbs(made)[2:] == ["edited the feed"]


def test_paused_by_hand_it_is_resumed_by_any_marketer(marketer: Person, manager: Person) -> None:
    made = begun(marketer)
    feeds.go_live(made, by=manager, at=LATER)
    assert feeds.pause(made, by=marketer, reason="The journey is rebuilt", at=LATER)
    assert not feeds.pause(made, by=marketer, reason="twice", at=LATER)
    assert feeds.go_live(made, by=marketer, at=LATER)
    assert feeds.retire(made, by=marketer, reason="The journey is gone", at=LATER)
    with pytest.raises(feeds.NotPossible, match="retired meanwhile"):
        feeds.save(made, [], by=marketer, at=LATER)
    assert verbs(made)[2:] == ["paused the feed", "resumed the feed", "retired the feed"]


def test_one_event_has_one_feed_until_it_is_retired(marketer: Person) -> None:
    made = begun(marketer)
    twin = Feed(workspace=made.workspace, name=made.name, kind="other", meaning="The same", owner=marketer)
    with pytest.raises(feeds.NameTaken, match="One event has one feed"):
        feeds.register(twin, [], by=marketer, at=NOW)
    feeds.retire(made, by=marketer, reason="anew", at=NOW)
    assert feeds.register(twin, [], by=marketer, at=NOW).slug == "coupon-shown-2"


def test_the_words_of_pages_are_no_addresses_of_feeds(marketer: Person) -> None:
    assert begun(marketer, "Register").slug == "register-2"
    assert begun(marketer, "!!").slug == "event"


def test_no_event_goes_into_the_pipe_of_an_ad_list(marketer: Person, manager: Person) -> None:
    made = begun(marketer)
    through = made.pipe
    assert through
    factories.activation(through=through)
    with pytest.raises(feeds.NotReady, match="an ad list takes no events"):
        feeds.go_live(made, by=manager, at=LATER)


def test_no_ad_list_gets_the_pipe_of_a_feed(marketer: Person) -> None:
    made = begun(marketer)
    place = factories.destination()
    draft = factories.definition(state="draft", destinations=[place], routes={str(place.pk): {"pipe": made.pipe_id}})
    (told,) = definition_terms(draft).lists
    assert "carries the event Coupon Shown, and an ad list takes no events" in told.trouble
    feeds.retire(made, by=marketer, reason="over", at=NOW)
    assert definition_terms(draft).lists[0].trouble == ""

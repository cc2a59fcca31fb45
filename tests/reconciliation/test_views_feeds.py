"""The pages of journey events: what they say, who may what, and that no value of an event is on them."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from audiences.models import Feed, Workspace
from muster.models import Event as LogEvent
from muster.models import Person
from reconciliation.digesting import Week
from reconciliation.feed_rows import Feeds
from reconciliation.models import FeedWeek
from reconciliation.weeks import monday_of
from syncs.event_kept import Kept
from syncs.models import Event, EventCount, EventState
from tests import factories, feed_rows

pytestmark = pytest.mark.django_db
Sign = Callable[[Person], Client]
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
NOW = timezone.now()


def words(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200, path
    return said(response)


def said(response: Any) -> str:
    text = re.sub(r"<(title|desc)[^>]*>.*?</\1>", " ", response.content.decode())
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text)))


@pytest.fixture
def reader(marketer: Person, signed_in: Sign) -> Client:
    return signed_in(marketer)


def path_of(feed: Feed, rest: str = "") -> str:
    return f"/events/{feed.slug}/{rest}"


def data_out(feed: Feed) -> None:
    """Let Customer.io send the feed's event through the same pipe."""
    check = "0" * 32
    assert feed.pipe
    feed.pipe.write_key_check = check
    feed.pipe.save()
    out = {"name": "RudderStack", "data_plane_url": "https://data.example", "write_key_check": check}
    feed.workspace.data_out = [{**out, "events": ["coupon_shown"], "disabled": False}]
    feed.workspace.save()


# The page of all


def test_without_a_feed_the_page_teaches(reader: Client) -> None:
    factories.workspace(name="Shop")
    page = words(reader, "/events/")
    assert "No feed is registered yet" in page
    assert "Signing keys of Shop" in page
    assert "switch off Draft there" in page


def test_figures_add_up_and_problems_stand_first(reader: Client) -> None:
    fine, lossy = feed_rows.feed("Left Cart", kind="exit"), feed_rows.feed("Coupon Shown")
    feed_rows.counted(fine, received=3150, forwarded=3148)
    feed_rows.event(fine, state=EventState.WAITING, age=timedelta(seconds=41))
    feed_rows.event(fine, state=EventState.WAITING, age=timedelta(seconds=3))
    feed_rows.counted(lossy, received=200, forwarded=190, rejected=9, dropped=1)
    for _ in range(9):
        feed_rows.event(lossy)
    page = words(reader, "/events/")
    assert "One of two feeds is on target. Coupon Shown: 9 rejected: no person id. That is 5%; usual is none." in page
    assert "Received, 24 h 3,350" in page
    assert "Forwarded 3,338" in page
    assert "Rejected 9" in page
    assert "Waiting 2 oldest 4" in page
    assert page.index("Coupon Shown A coupon") < page.index("Left Cart A coupon")
    assert "Why 9 were rejected" in page
    assert "No person id Coupon Shown Nobody was named. 9 Send id in the body" in page


def test_rejects_within_what_is_usual_say_so(reader: Client) -> None:
    feed = feed_rows.feed(rejects_expected=2.0)
    feed_rows.counted(feed, received=100, forwarded=98, rejected=2)
    for _ in range(2):
        feed_rows.event(feed)
    page = words(reader, "/events/")
    assert "The one feed is on target." in page
    assert "Usual for this event: expected up to 2%, now 2%." in page


def test_what_nobody_owns_is_registered_with_its_properties(reader: Client, marketer: Person) -> None:
    space = factories.workspace()
    feed_rows.counted(space, name="Coupon Redeemed", received=1204)
    body = Kept(seen={"coupon": "text", "value": "number", "email": "text", "items": "other"}).text
    feed_rows.event(None, space=space, name="Coupon Redeemed", body=body)
    page = words(reader, "/events/")
    assert "Nobody owns this one" in page
    assert "Coupon Redeemed 1,204 in 24 h" in page
    form = reader.get(f"/events/register/?workspace={space.pk}&event=Coupon%20Redeemed").content.decode()
    assert 'value="Coupon Redeemed"' in form
    assert re.findall(r'name="property-\d+-name" value="([^"]+)"', form) == ["coupon", "items", "value"]
    assert "email" not in form.lower()


def test_a_double_says_whom_to_ask_and_that_somebody_did(
    reader: Client, marketer: Person, administrator: Person
) -> None:
    feed = feed_rows.feed()
    feed_rows.counted(feed, received=500, forwarded=500)
    data_out(feed)
    page = words(reader, "/events/")
    assert "Coupon Shown: also sent by Customer.io's own Data Out: 500 twice." in page
    assert "through the same pipe" in page
    assert f"Ask {administrator.full_name}" in page
    assert "to switch one off" in page
    reader.post(path_of(feed, "ask/"))
    assert f"{marketer.full_name} asked" in words(reader, "/events/")


def test_a_wall_of_401_is_a_wrong_key(reader: Client) -> None:
    space = factories.workspace(name="Shop")
    feed_rows.counted(space, unsigned=400)
    page = words(reader, "/events/")
    assert "Every request is refused: 400 in 24 h, none signed with a key that Muster knows." in page
    assert "Signing keys of Shop" in page


def test_the_navigation_counts_what_needs_the_reader(
    reader: Client, marketer: Person, manager: Person, signed_in: Sign
) -> None:
    assert words(reader, "/events/count/").strip() == ""
    feed_rows.counted(feed_rows.feed(), received=10, forwarded=10)
    assert words(reader, "/events/count/").strip() == ""
    feed_rows.feed("Left Cart", state="draft", owner=marketer)
    feed_rows.feed("Entered", state="draft")
    assert words(reader, "/events/count/").strip().startswith("1 feed needs you")
    assert "/events/count/" in reader.get("/events/").content.decode()
    assert words(signed_in(manager), "/events/count/").strip().startswith("2 feeds need you")
    assert words(signed_in(factories.person(role="paid_media")), "/events/count/").strip() == ""


def test_a_poll_asks_for_the_figures_only(reader: Client) -> None:
    feed_rows.feed()
    part = reader.get("/events/?page=1", headers={"HX-Request": "true"}).content.decode()
    assert part.strip().startswith('<div class="stack" id="figures"')
    assert "<h1" not in part


def test_many_feeds_cost_no_more_queries_each(reader: Client, django_assert_max_num_queries: Any) -> None:
    for number in range(12):
        feed_rows.counted(feed_rows.feed(f"Event {number}", space=None), received=5, forwarded=5)
    with django_assert_max_num_queries(45):
        reader.get("/events/")
    with django_assert_max_num_queries(24):
        reader.get("/events/count/")


# Registering and editing


def posted(space: Workspace, owner: Person, **changed: Any) -> dict[str, Any]:
    return {
        "workspace": space.pk,
        "name": "Coupon Shown",
        "kind": "exposure",
        "meaning": "A coupon was on screen",
        "owner": owner.pk,
        "property-0-name": "coupon",
        "property-0-type": "text",
        "property-0-required": "on",
        "property-0-why": "To compare coupons",
        "property-1-name": "",
        "property-1-type": "text",
        **changed,
    }


def test_registering_makes_a_draft_that_says_what_it_lacks(reader: Client, marketer: Person) -> None:
    space = factories.workspace()
    response = reader.post("/events/register/", posted(space, marketer))
    feed = Feed.objects.get()
    assert response["Location"] == path_of(feed)
    assert (feed.state, feed.created_by) == (Feed.State.DRAFT, marketer)
    assert feed.properties == [{"name": "coupon", "type": "text", "required": True, "why": "To compare coupons"}]
    page = words(reader, path_of(feed))
    assert "4 things missing" in page or "Before it goes live" in page
    assert "Its workspace has no signing key" in page
    assert "Choose the pipe that carries it on." in page


@pytest.mark.parametrize(
    ("changed", "words_"),
    [
        ({"name": ""}, "This field is required"),
        ({"name": 'Coupon "Shown"'}, "A name holds no quotes"),
        ({"kind": "nothing"}, "Select a valid choice"),
        ({"property-0-name": "user_email"}, "carries no name, address or phone number"),
        ({"property-0-name": "<b>"}, "begins with a letter"),
        ({"property-1-name": "coupon"}, "coupon stands here twice"),
        ({"rejects_expected": "lots"}, "Type a percentage"),
        ({"pipe": "99999"}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(
    reader: Client, marketer: Person, changed: dict[str, Any], words_: str
) -> None:
    response = reader.post("/events/register/", posted(factories.workspace(), marketer, **changed))
    assert response.status_code == 200
    assert words_ in said(response)
    assert not Feed.objects.exists()


def test_pipes_of_ad_lists_are_not_offered(reader: Client, marketer: Person) -> None:
    space, taken, free = factories.workspace(), factories.pipe(name="meta-pipe"), factories.pipe(name="events-pipe")
    factories.activation(through=taken)
    page = words(reader, "/events/register/")
    assert "events-pipe" in page
    assert "meta-pipe" not in page
    refused = said(reader.post("/events/register/", posted(space, marketer, pipe=taken.pk)))
    assert "Select a valid choice" in refused
    reader.post("/events/register/", posted(space, marketer, pipe=free.pk))
    assert Feed.objects.get().pipe == free


def test_only_an_entry_rings_an_audience_of_its_workspace(reader: Client, marketer: Person) -> None:
    space = factories.workspace()
    own, other = factories.audience(segment=factories.segment_row(space)), factories.audience()
    wrong_kind = said(reader.post("/events/register/", posted(space, marketer, audience=own.pk)))
    assert "Only a journey entry rings" in wrong_kind
    elsewhere = posted(space, marketer, audience=other.pk, kind="entry")
    assert "This audience is of another workspace" in said(reader.post("/events/register/", elsewhere))
    reader.post("/events/register/", posted(space, marketer, audience=own.pk, kind="entry"))
    assert Feed.objects.get().audience == own


def test_an_event_that_has_a_feed_is_not_registered_twice(reader: Client, marketer: Person) -> None:
    feed = feed_rows.feed()
    page = said(reader.post("/events/register/", posted(feed.workspace, marketer)))
    assert f"{feed.owner.full_name} registered this event already" in page


def test_editing_a_live_feed_pauses_it(reader: Client, marketer: Person, manager: Person, signed_in: Sign) -> None:
    feed = feed_rows.feed()
    assert feed.pipe
    form = posted(
        feed.workspace, feed.owner, pipe=feed.pipe.pk, destinations=[one.pk for one in feed.destinations.all()]
    )
    form |= {"drift_checker": feed.drift_checker_id, "property-1-name": "value", "property-1-why": "Revenue"}
    assert "Forwarding is paused until a second person" in said(reader.post(path_of(feed, "edit/"), form, follow=True))
    feed.refresh_from_db()
    assert (feed.state, len(feed.properties)) == (Feed.State.PAUSED, 2)
    page = words(reader, path_of(feed))
    assert f"Ask {manager.full_name}" in page
    assert "to switch it live" in page
    reader.post(path_of(feed, "live/"))
    feed.refresh_from_db()
    assert feed.state == Feed.State.PAUSED
    signed_in(manager).post(path_of(feed, "live/"))
    feed.refresh_from_db()
    assert (feed.state, feed.live_by) == (Feed.State.LIVE, manager)


def test_a_feed_is_paused_resumed_and_retired_with_a_reason(reader: Client) -> None:
    feed = feed_rows.feed()
    reader.post(path_of(feed, "pause/"), {"reason": ""})
    feed.refresh_from_db()
    assert feed.state == Feed.State.LIVE
    reader.post(path_of(feed, "pause/"), {"reason": "The journey is rebuilt"})
    assert "Paused. What arrives is kept and waits" in words(reader, path_of(feed))
    reader.post(path_of(feed, "live/"))
    feed.refresh_from_db()
    assert feed.state == Feed.State.LIVE
    reader.post(path_of(feed, "retire/"), {"reason": "The journey is gone"})
    feed.refresh_from_db()
    assert feed.state == Feed.State.RETIRED
    page = words(reader, path_of(feed))
    assert "retired the feed Coupon Shown: The journey is gone" in page
    assert "Retire it" not in page


def test_a_feed_that_stopped_goes_on(reader: Client) -> None:
    feed = feed_rows.feed(stopped_words="RudderStack refused the write key.")
    page = words(reader, path_of(feed))
    assert "Forwarding stopped by itself. RudderStack refused the write key." in page
    reader.post(path_of(feed, "go-on/"))
    feed.refresh_from_db()
    assert feed.stopped_words == ""


# One feed


def test_a_feed_shows_its_weeks_with_what_landed(reader: Client) -> None:
    feed = feed_rows.feed()
    place = feed.destinations.get()
    monday = monday_of(timezone.localdate()) - 2 * WEEK
    hours = (NOW.date() - monday).days * 24 - 30
    feed_rows.counted(feed, hours, received=1000, forwarded=1000)
    FeedWeek.objects.create(feed=feed, destination=place, monday=monday, rows=1400, ids=1000, read_at=NOW)
    page = words(reader, path_of(feed))
    assert f"400 rows are in {place.name} twice." in page
    assert "Muster does not read it back, so what landed is not known" in page
    assert page.count("not known") >= 2
    assert "400 rows are" in Feeds(NOW, only=feed).rows[0].verdict.first


def test_a_feed_is_polled_for_its_figures_only(reader: Client) -> None:
    path = path_of(feed_rows.feed())
    part = reader.get(path, headers={"HX-Request": "true"}).content.decode()
    assert part.strip().startswith('<dl class="stats" id="live"')
    assert part in reader.get(path).content.decode()


def test_rejected_events_show_names_and_never_values(reader: Client, marketer: Person) -> None:
    feed = feed_rows.feed()
    body = Kept(person_id="p-1", properties={"coupon": "SECRET-COUPON-20"}, lost={"value": "wrong_type"}).text
    kept = feed_rows.event(feed, reason="wrong_type", words="The property “value” is of another type.", body=body)
    feed_rows.event(feed, reason="no_person")
    feed_rows.counted(feed, received=2, rejected=2)
    page = words(reader, path_of(feed))
    assert "The property “value” is of another type." in page
    assert "coupon , value" in page
    assert "SECRET-COUPON-20" not in page
    assert "p-1" not in page
    assert page.count("Try all again") == 2
    assert Event.objects.get(pk=kept.pk).state == EventState.REJECTED


def test_one_is_tried_again_and_all_of_a_reason(reader: Client) -> None:
    feed = feed_rows.feed()
    fine = Kept(person_id="p-1", cio_id="c-1", properties={"coupon": "A"}).text
    kept: dict[str, Any] = {"reason": "missing_property", "body": fine}
    one, *_ = (feed_rows.event(feed, **kept) for _ in range(3))
    other = feed_rows.event(feed, reason="no_person", body=Kept(trouble="no_person").text)
    feed_rows.counted(feed, 0.5, received=4, rejected=4)
    assert "1 event will be forwarded." in said(reader.post(path_of(feed, "retry/"), {"event": one.pk}, follow=True))
    reader.post(path_of(feed, "retry/"), {"code": "missing_property"})
    states = set(Event.objects.filter(reason="").values_list("state", flat=True))
    assert states == {EventState.WAITING}
    told = said(reader.post(path_of(feed, "retry/"), {"event": other.pk}, follow=True))
    assert "1 event is rejected as before. Change the cause first" in told
    assert EventCount.objects.get().rejected == 1


@pytest.mark.parametrize("meant", [{}, {"event": "x"}, {"event": "9" * 30}, {"code": "other"}, {"event": "-1"}])
def test_what_names_no_event_tries_none(reader: Client, meant: dict[str, str]) -> None:
    feed = feed_rows.feed()
    feed_rows.event(feed)
    told = said(reader.post(path_of(feed, "retry/"), meant, follow=True))
    assert "nothing was tried" in told


def test_dropping_takes_a_reason_and_reaches_no_other_feed(reader: Client) -> None:
    feed, other = feed_rows.feed(), feed_rows.feed("Left")
    mine, theirs = feed_rows.event(feed), feed_rows.event(other)
    for one in (feed, other):
        feed_rows.counted(one, 0.5, received=1, rejected=1)
    reader.post(path_of(feed, "drop/"), {"code": "no_person", "reason": " "})
    assert Event.objects.filter(state=EventState.REJECTED).count() == 2
    reader.post(path_of(feed, "drop/"), {"event": theirs.pk, "reason": "not mine"})
    reader.post(path_of(feed, "drop/"), {"code": "no_person", "reason": "Shown before sign-in"})
    mine.refresh_from_db()
    theirs.refresh_from_db()
    assert (mine.state, theirs.state) == (EventState.DROPPED, EventState.REJECTED)


def test_the_recipe_stands_on_the_page(reader: Client) -> None:
    feed = feed_rows.feed()
    page = reader.get(path_of(feed)).content.decode()
    assert f"http://testserver/webhooks/customerio/{feed.workspace_id}/" in page
    assert "&quot;event&quot;: &quot;Coupon Shown&quot;" in page
    assert "Switch off Draft" in page


def test_paid_media_reads_and_asks_whom(signed_in: Sign, marketer: Person) -> None:
    feed = feed_rows.feed(state="draft", owner=marketer)
    feed_rows.event(feed)
    client = signed_in(factories.person(role="paid_media"))
    page = client.get(path_of(feed)).content.decode()
    for action in ("retry", "drop", "live", "pause", "retire", "edit"):
        assert f"/{action}/" not in page.partition("<main")[2]
    assert client.get("/events/").status_code == 200


def test_what_changed_is_told(reader: Client, marketer: Person) -> None:
    feed = feed_rows.feed()
    reader.post(path_of(feed, "pause/"), {"reason": "The journey is rebuilt"})
    assert f"{marketer.full_name} paused the feed Coupon Shown: The journey is rebuilt" in words(reader, path_of(feed))
    assert LogEvent.objects.filter(kind="feed", object_id=str(feed.pk)).count() == 1


# Messages and reports


def test_the_digest_tells_owner_and_checker_of_a_feed_that_needs_them(marketer: Person, manager: Person) -> None:
    feed = feed_rows.feed(owner=marketer, stopped_words="The key is refused.")
    week = Week(monday_of(timezone.localdate()) - WEEK, timezone.now())
    duty = week.duties(marketer)[0]
    assert duty.what == "The event Coupon Shown needs you."
    assert "The key is refused." in duty.why
    assert duty.path == path_of(feed)
    assert feed.drift_checker
    assert week.duties(feed.drift_checker)[0].what == duty.what
    assert all("event" not in one.what for one in week.duties(manager))

"""A segment that is changed in Customer.io is noticed by one look at the list, told, and offered for adoption."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from audiences import watch
from audiences.conditions import fingerprint
from audiences.listing import NEEDS, listed
from audiences.models import Audience, Segment
from audiences.segment_changes import UNTOLD, changes
from audiences.verdict import Standing
from muster.models import Event, Person
from syncs.sweep import ring_looks
from tests import factories
from tests.redis_server import RedisServer
from tests.vendors import Vendors

Signed = Callable[[Person], Client]
OVER = {"and": [{"event": {"type": "event", "name": "cart"}, "within": 3600}]}
UNDER = {"and": [{"event": {"type": "event", "name": "cart"}, "within": 7200}]}


def shown(**fields: Any) -> Segment:
    return Segment(**{"number": 1, "kind": "dynamic", "state": "finished", "fingerprint": "a", **fields})


@pytest.mark.parametrize(
    ("after", "verbs"),
    [
        ({}, []),
        ({"name": "Renamed", "tags": ["x"], "description": "other", "state": "building", "size": 7}, []),
        ({"fingerprint": "b"}, ["noticed changed conditions in the segment of"]),
        ({"kind": "manual"}, ["noticed another type of the segment of"]),
        ({"gone_at": timezone.now()}, ["no longer finds the segment of"]),
        (
            {"fingerprint": "b", "kind": "manual"},
            ["noticed changed conditions in the segment of", "noticed another type of the segment of"],
        ),
    ],
)
def test_only_what_moves_people_is_a_change(after: dict[str, Any], verbs: list[str]) -> None:
    assert [one.verb for one in changes(shown(), shown(**after))] == verbs


def test_a_segment_that_comes_back_is_a_change() -> None:
    (one,) = changes(shown(gone_at=timezone.now()), shown())

    assert one.verb == "finds again the segment of"


def test_the_difference_holds_only_what_differs() -> None:
    both = {"event": {"type": "page", "name": "/cart"}}
    was = {"and": [OVER["and"][0], both]}
    now = {"and": [both, UNDER["and"][0]]}

    (one,) = changes(shown(conditions=was), shown(conditions=now, fingerprint="b"))

    assert one.was == ("The event “cart” happened within the last hour.",)
    assert one.now == ("The event “cart” happened within the last 2 hours.",)


def test_conditions_that_are_no_longer_returned_are_told_so() -> None:
    (one,) = changes(shown(conditions=OVER), shown(fingerprint=""))

    assert one.now == (UNTOLD,)


@pytest.fixture
def carts(vendors: Vendors, db: None) -> Audience:
    """An audience whose segment has conditions, locked as they are now."""
    made = factories.registered_audience(vendors, 3, name="Carts")
    vendors.order(vendors.us, f"/_sandbox/segments/{made.segment.number}", {"conditions": OVER})
    known = {"conditions": OVER, "fingerprint": fingerprint(OVER)}
    Segment.objects.filter(pk=made.segment_id).update(**known)
    made.definitions.update(**known)
    made.segment.refresh_from_db()
    return made


def edit(vendors: Vendors, made: Audience, **keys: Any) -> None:
    vendors.order(vendors.us, f"/_sandbox/segments/{made.segment.number}", keys)


def test_one_request_covers_every_audience_of_a_workspace(vendors: Vendors, carts: Audience) -> None:
    other = factories.audience(name="Others", segment=carts.segment)
    edit(vendors, carts, conditions=UNDER)
    vendors.session.delete(f"{vendors.us}/_sandbox/requests", timeout=5)

    assert watch.look(carts.segment.workspace_id, at=timezone.now())

    asked = vendors.session.get(f"{vendors.us}/_sandbox/requests", timeout=5).json()["requests"]
    assert [one["path"] for one in asked] == ["/v1/segments"]
    events = Event.objects.order_by("audience_id")
    assert [(one.verb, one.audience_id) for one in events] == [
        ("noticed changed conditions in the segment of", carts.pk),
        ("noticed changed conditions in the segment of", other.pk),
    ]
    assert events[0].detail["now"] == ["The event “cart” happened within the last 2 hours."]


def test_a_change_is_told_once_and_so_is_its_end(vendors: Vendors, carts: Audience) -> None:
    for conditions in (OVER, UNDER, UNDER, OVER, OVER):
        edit(vendors, carts, conditions=conditions)
        watch.look(carts.segment.workspace_id, at=timezone.now())

    assert Event.objects.count() == 2


def test_a_deleted_segment_is_noticed(vendors: Vendors, carts: Audience) -> None:
    edit(vendors, carts, delete=True)
    watch.look(carts.segment.workspace_id, at=timezone.now())

    assert [one.verb for one in Event.objects.all()] == ["no longer finds the segment of"]


def test_a_look_that_fails_keeps_what_was_known_and_says_why(vendors: Vendors, carts: Audience) -> None:
    space = carts.segment.workspace
    vendors.order(vendors.us, "/_sandbox/options", {"ip_refused": 403})

    assert not watch.look(space.pk, at=timezone.now())

    space.refresh_from_db()
    assert space.watch_words.endswith(".")
    assert Event.objects.count() == 0
    assert Segment.objects.get(pk=carts.segment_id).gone_at is None
    vendors.order(vendors.us, "/_sandbox/options", {"ip_refused": 0})
    assert watch.look(space.pk, at=timezone.now())
    space.refresh_from_db()
    assert space.watch_words == ""


def test_looks_are_due_after_the_time_between_two(db: None) -> None:
    now = timezone.now()
    ago = now - timedelta(seconds=settings.SEGMENT_POLL_SECONDS)
    just = now - timedelta(seconds=settings.SEGMENT_POLL_SECONDS - 1)
    due = [factories.workspace(segments_read_at=None), factories.workspace(segments_read_at=ago, watched_at=ago)]
    others: tuple[dict[str, Any], ...] = (
        {"segments_read_at": just},
        {"segments_read_at": ago, "watched_at": just},
        {"archived_at": now},
    )
    for fields in others:
        factories.workspace(**fields)

    assert set(watch.due(now)) == set(due)


@pytest.mark.django_db(transaction=True)
def test_tick_rings_once_until_the_next_look_is_due(carts: Audience, redis: RedisServer) -> None:
    now = timezone.now()
    later = now + timedelta(seconds=settings.SEGMENT_POLL_SECONDS)

    assert [ring_looks(at=at) for at in (now, now, later)] == [1, 0, 1]

    rung = redis.client.lrange("rq:queue:muster", 0, -1)
    assert len(rung) == 2
    assert all(f"workspace-{carts.segment.workspace_id}-" in str(one) for one in rung)


@pytest.mark.parametrize(
    ("purpose", "effect"),
    [
        ("suppress", "people are still added, nobody is removed"),
        ("retarget", "nothing is sent but removals of people who opted out"),
    ],
)
def test_the_audience_says_that_it_no_longer_matches(
    vendors: Vendors, carts: Audience, purpose: str, effect: str
) -> None:
    carts.definitions.update(purpose=purpose)
    edit(vendors, carts, conditions=UNDER)
    watch.look(carts.segment.workspace_id, at=timezone.now())

    (row,) = listed(timezone.localdate())
    said = Standing(row, timezone.localdate())

    assert row.rank == NEEDS  # type: ignore[attr-defined]
    assert said.verdict.startswith("The segment no longer matches v1")
    assert effect in said.verdict


def test_the_page_shows_the_difference_and_adopts_it(
    vendors: Vendors, carts: Audience, signed_in: Signed, marketer: Person
) -> None:
    browser = signed_in(marketer)
    page = f"/audiences/{carts.slug}/"
    assert "no longer matches" not in browser.get(page).content.decode()
    edit(vendors, carts, conditions=UNDER)
    watch.look(carts.segment.workspace_id, at=timezone.now())

    html = browser.get(page).content.decode()

    assert "within the last hour." in html
    assert "within the last 2 hours." in html
    form = browser.get(f"{page}definition/new/?adopt").content.decode()
    assert "this version adopts them" in form
    browser.post(f"{page}definition/new/", {"reason": "Carts count for two hours now"})
    draft = carts.definitions.get(state="draft")
    assert draft.logic == "The event “cart” happened within the last 2 hours."
    assert "Go on with v2" in browser.get(page).content.decode()


def test_taken_back_in_customer_io_all_is_as_before(
    vendors: Vendors, carts: Audience, signed_in: Signed, marketer: Person
) -> None:
    for conditions in (UNDER, OVER):
        edit(vendors, carts, conditions=conditions)
        watch.look(carts.segment.workspace_id, at=timezone.now())

    assert "no longer matches" not in signed_in(marketer).get(f"/audiences/{carts.slug}/").content.decode()

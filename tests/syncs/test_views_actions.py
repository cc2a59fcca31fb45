"""Start, cancel, release, ask and drop, as the forms of the pages post them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from muster.models import Event, Person
from syncs.models import Release, Run
from syncs.states import RunState

from . import run_rows

Signed = Callable[[Person], Client]
HTMX = {"HX-Request": "true"}
MOVES = {"release-max_removes": "1291", "release-reason": "Narrowed on purpose"}

pytestmark = pytest.mark.django_db


def at(name: str, number: int) -> str:
    return reverse(f"syncs:{name}", args=[number])


def told(client: Client, url: str, data: dict[str, Any] | None = None) -> str:
    """Post, follow to the page where it leads, and return that page."""
    answer = client.post(url, data or {}, follow=True)
    assert answer.status_code == 200
    return answer.content.decode().replace("&#x27;", "'")


def test_sync_now_leads_to_the_run_that_it_started(signed_in: Signed, marketer: Person) -> None:
    made = run_rows.list_of()

    answer = signed_in(marketer).post(at("start", made.pk), {"kind": "sync", "why": "New prices"})

    run = Run.objects.get()
    assert (answer.status_code, answer.headers["Location"]) == (303, at("run", run.pk))
    assert (run.activation, run.actor, run.why, run.kind) == (made, marketer, "New prices", Run.Kind.SYNC)


def test_a_second_trigger_is_led_to_the_run_that_is_live(signed_in: Signed, marketer: Person) -> None:
    live = run_rows.sending()

    html = told(signed_in(marketer), at("start", live.activation_id))

    assert Run.objects.count() == 1
    assert f'href="{at("run", live.pk)}">See it</a>' in html


def test_from_the_audiences_page_the_lists_come_back_with_a_way_to_follow(signed_in: Signed, marketer: Person) -> None:
    made = run_rows.list_of()

    html = signed_in(marketer).post(at("start", made.pk), {"kind": "dry_run"}, headers=HTMX).content.decode()

    run = Run.objects.get()
    assert run.is_dry
    assert "<html" not in html
    assert 'id="lists"' in html
    assert 'hx-swap-oob="true"' in html
    assert f'href="{at("run", run.pk)}"' in html


def test_what_cannot_start_says_why(signed_in: Signed, marketer: Person) -> None:
    made = run_rows.list_of()
    made.pipe = None
    made.save()

    html = told(signed_in(marketer), at("start", made.pk))

    assert "Not started." in html
    assert not Run.objects.exists()


def test_sending_everybody_again_is_not_for_who_may_only_sync(signed_in: Signed, marketer: Person) -> None:
    made = run_rows.list_of()

    assert signed_in(marketer).post(at("start", made.pk), {"kind": "reassert"}).status_code == 403
    assert not Run.objects.exists()


@pytest.mark.parametrize("data", [{"kind": "everything"}, {"why": "x" * 301}])
def test_what_is_not_understood_starts_nothing(data: dict[str, str], signed_in: Signed, marketer: Person) -> None:
    made = run_rows.list_of()

    assert "Nothing was started" in told(signed_in(marketer), at("start", made.pk), data)
    assert not Run.objects.exists()


def test_cancelling_says_first_what_it_does(signed_in: Signed, marketer: Person) -> None:
    run = run_rows.sending()
    client = signed_in(marketer)

    html = client.get(at("cancel", run.pk)).content.decode()
    assert "3,702 additions and 4,118 removals" in html
    assert "It is not taken back" in html
    assert Run.objects.get().cancel_asked_at is None

    after = told(client, at("cancel", run.pk), {"reason": "Wrong prices"})

    run.refresh_from_db()
    assert run.cancel_asked_by == marketer
    assert "It ends before its next request" in after
    assert Event.objects.filter(run_id=run.pk, reason="Wrong prices", actor=marketer).exists()


def test_what_has_ended_is_not_cancelled(signed_in: Signed, marketer: Person) -> None:
    run = run_rows.done()
    client = signed_in(marketer)

    assert "There is nothing to cancel" in client.get(at("cancel", run.pk)).content.decode()
    assert "has ended already. Nothing was cancelled" in told(client, at("cancel", run.pk))
    assert Run.objects.get().state == RunState.DONE


def test_a_release_starts_a_run_within_its_figures(signed_in: Signed, manager: Person) -> None:
    held = run_rows.held()

    html = told(signed_in(manager), at("release", held.pk), MOVES)

    new = Run.objects.latest("pk")
    release = Release.objects.get()
    assert new.pk != held.pk
    assert (release.max_removes, release.reason) == (1291, "Narrowed on purpose")
    assert "Released for 24 hours" in html
    assert "plans afresh within the figures" in html


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"release-max_removes": "1290"}, "a release of fewer would be held again"),
        ({"release-max_removes": "1,291"}, "Write a whole number"),
        ({"release-max_removes": ""}, "Say up to how many"),
        ({"release-reason": " "}, "Say why"),
    ],
)
def test_a_release_that_is_not_complete_keeps_what_was_typed(
    change: dict[str, str], said: str, signed_in: Signed, manager: Person
) -> None:
    held = run_rows.held()

    answer = signed_in(manager).post(at("release", held.pk), {**MOVES, **change})

    html = answer.content.decode()
    assert said in html
    assert 'aria-invalid="true"' in html
    assert (MOVES | change)["release-reason"] in html
    assert not Release.objects.exists()


def test_what_a_newer_run_decided_is_not_released(signed_in: Signed, manager: Person) -> None:
    held = run_rows.held()
    run_rows.done(held.activation)

    assert "Not released." in told(signed_in(manager), at("release", held.pk), MOVES)
    assert not Release.objects.exists()


def test_a_marketer_asks_once(signed_in: Signed, marketer: Person, manager: Person) -> None:
    held = run_rows.held()
    client = signed_in(marketer)

    assert "Everybody who may release sees it" in told(client, at("ask", held.pk), {"ask-reason": "Meant to be"})
    told(client, at("ask", held.pk), {"ask-reason": "Again"})

    assert [event.reason for event in Event.objects.filter(run_id=held.pk)] == ["Meant to be"]


def test_dropping_needs_a_reason_and_ends_the_run(signed_in: Signed, marketer: Person) -> None:
    held = run_rows.held()
    client = signed_in(marketer)

    assert "Say why" in told(client, at("drop", held.pk))
    held.refresh_from_db()
    assert held.state == RunState.HELD

    assert "Dropped. The next run plans afresh" in told(client, at("drop", held.pk), {"drop-reason": "A mistake"})
    held.refresh_from_db()
    assert held.state == RunState.CANCELLED


@pytest.mark.parametrize("name", ["release", "ask", "drop"])
def test_decisions_are_posted_and_never_followed_as_a_link(name: str, signed_in: Signed, manager: Person) -> None:
    held = run_rows.held(at=timezone.now() - timedelta(hours=1))

    assert signed_in(manager).get(at(name, held.pk)).status_code == 405

"""The page of a run: every state in words, the moving part, and who sees which choices."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from muster.models import Installation, Person
from syncs import asking
from syncs.models import Run
from syncs.reasons import RUN
from syncs.states import RunState, Stage
from tests import factories

from . import run_rows

Signed = Callable[[Person], Client]
HTMX = {"HX-Request": "true"}
SIGNING_IN = 3  # session, person, installation: asked by every request

pytestmark = pytest.mark.django_db


def page_of(run: Run) -> str:
    return reverse("syncs:run", args=[run.pk])


def live_of(run: Run) -> str:
    return reverse("syncs:live", args=[run.pk])


def root(html: str) -> str:
    """Return the opening tag of the moving part."""
    found = re.search(r'<div id="run"[^>]*>', html)
    assert found
    return found.group()


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


MAKERS: dict[str, Callable[..., Run]] = {
    "waiting": lambda: run_rows.run_of(state=RunState.WAITING, started_at=None),
    "reading": lambda: run_rows.run_of(state=RunState.RUNNING, stage=Stage.READING),
    "sending": run_rows.sending,
    "done": run_rows.done,
    "done with rejects": lambda: run_rows.done(state=RunState.DONE_WITH_REJECTS, rejected=12),
    "held": run_rows.held,
    "failed": lambda: run_rows.run_of(state=RunState.FAILED, reason="pull_failed"),
    "cancelled": lambda: run_rows.run_of(state=RunState.CANCELLED, reason="cancelled"),
    "lost": lambda: run_rows.run_of(state=RunState.LOST, reason="lost"),
    "dry": run_rows.dry,
}


@pytest.mark.parametrize("name", MAKERS)
def test_every_state_has_a_page_for_everybody(
    name: str, signed_in: Signed, marketer: Person, manager: Person, paid_media: Person, administrator: Person
) -> None:
    run = MAKERS[name]()

    for somebody in (marketer, manager, paid_media, administrator):
        answer = signed_in(somebody).get(page_of(run))
        assert answer.status_code == 200
        assert run.get_state_display() in words(answer.content.decode())


@pytest.mark.parametrize("code", sorted(RUN))
@pytest.mark.parametrize("state", [RunState.WAITING, RunState.FAILED, RunState.LOST])
def test_what_happened_its_effect_and_the_next_step_are_on_the_page(
    code: str, state: str, signed_in: Signed, marketer: Person
) -> None:
    run = run_rows.run_of(state=state, reason=code)

    html = signed_in(marketer).get(page_of(run)).content.decode()

    said = words(html).replace("&#x27;", "'")
    assert RUN[code].label in said
    assert RUN[code].meaning in said
    assert RUN[code].next_step in said


def test_a_running_run_on_the_page(signed_in: Signed, marketer: Person, manager: Person) -> None:
    at = timezone.now() - timedelta(seconds=340)
    run = run_rows.sending(at=at, actor=manager, why="v3, first full send")
    run_rows.event(run, "was picked up", reason="Picked up by worker web-1:4711.")

    html = words(signed_in(marketer).get(page_of(run)).content.decode())

    for said in (
        "by Grace Osei : “v3, first full send”",
        "Worker web-1:4711 seen",
        "7,820 of 12,234 people accepted by RudderStack",
        "left as of",
        "82,214 before − 4,118 + 6,214 = 84,310 after",
        "“Accepted” is RudderStack's answer; Meta usually shows changes within 24 h",
        "1,894 of 86,204 people",
        "No usable identifier 578",
        "2,317 Phone not valid",
        "Erased: 18",
        "Passed, 4,100 of at most 4,230 removals",
        "Picked up by worker web-1:4711.",
    ):
        assert said in html
    assert "success" not in html.lower()


@pytest.mark.parametrize("name", ["waiting", "reading", "sending"])
def test_a_live_run_is_polled_by_its_own_trigger(name: str, signed_in: Signed, marketer: Person) -> None:
    run = MAKERS[name]()
    client = signed_in(marketer)

    for html in (client.get(page_of(run)).content.decode(), client.get(live_of(run), headers=HTMX).content.decode()):
        assert 'hx-trigger="every 2s"' in root(html)
        assert f'hx-get="{live_of(run)}?' in root(html)


@pytest.mark.parametrize("name", ["done", "done with rejects", "failed", "cancelled", "lost", "dry"])
def test_a_finished_fragment_has_no_trigger(name: str, signed_in: Signed, marketer: Person) -> None:
    run = MAKERS[name]()
    client = signed_in(marketer)

    for html in (client.get(page_of(run)).content.decode(), client.get(live_of(run), headers=HTMX).content.decode()):
        assert "hx-" not in root(html)


def test_the_fragment_is_a_part_of_the_page(signed_in: Signed, marketer: Person) -> None:
    run = run_rows.sending()

    answer = signed_in(marketer).get(live_of(run), headers=HTMX)

    html = answer.content.decode()
    assert "<html" not in html
    assert html.lstrip().startswith('<div id="run"')
    assert "HX-Request" in answer.headers["Vary"]


@pytest.mark.parametrize(
    "headers", [{}, {**HTMX, "HX-Boosted": "true"}, {**HTMX, "HX-History-Restore-Request": "true"}]
)
def test_without_htmx_the_fragments_address_leads_to_the_page(
    headers: dict[str, str], signed_in: Signed, marketer: Person
) -> None:
    run = run_rows.sending()
    client = signed_in(marketer)

    assert client.get(live_of(run), headers=headers).headers["Location"] == page_of(run)
    assert "<html" in client.get(page_of(run), headers=headers).content.decode()


def test_a_change_of_state_is_announced_once(signed_in: Signed, marketer: Person) -> None:
    run = run_rows.sending()
    client = signed_in(marketer)
    seen = re.search(r"seen=([^&\"]+)", root(client.get(page_of(run)).content.decode()))
    assert seen

    same = client.get(live_of(run), {"seen": seen.group(1)}, headers=HTMX).content.decode()
    Run.objects.filter(pk=run.pk).update(state=RunState.DONE, stage=Stage.DONE, finished_at=timezone.now())
    other = client.get(live_of(run), {"seen": seen.group(1)}, headers=HTMX).content.decode()

    assert "run-said" not in same
    assert 'id="run-said" hx-swap-oob="innerHTML"' in other


def test_what_people_wrote_is_escaped(signed_in: Signed, marketer: Person) -> None:
    evil = "<script>alert(1)</script>"
    activation = run_rows.list_of(f"Cart {evil}", list_name=evil)
    activation.destination.name = f"Meta {evil}"
    activation.destination.save()
    run = run_rows.held(activation, actor=marketer, why=evil, words=evil)
    run_rows.event(run, f"did {evil}", by=marketer, reason=evil)
    client = signed_in(marketer)

    for url in (page_of(run), reverse("syncs:runs"), reverse("syncs:of_audience", args=[activation.audience.slug])):
        html = client.get(url).content.decode()
        assert evil not in html
        assert "&lt;script&gt;" in html


def test_a_run_that_is_not_there(signed_in: Signed, marketer: Person) -> None:
    client = signed_in(marketer)

    assert client.get("/runs/999/").status_code == 404
    assert client.get("/runs/999/live/", headers=HTMX).status_code == 404


@pytest.mark.parametrize(("events", "status"), [("1", 200), ("2", 200), ("0", 404), ("x", 404), ("9" * 30, 404)])
def test_pages_of_events(events: str, status: int, signed_in: Signed, marketer: Person) -> None:
    run = run_rows.done()
    for number in range(45):
        run_rows.event(run, f"did thing {number}", by=marketer, at=run_rows.AT + timedelta(seconds=number))

    answer = signed_in(marketer).get(page_of(run), {"events": events})

    assert answer.status_code == status
    if status == 200:
        html = answer.content.decode()
        assert ("did thing 44" in html) == (events == "1")
        assert ("did thing 0." in html) == (events == "2")


@pytest.mark.parametrize(
    ("name", "role", "offered"),
    [
        ("sending", "marketer", True),
        ("sending", "manager", True),
        ("sending", "paid_media", False),
        ("sending", "administrator", False),
        ("done", "marketer", False),
    ],
)
def test_who_may_cancel_sees_the_way_there(name: str, role: str, offered: bool, signed_in: Signed) -> None:
    run = MAKERS[name]()

    html = signed_in(factories.person(role=role)).get(page_of(run)).content.decode()

    assert (reverse("syncs:cancel", args=[run.pk]) in html) == offered


def test_once_asked_the_run_shows_who_wants_it_cancelled(signed_in: Signed, marketer: Person) -> None:
    run = run_rows.sending(cancel_asked_at=timezone.now(), cancel_asked_by=marketer)

    html = words(signed_in(marketer).get(page_of(run)).content.decode())

    assert "Mara Keller asked to cancel" in html
    assert "Cancel run" not in html


def test_a_held_run_offers_three_choices_to_who_may_release(signed_in: Signed, manager: Person) -> None:
    run = run_rows.held()

    html = signed_in(manager).get(page_of(run)).content.decode()

    assert [
        html.count(name) for name in ("Keep the list as it is</h3>", "Release the 1,291 removals</h3>", "Drop</h3>")
    ] == [1, 1, 1]
    assert reverse("syncs:release", args=[run.pk]) in html
    assert reverse("syncs:ask", args=[run.pk]) not in html
    assert "Release up to 1,291 removals" in words(html)
    assert "Stay 1,902, parked removals 1,291 (40% of 3,193)" in html
    assert "The next run plans afresh and replaces this one, whatever you choose." in html


@pytest.mark.parametrize("role", ["marketer", "paid_media", "administrator"])
def test_who_may_not_release_sees_whom_to_ask(role: str, signed_in: Signed, manager: Person) -> None:
    run = run_rows.held()

    html = signed_in(factories.person(role=role)).get(page_of(run)).content.decode()

    assert "Ask Grace Osei" in words(html)
    assert reverse("syncs:ask", args=[run.pk]) in html
    assert reverse("syncs:release", args=[run.pk]) not in html
    assert (reverse("syncs:drop", args=[run.pk]) in html) == (role == "marketer")


def test_a_deputy_may_release_and_is_named(signed_in: Signed, manager: Person, marketer: Person) -> None:
    manager.deputy = marketer
    manager.save()
    run = run_rows.held()

    assert reverse("syncs:release", args=[run.pk]) in signed_in(marketer).get(page_of(run)).content.decode()
    other = signed_in(factories.person(role="paid_media")).get(page_of(run)).content.decode()
    assert "Ask Grace Osei or Mara Keller" in words(other)


def test_an_ask_is_shown_to_everybody_and_not_asked_for_again(
    signed_in: Signed, manager: Person, marketer: Person
) -> None:
    run = run_rows.held()
    asking.ask_to_release(run, by=marketer, reason="Narrowed on purpose", at=timezone.now())

    own = signed_in(marketer).get(page_of(run)).content.decode()
    managers = signed_in(manager).get(page_of(run)).content.decode()

    for html in (own, managers):
        assert re.search(r"Mara Keller asked \d\d:\d\d", words(html))
        assert "“Narrowed on purpose”" in html
    assert reverse("syncs:ask", args=[run.pk]) not in own


def test_what_no_figure_releases_offers_no_release(signed_in: Signed, manager: Person) -> None:
    run = run_rows.held(reason="definition_changed")

    html = signed_in(manager).get(page_of(run)).content.decode()

    assert reverse("syncs:release", args=[run.pk]) not in html
    assert "Adopt the change in a new version of the definition, or restore the segment" in html


def test_a_newer_run_takes_the_decision_away(signed_in: Signed, manager: Person) -> None:
    run = run_rows.held()
    newer = run_rows.done(run.activation)

    html = signed_in(manager).get(page_of(run)).content.decode()

    assert f"Run {newer.pk} planned afresh" in words(html)
    assert reverse("syncs:release", args=[run.pk]) not in html
    assert "hx-" not in root(html)


def test_a_dry_run_beside_a_held_run_takes_nothing_away(signed_in: Signed, manager: Person) -> None:
    run = run_rows.held()
    run_rows.dry(run.activation)

    assert reverse("syncs:release", args=[run.pk]) in signed_in(manager).get(page_of(run)).content.decode()


def test_a_held_page_is_swapped_only_when_something_happened(
    signed_in: Signed, manager: Person, marketer: Person
) -> None:
    run = run_rows.held()
    client = signed_in(manager)
    html = client.get(page_of(run)).content.decode()
    assert 'hx-trigger="every 15s"' in root(html)
    seen = re.search(r"seen=([^&\"]+)", root(html))
    assert seen

    quiet = client.get(live_of(run), {"seen": seen.group(1)}, headers=HTMX)
    asking.ask_to_release(run, by=marketer, reason="Please", at=timezone.now())
    asked = client.get(live_of(run), {"seen": seen.group(1)}, headers=HTMX)

    assert quiet.status_code == 204
    assert asked.status_code == 200
    assert "“Please”" in asked.content.decode()


def test_the_moving_part_asks_the_database_little(
    signed_in: Signed, marketer: Person, django_assert_max_num_queries: Any
) -> None:
    activation = run_rows.list_of()
    number = activation.audience.segment.number
    run = run_rows.sending(activation, left_out={f"excluded:{number}": 3}, pull=run_rows.pull_of(activation))
    for count in range(45):
        run_rows.event(run, f"did thing {count}", by=marketer)
    client = signed_in(marketer)
    Installation.current()  # the very first request of all would make its row

    with django_assert_max_num_queries(SIGNING_IN + 3):
        html = client.get(live_of(run), headers=HTMX).content.decode()

    assert f"In “{activation.audience.segment.name}”" in words(html)


@pytest.mark.parametrize("role", ["marketer", "manager"])
def test_the_page_asks_the_database_little(role: str, signed_in: Signed, django_assert_max_num_queries: Any) -> None:
    person = factories.person(role=role)
    for number in range(6):
        factories.person(role="marketer", deputy=person if number else None)
    run = run_rows.held()
    client = signed_in(person)
    Installation.current()  # the very first request of all would make its row

    with django_assert_max_num_queries(SIGNING_IN + 6):
        client.get(page_of(run))

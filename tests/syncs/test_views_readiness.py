"""Readiness on its pages: computed from runs, readings, pipes and checks that really happened."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from audiences.checklist import Stand, checklist
from audiences.models import Activation, Audience, Pipe
from muster.models import Event, Person
from syncs.models import Pull
from syncs.readiness import Evidences
from syncs.set_up_steps import steps
from syncs.states import PullState
from tests import factories
from tests.syncs import run_rows

Sign = Callable[[Person], Client]


def stands(made: Activation) -> dict[str, str]:
    now = timezone.now()
    known = Evidences([made], now)
    return {one.number: one.stand for one in checklist(known.of(known.lists[0]), now)}


def test_evidence_comes_from_what_happened(db: None) -> None:
    made = run_rows.list_of("Cart")
    before = stands(made)
    assert (before["1"], before["4"], before["7"], before["8"]) == ("unknown", "unknown", "open", "open")

    Pull.objects.create(
        segment=made.audience.segment,
        state=PullState.COMPLETE,
        counts={"people": 100, "email": 99, "phone": 40},
        created_at=timezone.now(),
        finished_at=timezone.now(),
    )
    Pipe.objects.update(check_state="working", checked_at=timezone.now())
    shielding = factories.definition(factories.audience(name="Buyers"), purpose="suppress")
    shield = factories.activation(shielding.audience, made.destination)

    after = stands(made)
    assert (after["1"], after["4"], after["8"]) == (Stand.DONE, Stand.DONE, Stand.DUE)
    run_rows.done(shield)
    assert stands(made)["8"] in (Stand.DONE, Stand.DUE)


def test_a_pilot_list_is_found_by_its_kind(db: None) -> None:
    made = run_rows.list_of("Cart")
    assert stands(made)["3"] == Stand.OPEN
    pilot = factories.activation(made.audience, made.destination, kind=Activation.Kind.PILOT)
    assert (stands(made)["3"], stands(made)["5"]) == (Stand.DONE, Stand.OPEN)
    run_rows.done(pilot)
    assert stands(made)["5"] == Stand.DONE


def test_however_many_lists_the_queries_are_as_many(
    marketer: Person, signed_in: Sign, django_assert_max_num_queries: Callable[..., object]
) -> None:
    for name in ("A", "B", "C", "D", "E"):
        run_rows.done(run_rows.list_of(name))
    client = signed_in(marketer)
    client.get("/readiness/")
    with django_assert_max_num_queries(32):  # type: ignore[attr-defined]
        page = client.get("/readiness/").content.decode()
    assert page.count("/readiness/") >= 5


def test_the_overview_says_what_comes_next(marketer: Person, signed_in: Sign) -> None:
    client = signed_in(marketer)
    page = client.get("/readiness/").content.decode()
    assert "0 of 8 steps of the set-up are done. Next: use case." in page
    assert "No list yet" in page
    run_rows.done(run_rows.list_of("Cart"))
    page = client.get("/readiness/").content.decode()
    assert "What is missing where" in page
    assert ">Cart</a>" in page
    assert [one.label for one in steps()] == [
        "Use case",
        "Identifiers",
        "Traits",
        "Pipe",
        "What to export",
        "Test",
        "Validate",
        "Scale",
    ]


def test_a_check_is_recorded_with_what_was_found(marketer: Person, signed_in: Sign) -> None:
    made = run_rows.list_of("Cart")
    client, address = signed_in(marketer), f"/audiences/{made.audience.slug}/checked/"

    page = client.post(address, {"reason": ""}, follow=True).content.decode()
    assert "Say what you found, also when it is nothing. No check was recorded." in page
    assert stands(made)["9"] == Stand.DUE
    client.post(address, {"reason": "Nothing beyond the tolerance"})

    assert Event.objects.get(verb="checked the drift of").reason == "Nothing beyond the tolerance"
    assert stands(made)["9"] == Stand.DONE


def test_an_archived_audience_takes_no_check_and_is_in_no_overview(marketer: Person, signed_in: Sign) -> None:
    made = run_rows.list_of("Cart")
    Audience.objects.update(archived_at=timezone.now() - timedelta(days=1))
    client = signed_in(marketer)
    assert client.post(f"/audiences/{made.audience.slug}/checked/", {"reason": "x"}).status_code == 404
    assert "No list yet" in client.get("/readiness/").content.decode()


@pytest.mark.parametrize("role", ["paid_media", "administrator"])
def test_others_read_and_ask(role: str, signed_in: Sign, marketer: Person) -> None:
    made = run_rows.list_of("Cart")
    page = signed_in(factories.person(role=role)).get(f"/audiences/{made.audience.slug}/readiness/").content.decode()
    assert "Ask " in page
    assert "Record my check" not in page

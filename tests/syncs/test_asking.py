"""Who may not release asks; that is written down once, and only while there is something to release."""

import pytest

from muster.models import Event, Person
from syncs.asking import AlreadyAsked, ask_to_release
from syncs.hold import NotHeld
from syncs.second_person import ASKED

from . import run_rows
from .run_rows import AT

pytestmark = pytest.mark.django_db


def test_an_ask_is_an_event_of_the_run_with_its_figures(marketer: Person) -> None:
    run = run_rows.held()

    ask_to_release(run, by=marketer, reason="Narrowed on purpose", at=AT)

    event = Event.objects.get(run_id=run.pk)
    assert (event.verb, event.actor, event.reason, event.at) == (ASKED, marketer, "Narrowed on purpose", AT)
    assert event.detail == {"removes": 1291}
    assert event.audience_id == run.activation.audience_id


def test_the_same_person_asks_once_another_may_too(marketer: Person, other_marketer: Person) -> None:
    run = run_rows.held()
    ask_to_release(run, by=marketer, reason="One", at=AT)

    with pytest.raises(AlreadyAsked) as refusal:
        ask_to_release(run, by=marketer, reason="Two", at=AT)
    ask_to_release(run, by=other_marketer, reason="Three", at=AT)

    assert refusal.value.at == AT
    assert Event.objects.filter(verb=ASKED).count() == 2


def test_there_is_nothing_to_ask_of_a_run_that_holds_nothing(marketer: Person) -> None:
    with pytest.raises(NotHeld):
        ask_to_release(run_rows.done(), by=marketer, reason="Why", at=AT)


def test_no_figure_releases_a_changed_definition_so_nobody_is_asked(marketer: Person) -> None:
    with pytest.raises(NotHeld):
        ask_to_release(run_rows.held(reason="definition_changed"), by=marketer, reason="Why", at=AT)


def test_a_newer_run_has_taken_the_question_over(marketer: Person) -> None:
    run = run_rows.held()
    run_rows.done(run.activation)

    with pytest.raises(NotHeld):
        ask_to_release(run, by=marketer, reason="Why", at=AT)

    assert not Event.objects.exists()

"""Everybody is sent again only after somebody saw a dry run of the present definition."""

from datetime import timedelta
from typing import Any

import pytest

from muster.models import Event, Person
from syncs.models import Run
from syncs.reassert import reassert
from syncs.start import AlreadyLive, CannotStart
from syncs.states import RunState
from tests import factories

from . import run_rows
from .run_rows import AT

pytestmark = pytest.mark.django_db
NOW = AT + timedelta(hours=1)


def test_a_fresh_dry_run_lets_it_start(manager: Person) -> None:
    activation = run_rows.list_of()
    run_rows.dry(activation)

    run = reassert(activation, by=manager, why="The list was recreated", at=NOW)

    assert (run.kind, run.state, run.actor, run.why) == ("reassert", "waiting", manager, "The list was recreated")
    assert Event.objects.get(run_id=run.pk).verb == "started a re-assert"


@pytest.mark.parametrize(
    "fields",
    [
        {"at": AT - timedelta(hours=24)},  # too old
        {"state": RunState.FAILED},  # did not get there
        {"kind": Run.Kind.SYNC},  # not a dry run
    ],
)
def test_nothing_starts_without_one(manager: Person, fields: dict[str, Any]) -> None:
    activation = run_rows.list_of()
    run_rows.dry(activation, **fields)

    with pytest.raises(CannotStart, match="dry run of the last 24 hours"):
        reassert(activation, by=manager, why="", at=NOW)

    assert Run.objects.count() == 1


def test_a_dry_run_of_an_older_version_does_not_count(manager: Person) -> None:
    activation = run_rows.list_of()
    past = factories.definition(activation.audience, state="past")
    run_rows.dry(activation, definition=past)

    with pytest.raises(CannotStart):
        reassert(activation, by=manager, why="", at=NOW)


def test_a_live_run_is_pointed_at(manager: Person) -> None:
    activation = run_rows.list_of()
    run_rows.dry(activation)
    live = run_rows.sending(activation)

    with pytest.raises(AlreadyLive) as refusal:
        reassert(activation, by=manager, why="", at=NOW)

    assert refusal.value.run == live

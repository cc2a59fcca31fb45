"""The gates of a run: state × action × person; whoever began it or asked does not release what it holds."""

from collections.abc import Callable
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from django.utils import timezone

from audiences.models import Audience, Lifecycle
from muster.access import Permission
from muster.models import Person
from syncs import asking, hold
from syncs.cancel import cancel
from syncs.models import Run
from syncs.states import RunState
from tests.syncs.run_rows import held, list_of, run_of

from .cells import APPROVERS, DOOR, NO, OPERATORS, ROLES, SOMEBODY_ELSE, YES, Cast, Cell, assert_table, cast, tried

AT = timezone.now()
HANDS = ("none", "started", "asked", "owner")
HELD = {"held", "empty", "everybody", "changed", "replaced"}
STATES = (*sorted(HELD), *(state.value for state in RunState if state != RunState.HELD))
RELEASABLE = {"held", "empty", "everybody"}
EVERYBODY = frozenset({*OPERATORS, *APPROVERS, "paid_media", "administrator"})
MAY = {"cancel": OPERATORS, "drop": OPERATORS, "ask": EVERYBODY, "release": APPROVERS}
WORKS: dict[str, set[str]] = {
    "cancel": {RunState.WAITING, RunState.RUNNING},
    "drop": HELD,
    "ask": RELEASABLE,
    "release": RELEASABLE,
}


def expected(action: str, state: str, role: str, hand: str) -> str:
    if role not in MAY[action]:
        return DOOR
    if state not in WORKS[action] or (action, hand) == ("ask", "asked"):
        return NO
    return SOMEBODY_ELSE if action == "release" and hand in {"started", "asked"} else YES


def built(state: str, people: Cast) -> Run:
    """Make the run, which Mara began."""
    if state not in HELD:
        return run_of(list_of(state), state=state, actor=people.mara)
    more: dict[str, Any] = {}
    made = list_of(state, purpose="suppress", members=3_193)
    if state == "everybody":
        made.lifecycle = Lifecycle.RETIRED
        made.save()
        more = {"reason": "clear", "kind": Run.Kind.CLEAR}
    elif state in {"empty", "changed"}:
        more = {"reason": {"empty": "empty", "changed": "definition_changed"}[state]}
    run = held(made, actor=people.mara, **more)
    if state == "replaced":
        run_of(made, created_at=run.created_at + timedelta(hours=1))
    return run


def handed(run: Run, who: Person, hand: str) -> None:
    if hand == "owner":
        Audience.objects.filter(pk=run.activation.audience_id).update(owner=who)
    elif hand == "started":
        Run.objects.filter(pk=run.pk).update(actor=who)
    elif hand == "asked":
        asking.ask_to_release(run, by=who, reason="Meant", at=AT)


FIGURES: dict[str, Any] = {"max_removes": 2_000, "max_adds": 0, "may_empty": True, "reason": "Meant"}
Act = Callable[[Run, Person], object]
ACTS: dict[str, tuple[Act, tuple[Permission, ...]]] = {
    "cancel": (lambda run, by: cancel(run, by=by, at=AT), (Permission.CANCEL,)),
    "drop": (lambda run, by: hold.drop(run, by=by, reason="Not meant", at=AT), (Permission.CANCEL,)),
    "ask": (lambda run, by: asking.ask_to_release(run, by=by, reason="Meant", at=AT), (Permission.ASK,)),
    "release": (lambda run, by: hold.release(run, by=by, at=AT, **FIGURES), (Permission.RELEASE,)),
}


@pytest.mark.django_db
def test_every_gate_of_a_run() -> None:
    people = cast()
    runs = {state: built(state, people) for state in STATES}
    found: dict[Cell, tuple[str, str]] = {}
    for cell in cells():
        action, state, role, hand = cell
        run, who, (act, needs) = runs[state], people.tries[role], ACTS[action]

        def both(pk: int = run.pk, who: Person = who, hand: str = hand, act: Act = act) -> None:
            handed(Run.objects.get(pk=pk), who, hand)
            act(Run.objects.get(pk=pk), who)

        found[cell] = tried(both, who, needs)

    assert_table({cell: expected(*cell) for cell in found}, found)
    assert {cell[:3] for cell in found} == set(product(ACTS, STATES, people.tries))


def cells() -> list[Cell]:
    """Return the cells to try: a hand only where something happens or a hand hinders it."""
    every = product(ACTS, STATES, (*ROLES, "deputy", "gone"), HANDS)
    return [cell for cell in every if cell[3] == "none" or (cell[1] in RELEASABLE and expected(*cell) != DOOR)]

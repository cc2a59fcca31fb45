"""The gates of a list: state × action × person, from the first sync over the ramp step to its retirement."""

from collections.abc import Callable
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from django.utils import timezone

from audiences import activating
from audiences.models import Activation, Audience, Definition, Lifecycle
from audiences.registering import NotPossible
from muster.access import Permission
from muster.models import Person
from syncs import growing, pausing, retiring
from syncs.models import Pause, Run
from syncs.reassert import reassert
from syncs.start import start
from syncs.states import RunState
from tests.syncs.run_rows import list_of, run_of

from .cells import APPROVERS, DOOR, NO, OPERATORS, ROLES, SOMEBODY_ELSE, YES, Cast, Cell, assert_table, cast, tried

AT = timezone.now()
HANDS = ("none", "looked", "owner")  # who made the dry run, who owns the audience
STATES = (
    "not in use",
    "new",
    "ramp, nothing arrived",
    "ramp",
    "live",
    "live, looked at",
    "busy",
    "paused",
    "stopped",
    "no pipe",
    "stopping",
    "retired",
)
SYNCED = {"new", "ramp, nothing arrived", "ramp", "live", "live, looked at"}
MANAGERS = frozenset({"manager"})
MAY = {
    "sync": OPERATORS,
    "dry run": OPERATORS,
    "re-assert": APPROVERS,
    "empty by the button": OPERATORS,
    "grow": APPROVERS,
    "try again": OPERATORS,
    "pause": MANAGERS,
    "unpause": MANAGERS,
    "remove everybody": OPERATORS,
    "take back": OPERATORS,
    "retire": OPERATORS,
}
EVERY = frozenset(STATES)
WORKS: dict[str, frozenset[str]] = {
    "sync": frozenset(SYNCED),
    "dry run": frozenset({*SYNCED, "busy", "paused", "stopped"}),
    "re-assert": frozenset({"live, looked at"}),
    "empty by the button": frozenset({"stopping", "retired"}),
    "grow": frozenset({"ramp"}),
    "try again": frozenset({"stopped"}),
    "pause": EVERY - {"paused"},
    "unpause": frozenset({"paused"}),
    "remove everybody": EVERY - {"not in use", "new", "ramp, nothing arrived", "busy", "paused", "stopped", "no pipe"},
    "take back": frozenset({"stopping"}),
    "retire": EVERY - {"retired"},
}


def expected(action: str, state: str, role: str, hand: str) -> str:
    if role not in MAY[action]:
        return DOOR
    if state not in WORKS[action]:
        return NO
    return SOMEBODY_ELSE if (action, hand) == ("re-assert", "looked") else YES


FIELDS: dict[str, dict[str, Any]] = {
    "ramp, nothing arrived": {"ramp": 10},
    "ramp": {"ramp": 10, "members": 7},
    "stopped": {
        "stopped_words": "RudderStack refused the key (401). Ask an administrator to replace it.",
        "members": 7,
    },
    "stopping": {"lifecycle": Lifecycle.RETIRED, "members": 7},
    "retired": {"lifecycle": Lifecycle.RETIRED, "members": 7},
    **{state: {"members": 7} for state in ("live", "live, looked at", "busy", "paused", "no pipe")},
}


def built(state: str, people: Cast) -> Activation:
    """Make the list, with a run where it was synced."""
    made = list_of(state, **FIELDS.get(state, {}))
    Audience.objects.filter(pk=made.audience_id).update(owner=people.mara)
    if made.members:
        run_of(made, accepted_adds=7, adds=7, created_at=AT - timedelta(hours=2))
    if state == "not in use":
        Definition.objects.filter(audience=made.audience).update(state="approved", promoted_at=None)
    elif state == "live, looked at":
        run_of(made, kind=Run.Kind.DRY_RUN, actor=people.mara, created_at=AT)
    elif state == "busy":
        run_of(made, state=RunState.RUNNING, created_at=AT)
    elif state == "paused":
        Pause.objects.create(audience=made.audience, reason="Ask Grace Osei about it.", by=people.grace, at=AT)
    elif state == "no pipe":
        Activation.objects.filter(pk=made.pk).update(pipe=None)
    elif state == "retired":
        Audience.objects.filter(pk=made.audience_id).update(archived_at=AT)
    return Activation.objects.select_related("audience", "destination", "pipe").get(pk=made.pk)


def handed(made: Activation, who: Person, hand: str) -> None:
    if hand == "owner":
        Audience.objects.filter(pk=made.audience_id).update(owner=who)
    elif hand == "looked":
        Run.objects.filter(activation=made, kind=Run.Kind.DRY_RUN).update(actor=who)


Act = Callable[[Activation, Person], object]


def started(kind: str) -> Act:
    return lambda made, by: start(made, trigger=Run.Trigger.BUTTON, by=by, kind=kind, at=AT)


def unpause(made: Activation, by: Person) -> None:
    pausing.unpause(Pause.objects.over(made).first() or Pause(), by=by, reason="Over", at=AT)


def try_again(made: Activation, by: Person) -> None:
    if not activating.try_again(made, by=by, reason="Mended", at=AT):
        raise NotPossible("The list is not stopped, so nothing was changed. Start a sync.")


def remove(made: Activation, by: Person) -> None:
    begun = retiring.remove_everybody(made.audience, by=by, reason="Over", at=AT)
    if not any(one.run for one in begun):
        raise NotPossible(begun[0].words if begun else "Nobody is on the list. Register anew.")


def retire(made: Activation, by: Person) -> None:
    if not retiring.retire(made.audience, by=by, reason="Over", at=AT):
        raise NotPossible("It is retired already. Look at who remains.")


ACTS: dict[str, tuple[Act, tuple[Permission, ...]]] = {
    "sync": (started("sync"), (Permission.DRY_RUN, Permission.SYNC)),
    "dry run": (started("dry_run"), (Permission.DRY_RUN,)),
    "re-assert": (lambda made, by: reassert(made, by=by, why="Recreated", at=AT), (Permission.RELEASE,)),
    "empty by the button": (started("clear"), (Permission.DRY_RUN, Permission.SYNC)),
    "grow": (lambda made, by: growing.grow(made, by=by, reason="Matched", at=AT), (Permission.APPROVE,)),
    "try again": (try_again, (Permission.SYNC,)),
    "pause": (lambda made, by: pausing.pause(audience=made.audience, by=by, reason="x", at=AT), (Permission.PAUSE,)),
    "unpause": (unpause, (Permission.PAUSE,)),
    "remove everybody": (remove, (Permission.REGISTER,)),
    "take back": (
        lambda made, by: retiring.take_back(made.audience, by=by, reason="A mistake", at=AT),
        (Permission.REGISTER,),
    ),
    "retire": (retire, (Permission.REGISTER,)),
}


@pytest.mark.django_db
def test_every_gate_of_a_list() -> None:
    people = cast()
    lists = {state: built(state, people) for state in STATES}
    found: dict[Cell, tuple[str, str]] = {}
    for cell in cells():
        action, state, role, hand = cell
        made, who, (act, needs) = lists[state], people.tries[role], ACTS[action]

        def both(made: Activation = made, who: Person = who, hand: str = hand, act: Act = act) -> None:
            handed(made, who, hand)
            act(made, who)

        found[cell] = tried(both, who, needs)

    assert_table({cell: expected(*cell) for cell in found}, found)
    assert {cell[:3] for cell in found} == set(product(ACTS, STATES, people.tries))


def cells() -> list[Cell]:
    """Return the cells to try: a hand only where something happens."""
    every = product(ACTS, STATES, (*ROLES, "deputy", "gone"), HANDS)
    return [cell for cell in every if cell[3] == "none" or expected(*cell) not in (NO, DOOR)]

"""The gates of a definition: state × action × person, from the first draft to what is past."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from django.utils import timezone

from audiences import approving, promoting, registering, roster
from audiences.content_hash import content_hash
from audiences.models import Activation, ApprovalRequest, Audience, Definition
from muster.access import Permission, Role
from muster.models import Person
from syncs.models import Run
from syncs.start import start
from tests import factories
from tests.audiences.drafts import again, complete

from .cells import APPROVERS, DOOR, NO, OPERATORS, ROLES, SOMEBODY_ELSE, YES, Cast, Cell, assert_table, cast, tried

AT = timezone.now()
OPEN = promoting.Proof([], ["Removing was not shown yet. Remove the roster again, then sign."])
HANDS = ("none", "requester", "editor", "owner")
STATES = ("incomplete", "draft", "asked", "edited", "lapsed", "approved", "proven", "current", "past", "retired")
DRAFTS = {"incomplete", "draft", "asked", "edited", "lapsed"}
NOT_PROVEN = "no, but first: somebody else"

# Who may, in which states it does something, and whose hand it must not be. A hand counts before the pilot does.
MAY = {
    "edit": OPERATORS,
    "begin the next": OPERATORS,
    "discard": OPERATORS,
    "ask": OPERATORS,
    "withdraw": OPERATORS,
    "approve": APPROVERS,
    "decline": APPROVERS,
    "run the pilot": OPERATORS,
    "empty the pilot": OPERATORS,
    "sign": APPROVERS,
    "sync": OPERATORS,
    "dry run": OPERATORS,
}
WORKS: dict[str, dict[str, str]] = {
    "edit": dict.fromkeys(DRAFTS, YES),
    "begin the next": dict.fromkeys(("approved", "proven", "current"), YES),
    "discard": dict.fromkeys(DRAFTS, YES),
    "ask": dict.fromkeys(("draft", "edited", "lapsed"), YES),
    "withdraw": {"asked": YES},
    "approve": {"asked": YES},
    "decline": {"asked": YES},
    "run the pilot": dict.fromkeys(("approved", "proven"), YES),
    "empty the pilot": dict.fromkeys(("approved", "proven"), YES),
    "sign": {"approved": NOT_PROVEN, "proven": YES},
    "sync": {"current": YES},
    "dry run": {"current": YES},
}
NOT_BY = {
    "approve": {"requester", "editor"},
    "decline": {"requester", "editor"},
    "sign": {"requester", "editor"},
}


def expected(action: str, state: str, role: str, hand: str) -> str:
    if role not in MAY[action]:
        return DOOR
    outcome = WORKS[action].get(state, NO)
    if outcome != NO and hand in NOT_BY.get(action, ()):
        return SOMEBODY_ELSE
    return NO if outcome == NOT_PROVEN else outcome


@dataclass
class World:
    """One audience whose only version is in a state."""

    state: str
    audience: Audience
    version: Definition

    def handed(self, who: Person, hand: str) -> None:
        """Let somebody have asked for the version, edited it last, or own the audience, as it was asked for."""
        mine = ApprovalRequest.objects.filter(definition=self.version)
        if hand == "editor":
            Definition.objects.filter(pk=self.version.pk).update(edited_by=who)
        elif hand == "requester":
            mine.update(asked_by=who)
        elif hand == "owner":
            Audience.objects.filter(pk=self.audience.pk).update(owner=who)
            mine.update(content_hash=content_hash(again(self.version)))

    @property
    def request(self) -> ApprovalRequest:
        found = ApprovalRequest.objects.filter(definition=self.version).select_related("definition", "asked_by").last()
        return found or ApprovalRequest(definition=again(self.version), asked_by=self.audience.owner)

    def list(self, kind: str) -> Activation:
        found = self.audience.activations.filter(kind=kind).select_related("audience", "destination", "pipe").first()
        return found or Activation(audience=self.audience, kind=kind, destination=factories.destination())


def built(state: str, people: Cast) -> World:
    """Make the audience, as people would have brought it there."""
    draft = complete(people.mara, name=state)
    whose = draft.audience
    if state == "incomplete":
        Definition.objects.filter(pk=draft.pk).update(entry_rule="")
    elif state != "draft":
        request = approving.ask(draft, of=people.grace, by=people.mara, at=AT)
        if state == "edited":
            ApprovalRequest.objects.filter(pk=request.pk).update(state="void", decided_by=people.mara)
        elif state == "lapsed":
            ApprovalRequest.objects.filter(pk=request.pk).update(until=AT - timedelta(days=1))
        elif state != "asked":
            version = approving.approve(request, by=people.grace, at=AT)
            if state not in {"approved", "proven"}:
                promoting.promote(version, factories.PROVED, by=people.grace, at=AT)
            if state == "past":
                Definition.objects.filter(pk=draft.pk).update(state="past")
            if state == "retired":
                Audience.objects.filter(pk=whose.pk).update(archived_at=AT)
    return World(state, Audience.objects.get(pk=whose.pk), again(draft))


Act = Callable[[World, Person, Cast], object]


def edit(world: World, by: Person, _people: Cast) -> object:
    version = again(world.version)
    version.cadence = "every hour"
    return registering.save_draft(version, revision=version.revision, by=by, at=AT)


def started(kind: str, of: str) -> Act:
    return lambda world, by, _people: start(world.list(of), trigger=Run.Trigger.BUTTON, by=by, kind=kind, at=AT)


def sign(world: World, by: Person, _people: Cast) -> object:
    proof = OPEN if world.state == "approved" else factories.PROVED
    return promoting.promote(again(world.version), proof, by=by, at=AT)


def decided(act: Callable[..., Any], **more: Any) -> Act:
    return lambda world, by, _people: act(world.request, by=by, at=AT, **more)


ACTS: dict[str, tuple[Act, tuple[Permission, ...]]] = {
    "edit": (edit, (Permission.REGISTER,)),
    "begin the next": (
        lambda world, by, _: registering.revise(world.audience, reason="Again", by=by, at=AT),
        (Permission.REGISTER,),
    ),
    "discard": (
        lambda world, by, _: registering.discard(again(world.version), by=by, at=AT),
        (Permission.REGISTER,),
    ),
    "ask": (
        lambda world, by, people: approving.ask(again(world.version), of=people.grace, by=by, at=AT),
        (Permission.REGISTER,),
    ),
    "withdraw": (decided(approving.withdraw), (Permission.REGISTER,)),
    "approve": (decided(approving.approve), (Permission.APPROVE,)),
    "decline": (decided(approving.decline, words="Too many"), (Permission.APPROVE,)),
    "run the pilot": (started("sync", "pilot"), (Permission.DRY_RUN, Permission.SYNC)),
    "empty the pilot": (started("clear", "pilot"), (Permission.DRY_RUN, Permission.SYNC)),
    "sign": (sign, (Permission.APPROVE,)),
    "sync": (started("sync", "production"), (Permission.DRY_RUN, Permission.SYNC)),
    "dry run": (started("dry_run", "production"), (Permission.DRY_RUN,)),
}


@pytest.mark.django_db
def test_every_gate_of_a_definition() -> None:
    people = cast()
    keeper = factories.person(role=Role.ADMINISTRATOR)
    roster.allow_domain("team.example", by=keeper, at=AT)
    roster.add(["ann.bell@team.example"], team="", by=keeper, at=AT)
    worlds = {state: built(state, people) for state in STATES}
    found: dict[Cell, tuple[str, str]] = {}
    for cell in cells():
        action, state, role, hand = cell
        world, who, (act, needs) = worlds[state], people.tries[role], ACTS[action]

        def both(world: World = world, who: Person = who, hand: str = hand, act: Act = act) -> None:
            world.handed(who, hand)
            act(world, who, people)

        found[cell] = tried(both, who, needs)

    assert_table({cell: expected(*cell) for cell in found}, found)
    assert {cell[:3] for cell in found} == set(product(ACTS, STATES, people.tries))


def cells() -> list[Cell]:
    """Return the cells to try: a hand only where something would happen; one role is enough where it does not matter."""
    every = product(ACTS, STATES, (*ROLES, "deputy", "gone"), HANDS)
    return [
        cell
        for cell in every
        if cell[3] == "none" or (cell[1] in WORKS[cell[0]] and (cell[0] in NOT_BY or cell[2] == "marketer"))
    ]

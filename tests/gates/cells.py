"""What every table of gates needs: people by role and by what they did, one try, and a whole table compared at once."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db import transaction

from audiences.approving import NeedsSomebodyElse
from audiences.models.definition import Locked
from audiences.registering import EditedMeanwhile, Incomplete, NotPossible
from muster.access import Permission, can
from muster.models import Person
from syncs.asking import AlreadyAsked
from syncs.cancel import NotLive
from syncs.hold import NotHeld
from syncs.pausing import PauseConflict
from syncs.start import CannotStart
from tests import factories

YES = "yes"
NO = "no: not in this state"
SOMEBODY_ELSE = "no: somebody else"
DOOR = "no: not this role"
REFUSALS = (
    NotPossible,
    Incomplete,
    Locked,
    EditedMeanwhile,
    CannotStart,
    NotHeld,
    NotLive,
    AlreadyAsked,
    PauseConflict,
)
NAMED = re.compile(r"\bAsk [A-Z]\w+ [A-Z]\w+")
# What is done next, or why nothing has to be.
NEXT = re.compile(
    r"\b(Ask|Say|Prepare|Remove|Withdraw|Have|Start|Sync|Change|Look|Choose|Prove|Follow|Register|Go on|Open|Read|Decide|"
    r"edit makes|plans afresh|Whoever may|See)\b",
    re.IGNORECASE,
)
OPERATORS = frozenset({"marketer", "manager", "deputy"})
APPROVERS = frozenset({"manager", "deputy"})

ROLES = ("marketer", "manager", "paid_media", "administrator")

Cell = tuple[str, str, str, str]  # action, state, role, what they did


@dataclass(frozen=True)
class Cast:
    """Somebody of each role who tries, and three who are there besides: who made everything, who may decide, who invites."""

    tries: dict[str, Person]
    mara: Person
    grace: Person


def cast() -> Cast:
    """Make the people."""
    mara = factories.person(role="marketer", full_name="Mara Keller")
    grace = factories.person(role="manager", full_name="Grace Osei")
    factories.person(role="administrator", full_name="Ada Novak")
    tries = {role: factories.person(role=role, full_name=f"Some {role.title().replace('_', '')}") for role in ROLES}
    tries["deputy"] = factories.person(role="marketer", full_name="Some Deputy")
    tries["gone"] = factories.person(role="manager", full_name="Some Gone", is_active=False)
    grace.deputy = tries["deputy"]
    grace.save()
    return Cast(tries, mara, grace)


class Took(Exception):
    """It went through; raised so that it is taken back."""


def tried(act: Callable[[], object], who: Person, needs: Iterable[Permission]) -> tuple[str, str]:
    """Return what became of one try, and what was said; nothing of it stays."""
    if not all(can(who, one) for one in needs):
        return DOOR, ""
    try:
        with transaction.atomic():
            act()
            raise Took
    except Took:
        return YES, ""
    except NeedsSomebodyElse as refusal:
        return SOMEBODY_ELSE, str(refusal)
    except REFUSALS as refusal:
        return NO, str(refusal)


def assert_table(expected: dict[Cell, str], found: dict[Cell, tuple[str, str]]) -> None:
    """Assert the whole table at once, and that every refusal is a sentence with a next step, and a name where it needs one."""
    outcomes = {cell: outcome for cell, (outcome, _) in found.items()}
    wrong = {
        cell: f"{outcome}, should be {expected[cell]}"
        for cell, outcome in outcomes.items()
        if outcome != expected[cell]
    }
    assert not wrong, "\n".join(f"{cell}: {said} ({found[cell][1]})" for cell, said in wrong.items())
    assert outcomes == expected
    said = {(outcome, words) for outcome, words in found.values() if words}
    bad = {words for _, words in said if not words.endswith((".", "?")) or not NEXT.search(words)}
    bad |= {words for outcome, words in said if outcome == SOMEBODY_ELSE and not NAMED.search(words)}
    assert not bad, "\n".join(sorted(bad))

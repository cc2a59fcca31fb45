"""People who share an identifier: groups against brute force, repeats in memory and through a file, counts that go by the
count before, and in whole runs."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciliation.ladder import LABELS, Place
from reconciliation.of_ladder import ladders
from syncs import counted_before, sharing
from syncs.eligibility import Out
from syncs.people import TOKENS
from syncs.plan import ADD, CHANGE, Sides
from syncs.sharing import Known, Repeats, Sharing, beyond_first
from syncs.tokens import digest_of
from tests import factories
from tests.syncs.running import counted_anew, synced
from tests.syncs.shards import BOTH, key_of, keys
from tests.vendors import Vendors

PAIRS = st.lists(st.tuples(st.integers(0, 12), st.integers(1, 12)), max_size=40)
SOME_TOKENS = st.lists(st.integers(0, 2**64 - 1), max_size=60)


def by_hand(pairs: list[tuple[int, int]]) -> int:
    """Count groups by going from person to person through what they share."""
    left, groups = {owner for owner, _ in pairs}, 0
    while left:
        groups, reached = groups + 1, {left.pop()}
        while True:
            held = {token for owner, token in pairs if owner in reached}
            wider = {owner for owner, token in pairs if token in held}
            if wider == reached:
                break
            reached = wider
        left -= reached
    return len({owner for owner, _ in pairs}) - groups


@given(PAIRS)
def test_groups_are_those_of_brute_force(pairs: list[tuple[int, int]]) -> None:
    owners = np.array([owner for owner, _ in pairs], np.int64)
    tokens = np.array([token for _, token in pairs], np.uint64)
    assert beyond_first(owners, tokens) == by_hand(pairs)


def test_a_long_chain_is_one_group() -> None:
    chain = np.arange(10_000)
    owners, tokens = np.concatenate([chain, chain]), np.concatenate([chain, chain + 1]).astype(np.uint64)
    assert beyond_first(owners, tokens) == 9_999


@given(st.lists(SOME_TOKENS, max_size=6))
def test_repeats_are_what_comes_more_than_once_also_through_the_file(parts: list[list[int]]) -> None:
    told = [token for part in parts for token in part if token]
    wanted = sorted({token for token in told if told.count(token) > 1})
    with pytest.MonkeyPatch.context() as patch:
        for memory, at_once in ((1_000, 1_000), (0, 7)):
            patch.setattr(sharing, "IN_MEMORY", memory)
            patch.setattr(sharing, "AT_ONCE", at_once)
            with Repeats(100, Path("/nowhere") if memory else _folder()) as repeats:
                for part in parts:
                    repeats.add(np.array(part, np.uint64))
                assert repeats.found().tolist() == wanted


EVERYBODY, SHARDS = 8, 2
Carried = tuple[int, int]  # the tokens of a person's address and number; 0: none
one_of_them = st.tuples(st.booleans(), st.integers(0, 4), st.integers(0, 4))
turns = st.lists(
    st.tuples(
        st.lists(one_of_them, min_size=EVERYBODY, max_size=EVERYBODY),
        st.frozensets(st.integers(0, EVERYBODY - 1)),
        st.frozensets(st.integers(0, EVERYBODY - 1)),
    ),
    min_size=1,
    max_size=6,
)


@dataclass
class Weeks:
    """A list whose every plan counts who shares an identifier; `there` is what it holds: digests by person."""

    there: dict[int, int] = field(default_factory=dict)
    known: Known | None = None

    def count(self, people: dict[int, Carried], blocked: frozenset[int]) -> int:
        """Count as a plan does, and keep what that leaves."""
        with Sharing(self.known, SHARDS, 2 * EVERYBODY, _folder()) as counting:
            shards = [Prefix.of(number, people, self.there) for number in range(SHARDS)]
            for number, one in enumerate(shards):
                counting.compared(number, one.sides, one.op)
            sought = counting.sought()
            for number, one in enumerate(shards):
                gone = np.array([person in blocked for person in one.persons], np.bool_)
                one.sides.out[gone] = Out.SHARES_BLOCKED
                counting.left_out(number, one.sides.people["key"][gone], one.sides.digests[gone])
                if sought is None:
                    counting.add(one.tokens)
                else:
                    counting.look(one.wanted, one.tokens, sought)
            for one in shards:
                counting.look(one.wanted, one.tokens, counting.repeated())
            found, self.known = counting.people(), counting.known
        return found

    def accept(self, people: dict[int, Carried], refused: frozenset[int]) -> None:
        """Let the list become what was planned, but for some people of whom nothing was accepted."""
        for person in range(EVERYBODY):
            if person in refused:
                continue
            if person in people:
                self.there[person] = digest_for(people[person])
            else:
                self.there.pop(person, None)


@dataclass
class Prefix:
    """Some people as they are compared."""

    persons: list[int]
    sides: Sides
    op: np.ndarray

    @classmethod
    def of(cls, number: int, people: dict[int, Carried], there: dict[int, int]) -> "Prefix":
        mine = sorted((one for one in people if one % SHARDS == number), key=key_of)
        held = sorted((one for one in there if one % SHARDS == number), key=key_of)
        columns = {"key": keys([key_of(one) for one in mine])}
        for place, name in enumerate(("email", "phone_digits")):
            columns[TOKENS + name] = np.array([token_of(place, people[one]) for one in mine], np.uint64)
        sides = Sides(
            people=columns,
            out=np.zeros(len(mine), np.uint8),
            digests=np.array([digest_for(people[one]) for one in mine], np.uint64),
            ledger={
                "key": keys([key_of(one) for one in held]),
                "digest": np.array([there[one] for one in held], np.uint64),
            },
            identifiers=BOTH,
            suppresses=False,
            erased_keys=keys([]),
        )
        ops = [ADD if one not in there else 0 if there[one] == digest_for(people[one]) else CHANGE for one in mine]
        return cls(mine, sides, np.array(ops, np.uint8))

    @property
    def tokens(self) -> list[np.ndarray]:
        return [mine[self.sides.out == Out.IN] for mine in BOTH.tokens(self.sides.people).values()]

    @property
    def wanted(self) -> np.ndarray:
        return np.asarray(np.array(self.persons, np.int64)[self.sides.out == Out.IN])


def token_of(place: int, carried: Carried) -> int:
    """Return what stands for one of a person's identifiers: those of different fields differ."""
    return carried[place] and 10 * (place + 1) + carried[place]


def digest_for(carried: Carried) -> int:
    columns = [np.array([token_of(place, carried)], np.uint64) for place in range(2)]
    return int(digest_of(columns, 7, 1, 1)[0])


@pytest.mark.parametrize("few", [1, 4])
@given(turns)
def test_a_count_that_goes_by_the_one_before_is_the_same_as_one_of_everybody(
    few: int, history: list[tuple[list[tuple[bool, int, int]], frozenset[int], frozenset[int]]]
) -> None:
    """Whatever was accepted of the plans between, and whoever turned out to carry a blocked identifier."""
    weeks = Weeks()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sharing, "FEW", few)
        for drawn, blocked, refused in history:
            people = {number: (email, phone) for number, (inside, email, phone) in enumerate(drawn) if inside}
            wanted = {number: carried for number, carried in people.items() if number not in blocked and any(carried)}
            people = {number: carried for number, carried in people.items() if any(carried)}
            pairs = [(one, token_of(place, wanted[one])) for one in wanted for place in range(2)]
            assert weeks.count(people, blocked) == by_hand([(one, token) for one, token in pairs if token])
            weeks.accept(wanted, refused)


_made: list[Path] = []


def _folder() -> Path:
    return _made[0]


@pytest.fixture(autouse=True, scope="module")
def _spool(tmp_path_factory: pytest.TempPathFactory) -> None:
    _made[:] = [tmp_path_factory.mktemp("spool")]


@pytest.mark.django_db(transaction=True)
@pytest.mark.engine
def test_a_run_counts_them_and_the_ladder_names_them(vendors: Vendors) -> None:
    people: list[dict[str, Any]] = [
        {"id": "a", "email": "one@shop.example", "phone": "+12125550101"},
        {"id": "b", "email": "two@shop.example", "phone": "+12125550101"},
        {"id": "c", "email": "three@shop.example", "phone": "+1 (212) 555-0101"},
        {"id": "d", "email": "four@shop.example"},
        {"id": "e", "email": "five@shop.example", "phone": "+12125550102"},
        {"id": "f", "email": "six@shop.example", "phone": "+12125550102", "unsubscribed": True},
    ]
    consent = {"*": {"require_true": [], "not_true": [], "not_unsubscribed": True, "basis": "test"}}
    audience = factories.registered_audience(vendors, people, consent=consent)
    made = audience.activations.get()

    run = synced(made)

    assert (run.wanted, run.duplicates, run.left_out) == (4, 2, {"unsubscribed": 1, "shares_blocked": 1})  # f blocks e
    made.refresh_from_db()
    assert (made.members, made.duplicates, made.distinct_members) == (4, 2, 2)
    assert run.finished_at
    (branch,) = ladders(audience, run.finished_at).branches
    distinct = next(one for one in branch.ladder.trunk if one.label == LABELS[Place.DISTINCT])
    assert (distinct.count, distinct.lines[0].label) == ("2", "Share an identifier with another profile")

    vendors.upsert({"id": "b", "phone": "+12125550103"}, {"id": "c", "phone": "+12125550104"})
    assert synced(made).duplicates == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.engine
def test_later_runs_count_only_who_changed_and_come_to_the_same(vendors: Vendors) -> None:
    people = [{"id": f"p{n}", "email": f"p{n}@shop.example", "phone": f"+1212555010{n // 2}"} for n in range(8)]
    made = factories.registered_audience(vendors, people).activations.get()
    assert synced(made).duplicates == 4
    before = counted_before.known_of(made)
    assert before is not None
    assert len(before.shared) == 4

    def everybody(*_arguments: object) -> None:
        raise AssertionError("everybody is counted again")

    for changed, duplicates in (
        ({"id": "p0", "phone": "+12125550199"}, 3),
        ({"id": "p1", "phone": "+12125550199"}, 4),
        ({"id": "p2", "email": "p4@shop.example"}, 5),
        ({"id": "p7", "phone": None}, 4),
        ({"id": "p7"}, 4),
    ):
        vendors.upsert(changed)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sharing, "FEW", 1)
            patch.setattr(sharing, "Repeats", everybody)
            run = synced(made)
        assert (run.state, run.duplicates, counted_anew(run)) == ("done", duplicates, duplicates), changed
        made.refresh_from_db()
        assert made.duplicates == duplicates

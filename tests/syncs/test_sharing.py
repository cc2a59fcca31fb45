"""People who share an identifier: groups against brute force, repeats in memory and through a file, and in a whole run."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciliation.ladder import LABELS, Place
from reconciliation.of_ladder import ladders
from syncs import sharing
from syncs.sharing import Repeats, beyond_first
from tests import factories
from tests.syncs.running import synced
from tests.vendors import Vendors

PAIRS = st.lists(st.tuples(st.integers(0, 12), st.integers(1, 12)), max_size=40)
TOKENS = st.lists(st.integers(0, 2**64 - 1), max_size=60)


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


@given(st.lists(TOKENS, max_size=6))
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

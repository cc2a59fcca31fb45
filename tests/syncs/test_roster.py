"""A pilot's people are a part of the roster, whatever the segment, the rules and the others are; and the ramp step's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncs.eligibility import Out, Rules, blocking_tokens, first_share, on_roster, reasons, with_blocked
from syncs.tokens import TokenSet
from tests.syncs.shards import BOTH, Someone, digests, key_of, keys, sha, staged
from tests.syncs.test_eligibility import others

ADDRESSES = [f"{name}@{domain}" for name in "abcdef" for domain in ("team.example", "shop.example")]
FLAGS = ("ad_consent", "do_not_share", "unsubscribed")
people_of = st.lists(
    st.builds(
        Someone,
        key=st.integers(1, 10_000).map(key_of),
        email=st.sampled_from(["", *ADDRESSES]),
        phone=st.sampled_from(["", "1", "2", "3"]),
        id=st.sampled_from(["", "c-1", "c-2"]),
        flags=st.fixed_dictionaries({name: st.integers(0, 2) for name in FLAGS}),
    ),
    unique_by=lambda one: one.key,
    max_size=30,
)
rules_of = st.builds(
    Rules,
    st.just(BOTH),
    suppresses=st.booleans(),
    require_true=st.sampled_from([(), ("ad_consent",)]),
    not_true=st.sampled_from([(), ("do_not_share",)]),
    not_unsubscribed=st.booleans(),
    ramp=st.sampled_from([10, 100]),
)


@given(people_of, rules_of, st.sets(st.sampled_from(ADDRESSES)), st.sets(st.sampled_from(ADDRESSES)))
def test_whatever_the_segment_the_wanted_are_on_the_roster(
    people: list[Someone], rules: Rules, roster: set[str], excluded: set[str]
) -> None:
    people = sorted(people, key=lambda one: one.key)
    columns = staged(people, FLAGS)
    pilot = Rules(**{**vars(rules), "roster": frozenset(sha(address) for address in roster)})
    known = others(excluded=[sorted(excluded)])

    out = reasons(columns, pilot, known, [keys([])])
    blocked = TokenSet.of(blocking_tokens(columns, pilot, out))
    final = with_blocked(columns, pilot, out, blocked)

    wanted = {one.email for one, reason in zip(people, final, strict=True) if reason == Out.IN}
    assert wanted <= roster - {""}
    # And the roster only narrows: nobody is in a pilot who would not be on the list.
    free = with_blocked(columns, rules, reasons(columns, rules, known, [keys([])]), blocked)
    assert all(free[place] == Out.IN for place in np.flatnonzero(final == Out.IN))


@given(people_of)
def test_an_empty_roster_reaches_nobody(people: list[Someone]) -> None:
    columns = staged(sorted(people, key=lambda one: one.key))
    assert not (reasons(columns, Rules(BOTH, roster=frozenset()), others(), []) == Out.IN).any()


def test_half_a_digest_alike_is_somebody_else() -> None:
    mine = sha("a@team.example")
    like = mine[:8] + bytes(24)
    assert on_roster(digests([mine, like, bytes(32)]), frozenset({mine})).tolist() == [True, False, False]
    assert on_roster(digests([bytes(32)]), frozenset({bytes(32)})).tolist() == [False]


@pytest.mark.parametrize("purpose", [True, False])
def test_who_is_removed_leaves_nobody_in(purpose: bool) -> None:
    people = staged([Someone(key=key_of(1), email="a@x", phone="1", id="c-1", flags={})])
    assert reasons(people, Rules(BOTH, suppresses=purpose, nobody=True), others(), []).tolist() == [Out.CLEARED]


def test_the_ramp_step_is_a_tenth_and_always_the_same() -> None:
    rng = np.random.default_rng(7)
    some = keys(sorted(rng.bytes(16) for _ in range(20_000)))
    tenth = first_share(some, 10)
    assert 0.09 < tenth.mean() < 0.11
    assert (first_share(some[::-1], 10) == tenth[::-1]).all()
    assert (first_share(some, 100)).all()
    assert not (first_share(some, 10) & ~first_share(some, 50)).any()

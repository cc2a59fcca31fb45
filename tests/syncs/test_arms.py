"""Arms of people who were read: named alike in every reading, counted, kept by the ledger, told once."""

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiences.arms import arm_of
from muster.columns import pack, unpack
from syncs import arms
from syncs.arms import ABSENT, ASSIGNED, MOST, TAKEN_AWAY, UNREADABLE, Namer, TooManyArms, are_lost, token
from syncs.eligibility import BLOCKS, Out
from syncs.members import Change, arms_of, changed, combined, joined, merged, nobody, patch_of, recut, those_of, touched
from syncs.people import Asked, Columnist, parted, tally
from syncs.plan import Sides, merge
from syncs.staging import covers
from tests.syncs.shards import BOTH, Someone, content_digests, key_of, keys, members, sha, staged

VALUES = st.sampled_from(["", " ", "control", "Control ", "treated", "b", "ann@shop.example", "x" * 99])
EXP = "exp"


@given(st.lists(VALUES, max_size=30))
def test_every_reading_gives_a_name_the_same_token_and_counts_everybody(values: list[str]) -> None:
    namer, other = Namer(EXP), Namer(EXP)
    other.column(["something", "else"])

    column = namer.column(values)

    assert column.tolist() == other.column(values).tolist()
    counts = arms.named(arms.tally({"arm:exp": column}), [namer])
    wanted = Counter(arm_of(value) for value in values)
    assert counts == {"arms": {EXP: dict(wanted)}}
    names = arms.names_of(counts, EXP)
    readable = Counter({"" if name == "?" else name: 0 for name in wanted})
    for name, people in wanted.items():
        readable["" if name == "?" else name] += people
    assert arms.people_by_arm(column, names) == readable
    assert arms.with_arm(counts, EXP) == sum(people for name, people in wanted.items() if name not in ("", "?"))
    assert arms.unreadable(counts, EXP) == wanted["?"]
    held = arms.held_out({"arm:exp": column}, EXP, " CONTROL")
    assert held.tolist() == [arm_of(value) == "control" for value in values]


def test_the_same_name_of_another_attribute_is_another_token() -> None:
    assert token("exp", "control") != token("other", "control")
    assert (token("exp", ""), token("exp", "?")) == (ABSENT, UNREADABLE)


def test_an_attribute_with_too_many_values_says_no_arms() -> None:
    namer = Namer(EXP)
    namer.column([f"arm {number}" for number in range(MOST)])
    with pytest.raises(TooManyArms, match=EXP):
        namer.column(["one more"])


def test_a_reading_that_did_not_ask_is_never_taken_for_nobody() -> None:
    with pytest.raises(KeyError):
        arms.held_out(staged([Someone(key_of(1))]), EXP, "control")
    assert not covers({"flags": []}, {"arms": [EXP]})
    assert covers({"arms": [EXP, "other"]}, {"arms": [EXP]})
    assert covers({"arms": [EXP]}, {})


def test_who_reads_keeps_the_token_in_the_head_and_no_value() -> None:
    columnist = Columnist(Asked.of({"arms": [EXP]}), workspace_id=1, secret=b"s" * 32)
    assert columnist.asked.attributes == [EXP]

    raw = {"cio_id": ["a", "b"], "id": ["1", "2"], EXP: ["Control", "ann@shop.example"]}
    people = columnist.columns(raw)

    head, rest = parted(people)
    assert head["arm:exp"].tolist() == [token(EXP, "control"), UNREADABLE]
    assert "arm:exp" not in rest
    assert b"shop.example" not in pack(people)
    assert columnist.namers[0].names == {"control", "?"}
    assert tally(people)[f"arm:exp:{token(EXP, 'control')}"] == 1


def test_held_out_people_block_what_they_carry() -> None:
    assert BLOCKS[Out.HELD_OUT]
    assert not BLOCKS[Out.NO_IDENTIFIER]


@pytest.mark.parametrize(
    ("before", "now", "lost"),
    [
        ((900, 1000), (900, 1000), False),
        ((900, 1000), (0, 1000), True),
        ((900, 1000), (449, 1000), True),
        ((900, 1000), (450, 1000), False),
        ((900, 1000), (45, 50), False),
        ((9, 1000), (0, 1000), False),
        ((10, 1000), (0, 1000), True),
        ((900, 1000), (0, 0), False),
        ((0, 0), (0, 1000), False),
        ((0, 1000), (900, 1000), False),
    ],
)
def test_arms_are_lost_when_many_had_one_and_fewer_than_half_have(
    before: tuple[int, int], now: tuple[int, int], lost: bool
) -> None:
    assert are_lost(before, now) is lost


# What a plan tells


ARMS = {"": ABSENT, "control": token(EXP, "control"), "treated": token(EXP, "treated")}


def told(before: dict[int, str], now: dict[int, str], *, known_before: bool = True, sent_again: bool = False) -> Any:
    """What the plan tells of each person's arm, by number; `before` are the members."""
    people = staged([Someone(key_of(number), email=f"{number}@x") for number in now])
    named = {key_of(number): ARMS[arm] for number, arm in now.items()}
    tokens = np.array([named[people["key"][place : place + 1].tobytes()] for place in range(len(now))], np.uint64)
    digests = content_digests(people, BOTH) ^ tokens
    held = {key_of(number): (1, [(1, sha(f"{number}@x"))]) for number in before}
    ledger = changed(nobody(), Change(add=members(held)))
    if known_before:
        ledger["arm"] = np.array(
            [ARMS[before[number]] for number in sorted(before, key=key_of)],
            np.uint64,
        )
    for place in range(len(ledger["key"])):
        key = ledger["key"][place : place + 1].tobytes()
        at = np.flatnonzero(people["key"] == key)
        number = next(one for one in before if key_of(one) == key)
        if len(at) and known_before and ARMS[before[number]] == tokens[at[0]]:
            ledger["digest"] = ledger["digest"].copy()
            ledger["digest"][place] = digests[at[0]]
    sides = Sides(people, np.zeros(len(now), np.uint8), digests, ledger, BOTH, False, keys([]), arms=tokens)
    shard = merge(sides, np.ones(len(now), np.bool_) if sent_again else None)
    found = dict(zip((people["key"][p : p + 1].tobytes() for p in range(len(now))), shard.arm.tolist(), strict=True))
    return {number: found[key_of(number)] for number in now}


MOVES = {
    "comes with an arm": ({}, {1: "control"}, ASSIGNED),
    "comes without": ({}, {1: ""}, 0),
    "changes arm": ({1: "control"}, {1: "treated"}, ASSIGNED),
    "gets one": ({1: ""}, {1: "treated"}, ASSIGNED),
    "loses it": ({1: "treated"}, {1: ""}, TAKEN_AWAY),
    "stays": ({1: "treated"}, {1: "treated"}, 0),
    "stays without": ({1: ""}, {1: ""}, 0),
}


@pytest.mark.parametrize("case", MOVES)
def test_an_arm_is_told_when_it_appears_or_changes(case: str) -> None:
    before, now, wanted = MOVES[case]
    assert told(before, now) == {1: wanted}
    if wanted == 0:
        assert told(before, now, sent_again=True) == {1: 0}


def test_members_of_before_the_holdout_are_told_their_arm_once() -> None:
    assert told({1: "", 2: ""}, {1: "control", 2: ""}, known_before=False) == {1: ASSIGNED, 2: 0}


# What the ledger keeps


numbers = st.integers(0, 11)
additions = st.dictionaries(numbers, st.sampled_from(list(ARMS)), max_size=6)
steps = st.lists(st.tuples(additions, st.sets(numbers, max_size=4), st.booleans()), min_size=1, max_size=5)


def change_of(added: dict[int, str], removed: set[int], *, tells: bool) -> Change:
    made = members({key_of(number): (number + 1, [(1, sha(f"{number}@x"))]) for number in added})
    if tells:
        made = replace(made, arm=np.array([ARMS[added[number]] for number in sorted(added, key=key_of)], np.uint64))
    return Change(add=made if added else None, remove_key=keys(sorted(key_of(number) for number in removed)))


def kept(columns: Any) -> dict[bytes, int]:
    held = arms_of(columns)
    return {columns["key"][place : place + 1].tobytes(): int(held[place]) for place in range(len(columns["key"]))}


@given(steps)
def test_the_ledger_holds_the_arm_that_was_told_last_however_it_is_stored(
    story: list[tuple[dict[int, str], set[int], bool]],
) -> None:
    whole, patch = nobody(), None
    wanted: dict[bytes, int] = {}
    plain = nobody()
    for added, removed, tells in story:
        removed = removed - added.keys()
        change = change_of(added, removed, tells=tells)
        before = those_of(touched(change), whole, patch)
        one = patch_of(touched(change), before, change)
        patch = one if patch is None else combined(patch, one)
        plain = changed(plain, change)
        for number in removed:
            wanted.pop(key_of(number), None)
        wanted |= {key_of(number): int(ARMS[arm]) if tells else 0 for number, arm in added.items()}
    after = merged(whole, unpack(pack(patch))) if patch is not None else whole

    assert kept(after) == kept(plain) == wanted
    halves = [recut([after], number, 1, 2) for number in range(2)]
    assert kept(joined(halves)) == wanted

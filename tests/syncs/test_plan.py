"""The plan of a prefix against plain sets: what the ledger becomes, what is taken from the platform, and what is left alone.

`Platform` holds people, as the ad platforms do: an addition by any identifier adds a person, a removal by any removes them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from muster.columns import Array, Columns
from syncs.eligibility import Identifiers, Out
from syncs.members import Change, changed, nobody
from syncs.plan import (
    ADD,
    CHANGE,
    LEFT,
    REASSERT,
    Shard,
    Sides,
    claims,
    flat_rows,
    is_optout,
    is_release,
    merge,
    passes,
    without_claims,
)
from syncs.tokens import TokenSet
from tests.syncs.shards import (
    BOTH,
    TURNED,
    Held,
    Someone,
    as_dict,
    by_key,
    content_digests,
    equal,
    key_of,
    keys,
    ledger,
    members,
    sha,
    staged,
)


@dataclass
class Turn:
    """One run: who is in the segment, with reasons by key, and which passes the guards let through."""

    people: list[Someone]
    out: Mapping[bytes, int] = field(default_factory=dict)
    removes_parked: bool = False
    adds_parked: bool = False

    @property
    def wanted(self) -> dict[bytes, Someone]:
        return {one.key: one for one in self.people if self.out.get(one.key, Out.IN) == Out.IN}


@dataclass
class Planned:
    """A plan, and what it was made from."""

    shard: Shard
    people: Columns
    ledger: Columns
    identifiers: Identifiers
    suppresses: bool
    carried: dict[bytes, set[Held]]

    @property
    def op(self) -> dict[bytes, int]:
        return {key: op for key, op in by_key(self.people, self.shard.op).items() if op}

    @property
    def taken(self) -> dict[bytes, set[Held]]:
        """Return what each removal takes, by key of who leaves or loses an identifier."""
        held, found, start = as_dict(self.ledger), {}, 0
        for place, end in enumerate(self.shard.gone_ends.tolist()):
            key = self.shard.gone_key[place : place + 1].tobytes()
            take = self.shard.gone_take[start:end].tolist()
            found[key] = {one for one, taken in zip(held[key][1], take, strict=True) if taken}
            start = end
        return found


def planned(
    before: Columns,
    turn: Turn,
    *,
    suppresses: bool = False,
    identifiers: Identifiers = BOTH,
    erased: Sequence[bytes] = (),
    reassert: bool = False,
) -> Planned:
    """Return the plan of a whole list that has one prefix."""
    people = staged(turn.people)
    out = np.array([turn.out.get(key, Out.IN) for key in by_key(people, people["key"] != b"")], np.uint8)
    sides = Sides(
        people, out, content_digests(people, identifiers), before, identifiers, suppresses, keys(sorted(erased))
    )
    shard = merge(sides, np.ones(len(out), np.bool_) if reassert else None)
    claimed = TokenSet.of(claims(people, out == Out.IN, before, identifiers, suppresses=suppresses))
    carried = {one.key: one.held for one in turn.people}
    return Planned(without_claims(shard, claimed), people, before, identifiers, suppresses, carried)


def removal(plan: Planned, chosen: Array) -> Change:
    """Return what the ledger does when the removals at these places are accepted."""
    shard = plan.shard
    rows, _ = flat_rows(shard.gone_ends, chosen[shard.gone_drop[chosen] == 1])
    return Change(
        remove_key=shard.gone_key[chosen[shard.gone_drop[chosen] == 0]],
        drop_key=shard.gone_key[chosen[shard.gone_drop[chosen] == 1]],
        drop_take=shard.gone_take[rows],
    )


def addition(plan: Planned) -> Change:
    """Return what the ledger does when all additions are accepted."""
    digests = by_key(plan.people, content_digests(plan.people, plan.identifiers))
    return Change(add=members({key: (digests[key], sorted(plan.carried[key])) for key in plan.op}))


def chosen_of(plan: Planned, name: str, turn: Turn) -> Array:
    """Return the places of a removing pass; old identifiers stay where their people would not be sent again."""
    shard = plan.shard
    own = is_optout(shard.gone_why, shard.gone_drop, suppresses=plan.suppresses)
    if name == "optouts":
        return np.flatnonzero(own)
    return np.flatnonzero(~own & ((shard.gone_drop == 0) | (not turn.adds_parked)))


def keys_at(plan: Planned, places: Array) -> set[bytes]:
    return {plan.shard.gone_key[place : place + 1].tobytes() for place in places}


@dataclass
class Platform:
    """Who is on the list at the platform.

    Wanted people are known by what they carry and what was uploaded of them: what they had before only the platform
    could know. Everybody else is known by all they ever had.
    """

    on: set[bytes] = field(default_factory=set)
    known: dict[bytes, set[Held]] = field(default_factory=dict)

    def meets(self, turn: Turn, ledger: Columns) -> None:
        """Learn what people carry now."""
        sent = {key: set(flat) for key, (_, flat) in as_dict(ledger).items()}
        for one in turn.people:
            before = sent.get(one.key, set()) if one.key in turn.wanted else self.known.get(one.key, set())
            self.known[one.key] = before | one.held

    def holders(self, identifiers: set[Held]) -> set[bytes]:
        return {key for key, held in self.known.items() if held & identifiers}


def synced(before: Columns, turn: Turn, plan: Planned, platform: Platform) -> Columns:
    """Carry a plan out pass by pass, in the ledger and at the platform."""
    platform.meets(turn, before)
    after = before
    for name in passes(suppresses=plan.suppresses):
        if name == "additions":
            if turn.adds_parked:
                continue
            for key in plan.op:
                platform.on |= platform.holders(turn.wanted[key].held)
            after = changed(after, addition(plan))
        elif name == "optouts" or not turn.removes_parked:
            places = chosen_of(plan, name, turn)
            for place in places:
                key = plan.shard.gone_key[place : place + 1].tobytes()
                platform.on -= platform.holders(plan.taken[key])
            after = changed(after, removal(plan, places))
    return after


EMPTY = nobody()
emails, phones = st.sampled_from(["", "a", "b", "c"]), st.sampled_from(["", "1", "2"])
outs = st.sampled_from([Out.IN] * 6 + [Out.CONSENT, Out.NO_IDENTIFIER, Out.SHARES_BLOCKED, Out.EXCLUDED])


@st.composite
def turns(draw: st.DrawFn, parked: bool = False) -> Turn:
    people, out = [], {}
    for number in draw(st.sets(st.integers(0, 5))):
        one = Someone(key_of(number), draw(emails), draw(phones))
        people.append(one)
        out[one.key] = draw(outs) if one.held else Out.NO_IDENTIFIER
    may_park = st.booleans() if parked else st.just(False)
    return Turn(people, out, removes_parked=draw(may_park), adds_parked=draw(may_park))


histories = st.lists(turns(), min_size=1, max_size=4)


@settings(max_examples=200)
@given(histories, st.booleans())
def test_after_every_run_the_ledger_is_who_is_wanted_and_a_second_one_finds_nothing(
    history: list[Turn], suppresses: bool
) -> None:
    held, platform = EMPTY, Platform()
    for turn in history:
        plan = planned(held, turn, suppresses=suppresses)
        carries = set().union(*(one.held for one in turn.wanted.values()))
        assert not set().union(*plan.taken.values()) & carries, "a removal takes what a wanted person carries"
        held = synced(held, turn, plan, platform)
        now = as_dict(held)
        assert now.keys() == turn.wanted.keys()
        digests = by_key(plan.people, content_digests(plan.people, BOTH))
        for key, one in turn.wanted.items():
            assert now[key][0] == digests[key]
            assert one.held <= set(now[key][1])
        again = planned(held, turn, suppresses=suppresses)
        assert not again.op
        assert not again.taken


@settings(max_examples=200)
@given(histories, st.booleans())
@example(
    # Somebody leaves with the address that another, who stays, was sent under before.
    [
        Turn([Someone(key_of(1), "a")]),
        Turn([Someone(key_of(1), "b"), Someone(key_of(2), "a")]),
        Turn([Someone(key_of(1), "b")]),
    ],
    True,
)
def test_nobody_who_is_wanted_is_missing_at_the_platform(history: list[Turn], suppresses: bool) -> None:
    held, platform = EMPTY, Platform()
    for turn in history:
        held = synced(held, turn, planned(held, turn, suppresses=suppresses), platform)
        assert turn.wanted.keys() <= platform.on
        uploaded = set().union(*(set(flat) for _, flat in as_dict(held).values()))
        assert platform.on <= platform.holders(uploaded), "somebody is left who shares nothing with the list"


@settings(max_examples=200)
@given(st.lists(turns(parked=True), min_size=1, max_size=4), turns(), st.booleans())
def test_parked_passes_leave_a_true_ledger_and_a_reassert_makes_the_platform_exact(
    history: list[Turn], last: Turn, suppresses: bool
) -> None:
    """Without the re-assert one case is left: whoever holds an identifier that a removal took while their own pass was
    parked, and is wanted again just as before, is missing at the platform although the ledger says otherwise."""
    held, platform = EMPTY, Platform()
    for turn in history:
        plan = planned(held, turn, suppresses=suppresses)
        before, held = as_dict(held), synced(held, turn, plan, platform)
        gone = {
            key
            for name in ("optouts", "removals")
            if name == "optouts" or not turn.removes_parked
            for key in keys_at(plan, chosen_of(plan, name, turn))
        }
        stays = before.keys() - (gone - turn.wanted.keys())
        assert as_dict(held).keys() == stays | (set() if turn.adds_parked else turn.wanted.keys())
    plan = planned(held, last, suppresses=suppresses, reassert=True)
    held = synced(held, last, plan, platform)
    assert as_dict(held).keys() == last.wanted.keys()
    assert last.wanted.keys() <= platform.on


@given(histories, st.booleans())
def test_the_order_of_identifiers_in_the_definition_does_not_matter(history: list[Turn], suppresses: bool) -> None:
    held = EMPTY
    for turn in history:
        plan = planned(held, turn, suppresses=suppresses)
        turned = planned(held, turn, suppresses=suppresses, identifiers=TURNED)
        assert equal(plan.shard.packed(), turned.shard.packed())
        held = synced(held, turn, plan, Platform())


@given(histories)
def test_a_suppression_keeps_old_identifiers_until_the_person_leaves(history: list[Turn]) -> None:
    held: Columns = EMPTY
    sent: dict[bytes, set[Held]] = {}
    for turn in history:
        plan = planned(held, turn, suppresses=True)
        assert not plan.shard.gone_drop.any()
        for key, taken in plan.taken.items():
            assert taken <= sent[key]
        held = synced(held, turn, plan, Platform())
        sent = {key: sent.get(key, set()) | one.held for key, one in turn.wanted.items()}
        assert {key: set(flat) for key, (_, flat) in as_dict(held).items()} == sent


def one_list(**people: str) -> Columns:
    """Return a ledger of people with an email each, as a first sync leaves it."""
    turn = Turn([Someone(key_of(int(name[1:])), email) for name, email in people.items()])
    return synced(EMPTY, turn, planned(EMPTY, turn), Platform())


def test_a_targeting_list_removes_an_old_identifier_and_sends_its_person_again() -> None:
    before = one_list(p1="old", p2="x")
    plan = planned(before, Turn([Someone(key_of(1), "new"), Someone(key_of(2), "x")]))
    assert plan.taken == {key_of(1): {(1, sha("old"))}}
    assert plan.shard.gone_drop.tolist() == [1]
    assert plan.op == {key_of(1): CHANGE}


def test_an_identifier_lost_is_removed_and_the_person_sent_again_by_the_other() -> None:
    turn = Turn([Someone(key_of(1), "a", "1")])
    before = synced(EMPTY, turn, planned(EMPTY, turn), Platform())
    plan = planned(before, Turn([Someone(key_of(1), "a", "")]))
    assert plan.taken == {key_of(1): {(2, sha("1"))}}
    assert plan.op == {key_of(1): CHANGE}


def test_an_old_identifier_that_another_carries_stays_and_nobody_is_sent_again() -> None:
    turn = Turn([Someone(key_of(1), "a"), Someone(key_of(2), "b")])
    before = synced(EMPTY, turn, planned(EMPTY, turn), Platform())
    swapped = Turn([Someone(key_of(1), "b"), Someone(key_of(2), "b")])
    plan = planned(before, swapped)
    assert plan.taken == {key_of(1): {(1, sha("a"))}}
    after = synced(before, swapped, plan, Platform())
    handed = Turn([Someone(key_of(1), "c"), Someone(key_of(2), "b")])
    plan = planned(after, handed)
    assert plan.taken == {}
    assert plan.op == {key_of(1): CHANGE}


def test_a_shared_mailbox_of_which_one_leaves_is_a_release() -> None:
    before = one_list(p1="shared", p2="shared")
    plan = planned(before, Turn([Someone(key_of(2), "shared")]))
    assert plan.taken == {key_of(1): set()}
    assert is_release(plan.shard).tolist() == [True]
    assert plan.op == {}


def test_of_two_identifiers_only_the_one_nobody_else_carries_goes() -> None:
    turn = Turn([Someone(key_of(1), "a", "shared"), Someone(key_of(2), "b", "shared")])
    before = synced(EMPTY, turn, planned(EMPTY, turn), Platform())
    plan = planned(before, Turn([Someone(key_of(2), "b", "shared")]))
    assert plan.taken == {key_of(1): {(1, sha("a"))}}
    assert not is_release(plan.shard).any()


def test_of_an_erased_person_everything_goes_although_another_carries_it() -> None:
    turn = Turn([Someone(key_of(1), "a", "shared"), Someone(key_of(2), "b", "shared")])
    before = synced(EMPTY, turn, planned(EMPTY, turn), Platform())
    still_there = replace(turn, out={key_of(1): Out.ERASED})
    gone = Turn([turn.people[1]])
    for after in (still_there, gone):
        plan = planned(before, after, erased=[key_of(1)])
        assert plan.taken == {key_of(1): {(1, sha("a")), (2, sha("shared"))}}
        assert plan.shard.gone_why.tolist() == [Out.ERASED]


def test_why_people_leave() -> None:
    before = one_list(p1="a", p2="b", p3="c", p4="d")
    turn = Turn(
        [Someone(key_of(1), "a"), Someone(key_of(2), "b"), Someone(key_of(3), "c")],
        {key_of(1): Out.CONSENT, key_of(2): Out.EXCLUDED + 1},
    )
    plan = planned(before, turn)
    why = {plan.shard.gone_key[place : place + 1].tobytes(): int(one) for place, one in enumerate(plan.shard.gone_why)}
    assert why == {key_of(1): Out.CONSENT, key_of(2): Out.EXCLUDED + 1, key_of(4): LEFT}


def test_a_reassert_sends_everybody_who_is_wanted_and_changes_nothing_else() -> None:
    before = one_list(p1="a", p2="b", p3="c")
    turn = Turn(
        [Someone(key_of(1), "a"), Someone(key_of(2), "new"), Someone(key_of(3), "c"), Someone(key_of(4), "d")],
        {key_of(3): Out.CONSENT},
    )
    plan = planned(before, turn, reassert=True)
    assert plan.op == {key_of(1): REASSERT, key_of(2): CHANGE, key_of(4): ADD}
    assert set(plan.taken) == {key_of(2), key_of(3)}


def test_what_is_an_opt_out() -> None:
    whys = np.array([*Out, Out.EXCLUDED, LEFT], np.uint8)
    stays, leaves = np.ones(len(whys), np.uint8), np.zeros(len(whys), np.uint8)
    targeting = {int(why) for why in whys[is_optout(whys, leaves, suppresses=False)]}
    suppression = {int(why) for why in whys[is_optout(whys, leaves, suppresses=True)]}
    assert targeting == {Out.ERASED, Out.UNSUBSCRIBED, Out.DO_NOT_SHARE, Out.CONSENT}
    assert suppression == {Out.ERASED, Out.DO_NOT_SHARE}
    assert not is_optout(whys, stays, suppresses=False).any()


def test_the_order_of_passes() -> None:
    assert passes(suppresses=False) == ("optouts", "removals", "additions")
    assert passes(suppresses=True) == ("optouts", "additions", "removals")


def test_an_empty_prefix_packs_to_nothing_and_nobody_to_do_keeps_no_columns() -> None:
    assert planned(EMPTY, Turn([])).shard.packed() == {}
    assert planned(one_list(p1="a"), Turn([Someone(key_of(1), "a")])).shard.packed() == {}
    assert set(planned(one_list(p1="a"), Turn([])).shard.packed()) >= {"gone.key", "gone.take"}
    assert set(planned(EMPTY, Turn([Someone(key_of(1), "a")])).shard.packed()) == {"op"}


@given(st.dictionaries(st.integers(0, 9).map(key_of), st.tuples(st.integers(0, 99), st.just([(1, sha("a"))]))))
def test_a_ledger_made_for_tests_reads_back(held: dict[bytes, tuple[int, list[Held]]]) -> None:
    assert as_dict(ledger(held)) == held

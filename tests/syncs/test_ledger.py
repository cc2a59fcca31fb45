"""Ledger shards: changed by batches as a dictionary would be, cut and joined without loss, sealed for their own place."""

from collections.abc import Mapping, Sequence
from copy import deepcopy

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiences.models import Activation
from muster.columns import Columns, unpack
from muster.vault import Tampered, unseal
from syncs.lease import LeaseLost
from syncs.ledger import Ledger, digest, moved
from syncs.members import (
    Change,
    changed,
    combined,
    fits,
    joined,
    members_told,
    merged,
    nobody,
    patch_of,
    recut,
    selected,
    shard_count,
    those_of,
    told_members,
    touched,
    with_members,
)
from syncs.models import LedgerShard, LedgerWhole
from tests import factories
from tests.syncs.shards import Held, as_dict, equal, key_of, keys, ledger, members, sha, texts_of

Model = dict[bytes, tuple[int, list[Held]]]

held = st.lists(
    st.tuples(st.integers(1, 2), st.sampled_from(["a", "b", "c", "d"]).map(sha)), min_size=1, max_size=4, unique=True
)
people = st.dictionaries(st.integers(0, 12).map(key_of), st.tuples(st.integers(1, 2**64 - 1), held), max_size=8)
scattered = st.dictionaries(
    st.binary(min_size=16, max_size=16), st.tuples(st.integers(0, 2**64 - 1), held), max_size=40
)


@given(people, people, st.sets(st.integers(0, 12).map(key_of)))
def test_additions_and_removals_change_a_shard_as_a_dictionary(before: Model, new: Model, gone: set[bytes]) -> None:
    after = changed(ledger(before), Change(add=members(new), remove_key=keys(list(gone))))
    expected = {key: value for key, value in before.items() if key not in gone}
    for key, (content, flat) in new.items():
        kept = expected[key][1] if key in expected else []
        expected[key] = (content, kept + [one for one in flat if one not in kept])
    assert as_dict(after) == expected
    assert after["key"].tobytes() == b"".join(sorted(expected))


@given(people, st.data())
def test_dropped_identifiers_go_and_their_people_stay(before: Model, data: st.DataObject) -> None:
    chosen = sorted(data.draw(st.sets(st.sampled_from(sorted(before))))) if before else []
    take = [data.draw(st.lists(st.booleans(), min_size=n, max_size=n)) for n in (len(before[key][1]) for key in chosen)]
    flat = [one for some in take for one in some]
    after = changed(ledger(before), Change(drop_key=keys(chosen), drop_take=np.array(flat, np.uint8)))
    expected = deepcopy(before)
    for key, some in zip(chosen, take, strict=True):
        content, own = before[key]
        expected[key] = (content, [one for one, taken in zip(own, some, strict=True) if not taken])
    assert as_dict(after) == expected


changes = st.tuples(people, st.sets(st.integers(0, 12).map(key_of)))


@given(people, st.lists(changes, max_size=4))
def test_patches_come_to_the_same_as_changing_the_whole(before: Model, some: list[tuple[Model, set[bytes]]]) -> None:
    whole = expected = ledger(before)
    told, patch = digest(whole), None
    for new, gone in some:
        change = Change(add=members(new), remove_key=keys(sorted(gone)))
        keys_touched = touched(change)
        assert keys_touched.tobytes() == b"".join(sorted({*new, *gone}))
        old = those_of(keys_touched, whole, patch)
        assert as_dict(old) == {key: some for key, some in as_dict(expected).items() if key in new or key in gone}
        one = patch_of(keys_touched, old, change)
        expected = changed(expected, change)
        told = moved(told, old, one)
        patch = one if patch is None else combined(patch, one)
        assert as_dict(merged(whole, patch)) == as_dict(expected)
        assert told == digest(expected)


@given(scattered, st.data())
def test_a_plan_tells_few_of_many_as_the_ledger_holds_them(all_of_them: Model, data: st.DataObject) -> None:
    whole = ledger(all_of_them)
    chosen = data.draw(st.sets(st.sampled_from(sorted(all_of_them)), max_size=5)) if all_of_them else set()
    gone = keys(sorted(chosen))
    held = told_members(gone, whole)
    assert (held is not None) == (0 < 16 * len(gone) <= len(all_of_them))
    fewer = gone[: len(gone) // 2 + 1]
    plan: Columns = {"gone.key": fewer, "gone.ends": those_of(fewer, whole, None)["id.ends"]}

    told = members_told(plan | with_members(fewer, held))

    if held is None or not len(fewer):
        assert told is None
    else:
        assert told is not None
        assert equal(told, those_of(fewer, whole, None))


def test_one_batch_may_remove_some_and_drop_of_others() -> None:
    before = {key_of(n): (n, [(1, sha(f"a{n}")), (2, sha(f"p{n}"))]) for n in range(4)}
    kept = sorted(key_of(n) for n in (1, 2))
    change = Change(remove_key=keys([key_of(0)]), drop_key=keys(kept), drop_take=np.array([1, 0, 0, 1], np.uint8))
    after = as_dict(changed(ledger(before), change))
    assert after == {
        key_of(3): before[key_of(3)],
        kept[0]: (before[kept[0]][0], before[kept[0]][1][1:]),
        kept[1]: (before[kept[1]][0], before[kept[1]][1][:1]),
    }


def test_userids_in_clear_follow_their_identifiers() -> None:
    known = {(3, sha(text)): text for text in ("c-1", "c-2", "né")}
    first = members({key_of(1): (1, [(3, sha("c-1"))]), key_of(2): (1, [(3, sha("c-2"))])}, known)
    shard = changed(nobody(texts_too=True), Change(add=first))
    shard = changed(shard, Change(add=members({key_of(1): (2, [(3, sha("né"))])}, known)))
    assert [sha(text) for text in texts_of(shard)] == [raw.tobytes() for raw in shard["id.raw"]]
    assert sorted(texts_of(shard)) == ["c-1", "c-2", "né"]
    of_one = Change(drop_key=keys([key_of(1)]), drop_take=np.array([1, 0], np.uint8))
    shard = changed(shard, of_one)
    assert sorted(texts_of(shard)) == ["c-2", "né"]
    shard = changed(shard, Change(remove_key=keys([key_of(2)])))
    assert texts_of(shard) == ["né"]


def shard_of(whole: Columns, number: int, count: int) -> Columns:
    """Return a shard of a list by the prefix of its keys, told without shifting: the share of all keys below it."""
    raw = [whole["key"][place : place + 1].tobytes() for place in range(len(whole["key"]))]
    mine = [place for place, key in enumerate(raw) if int.from_bytes(key, "big") * count >> 128 == number]
    return selected(whole, np.array(mine, np.int64))


@given(scattered, st.sampled_from([1, 2, 4, 8]), st.sampled_from([1, 2, 4, 8]))
def test_recutting_gives_every_member_to_the_shard_of_its_prefix_and_back(
    all_of_them: Model, old: int, new: int
) -> None:
    whole = ledger(all_of_them)
    before = [shard_of(whole, number, old) for number in range(old)]
    after = []
    for number in range(new):
        first, span = number * old // new, max(1, old // new)
        after.append(recut(before[first : first + span], number, old, new))
        assert equal(after[number], shard_of(whole, number, new))
    assert equal(joined(after), whole)


@given(scattered)
def test_joined_shards_keep_userids(all_of_them: Model) -> None:
    known = {(code, raw): f"{code}:{raw.hex()}" for _, flat in all_of_them.values() for code, raw in flat}
    whole = changed(nobody(texts_too=True), Change(add=members(all_of_them, known)))
    parts = [recut([whole], number, 1, 4) for number in range(4)]
    assert equal(joined(parts), whole)


@pytest.mark.parametrize(
    ("people", "shards"), [(0, 1), (1, 1), (12_500, 1), (12_501, 2), (25_000, 2), (25_001, 4), (1_000_000, 128)]
)
def test_shards_hold_up_to_twelve_and_a_half_thousand(people: int, shards: int) -> None:
    assert shard_count(people) == shards
    assert fits(people, shards)


@pytest.mark.parametrize(
    ("people", "shards", "fit"), [(12_500, 1, True), (12_501, 1, False), (1000, 2, True), (999, 2, False), (0, 1, True)]
)
def test_a_list_is_cut_anew_only_when_it_has_outgrown_its_shards(people: int, shards: int, fit: bool) -> None:
    assert fits(people, shards) is fit


@given(people, people)
def test_the_digest_tells_content_apart(one: Model, other: Model) -> None:
    assert (digest(ledger(one)) == digest(ledger(other))) == (one == other)


# In the database


@pytest.fixture
def activation(db: None) -> Activation:
    return factories.activation()


def ledger_of(activation: Activation, most_cached: int = 24) -> Ledger:
    return Ledger(activation, texts_too=False, most_cached=most_cached)


SOME: Mapping[bytes, tuple[int, Sequence[Held]]] = {key_of(n): (n + 1, [(1, sha(f"a{n}"))]) for n in range(5)}


def stored(activation: Activation, number: int = 0) -> LedgerShard:
    """Store SOME as an acknowledged batch does."""
    mine = ledger_of(activation)
    prepared = mine.prepared(number, Change(add=members(SOME)))
    mine.store([prepared])
    mine.committed([prepared])
    return prepared.row


@pytest.mark.engine
@pytest.mark.django_db
def test_what_was_stored_is_read_back_with_its_digest_and_count(activation: Activation) -> None:
    row = stored(activation)
    fresh = LedgerShard.objects.get()
    columns = ledger_of(activation).columns(0)
    assert as_dict(columns) == as_dict(ledger(SOME))
    assert (fresh.members, fresh.version, fresh.digest) == (5, 1, digest(columns))
    assert fresh.pk == row.pk
    assert sha("a0").hex() not in bytes(fresh.whole.blob).hex()


@pytest.mark.django_db
def test_a_prefix_without_members_has_no_row(activation: Activation) -> None:
    mine = ledger_of(activation)
    assert mine.row(3) is None
    assert as_dict(mine.columns(3)) == {}


@pytest.mark.engine
@pytest.mark.django_db
def test_versions_count_up_and_the_chain_of_digests_holds(activation: Activation) -> None:
    stored(activation)
    mine = ledger_of(activation)
    before = mine.columns(0)
    prepared = mine.prepared(0, Change(remove_key=keys([key_of(0)])))
    assert (prepared.digest_before, prepared.members_before, prepared.gained) == (digest(before), 5, -1)
    mine.store([prepared])
    row = LedgerShard.objects.get()
    assert (row.version, row.members, row.digest) == (2, 4, digest(ledger_of(activation).columns(0)))


@pytest.mark.engine
@pytest.mark.django_db
def test_a_shard_that_somebody_else_wrote_meanwhile_is_not_overwritten(activation: Activation) -> None:
    stored(activation)
    mine, theirs = ledger_of(activation), ledger_of(activation)
    my_change = mine.prepared(0, Change(remove_key=keys([key_of(0)])))
    theirs.store([theirs.prepared(0, Change(remove_key=keys([key_of(1)])))])
    with pytest.raises(LeaseLost):
        mine.store([my_change])
    assert set(as_dict(ledger_of(activation).columns(0))) == set(SOME) - {key_of(1)}


@pytest.mark.engine
@pytest.mark.django_db(transaction=True)
def test_the_first_row_of_a_prefix_is_written_once() -> None:
    activation = factories.activation()
    mine = ledger_of(activation)
    first = mine.prepared(0, Change(add=members(SOME)))
    stored(activation)
    with pytest.raises(LeaseLost):
        mine.store([first])
    assert LedgerShard.objects.get().version == 1


@pytest.mark.django_db
@pytest.mark.parametrize("place", ["number", "whole_version", "generation", "activation"])
def test_a_sealed_shard_belongs_to_one_place(activation: Activation, place: str) -> None:
    row = stored(activation)
    other: object = factories.activation() if place == "activation" else getattr(row, place) + 1
    LedgerShard.objects.filter(pk=row.pk).update(**{place: other})
    whose = LedgerShard.objects.get().activation
    whose.generation = LedgerShard.objects.get().generation
    with pytest.raises(Tampered):
        ledger_of(whose).columns(LedgerShard.objects.get().number)


@pytest.mark.django_db
def test_a_blob_that_was_changed_is_refused(activation: Activation) -> None:
    row = stored(activation)
    blob = bytearray(row.whole.blob)
    blob[-1] ^= 1
    LedgerWhole.objects.filter(shard=row).update(blob=bytes(blob))
    with pytest.raises(Tampered):
        ledger_of(activation).columns(0)


@pytest.mark.django_db
def test_only_a_few_shards_are_kept_in_memory_and_none_is_stale(activation: Activation) -> None:
    activation.shards = 8
    for number in range(4):
        stored(activation, number)
    mine = ledger_of(activation, most_cached=2)
    for number in (0, 1, 2, 3, 0):
        assert set(as_dict(mine.columns(number))) == set(SOME)
    assert len(mine._wholes) == 2


@pytest.mark.django_db
def test_put_stores_a_shard_of_a_new_generation_that_reads_back(activation: Activation) -> None:
    activation.generation = 2
    ledger_of(activation).put(0, ledger(SOME))
    row = LedgerShard.objects.get()
    assert (row.generation, row.version, row.members) == (2, 1, 5)
    assert as_dict(ledger_of(activation).columns(0)) == as_dict(ledger(SOME))
    unpack(unseal(bytes(row.whole.blob), aad=f"ledger:{activation.pk}:2:0:1:whole".encode()))

"""Tokens stand for identifiers: equal ones are equal, absent ones are never found, fields are told apart."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from syncs.tokens import ABSENT, TokenSet, digest_of, keys_among, tokens, words
from tests.syncs.shards import NOTHING, digests, keys, sha

numbers = st.lists(st.integers(0, 2**64 - 1), max_size=30)
some_keys = st.lists(st.binary(min_size=16, max_size=16), max_size=30, unique=True)


def array(values: list[int]) -> np.ndarray:
    return np.array(values, np.uint64)


def test_a_token_is_the_same_for_the_same_identifier_of_one_field() -> None:
    raw = digests([sha("a@x.example"), NOTHING, sha("a@x.example")])
    found = tokens(raw, 1)
    assert found[0] == found[2] != ABSENT
    assert found[1] == ABSENT


def test_the_same_digest_in_another_field_is_another_token() -> None:
    raw = digests([sha("12025550123")])
    assert len({int(tokens(raw, code)[0]) for code in (1, 2, 3)}) == 3


def test_nobody_has_no_tokens() -> None:
    assert len(tokens(digests([]), 1)) == 0
    assert len(words(digests([]))) == 0


@given(numbers, numbers)
def test_a_set_holds_what_was_put_in_but_the_absent_one(values: list[int], others: list[int]) -> None:
    found = TokenSet.of([array(others)]).holds(array(values))
    assert found.tolist() == [value in set(others) and value != 0 for value in values]


@given(some_keys, some_keys)
def test_keys_are_found_as_bytes(mine: list[bytes], others: list[bytes]) -> None:
    asked = [*mine, *others[::2]]
    found = keys_among(keys(asked), keys(sorted(others)))
    assert found.tolist() == [key in others for key in asked]


def test_keys_that_end_in_zero_bytes_are_told_apart_and_sorted_as_bytes() -> None:
    raw = [bytes(16), bytes(15) + b"\1", b"\1" + bytes(15), b"\x7f" * 16, b"\x80" + bytes(15), b"\xff" * 16]
    held = keys(raw)
    assert np.sort(held[::-1]).tobytes() == b"".join(raw)
    for place, key in enumerate(raw):
        assert keys_among(keys([key]), held).all()
        assert not keys_among(keys([key]), keys(raw[:place] + raw[place + 1 :])).any()


@given(st.lists(numbers, max_size=4))
def test_a_set_is_sorted_distinct_and_without_the_absent_one(parts: list[list[int]]) -> None:
    found = TokenSet.of([array(part) for part in parts])
    assert found.values.tolist() == sorted({value for part in parts for value in part} - {0})


@given(st.lists(st.tuples(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1)), min_size=1, max_size=20))
def test_a_digest_depends_on_every_token_its_place_the_version_and_the_secret(rows: list[tuple[int, int]]) -> None:
    first, second = array([one for one, _ in rows]), array([two for _, two in rows])
    found = digest_of([first, second], 5, 1, len(rows))
    assert found.tolist() == digest_of([first.copy(), second.copy()], 5, 1, len(rows)).tolist()
    for other in (
        digest_of([first ^ np.uint64(1), second], 5, 1, len(rows)),
        digest_of([first, second ^ np.uint64(1 << 63)], 5, 1, len(rows)),
        digest_of([first, second], 5, 2, len(rows)),
        digest_of([first, second], 4, 1, len(rows)),
        digest_of([first], 5, 1, len(rows)),
    ):
        assert not (found == other).any()
    turned = digest_of([second, first], 5, 1, len(rows))
    assert (turned == found).tolist() == [one == two for one, two in rows]


def test_people_with_one_identifier_in_different_fields_have_different_digests() -> None:
    raw, absent = digests([sha("1")]), digests([NOTHING])
    email = digest_of([tokens(raw, 1), tokens(absent, 2)], 1, 1, 1)
    phone = digest_of([tokens(absent, 1), tokens(raw, 2)], 1, 1, 1)
    assert email[0] != phone[0]


def test_keys_with_equal_first_halves_are_told_apart() -> None:
    held = [b"a" * 8 + bytes([number]) * 8 for number in (1, 2, 4)]
    asked = [b"a" * 8 + bytes([number]) * 8 for number in range(6)]
    assert keys_among(keys(asked), keys(held)).tolist() == [False, True, True, False, True, False]

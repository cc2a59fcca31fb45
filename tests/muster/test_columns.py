"""Columns come back from their bytes as they went in, and bytes that are something else are noticed."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.columns import DIGEST, KEY, Damaged, pack, text_list, texts, unpack

KINDS = st.sampled_from(["u1", "u4", "i8", "f8", "S16", "V32", "?"])


@st.composite
def columns(draw: Any) -> dict[str, np.ndarray]:
    names = draw(st.lists(st.text("abcxyz_é", min_size=1, max_size=8), unique=True, max_size=5))
    made = {}
    for name in names:
        kind = np.dtype(draw(KINDS))
        length = draw(st.integers(0, 20))
        raw = draw(st.binary(min_size=kind.itemsize * length, max_size=kind.itemsize * length))
        made[name] = np.frombuffer(raw, dtype=kind, count=length)
    return made


def bytes_of(some: dict[str, np.ndarray]) -> dict[str, tuple[str, int, bytes]]:
    return {name: (column.dtype.str, len(column), column.tobytes()) for name, column in some.items()}


@given(columns())
def test_what_was_packed_comes_back(some: dict[str, np.ndarray]) -> None:
    assert bytes_of(unpack(pack(some))) == bytes_of(some)


def test_zero_bytes_at_the_end_of_a_key_stay() -> None:
    keys = np.frombuffer(b"\x01" + bytes(15) + b"\x02" * 16, dtype=KEY)

    assert unpack(pack({"key": keys}))["key"].tobytes() == keys.tobytes()


def test_a_slice_with_gaps_is_packed_as_what_it_shows() -> None:
    numbers = np.arange(10, dtype="u4")[::3]

    assert unpack(pack({"n": numbers}))["n"].tolist() == [0, 3, 6, 9]


def test_what_comes_back_cannot_be_written_to() -> None:
    with pytest.raises(ValueError, match="read-only"):
        unpack(pack({"n": np.arange(3)}))["n"][0] = 7


PACKED = pack({"key": np.frombuffer(b"k" * 64, dtype=KEY), "email": np.frombuffer(b"d" * 128, dtype=DIGEST)})


@pytest.mark.parametrize("length", range(0, len(PACKED), 7))
def test_bytes_that_were_cut_are_noticed(length: int) -> None:
    with pytest.raises(Damaged):
        unpack(PACKED[:length])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        PACKED + b"x",
        b"{}",
        b"[1]\n",
        b'[["n","u4"]]\n',
        b'[["n","no kind",1]]\n',
        b'[["n","u4","one"]]\n    ',
        b"\xff\xfe\n",
        b"not json\n",
        b"7\n",
        b"null\n",
    ],
)
def test_bytes_that_are_something_else_are_noticed(data: bytes) -> None:
    with pytest.raises(Damaged):
        unpack(data)


@given(st.lists(st.binary(max_size=30)))
def test_texts_of_any_length_come_back(values: list[bytes]) -> None:
    ends, data = texts(values)

    assert ends.dtype == np.uint32
    assert text_list(ends, data) == values

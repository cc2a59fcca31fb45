"""gzip, piece by piece: the same bytes come out wherever the pieces are cut, or none of it counts."""

import gzip
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.unpacking import CannotUnpack, unpacked


def pieces_of(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


@given(st.lists(st.binary(max_size=3000), min_size=1, max_size=3), st.integers(1, 700), st.integers(1, 900))
def test_members_come_out_as_they_went_in(members: list[bytes], size: int, most: int) -> None:
    packed = b"".join(gzip.compress(member) for member in members)

    parts = list(unpacked(pieces_of(packed, size), "gzip", most))

    assert b"".join(parts) == b"".join(members)
    assert all(0 < len(part) <= most for part in parts)


@given(st.binary(min_size=1, max_size=2000), st.data(), st.integers(1, 300))
def test_what_ends_early_is_refused(content: bytes, data: st.DataObject, size: int) -> None:
    packed = gzip.compress(content)
    kept = data.draw(st.integers(1, len(packed) - 1))

    with pytest.raises(CannotUnpack):
        list(unpacked(pieces_of(packed[:kept], size), "gzip", 100))


@given(st.binary(min_size=1, max_size=500), st.data())
def test_a_changed_byte_is_refused_or_changes_nothing(content: bytes, data: st.DataObject) -> None:
    packed = bytearray(gzip.compress(content, mtime=0))
    packed[data.draw(st.integers(0, len(packed) - 1))] ^= data.draw(st.integers(1, 255))

    with suppress(CannotUnpack):
        assert b"".join(unpacked([bytes(packed)], "gzip", 100)) == content


@pytest.mark.parametrize("packing", ["", "identity", " Identity "])
def test_what_is_not_packed_passes(packing: str) -> None:
    assert list(unpacked([b"a", b"b"], packing, 1)) == [b"a", b"b"]


@pytest.mark.parametrize("packing", ["br", "zstd", "deflate", "gzip, gzip", "GZIP,identity", "?" * 500])
def test_any_other_packing_is_refused(packing: str) -> None:
    with pytest.raises(CannotUnpack):
        list(unpacked([b"a"], packing, 1))


def test_nothing_is_nothing_and_padding_is_not_content() -> None:
    assert list(unpacked([], "gzip", 10)) == []
    assert b"".join(unpacked([gzip.compress(b"a") + b"\0" * 100, b"\0"], "gzip", 10)) == b"a"
    with pytest.raises(CannotUnpack):
        list(unpacked([gzip.compress(b"a") + b"junk"], "gzip", 10))

"""AES-CMAC of many texts: as RFC 4493 gives it, and as another implementation has it for each alone."""

from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.cmac import CMAC
from hypothesis import given
from hypothesis import strategies as st

from muster.cmac import Cmac, cmac, doubled
from muster.columns import texts


def alone(key: bytes, text: bytes) -> bytes:
    one = CMAC(AES256(key))
    one.update(text)
    return one.finalize()


@given(st.binary(min_size=32, max_size=32), st.lists(st.binary(max_size=70), max_size=40))
def test_many_are_as_each_alone(key: bytes, values: list[bytes]) -> None:
    assert [one.tobytes() for one in Cmac(key).of(*texts(values))] == [alone(key, value) for value in values]


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=70))
def test_one_alone_is_the_same(key: bytes, value: bytes) -> None:
    assert cmac(key, value) == Cmac(key).of(*texts([value])).tobytes()


def test_one_long_text_among_short_ones() -> None:
    values = [b"", b"a", b"b" * 16, b"c" * 10_000, b"d" * 17]

    assert [one.tobytes() for one in Cmac(bytes(32)).of(*texts(values))] == [alone(bytes(32), one) for one in values]


def test_subkeys_are_made_as_the_standard_makes_them() -> None:
    """RFC 4493, section 4: from AES-128 of zeros under its key, K1, and from that K2."""
    first = doubled(bytes.fromhex("7df76b0c1ab899b33e42f047b91b546f"))
    assert first.hex() == "fbeed618357133667c85e08f7236a8de"
    assert doubled(first).hex() == "f7ddac306ae266ccf90bc11ee46d513b"

"""Customer.io's signature: the vendor's vector, and that nothing but the very bytes, time and key will do."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncs.signature import Signers, is_fresh, sent_at, signature

BODY = b'{"event_id":"01E4C4CT6YDC7Y5M7FE1GWWPQJ"}'
VECTOR = "8e11e726932a359592fa44629c4f6974d54c765a7c075cd2db87ee1ece1560a5"
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


def signer(keys: list[str], given: str, *, timestamp: str = "1613063089", body: bytes = BODY) -> int | None:
    signers = Signers(keys, timestamp)
    signers.update(body[:7])
    signers.update(body[7:])
    return signers.signer(given)


def test_the_vendors_vector() -> None:
    assert signature("secret", "1613063089", BODY) == VECTOR


@pytest.mark.parametrize(
    ("keys", "given", "place"),
    [
        (["secret"], VECTOR, 0),
        (["secret"], VECTOR.upper(), 0),
        (["secret"], f" {VECTOR} ", 0),
        (["new", "secret"], VECTOR, 1),
        (["secret", "new"], VECTOR, 0),
        (["new"], VECTOR, None),
        ([], VECTOR, None),
        (["secret"], "", None),
        (["secret"], VECTOR[:-1], None),
        (["secret"], "ÿ" * 64, None),
        (["secret"], "v0=" + VECTOR, None),
    ],
)
def test_which_key_signed(keys: list[str], given: str, place: int | None) -> None:
    assert signer(keys, given) == place


def test_another_timestamp_is_another_signature() -> None:
    assert signer(["secret"], VECTOR, timestamp="1613063090") is None


@given(st.integers(0, len(BODY) * 8 - 1))
def test_any_flipped_bit_is_noticed(bit: int) -> None:
    changed = bytearray(BODY)
    changed[bit // 8] ^= 1 << bit % 8

    assert signer(["secret"], VECTOR, body=bytes(changed)) is None


@given(st.binary(max_size=200), st.text(max_size=30), st.text(max_size=20), st.integers(0, 200))
def test_pieces_sign_as_the_whole_does(body: bytes, key: str, timestamp: str, cut: int) -> None:
    signers = Signers([key.encode("utf-8", "replace").decode()], timestamp)
    signers.update(body[:cut])
    signers.update(body[cut:])

    assert signers.signer(signature(key.encode("utf-8", "replace").decode(), timestamp, body)) == 0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1613063089", 1613063089),
        (" 0 ", 0),
        ("", None),
        ("-1", None),
        ("1.5", None),
        ("now", None),
        ("٣", None),
        ("9" * 13, None),
    ],
)
def test_what_a_timestamp_names(text: str, seconds: int | None) -> None:
    assert sent_at(text) == (None if seconds is None else datetime.fromtimestamp(seconds, UTC))


@pytest.mark.parametrize(
    ("age", "fresh"),
    [
        (timedelta(0), True),
        (timedelta(days=7), True),
        (timedelta(days=7, seconds=1), False),
        (timedelta(minutes=-5), True),
        (timedelta(minutes=-5, seconds=-1), False),
    ],
)
def test_how_old_a_signature_may_be(age: timedelta, fresh: bool) -> None:
    assert is_fresh(NOW - age, NOW, timedelta(days=7)) is fresh
